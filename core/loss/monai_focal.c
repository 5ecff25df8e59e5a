/*
 * FocalLoss of MONAI: every class against the rest on sigmoid outputs, mean over items,
 * classes and voxels; with use_softmax - alpha (1-p)^gamma log p of the label's class.
 * MONAI leaves channel 0 out before the softmax, here after it, so that the remaining
 * probabilities are those that the network predicts.
 */
#include "core/loss/monai.h"

struct focal_args {
	struct monai_common common;
	struct monai_focal_args focal;
};

static int focal_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct focal_args *a = args;

	return monai_focal_build(&a->common, &a->focal, 1, g, in, loss, err);
}

static const struct arg_def focal_arg_defs[] = {MONAI_LABEL_ROWS(struct focal_args),
	{"gamma", ARG_FLOAT, offsetof(struct focal_args, focal.gamma), .def = "2.0", .min = 0,
		.max = 20, .help = "how much easy voxels are weighed down; 0 is cross entropy"},
	{"alpha", ARG_FLOATLIST, offsetof(struct focal_args, focal.alpha), .min = 0, .max = 1,
		.help = "weight of a class's voxels against 1 - alpha of the others"},
	{"weight", ARG_FLOATLIST, offsetof(struct focal_args, focal.weight), .min = 0, .max = 1e6,
		.help = "one weight for all classes or one per class"},
	{"use_softmax", ARG_BOOL, offsetof(struct focal_args, focal.use_softmax), .def = "false",
		.help = "classes exclude each other"},
	MONAI_REDUCTION_ROW(struct focal_args), ARG_END};

static const struct loss_ops focal_ops = {.build = focal_build};

const struct component component_monai_focal = {
	.name = "FocalLoss",
	.kind = COMPONENT_LOSS,
	.help = "MONAI's: focal loss of each class against the rest on sigmoid outputs (or "
		"use_softmax), mean over all elements (Lin et al. 2017)",
	.args = focal_arg_defs,
	.args_size = sizeof(struct focal_args),
	.ops = &focal_ops,
};
