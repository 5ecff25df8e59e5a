/*
 * v3's losses for classifiers.  A prediction is N 1 1 1 C, the label one class number
 * or one number per class; which of the two follows from its channels.  They work as
 * well per voxel.  All read the logits, whatever the network's last activation.
 */
#include "core/loss/parts.h"

struct no_args {
	char none;
};

struct weighted_args {
	struct numlist weights;
};

static int entropy_build(struct graph *g, const struct loss_input *in, bool sigmoid,
	struct entropy_attr *attr, struct node **loss, struct err *err)
{
	struct node *x = loss_log_input(in, sigmoid, &attr->form);

	attr->onehot = loss_label_onehot(in);
	attr->smooth = 1e-8f;
	*loss = layer_cross_entropy(g, x, in->label, attr, err);
	return *loss ? 0 : -1;
}

static int binary_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	struct entropy_attr attr = {0};

	(void)args;
	return entropy_build(g, in, true, &attr, loss, err);
}

static int multiclass_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	struct entropy_attr attr = {0};

	(void)args;
	return entropy_build(g, in, false, &attr, loss, err);
}

/* TensorFlow's sparse_softmax_cross_entropy: mean over the labels with a weight that is not 0. */
static int weighted_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct weighted_args *a = args;
	struct entropy_attr attr = {.mean = ENTROPY_MEAN_NONZERO};

	if (loss_numbers(&a->weights, "class_weights", attr.weight, &attr.n_weight, err))
		return -1;
	return entropy_build(g, in, false, &attr, loss, err);
}

static const struct arg_def no_arg_defs[] = {ARG_END};

static const struct arg_def weighted_arg_defs[] = {
	{"class_weights", ARG_FLOATLIST, offsetof(struct weighted_args, weights), .min = 0,
		.max = 1e6, .help = "one weight per class; absent: all 1"},
	ARG_END};

static const struct loss_ops binary_ops = {.build = binary_build};
static const struct loss_ops multiclass_ops = {.build = multiclass_build};
static const struct loss_ops weighted_ops = {.build = weighted_build};

const struct component component_binary_classification = {
	.name = "BinaryClassificationLoss",
	.kind = COMPONENT_LOSS,
	.help = "sigmoid cross entropy of independent classes (several may be true), mean over items "
		"and classes",
	.args = no_arg_defs,
	.args_size = sizeof(struct no_args),
	.ops = &binary_ops,
};

const struct component component_multiclass_classification = {
	.name = "MulticlassClassificationLoss",
	.kind = COMPONENT_LOSS,
	.help = "softmax cross entropy of exclusive classes, mean over items",
	.args = no_arg_defs,
	.args_size = sizeof(struct no_args),
	.ops = &multiclass_ops,
};

const struct component component_weighted_multiclass_classification = {
	.name = "WeightedMulticlassClassificationLoss",
	.kind = COMPONENT_LOSS,
	.help = "softmax cross entropy times the weight of the label's class, mean over the items "
		"whose weight is not 0 (as TensorFlow's weighted loss)",
	.args = weighted_arg_defs,
	.args_size = sizeof(struct weighted_args),
	.ops = &weighted_ops,
};
