/*
 * DecayOnStep: the rate is multiplied by decay_ratio every decay_freq steps
 * ("adjusted to current_lr * ratio every decay_freq number of steps", v3 API page).
 */
#include <math.h>

#include "core/schedule/schedule.h"

struct decay_on_step_args {
	double decay_ratio;
	int64_t decay_freq;
};

static double decay_on_step_lr(const void *args, double lr0, const struct schedule_at *at)
{
	const struct decay_on_step_args *a = args;

	return lr0 * pow(a->decay_ratio, (double)(at->step / a->decay_freq));
}

static const struct arg_def decay_on_step_arg_defs[] = {
	{"decay_ratio", ARG_FLOAT, offsetof(struct decay_on_step_args, decay_ratio),
		.flags = ARG_REQUIRED, .min = 0, .max = 10, .help = "factor per decay"},
	{"decay_freq", ARG_INT, offsetof(struct decay_on_step_args, decay_freq),
		.flags = ARG_REQUIRED, .min = 1, .max = 1e12, .unit = "step",
		.help = "steps between decays"},
	ARG_END};

static const struct schedule_ops decay_on_step_ops = {.lr = decay_on_step_lr};

const struct component component_decay_on_step = {
	.name = "DecayOnStep",
	.kind = COMPONENT_SCHEDULE,
	.help = "multiplies the learning rate by decay_ratio every decay_freq steps",
	.args = decay_on_step_arg_defs,
	.args_size = sizeof(struct decay_on_step_args),
	.ops = &decay_on_step_ops,
};
