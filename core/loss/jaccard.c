/*
 * Jaccard: 1 - mean soft Jaccard index (intersection over union) over items and
 * classes.  v3 has it as an argument of Dice only, where the factor 2 of Dice stays
 * (core/graph/op/loss_dice.c); this is the index itself, between 0 and 1.
 */
#include "core/loss/parts.h"

struct jaccard_args {
	struct loss_common common;
	bool squared;
	double smooth, top_smooth;
};

static int jaccard_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct jaccard_args *a = args;
	struct dice_attr attr = {
		.onehot = a->common.onehot,
		.skip_background = a->common.skip_background,
		.squared = a->squared,
		.jaccard = DICE_JACCARD,
		.smooth = (float)(2 * a->smooth), /* the op's ratio is 2 I / (2 union) */
		.top_smooth = (float)(2 * a->top_smooth),
	};

	*loss = layer_dice(g, in->prediction, in->label, &attr, err);
	return *loss ? 0 : -1;
}

static const struct arg_def jaccard_arg_defs[] = {LOSS_COMMON_ROWS(struct jaccard_args),
	{"squared_pred", ARG_BOOL, offsetof(struct jaccard_args, squared), .def = "false",
		.help = "squares in the union"},
	{"smooth", ARG_FLOAT, offsetof(struct jaccard_args, smooth), .def = "1e-5", .min = 0,
		.max = 1e6, .help = "added to the union"},
	{"top_smooth", ARG_FLOAT, offsetof(struct jaccard_args, top_smooth), .def = "0.0", .min = 0,
		.max = 1e6, .help = "added to the intersection"},
	ARG_END};

static const struct loss_ops jaccard_ops = {.build = jaccard_build};

const struct component component_jaccard = {
	.name = "Jaccard",
	.kind = COMPONENT_LOSS,
	.help = "1 - mean over items and classes of (sum tp + top_smooth) / (sum t + sum p - sum tp "
		"+ smooth)",
	.args = jaccard_arg_defs,
	.args_size = sizeof(struct jaccard_args),
	.ops = &jaccard_ops,
};
