/*
 * Tversky: Salehi et al., arXiv 1706.05721.  alpha weighs false positives, beta false
 * negatives; 0.5 and 0.5 give Dice.
 */
#include "core/loss/parts.h"

struct tversky_args {
	struct loss_common common;
	double alpha, beta, smooth, top_smooth;
};

static int tversky_build(const void *args, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err)
{
	const struct tversky_args *a = args;
	struct dice_attr attr = {
		.onehot = a->common.onehot,
		.skip_background = a->common.skip_background,
		.tversky = 1,
		.alpha = (float)a->alpha,
		.beta = (float)a->beta,
		.smooth = (float)a->smooth,
		.top_smooth = (float)a->top_smooth,
	};

	*loss = layer_dice(g, in->prediction, in->label, &attr, err);
	return *loss ? 0 : -1;
}

static const struct arg_def tversky_arg_defs[] = {LOSS_COMMON_ROWS(struct tversky_args),
	{"alpha", ARG_FLOAT, offsetof(struct tversky_args, alpha), .def = "0.3", .min = 0,
		.max = 100, .help = "weight of false positives"},
	{"beta", ARG_FLOAT, offsetof(struct tversky_args, beta), .def = "0.7", .min = 0, .max = 100,
		.help = "weight of false negatives"},
	{"smooth", ARG_FLOAT, offsetof(struct tversky_args, smooth), .def = "1e-5", .min = 0,
		.max = 1e6, .help = "added to the denominator"},
	{"top_smooth", ARG_FLOAT, offsetof(struct tversky_args, top_smooth), .def = "0.0", .min = 0,
		.max = 1e6, .help = "added to the numerator"},
	ARG_END};

static const struct loss_ops tversky_ops = {.build = tversky_build};

const struct component component_tversky = {
	.name = "Tversky",
	.kind = COMPONENT_LOSS,
	.help = "1 - mean of tp / (tp + alpha fp + beta fn) over items and classes (Salehi et al. "
		"2017)",
	.args = tversky_arg_defs,
	.args_size = sizeof(struct tversky_args),
	.ops = &tversky_ops,
};
