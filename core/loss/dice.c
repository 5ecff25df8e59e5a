/*
 * Dice: 1 - mean soft Dice over items and classes.  The formula with its options
 * stands at the op (core/graph/op/loss_dice.c).  It reads the network's output
 * after its final activation, whatever that is.
 */
#include "core/loss/parts.h"

struct dice_args {
	struct loss_common common;
	struct loss_dice_args dice;
};

static int dice_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct dice_args *a = args;

	return loss_dice_build(&a->common, &a->dice, g, in, loss, err);
}

static const struct arg_def dice_arg_defs[] = {
	LOSS_COMMON_ROWS(struct dice_args), LOSS_DICE_ROWS(struct dice_args), ARG_END};

static const struct loss_ops dice_ops = {.build = dice_build};

const struct component component_dice = {
	.name = "Dice",
	.kind = COMPONENT_LOSS,
	.help = "1 - mean over items and classes of (2 sum tp + top_smooth) / (sum t + sum p + "
		"smooth)",
	.args = dice_arg_defs,
	.args_size = sizeof(struct dice_args),
	.ops = &dice_ops,
};
