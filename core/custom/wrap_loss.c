/*
 * Losses from outside: an op that calls them forward and backward.
 */
#include <math.h>

#include "core/base/log.h"
#include "core/custom/wrap.h"
#include "core/graph/losses.h"

static double custom_loss_value(const void *ctx, const struct shape *in, const float *x,
	const float *label, float *gradient)
{
	struct axial_value values[CUSTOM_ARGS];
	const struct custom *c = custom_values(ctx, values);
	struct axial_batch b = {
		.items = (int)in[0].d[0],
		.channels = (int)shape_channels(in),
		.label_channels = (int)shape_channels(in + 1),
		.voxels = (size_t)shape_voxels(in),
		.prediction = x,
		.label = label,
	};
	struct custom_call call;
	double loss;

	custom_call_init(&call, NULL);
	loss = c->ext->loss->value(values, &b, gradient, &call.call);
	if (!call.text[0])
		return loss;
	log_write(LOG_ERROR, "%s: %s", c->c.name, call.text);
	return NAN; /* the training stops at a loss that is not finite */
}

static int custom_loss_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct custom *c = ((const struct custom_block *)args)->custom;
	struct loss_call_attr attr = {.value = custom_loss_value, .ctx = args};
	struct node *x = in->prediction;

	if (c->ext->loss->logits) {
		if (!in->logits && in->activation != LOSS_LINEAR)
			return err_set(err, ERR_DATA,
				"it wants the output before the last activation, which is not "
				"known here");
		x = in->logits ? in->logits : in->prediction;
	}
	*loss = layer_loss_call(g, x, in->label, &attr, err);
	return *loss ? 0 : -1;
}

void custom_wrap_loss(struct custom *c)
{
	c->ops.loss = (struct loss_ops){.build = custom_loss_build};
}
