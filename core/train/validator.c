/*
 * Validation of cases one at a time: memory holds one volume and its prediction,
 * however many cases there are.
 */
#include "core/train/validator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/handler/aux.h"
#include "core/train/volume_loss.h"

#define VALIDATOR_SCALARS 32

void validator_init(struct validator *v, struct model *m, const struct component_use *inferer,
	const struct component_list *metrics)
{
	memset(v, 0, sizeof(*v));
	v->model = m;
	v->inferer = inferer;
	v->n_metrics = metrics->n;
	v->metrics = mem_zalloc((size_t)metrics->n * sizeof(*v->metrics));
	for (int i = 0; i < metrics->n; i++)
		v->metrics[i] = metric_new(&metrics->v[i]);
}

void validator_clicks(struct validator *v, const struct config_iteration *it, uint64_t seed)
{
	if (!it->use.c)
		return;
	v->clicks = (struct click_loop){it, v->model, v->inferer, v->hooks, seed};
	click_table_init(&v->table, click_count(it));
}

void validator_release(struct validator *v)
{
	click_table_release(&v->table);
	for (int i = 0; i < v->n_metrics; i++)
		metric_free(v->metrics[i]);
	free(v->metrics);
	memset(v, 0, sizeof(*v));
}

void validator_begin(struct validator *v)
{
	click_table_clear(&v->table);
	for (int i = 0; i < v->n_metrics; i++)
		metric_begin(v->metrics[i]);
}

int validator_predict(struct validator *v, struct sample *s, struct err *err)
{
	double *dice = v->clicks.it ? click_table_add(&v->table, s->case_id) : NULL;
	struct volume *image, *out;

	if (dice && click_sample(&v->clicks, s, 0, 0, dice, err))
		return -1;
	image = sample_volume(s, "image", err);
	if (!image)
		return -1;
	out = model_predict(v->model, v->inferer, image, v->hooks ? v->hooks->cancelled : NULL,
		v->hooks ? v->hooks->ctx : NULL, err);
	if (!out)
		return err_wrap(err, "case '%s'", s->case_id);
	if (sample_set(s, "model", out, err))
		return -1;
	return dice ? click_dice(&v->clicks, s, dice + v->table.clicks, err) : 0;
}

/* Values of the aux ops for a case; returns how many. */
static int validator_aux(
	struct validator *v, struct sample *s, struct metric_scalar *out, struct err *err)
{
	struct volume *pred = sample_volume(s, "model", err);
	struct volume *label = pred ? sample_volume(s, "label", err) : NULL;
	struct aux_input in = {.n = 1, .loss = NAN};
	float *pred_cl, *label_cl;
	int n = 0;

	if (!label)
		return -1;
	if (v->loss && volume_loss(v->model, v->loss, pred, label, &in.loss, err))
		return err_wrap(err, "case '%s'", s->case_id);
	in.voxels = volume_voxels(pred);
	in.channels = pred->channels;
	in.label_channels = label->channels;
	in.independent = v->model->activation == LOSS_SIGMOID;
	pred_cl = mem_alloc(in.voxels * (size_t)in.channels * sizeof(float));
	label_cl = mem_alloc(in.voxels * (size_t)in.label_channels * sizeof(float));
	volume_to_channels_last(pred, pred_cl);
	volume_to_channels_last(label, label_cl);
	in.prediction = pred_cl;
	in.label = label_cl;
	for (int i = 0; i < v->aux->n; i++) {
		const struct aux_ops *ops = aux_ops(&v->aux->v[i]);
		int count = ops->count(v->aux->v[i].args);
		double values[VALIDATOR_SCALARS];

		if (n + count > VALIDATOR_SCALARS)
			break;
		ops->values(v->aux->v[i].args, &in, values);
		for (int k = 0; k < count; k++)
			out[n++] =
				(struct metric_scalar){ops->tag(v->aux->v[i].args, k), values[k]};
	}
	free(pred_cl);
	free(label_cl);
	return n;
}

int validator_measure(struct validator *v, struct sample *s, struct err *err)
{
	struct metric_scalar scalars[VALIDATOR_SCALARS];
	struct metric_case c = {
		.case_id = s->case_id,
		.sample = s,
		.independent = v->model->activation == LOSS_SIGMOID,
		.scalars = scalars,
	};

	if (v->aux && v->aux->n) {
		c.n_scalars = validator_aux(v, s, scalars, err);
		if (c.n_scalars < 0)
			return -1;
	}
	for (int i = 0; i < v->n_metrics; i++)
		if (metric_add(v->metrics[i], &c, err))
			return -1;
	return 0;
}

void validator_end(struct validator *v, struct metric_result *results)
{
	for (int i = 0; i < v->n_metrics; i++)
		metric_end(v->metrics[i], &results[i]);
}
