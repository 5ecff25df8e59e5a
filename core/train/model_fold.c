/*
 * Weights of training made into those of inference.
 *
 * The parameters that remain are those of the folded graph (graph/fold.h).  Each is
 * filled from the trained one of its name; those of folded convolutions are computed in
 * double.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/graph/fold.h"
#include "core/train/model.h"

static const float *fold_values(const struct params *from, const char *name)
{
	const struct param *p = params_find(from, name);

	if (p)
		return from->w + p->offset;
	p = params_find_state(from, name);
	return p ? from->s + p->offset : NULL;
}

static int fold_copy_list(
	const struct params *from, const struct param *v, int n, float *base, struct err *err)
{
	for (int i = 0; i < n; i++) {
		const float *src = fold_values(from, v[i].name);

		if (!src)
			return err_set(err, ERR_DATA, "the weights have no '%s'", v[i].name);
		memcpy(base + v[i].offset, src, v[i].count * sizeof(*src));
	}
	return 0;
}

static void fold_one(struct params *to, const struct params *from, const struct graph_fold *f)
{
	const struct param *w = params_find(to, f->weight);
	const struct param *b = params_find(to, f->beta);
	const float *gamma = fold_values(from, f->gamma), *mean = fold_values(from, f->mean);
	const float *var = fold_values(from, f->var), *beta = fold_values(from, f->beta);
	const float *bias = f->bias ? fold_values(from, f->bias) : NULL;
	const float *weight = fold_values(from, f->weight);
	size_t channels = b->count, inner = 1; /* of weight, after the output channels */

	for (int i = f->axis + 1; i < w->shape.n; i++)
		inner *= (size_t)w->shape.d[i];
	for (size_t i = 0; i < w->count; i++) {
		size_t c = i / inner % channels;
		double scale = (double)gamma[c] / sqrt((double)var[c] + (double)f->eps);

		to->w[w->offset + i] = (float)(scale * (double)weight[i]);
	}
	for (size_t c = 0; c < channels; c++) {
		double scale = (double)gamma[c] / sqrt((double)var[c] + (double)f->eps);
		double shift = (bias ? (double)bias[c] : 0) - (double)mean[c];

		to->w[b->offset + c] = (float)((double)beta[c] + scale * shift);
	}
}

static struct params *fold_params(const struct params *from, const struct graph *g,
	const struct graph_folds *folds, struct err *err)
{
	struct params *p = params_new(g, 0, err);

	if (!p)
		return NULL;
	if (fold_copy_list(from, p->param, p->n, p->w, err) ||
		fold_copy_list(from, p->state, p->n_state, p->s, err)) {
		params_free(p);
		return NULL;
	}
	for (int i = 0; i < folds->n; i++)
		fold_one(p, from, &folds->v[i]);
	return p;
}

int model_fold(struct model *m, int *folded, struct err *err)
{
	struct graph *g = graph_new();
	struct graph_folds folds = {0};
	struct node *image, *pred, *logits;
	struct params *p = NULL;
	int rc = model_build(m, g, 1, m->input_size, &image, &pred, &logits, err);

	if (!rc) {
		graph_fold(g, &folds);
		p = fold_params(m->params, g, &folds, err);
		rc = p ? 0 : -1;
	}
	graph_free(g);
	if (!rc) {
		model_drop_predictor(m);
		params_free(m->params);
		m->params = p;
		params_touch(p);
		/* All that is left is used. */
		free(m->spare);
		m->spare = mem_zalloc((size_t)(p->n + p->n_state + 1) * sizeof(*m->spare));
		m->inference = true;
		cJSON_DeleteItemFromObjectCaseSensitive(m->spec, "inference");
		cJSON_AddTrueToObject(m->spec, "inference");
		*folded = folds.n;
	}
	graph_folds_release(&folds);
	return rc;
}
