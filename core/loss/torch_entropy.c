/*
 * CrossEntropyLoss and BCEWithLogitsLoss of PyTorch, which Clara v4 configurations
 * name.  A label may hold class numbers or one channel per class, which its channels
 * tell.
 */
#include "core/loss/monai.h"

struct cross_entropy_args {
	struct monai_common common; /* reduction only */
	struct numlist weight;
	double label_smoothing;
};

struct bce_args {
	struct monai_common common; /* reduction only */
	struct numlist weight, pos_weight;
};

static int cross_entropy_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct cross_entropy_args *a = args;
	bool onehot = loss_label_onehot(in);
	struct entropy_attr attr = {
		.onehot = onehot,
		.smooth = 1e-8f,
		/* PyTorch divides by the labels' weights for class numbers only. */
		.mean = a->common.reduction ? ENTROPY_MEAN_NONE
			: onehot            ? ENTROPY_MEAN_DEFAULT
					    : ENTROPY_MEAN_WEIGHTS,
		.label_smoothing = (float)a->label_smoothing,
	};
	struct node *x = loss_log_input(in, false, &attr.form);

	if (loss_numbers(&a->weight, "weight", attr.weight, &attr.n_weight, err))
		return -1;
	*loss = layer_cross_entropy(g, x, in->label, &attr, err);
	return *loss ? 0 : -1;
}

static int bce_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct bce_args *a = args;
	struct entropy_attr attr = {
		.onehot = loss_label_onehot(in),
		.smooth = 1e-8f,
		.alpha_rule = ENTROPY_ALPHA_POSITIVE,
		.mean = a->common.reduction ? ENTROPY_MEAN_NONE : ENTROPY_MEAN_ELEMENTS,
	};
	struct node *x = loss_log_input(in, true, &attr.form);

	if (loss_numbers(&a->weight, "weight", attr.weight, &attr.n_weight, err) ||
		loss_numbers(&a->pos_weight, "pos_weight", attr.alpha, &attr.n_alpha, err))
		return -1;
	*loss = layer_cross_entropy(g, x, in->label, &attr, err);
	return *loss ? 0 : -1;
}

static const struct arg_def cross_entropy_arg_defs[] = {
	{"weight", ARG_FLOATLIST, offsetof(struct cross_entropy_args, weight), .min = 0, .max = 1e6,
		.help = "one weight per class"},
	{"label_smoothing", ARG_FLOAT, offsetof(struct cross_entropy_args, label_smoothing),
		.def = "0.0", .min = 0, .max = 1,
		.help = "part of the target that is spread over all classes"},
	MONAI_REDUCTION_ROW(struct cross_entropy_args), ARG_END};

static const struct arg_def bce_arg_defs[] = {
	{"weight", ARG_FLOATLIST, offsetof(struct bce_args, weight), .min = 0, .max = 1e6,
		.help = "weight of each class's terms: one number or one per class"},
	{"pos_weight", ARG_FLOATLIST, offsetof(struct bce_args, pos_weight), .min = 0, .max = 1e6,
		.help = "weight of the positives of each class: one number or one per class"},
	MONAI_REDUCTION_ROW(struct bce_args), ARG_END};

static const struct loss_ops cross_entropy_ops = {.build = cross_entropy_build};
static const struct loss_ops bce_ops = {.build = bce_build};

const struct component component_torch_cross_entropy = {
	.name = "CrossEntropyLoss",
	.kind = COMPONENT_LOSS,
	.help = "PyTorch's: softmax cross entropy of the logits, mean weighted by the labels' classes",
	.args = cross_entropy_arg_defs,
	.args_size = sizeof(struct cross_entropy_args),
	.ops = &cross_entropy_ops,
};

const struct component component_torch_bce = {
	.name = "BCEWithLogitsLoss",
	.kind = COMPONENT_LOSS,
	.help = "PyTorch's: sigmoid cross entropy of independent channels, mean over all elements",
	.args = bce_arg_defs,
	.args_size = sizeof(struct bce_args),
	.ops = &bce_ops,
};
