/*
 * ReduceOnPlateau of v3 and ReduceLROnPlateau of PyTorch: the rate falls when the key
 * metric (larger is better) has not improved for a number of validations.
 *
 * v3's page says "reduces LR after a plateau of validation metric stopped improving for
 * certain number of times" and no more: here plateau_count_trigger validations in a row
 * without a new best multiply the rate by reduction_rate, and the count starts anew.
 * PyTorch's waits for one more than patience.
 */
#include <math.h>

#include "core/schedule/schedule.h"

enum plateau_state {
	PLATEAU_BEST,
	PLATEAU_BAD,      /* validations in a row without improvement */
	PLATEAU_REDUCED,  /* how often the rate was reduced */
	PLATEAU_COOLDOWN, /* 0: nothing seen yet, else 1 + validations left to wait */
};

struct plateau_args {
	int64_t trigger;
	double rate;
};

struct torch_args {
	double factor, threshold, min_lr, eps;
	int64_t patience, cooldown;
	int mode, threshold_mode;
	bool verbose;
	cJSON *optimizer;
};

static double plateau_lr(const void *args, double lr0, const struct schedule_at *at)
{
	const struct plateau_args *a = args;

	return at->state ? lr0 * pow(a->rate, at->state[PLATEAU_REDUCED]) : lr0;
}

/* Returns true when metric is above the best seen by the margin, and keeps it. */
static bool plateau_better(double metric, double margin, double state[SCHEDULE_STATE])
{
	bool first = state[PLATEAU_COOLDOWN] == 0;

	/* A first value that is not a number is no best to wait for. */
	if (isnan(metric) || (!first && !(metric > state[PLATEAU_BEST] + margin)))
		return false;
	state[PLATEAU_BEST] = metric;
	if (first)
		state[PLATEAU_COOLDOWN] = 1;
	return true;
}

static void plateau_validated(const void *args, double metric, double state[SCHEDULE_STATE])
{
	const struct plateau_args *a = args;

	if (plateau_better(metric, 0, state)) {
		state[PLATEAU_BAD] = 0;
	} else if (++state[PLATEAU_BAD] >= (double)a->trigger) {
		state[PLATEAU_REDUCED]++;
		state[PLATEAU_BAD] = 0;
	}
}

/* PyTorch leaves a rate alone that would change by eps or less. */
static double torch_plateau_lr(const void *args, double lr0, const struct schedule_at *at)
{
	const struct torch_args *a = args;
	double lr = lr0;

	for (int i = 0; at->state && i < (int)at->state[PLATEAU_REDUCED]; i++) {
		double next = fmax(lr * a->factor, a->min_lr);

		if (!(lr - next > a->eps))
			break;
		lr = next;
	}
	return lr;
}

static void torch_plateau_validated(const void *args, double metric, double state[SCHEDULE_STATE])
{
	const struct torch_args *a = args;
	/* Of its size: metrics below 0 (a negated loss) must rise by it as well. */
	double margin = a->threshold_mode ? a->threshold : a->threshold * fabs(state[PLATEAU_BEST]);

	if (plateau_better(metric, margin, state))
		state[PLATEAU_BAD] = 0;
	else
		state[PLATEAU_BAD]++;
	if (state[PLATEAU_COOLDOWN] > 1) {
		state[PLATEAU_COOLDOWN]--;
		state[PLATEAU_BAD] = 0;
	}
	if (state[PLATEAU_BAD] > (double)a->patience) {
		state[PLATEAU_REDUCED]++;
		state[PLATEAU_COOLDOWN] = 1 + (double)a->cooldown;
		state[PLATEAU_BAD] = 0;
	}
}

static const char *const modes[] = {"min", "max", NULL};
static const char *const threshold_modes[] = {"rel", "abs", NULL};

static const struct arg_def plateau_arg_defs[] = {
	{"plateau_count_trigger", ARG_INT, offsetof(struct plateau_args, trigger),
		.flags = ARG_REQUIRED, .min = 1, .max = 1e9, .unit = "validation",
		.help = "validations in a row without a new best before the rate is reduced"},
	{"reduction_rate", ARG_FLOAT, offsetof(struct plateau_args, rate), .flags = ARG_REQUIRED,
		.min = 1e-9, .max = 1, .help = "factor per reduction"},
	ARG_END};

static const struct arg_def torch_arg_defs[] = {
	{"mode", ARG_CHOICE, offsetof(struct torch_args, mode), .def = "\"max\"", .choices = modes,
		.flags = ARG_UNUSED, .help = "the key metric is watched, where more is better"},
	{"factor", ARG_FLOAT, offsetof(struct torch_args, factor), .def = "0.1", .min = 1e-9,
		.max = 0.999999, .help = "factor per reduction"},
	{"patience", ARG_INT, offsetof(struct torch_args, patience), .def = "10", .min = 0,
		.max = 1e9, .unit = "validation",
		.help = "validations without improvement that are let pass"},
	{"threshold", ARG_FLOAT, offsetof(struct torch_args, threshold), .def = "1e-4", .min = 0,
		.max = 1e6, .help = "what counts as an improvement"},
	{"threshold_mode", ARG_CHOICE, offsetof(struct torch_args, threshold_mode),
		.def = "\"rel\"", .choices = threshold_modes,
		.help = "threshold times the best value, or the threshold itself"},
	{"cooldown", ARG_INT, offsetof(struct torch_args, cooldown), .def = "0", .min = 0,
		.max = 1e9, .unit = "validation", .help = "validations to wait after a reduction"},
	{"min_lr", ARG_FLOAT, offsetof(struct torch_args, min_lr), .def = "0.0", .min = 0,
		.max = 1e3, .help = "smallest learning rate"},
	{"eps", ARG_FLOAT, offsetof(struct torch_args, eps), .def = "1e-8", .min = 0, .max = 1,
		.help = "smaller changes of the rate are not made"},
	{"verbose", ARG_BOOL, offsetof(struct torch_args, verbose), .def = "false",
		.flags = ARG_UNUSED, .help = "the learning rate is in the events anyway"},
	{"optimizer", ARG_JSON, offsetof(struct torch_args, optimizer), .flags = ARG_UNUSED,
		.help = "Clara v4's: the optimizer of the configuration"},
	ARG_END};

static const struct schedule_ops plateau_ops = {
	.lr = plateau_lr,
	.validated = plateau_validated,
};

static const struct schedule_ops torch_plateau_ops = {
	.lr = torch_plateau_lr,
	.validated = torch_plateau_validated,
};

const struct component component_reduce_on_plateau = {
	.name = "ReduceOnPlateau",
	.kind = COMPONENT_SCHEDULE,
	.help = "times reduction_rate after plateau_count_trigger validations in a row without a new "
		"best key metric; v3 does not say more than that",
	.args = plateau_arg_defs,
	.args_size = sizeof(struct plateau_args),
	.ops = &plateau_ops,
};

const struct component component_torch_plateau = {
	.name = "ReduceLROnPlateau",
	.kind = COMPONENT_SCHEDULE,
	.help = "times factor after more than patience validations without a better key metric "
		"(PyTorch)",
	.args = torch_arg_defs,
	.args_size = sizeof(struct torch_args),
	.ops = &torch_plateau_ops,
};
