/*
 * From trained weights to inference weights.
 *
 * The target is an ordinary model whose specification has "inference": true, so
 * its parameters are exactly those that remain.  Each is filled from the trained
 * one of its name; those of folded convolutions are computed in double.
 */
#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/export/export.h"
#include "core/graph/fold.h"

static const float *export_values(const struct model *m, const char *name)
{
	const struct param *p = params_find(m->params, name);

	if (p)
		return m->params->w + p->offset;
	p = params_find_state(m->params, name);
	return p ? m->params->s + p->offset : NULL;
}

static int export_copy_list(
	const struct model *from, const struct param *v, int n, float *base, struct err *err)
{
	for (int i = 0; i < n; i++) {
		const float *src = export_values(from, v[i].name);

		if (!src)
			return err_set(err, ERR_DATA, "the weights have no '%s'", v[i].name);
		memcpy(base + v[i].offset, src, v[i].count * sizeof(*src));
	}
	return 0;
}

static void export_fold_one(struct model *to, const struct model *from, const struct graph_fold *f)
{
	const struct param *w = params_find(to->params, f->weight);
	const struct param *b = params_find(to->params, f->beta);
	const float *gamma = export_values(from, f->gamma), *mean = export_values(from, f->mean);
	const float *var = export_values(from, f->var), *beta = export_values(from, f->beta);
	const float *bias = f->bias ? export_values(from, f->bias) : NULL;
	const float *weight = export_values(from, f->weight);
	size_t channels = b->count, inner = 1; /* of weight, after the output channels */

	for (int i = f->axis + 1; i < w->shape.n; i++)
		inner *= (size_t)w->shape.d[i];
	for (size_t i = 0; i < w->count; i++) {
		size_t c = i / inner % channels;
		double scale = (double)gamma[c] / sqrt((double)var[c] + (double)f->eps);

		to->params->w[w->offset + i] = (float)(scale * (double)weight[i]);
	}
	for (size_t c = 0; c < channels; c++) {
		double scale = (double)gamma[c] / sqrt((double)var[c] + (double)f->eps);
		double shift = (bias ? (double)bias[c] : 0) - (double)mean[c];

		to->params->w[b->offset + c] = (float)((double)beta[c] + scale * shift);
	}
}

static int export_list_folds(const struct model *m, struct graph_folds *folds, struct err *err)
{
	struct graph *g = graph_new();
	struct node *image, *pred, *logits;
	int rc = model_build(m, g, 1, m->input_size, &image, &pred, &logits, err);

	if (!rc)
		graph_fold(g, folds);
	graph_free(g);
	return rc;
}

int export_model_init(struct model *m, const char *weights, int *folded, struct err *err)
{
	struct graph_folds folds = {0};
	struct model from;
	cJSON *spec = NULL;
	int rc = model_init_from_file(&from, weights, NULL, err);

	memset(m, 0, sizeof(*m));
	if (!rc)
		rc = export_list_folds(&from, &folds, err);
	if (!rc) {
		spec = cJSON_Duplicate(from.spec, 1);
		cJSON_DeleteItemFromObjectCaseSensitive(spec, "inference");
		cJSON_AddTrueToObject(spec, "inference");
		rc = model_init(m, spec, 0, NULL, err);
	}
	if (!rc)
		rc = export_copy_list(&from, m->params->param, m->params->n, m->params->w, err) ||
				     export_copy_list(&from, m->params->state, m->params->n_state,
					     m->params->s, err)
			     ? -1
			     : 0;
	for (int i = 0; !rc && i < folds.n; i++)
		export_fold_one(m, &from, &folds.v[i]);
	*folded = folds.n;
	if (!rc)
		params_touch(m->params);
	graph_folds_release(&folds);
	cJSON_Delete(spec);
	model_release(&from);
	return rc;
}

int export_batch_norms(const struct model *m)
{
	const struct params *p = m->params;
	int n = 0;

	for (int i = 0; i < p->n_state; i++) {
		size_t len = strlen(p->state[i].name);

		n += len > 4 && !strcmp(p->state[i].name + len - 4, ".var");
	}
	return n;
}
