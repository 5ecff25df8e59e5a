/*
 * Focal: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017.
 *
 * v3's documentation names the loss and nothing more.  Here every class is the
 * paper's binary problem against the rest, p being its softmax or sigmoid
 * probability; the losses are summed over classes and averaged over voxels.  So
 * skip_background, which v3's configs set, leaves a loss that still punishes
 * foreground predicted on background.
 */
#include "core/loss/parts.h"

struct focal_args {
	struct loss_common common;
	struct loss_focal_args focal;
	double smooth;
};

static int focal_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct focal_args *a = args;

	return loss_focal_build(&a->common, a->smooth, &a->focal, g, in, loss, err);
}

static const struct arg_def focal_arg_defs[] = {LOSS_COMMON_ROWS(struct focal_args),
	LOSS_FOCAL_ROWS(struct focal_args),
	{"smooth", ARG_FLOAT, offsetof(struct focal_args, smooth), .def = "1e-7", .min = 0,
		.max = 0.1, .help = "keeps probabilities off 0 and 1; no effect on logits"},
	ARG_END};

static const struct loss_ops focal_ops = {.build = focal_build};

const struct component component_focal = {
	.name = "Focal",
	.kind = COMPONENT_LOSS,
	.help = "focal loss -(1-p)^gamma log p of each class against the rest, summed over classes, "
		"mean over voxels (Lin et al. 2017)",
	.args = focal_arg_defs,
	.args_size = sizeof(struct focal_args),
	.ops = &focal_ops,
};
