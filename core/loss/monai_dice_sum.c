/*
 * DiceCELoss and DiceFocalLoss of MONAI: weighted sums.  The cross entropy takes the
 * softmax itself (one channel: the sigmoid) and never leaves the background out; the
 * focal part is FocalLoss on sigmoid outputs.
 */
#include "core/loss/monai.h"

struct dice_ce_args {
	struct monai_common common;
	struct monai_dice_args dice;
	struct numlist ce_weight;
	double lambda_dice, lambda_ce;
};

struct dice_focal_args {
	struct monai_common common;
	struct monai_dice_args dice;
	struct monai_focal_args focal;
	double lambda_dice, lambda_focal;
};

static int cross_entropy_build(const struct dice_ce_args *a, struct graph *g,
	const struct loss_input *in, struct node **loss, struct err *err)
{
	int64_t classes = shape_channels(&in->prediction->shape);
	struct entropy_attr attr = {
		.smooth = 1e-8f,
		.mean = a->common.reduction ? ENTROPY_MEAN_NONE
			: classes > 1       ? ENTROPY_MEAN_WEIGHTS
					    : ENTROPY_MEAN_ELEMENTS,
		.scale = (float)a->lambda_ce,
	};
	struct node *x = loss_log_input(in, classes == 1, &attr.form);

	if (monai_onehot(&a->common, in, &attr.onehot, err) ||
		loss_numbers(&a->ce_weight, "ce_weight", attr.weight, &attr.n_weight, err))
		return -1;
	*loss = layer_cross_entropy(g, x, in->label, &attr, err);
	return *loss ? 0 : -1;
}

static int dice_ce_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct dice_ce_args *a = args;
	struct node *dice;

	if (a->lambda_ce == 0)
		return monai_dice_build(&a->common, &a->dice, a->lambda_dice, g, in, loss, err);
	if (cross_entropy_build(a, g, in, loss, err))
		return -1;
	if (a->lambda_dice == 0)
		return 0;
	if (monai_dice_build(&a->common, &a->dice, a->lambda_dice, g, in, &dice, err))
		return -1;
	return loss_sum(g, loss, dice, err);
}

static int dice_focal_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct dice_focal_args *a = args;
	struct node *dice;

	if (a->lambda_focal == 0)
		return monai_dice_build(&a->common, &a->dice, a->lambda_dice, g, in, loss, err);
	if (monai_focal_build(&a->common, &a->focal, a->lambda_focal, g, in, loss, err))
		return -1;
	if (a->lambda_dice == 0)
		return 0;
	if (monai_dice_build(&a->common, &a->dice, a->lambda_dice, g, in, &dice, err))
		return -1;
	return loss_sum(g, loss, dice, err);
}

static void sum_check(double a, double b, const char *other, const char *file, const char *path,
	struct problems *ps)
{
	if (a == 0 && b == 0)
		problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, path, NULL,
			"lambda_dice and %s are both 0: nothing is left of the loss", other);
}

static void dice_ce_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct dice_ce_args *a = args;

	monai_check(&a->common, file, path, ps);
	sum_check(a->lambda_dice, a->lambda_ce, "lambda_ce", file, path, ps);
}

static void dice_focal_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct dice_focal_args *a = args;

	monai_check(&a->common, file, path, ps);
	sum_check(a->lambda_dice, a->lambda_focal, "lambda_focal", file, path, ps);
}

static const struct arg_def dice_ce_arg_defs[] = {MONAI_COMMON_ROWS(struct dice_ce_args),
	MONAI_DICE_ROWS(struct dice_ce_args),
	{"ce_weight", ARG_FLOATLIST, offsetof(struct dice_ce_args, ce_weight), .min = 0, .max = 1e6,
		.help = "weights of the classes in the cross entropy", .alias = "weight"},
	{"lambda_dice", ARG_FLOAT, offsetof(struct dice_ce_args, lambda_dice), .def = "1.0",
		.min = 0, .max = 1e6, .help = "weight of the Dice part"},
	{"lambda_ce", ARG_FLOAT, offsetof(struct dice_ce_args, lambda_ce), .def = "1.0", .min = 0,
		.max = 1e6, .help = "weight of the cross entropy"},
	ARG_END};

static const struct arg_def dice_focal_arg_defs[] = {MONAI_COMMON_ROWS(struct dice_focal_args),
	MONAI_DICE_ROWS(struct dice_focal_args),
	{"gamma", ARG_FLOAT, offsetof(struct dice_focal_args, focal.gamma), .def = "2.0", .min = 0,
		.max = 20, .help = "how much easy voxels are weighed down"},
	{"alpha", ARG_FLOATLIST, offsetof(struct dice_focal_args, focal.alpha), .min = 0, .max = 1,
		.help = "weight of a class's voxels against 1 - alpha of the others"},
	{"focal_weight", ARG_FLOATLIST, offsetof(struct dice_focal_args, focal.weight), .min = 0,
		.max = 1e6, .help = "weights of the classes in the focal part", .alias = "weight"},
	{"lambda_dice", ARG_FLOAT, offsetof(struct dice_focal_args, lambda_dice), .def = "1.0",
		.min = 0, .max = 1e6, .help = "weight of the Dice part"},
	{"lambda_focal", ARG_FLOAT, offsetof(struct dice_focal_args, lambda_focal), .def = "1.0",
		.min = 0, .max = 1e6, .help = "weight of the focal part"},
	ARG_END};

static const struct loss_ops dice_ce_ops = {.build = dice_ce_build, .check = dice_ce_check};
static const struct loss_ops dice_focal_ops = {
	.build = dice_focal_build, .check = dice_focal_check};

const struct component component_monai_dice_ce = {
	.name = "DiceCELoss",
	.kind = COMPONENT_LOSS,
	.help = "MONAI's: lambda_dice DiceLoss + lambda_ce cross entropy on the logits",
	.args = dice_ce_arg_defs,
	.args_size = sizeof(struct dice_ce_args),
	.ops = &dice_ce_ops,
};

const struct component component_monai_dice_focal = {
	.name = "DiceFocalLoss",
	.kind = COMPONENT_LOSS,
	.help = "MONAI's: lambda_dice DiceLoss + lambda_focal FocalLoss",
	.args = dice_focal_arg_defs,
	.args_size = sizeof(struct dice_focal_args),
	.ops = &dice_focal_ops,
};
