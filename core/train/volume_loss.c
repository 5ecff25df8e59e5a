/*
 * The training loss as a number for a whole validation volume (the aux op
 * NegLoss asks for it).  It runs the very loss component that training uses, on a
 * graph of two inputs, so that the two can never disagree.
 */
#include "core/train/volume_loss.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

void volume_to_channels_last(const struct volume *v, float *dst)
{
	size_t n = volume_voxels(v);
	int channels = v->channels;

	for (int c = 0; c < channels; c++) {
		const float *src = v->data + (size_t)c * n;

		for (size_t i = 0; i < n; i++)
			dst[i * (size_t)channels + (size_t)c] = src[i];
	}
}

static int volume_loss_upload(
	struct plan *plan, const struct node *node, const struct volume *v, struct err *err)
{
	float *dst = plan_value(plan, node);

	if (!dst)
		return err_set(err, ERR_NODEVICE, "input '%s' is not in host memory", node->name);
	volume_to_channels_last(v, dst);
	return 0;
}

static int volume_loss_run(const struct model *m, const struct component_use *loss, struct graph *g,
	const struct volume *prediction, const struct volume *label, double *value, struct err *err)
{
	const int *d = prediction->dim;
	struct shape ps = shape5(1, d[2], d[1], d[0], prediction->channels);
	struct shape ls = shape5(1, d[2], d[1], d[0], label->channels);
	struct loss_input in = {.activation = m->activation};
	const struct plan_opts opts = {.training = false};
	struct node *out;
	struct plan *plan;
	struct params *none;
	int rc = -1;

	in.prediction = graph_input(g, "prediction", &ps, err);
	in.label = in.prediction ? graph_input(g, "label", &ls, err) : NULL;
	if (!in.label || loss_build(loss, g, &in, &out, err) || graph_add_loss(g, out, 1.0f, err))
		return -1;
	none = params_new(g, 0, err);
	plan = none ? plan_new(g, none, m->backend, &opts, err) : NULL;
	if (plan && !volume_loss_upload(plan, in.prediction, prediction, err) &&
		!volume_loss_upload(plan, in.label, label, err) &&
		!plan_forward(plan, false, 0, 0, err)) {
		*value = plan_loss(plan);
		rc = 0;
	}
	plan_free(plan);
	params_free(none);
	return rc;
}

int volume_loss(const struct model *m, const struct component_use *loss,
	const struct volume *prediction, const struct volume *label, double *value, struct err *err)
{
	struct graph *g;
	int rc;

	if (memcmp(prediction->dim, label->dim, sizeof(label->dim)))
		return err_set(err, ERR_DATA, "prediction is %dx%dx%d, label %dx%dx%d",
			prediction->dim[0], prediction->dim[1], prediction->dim[2], label->dim[0],
			label->dim[1], label->dim[2]);
	g = graph_new();
	rc = volume_loss_run(m, loss, g, prediction, label, value, err);
	graph_free(g);
	return rc;
}
