/*
 * FocalDice: the sum of both, each with weight 1.  v3's arguments are not
 * published; these are those of its parts, which share skip_background.
 */
#include "core/loss/parts.h"

struct focal_dice_args {
	struct loss_common common;
	struct loss_dice_args dice;
	struct loss_focal_args focal;
};

static int focal_dice_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct focal_dice_args *a = args;
	struct node *dice;

	if (loss_focal_build(&a->common, 1e-7, &a->focal, g, in, loss, err) ||
		loss_dice_build(&a->common, &a->dice, g, in, &dice, err))
		return -1;
	return loss_sum(g, loss, dice, err);
}

static const struct arg_def focal_dice_arg_defs[] = {LOSS_COMMON_ROWS(struct focal_dice_args),
	LOSS_DICE_ROWS(struct focal_dice_args), LOSS_FOCAL_ROWS(struct focal_dice_args), ARG_END};

static const struct loss_ops focal_dice_ops = {.build = focal_dice_build};

const struct component component_focal_dice = {
	.name = "FocalDice",
	.kind = COMPONENT_LOSS,
	.help = "Focal + Dice",
	.args = focal_dice_arg_defs,
	.args_size = sizeof(struct focal_dice_args),
	.ops = &focal_dice_ops,
};
