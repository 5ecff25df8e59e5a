/*
 * DiceLoss, GeneralizedDiceLoss and TverskyLoss of MONAI.  Their arguments mean what
 * they mean there; reduction "none" gives no number to train on and is refused.
 */
#include "core/loss/monai.h"

struct dice_args {
	struct monai_common common;
	struct monai_dice_args dice;
};

struct general_args {
	struct monai_common common;
	struct monai_dice_args dice;
	int w_type;
};

struct tversky_args {
	struct monai_common common;
	struct monai_dice_args dice;
	double alpha, beta;
};

static int dice_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct dice_args *a = args;

	return monai_dice_build(&a->common, &a->dice, 1, g, in, loss, err);
}

static int overlap_build(const struct monai_common *c, const struct monai_dice_args *a,
	struct dice_attr *attr, struct graph *g, const struct loss_input *in, struct node **loss,
	struct err *err)
{
	struct node *x = monai_activated(c, g, in, err);

	if (monai_onehot(c, in, &attr->onehot, err))
		return -1;
	attr->skip_background = !c->include_background;
	attr->smooth = (float)a->smooth_dr;
	attr->top_smooth = (float)a->smooth_nr;
	attr->batch = a->batch;
	attr->sum = c->reduction;
	*loss = x ? layer_dice(g, x, in->label, attr, err) : NULL;
	return *loss ? 0 : -1;
}

static int general_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct general_args *a = args;
	struct dice_attr attr = {.general = DICE_GENERAL_SQUARE + a->w_type};

	return overlap_build(&a->common, &a->dice, &attr, g, in, loss, err);
}

static int tversky_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct tversky_args *a = args;
	struct dice_attr attr = {.tversky = 1, .alpha = (float)a->alpha, .beta = (float)a->beta};

	return overlap_build(&a->common, &a->dice, &attr, g, in, loss, err);
}

/* The three argument structs begin with struct monai_common. */
static void dice_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	monai_check(args, file, path, ps);
}

static const char *const w_types[] = {"square", "simple", "uniform", NULL};

static const struct arg_def dice_arg_defs[] = {
	MONAI_COMMON_ROWS(struct dice_args), MONAI_DICE_ROWS(struct dice_args), ARG_END};

static const struct arg_def general_arg_defs[] = {MONAI_COMMON_ROWS(struct general_args),
	{"w_type", ARG_CHOICE, offsetof(struct general_args, w_type), .def = "\"square\"",
		.choices = w_types,
		.help = "weight of a class: 1 over its target volume squared, 1 over it, or 1"},
	MONAI_SMOOTH_ROWS(struct general_args, dice), ARG_END};

static const struct arg_def tversky_arg_defs[] = {MONAI_COMMON_ROWS(struct tversky_args),
	{"alpha", ARG_FLOAT, offsetof(struct tversky_args, alpha), .def = "0.5", .min = 0,
		.max = 100, .help = "weight of false positives"},
	{"beta", ARG_FLOAT, offsetof(struct tversky_args, beta), .def = "0.5", .min = 0, .max = 100,
		.help = "weight of false negatives"},
	MONAI_SMOOTH_ROWS(struct tversky_args, dice), ARG_END};

static const struct loss_ops dice_ops = {.build = dice_build, .check = dice_check};
static const struct loss_ops general_ops = {.build = general_build, .check = dice_check};
static const struct loss_ops tversky_ops = {.build = tversky_build, .check = dice_check};

const struct component component_monai_dice = {
	.name = "DiceLoss",
	.kind = COMPONENT_LOSS,
	.help = "MONAI's: 1 - mean of (2 sum tp + smooth_nr) / (sum t + sum p + smooth_dr)",
	.args = dice_arg_defs,
	.args_size = sizeof(struct dice_args),
	.ops = &dice_ops,
};

const struct component component_monai_generalized_dice = {
	.name = "GeneralizedDiceLoss",
	.kind = COMPONENT_LOSS,
	.help = "MONAI's: Dice over all classes at once, weighted by their volume (Sudre et al. "
		"2017)",
	.args = general_arg_defs,
	.args_size = sizeof(struct general_args),
	.ops = &general_ops,
};

const struct component component_monai_tversky = {
	.name = "TverskyLoss",
	.kind = COMPONENT_LOSS,
	.help = "MONAI's: 1 - mean of (tp + smooth_nr) / (tp + alpha fp + beta fn + smooth_dr)",
	.args = tversky_arg_defs,
	.args_size = sizeof(struct tversky_args),
	.ops = &tversky_ops,
};
