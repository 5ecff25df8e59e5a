/*
 * ReduceCosine: lr = lr0 rate (1 + cos(pi epoch / epochs)).
 *
 * The v3 API page gives the argument (rate = 0.5) and says that the rate follows
 * from initial rate, current epoch and number of epochs, not the formula.  With
 * rate 0.5 this is the half cosine from lr0 to 0 of Loshchilov and Hutter (SGDR).
 */
#include <math.h>

#include "core/schedule/schedule.h"

struct reduce_cosine_args {
	double rate;
};

static double reduce_cosine_lr(const void *args, double lr0, const struct schedule_at *at)
{
	const struct reduce_cosine_args *a = args;
	double done = at->epochs > 0 ? (double)at->epoch / (double)at->epochs : 0;

	if (done > 1)
		done = 1;
	return lr0 * a->rate * (1 + cos(3.14159265358979323846 * done));
}

static const struct arg_def reduce_cosine_arg_defs[] = {
	{"rate", ARG_FLOAT, offsetof(struct reduce_cosine_args, rate), .def = "0.5", .min = 0,
		.max = 10, .help = "amplitude; 0.5 starts at the configured learning rate"},
	ARG_END};

static const struct schedule_ops reduce_cosine_ops = {.lr = reduce_cosine_lr};

const struct component component_reduce_cosine = {
	.name = "ReduceCosine",
	.kind = COMPONENT_SCHEDULE,
	.help = "lr0 rate (1 + cos(pi epoch/epochs)); v3's own formula is not published",
	.args = reduce_cosine_arg_defs,
	.args_size = sizeof(struct reduce_cosine_args),
	.ops = &reduce_cosine_ops,
};
