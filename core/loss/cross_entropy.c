/*
 * CrossEntropy: mean over voxels of -log p of the label's class.  From logits where
 * they are known (core/loss/loss.c); smooth then has no effect, because log-softmax
 * needs none.  With skip_background voxels of the background give no loss at all.
 */
#include "core/loss/parts.h"

struct cross_entropy_args {
	struct loss_common common;
	double smooth;
};

static int cross_entropy_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct cross_entropy_args *a = args;

	return loss_cross_entropy_build(&a->common, a->smooth, g, in, loss, err);
}

static const struct arg_def cross_entropy_arg_defs[] = {LOSS_COMMON_ROWS(struct cross_entropy_args),
	{"smooth", ARG_FLOAT, offsetof(struct cross_entropy_args, smooth), .def = "1e-8", .min = 0,
		.max = 1,
		.help = "added to probabilities before the logarithm; no effect on logits"},
	ARG_END};

static const struct loss_ops cross_entropy_ops = {.build = cross_entropy_build};

const struct component component_cross_entropy = {
	.name = "CrossEntropy",
	.kind = COMPONENT_LOSS,
	.help = "mean over voxels of -log p of the label's class; with sigmoid channels, binary "
		"cross entropy, mean over voxels and channels",
	.args = cross_entropy_arg_defs,
	.args_size = sizeof(struct cross_entropy_args),
	.ops = &cross_entropy_ops,
};
