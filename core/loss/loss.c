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

struct node *loss_log_input(const struct loss_input *in, bool sigmoid, int32_t *form)
{
	if (in->logits || in->activation == LOSS_LINEAR) {
		*form = sigmoid ? ENTROPY_SIGMOID_LOGITS : ENTROPY_SOFTMAX_LOGITS;
		return in->logits ? in->logits : in->prediction;
	}
	*form = sigmoid ? ENTROPY_SIGMOID_PROB : ENTROPY_SOFTMAX_PROB;
	return in->prediction;
}

bool loss_label_onehot(const struct loss_input *in)
{
	int64_t classes = shape_channels(&in->prediction->shape);

	return classes > 1 && shape_channels(&in->label->shape) == classes;
}

int loss_numbers(const struct numlist *from, const char *arg, float to[ENTROPY_ALPHA_MAX],
	int32_t *n, struct err *err)
{
	if (from->n > ENTROPY_ALPHA_MAX)
		return err_set(err, ERR_DATA, "'%s' has %d values, at most %d are possible", arg,
			from->n, ENTROPY_ALPHA_MAX);
	for (int i = 0; i < from->n; i++)
		to[i] = (float)from->v[i];
	*n = from->n;
	return 0;
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
	};
	struct node *x = log_input(in, &attr.form);

	if (loss_numbers(&a->alpha, "alpha", attr.alpha, &attr.n_alpha, err))
		return -1;
	*loss = layer_focal(g, x, in->label, &attr, err);
	return *loss ? 0 : -1;
}

int loss_sum(struct graph *g, struct node **loss, struct node *b, struct err *err)
{
	*loss = layer_add(g, *loss, b, err);
	return *loss ? 0 : -1;
}
