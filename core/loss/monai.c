/*
 * What the losses with MONAI's names share.
 */
#include "core/loss/monai.h"

#include "core/graph/layers.h"

const char *const monai_reductions[] = {"mean", "sum", NULL};

void monai_check(
	const struct monai_common *c, const char *file, const char *path, struct problems *ps)
{
	if (c->sigmoid && c->softmax)
		problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, path, "set one of them to false",
			"sigmoid and softmax exclude each other");
}

struct node *monai_activated(
	const struct monai_common *c, struct graph *g, const struct loss_input *in, struct err *err)
{
	struct node *raw = in->logits ? in->logits : in->prediction;

	/* The softmax of one channel is 1 everywhere: MONAI ignores the argument. */
	if (c->softmax && shape_channels(&in->prediction->shape) > 1)
		return in->activation == LOSS_SOFTMAX ? in->prediction : layer_softmax(g, raw, err);
	if (c->sigmoid)
		return in->activation == LOSS_SIGMOID ? in->prediction
						      : layer_act(g, raw, ACT_SIGMOID, 0, err);
	return in->prediction;
}

int monai_onehot(
	const struct monai_common *c, const struct loss_input *in, int32_t *onehot, struct err *err)
{
	int64_t classes = shape_channels(&in->prediction->shape);
	int64_t channels = shape_channels(&in->label->shape);

	*onehot = !c->to_onehot_y && classes > 1;
	if (*onehot && channels == 1)
		return err_set(err, ERR_DATA,
			"the label has one channel of class numbers and the network %lld: set "
			"\"to_onehot_y\": true",
			(long long)classes);
	if (!*onehot && classes > 1 && channels == classes)
		return err_set(err, ERR_DATA,
			"the label has a channel per class already: set \"to_onehot_y\": false");
	return 0;
}

int monai_dice_build(const struct monai_common *c, const struct monai_dice_args *a, double weight,
	struct graph *g, const struct loss_input *in, struct node **loss, struct err *err)
{
	struct dice_attr attr = {
		.skip_background = !c->include_background,
		.squared = a->squared,
		.jaccard = a->jaccard ? DICE_JACCARD : DICE_PLAIN,
		.smooth = (float)a->smooth_dr,
		.top_smooth = (float)a->smooth_nr,
		.batch = a->batch,
		.sum = c->reduction,
		.weight = (float)weight,
	};
	struct node *x = monai_activated(c, g, in, err);

	if (monai_onehot(c, in, &attr.onehot, err))
		return -1;
	*loss = x ? layer_dice(g, x, in->label, &attr, err) : NULL;
	return *loss ? 0 : -1;
}

int monai_focal_build(const struct monai_common *c, const struct monai_focal_args *a, double scale,
	struct graph *g, const struct loss_input *in, struct node **loss, struct err *err)
{
	int64_t classes = shape_channels(&in->prediction->shape);
	bool softmax = a->use_softmax && classes > 1;
	struct entropy_attr attr = {
		.skip_background = !c->include_background,
		.smooth = 1e-7f,
		.gamma = (float)a->gamma,
		.alpha_rule = softmax ? ENTROPY_ALPHA_ONLY : ENTROPY_ALPHA_BALANCE,
		.mean = c->reduction ? ENTROPY_MEAN_NONE : ENTROPY_MEAN_ELEMENTS,
		.scale = (float)scale,
	};
	struct node *x = loss_log_input(in, !softmax, &attr.form);

	if (monai_onehot(c, in, &attr.onehot, err) ||
		loss_numbers(&a->weight, "weight", attr.weight, &attr.n_weight, err) ||
		loss_numbers(&a->alpha, "alpha", attr.alpha, &attr.n_alpha, err))
		return -1;
	/* Of exclusive classes, the background counts 1 - alpha. */
	if (softmax && a->alpha.n == 1 && classes <= ENTROPY_ALPHA_MAX) {
		attr.n_alpha = (int32_t)classes;
		for (int k = 0; k < classes; k++)
			attr.alpha[k] = (float)(k ? a->alpha.v[0] : 1 - a->alpha.v[0]);
	}
	/* A list without the background's weight goes with include_background = false. */
	if (attr.skip_background && classes > 1 && a->weight.n == classes - 1 &&
		classes <= ENTROPY_ALPHA_MAX) {
		for (int k = a->weight.n; k > 0; k--)
			attr.weight[k] = attr.weight[k - 1];
		attr.n_weight = (int32_t)classes;
	}
	*loss = layer_focal(g, x, in->label, &attr, err);
	return *loss ? 0 : -1;
}
