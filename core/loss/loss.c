/*
 * What losses share: the call through the component, and which node a loss with
 * logarithms reads.
 *
 * log(softmax(z)) is computed from z whenever the network's last activation is
 * known and its input is at hand: from probabilities, p = 0 in fp32 means an
 * infinite loss or, clamped, one without gradient.
 */
#include "core/loss/loss.h"

#include "core/graph/layers.h"
#include "core/loss/parts.h"

const char *const loss_data_formats[] = {"channels_first", "channels_last", NULL};

int loss_build(const struct component_use *u, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct loss_ops *ops = u->c->ops;

	if (ops->build(u->args, g, in, loss, err))
		return err_wrap(err, "%s: loss '%s'", u->path, u->c->name);
	return 0;
}

static struct node *log_input(const struct loss_input *in, int32_t *form)
{
	switch (in->activation) {
	case LOSS_SOFTMAX:
		*form = in->logits ? ENTROPY_SOFTMAX_LOGITS : ENTROPY_SOFTMAX_PROB;
		return in->logits ? in->logits : in->prediction;
	case LOSS_SIGMOID:
		*form = in->logits ? ENTROPY_SIGMOID_LOGITS : ENTROPY_SIGMOID_PROB;
		return in->logits ? in->logits : in->prediction;
	case LOSS_LINEAR:
		break;
	}
	*form = shape_channels(&in->prediction->shape) > 1 ? ENTROPY_SOFTMAX_LOGITS
							   : ENTROPY_SIGMOID_LOGITS;
	return in->prediction;
}

int loss_dice_build(const struct loss_common *c, const struct loss_dice_args *a, struct graph *g,
	const struct loss_input *in, struct node **loss, struct err *err)
{
	struct dice_attr attr = {
		.onehot = c->onehot,
		.skip_background = c->skip_background,
		.squared = a->squared,
		.jaccard = a->jaccard,
		.smooth = (float)a->smooth,
		.top_smooth = (float)a->top_smooth,
	};

	*loss = layer_dice(g, in->prediction, in->label, &attr, err);
	return *loss ? 0 : -1;
}

int loss_cross_entropy_build(const struct loss_common *c, double smooth, struct graph *g,
	const struct loss_input *in, struct node **loss, struct err *err)
{
	struct entropy_attr attr = {
		.onehot = c->onehot,
		.skip_background = c->skip_background,
		.smooth = (float)smooth,
	};
	struct node *x = log_input(in, &attr.form);

	*loss = layer_cross_entropy(g, x, in->label, &attr, err);
	return *loss ? 0 : -1;
}

int loss_focal_build(const struct loss_common *c, double smooth, const struct loss_focal_args *a,
	struct graph *g, const struct loss_input *in, struct node **loss, struct err *err)
{
	struct entropy_attr attr = {
		.onehot = c->onehot,
		.skip_background = c->skip_background,
		.smooth = (float)smooth,
		.gamma = (float)a->gamma,
		.n_alpha = a->alpha.n,
	};
	struct node *x = log_input(in, &attr.form);

	if (a->alpha.n > ENTROPY_ALPHA_MAX)
		return err_set(err, ERR_DATA, "'alpha' has %d values, at most %d are possible",
			a->alpha.n, ENTROPY_ALPHA_MAX);
	for (int i = 0; i < a->alpha.n; i++)
		attr.alpha[i] = (float)a->alpha.v[i];
	*loss = layer_focal(g, x, in->label, &attr, err);
	return *loss ? 0 : -1;
}

int loss_sum(struct graph *g, struct node **loss, struct node *b, struct err *err)
{
	*loss = layer_add(g, *loss, b, err);
	return *loss ? 0 : -1;
}
