/*
 * CrossEntropyDice: the sum of both, each with weight 1.  v3's arguments are not
 * published; these are Dice's, and both parts share skip_background.
 */
#include "core/loss/parts.h"

struct cross_entropy_dice_args {
	struct loss_common common;
	struct loss_dice_args dice;
};

static int cross_entropy_dice_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct cross_entropy_dice_args *a = args;
	struct node *dice;

	if (loss_cross_entropy_build(&a->common, 1e-8, g, in, loss, err) ||
		loss_dice_build(&a->common, &a->dice, g, in, &dice, err))
		return -1;
	return loss_sum(g, loss, dice, err);
}

static const struct arg_def cross_entropy_dice_arg_defs[] = {
	LOSS_COMMON_ROWS(struct cross_entropy_dice_args),
	LOSS_DICE_ROWS(struct cross_entropy_dice_args), ARG_END};

static const struct loss_ops cross_entropy_dice_ops = {.build = cross_entropy_dice_build};

const struct component component_cross_entropy_dice = {
	.name = "CrossEntropyDice",
	.kind = COMPONENT_LOSS,
	.help = "CrossEntropy + Dice",
	.args = cross_entropy_dice_arg_defs,
	.args_size = sizeof(struct cross_entropy_dice_args),
	.ops = &cross_entropy_dice_ops,
};
