/*
 * ReducePoly: lr = lr0 (1 - t/T)^poly_power over the steps t of T.
 *
 * NVIDIA never published the formula of v3's ReducePoly; this is the polynomial
 * decay of DeepLab and nnU-Net, which its argument's name and value (0.99) fit.
 */
#include <math.h>

#include "core/schedule/schedule.h"

struct reduce_poly_args {
	double poly_power;
};

static double reduce_poly_lr(const void *args, double lr0, const struct schedule_at *at)
{
	const struct reduce_poly_args *a = args;
	double left;

	if (at->steps_total <= 0)
		return lr0;
	left = 1 - (double)at->step / (double)at->steps_total;
	return left > 0 ? lr0 * pow(left, a->poly_power) : 0;
}

static const struct arg_def reduce_poly_arg_defs[] = {
	{"poly_power", ARG_FLOAT, offsetof(struct reduce_poly_args, poly_power), .def = "0.99",
		.min = 0, .max = 100, .help = "exponent; 1 is a straight line to zero"},
	ARG_END};

static const struct schedule_ops reduce_poly_ops = {.lr = reduce_poly_lr};

const struct component component_reduce_poly = {
	.name = "ReducePoly",
	.kind = COMPONENT_SCHEDULE,
	.help = "lr0 (1 - step/steps)^poly_power; v3's own formula is not published, this is the "
		"usual polynomial decay",
	.args = reduce_poly_arg_defs,
	.args_size = sizeof(struct reduce_poly_args),
	.ops = &reduce_poly_ops,
};
