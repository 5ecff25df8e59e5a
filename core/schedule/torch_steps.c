/*
 * PyTorch's StepLR, MultiStepLR, ExponentialLR, CosineAnnealingLR and PolynomialLR,
 * which Clara v4 configurations name.  v4 moves them once per epoch (MONAI's
 * LrScheduleHandler), so "step" in their arguments means epoch.
 */
#include <math.h>

#include "core/schedule/schedule.h"

/* Arguments that v4 writes and that have nothing to say here. */
struct torch_args {
	cJSON *optimizer;
	int64_t last_epoch;
	bool verbose;
};

struct step_args {
	struct torch_args torch;
	int64_t step_size;
	double gamma;
};

struct multi_step_args {
	struct torch_args torch;
	struct numlist milestones;
	double gamma;
};

struct exponential_args {
	struct torch_args torch;
	double gamma;
};

struct cosine_args {
	struct torch_args torch;
	int64_t t_max;
	double eta_min;
};

struct polynomial_args {
	struct torch_args torch;
	int64_t total_iters;
	double power;
};

static double step_lr(const void *args, double lr0, const struct schedule_at *at)
{
	const struct step_args *a = args;

	return lr0 * pow(a->gamma, (double)(at->epoch / a->step_size));
}

static double multi_step_lr(const void *args, double lr0, const struct schedule_at *at)
{
	const struct multi_step_args *a = args;
	int passed = 0;

	for (int i = 0; i < a->milestones.n; i++)
		passed += (double)at->epoch >= a->milestones.v[i];
	return lr0 * pow(a->gamma, passed);
}

static double exponential_lr(const void *args, double lr0, const struct schedule_at *at)
{
	return lr0 * pow(((const struct exponential_args *)args)->gamma, (double)at->epoch);
}

static double cosine_lr(const void *args, double lr0, const struct schedule_at *at)
{
	const struct cosine_args *a = args;
	double turn = 3.14159265358979323846 * (double)at->epoch / (double)a->t_max;

	return a->eta_min + (lr0 - a->eta_min) * (1 + cos(turn)) / 2;
}

static double polynomial_lr(const void *args, double lr0, const struct schedule_at *at)
{
	const struct polynomial_args *a = args;
	double left = 1 - (double)at->epoch / (double)a->total_iters;

	return left > 0 ? lr0 * pow(left, a->power) : 0;
}

#define TORCH_ROWS(type)                                                                     \
	{"optimizer", ARG_JSON, offsetof(type, torch.optimizer), .flags = ARG_UNUSED,        \
		.help = "Clara v4's: the optimizer of the configuration"},                   \
		{"last_epoch", ARG_INT, offsetof(type, torch.last_epoch), .def = "-1",       \
			.flags = ARG_UNUSED, .help = "a resumed run knows where it stands"}, \
	{                                                                                    \
		"verbose", ARG_BOOL, offsetof(type, torch.verbose),                          \
			.def = "false", .flags = ARG_UNUSED,                                 \
			.help = "the learning rate is in the events anyway"                  \
	}

#define GAMMA_ROW(type)                                                                       \
	{                                                                                     \
		"gamma", ARG_FLOAT, offsetof(type, gamma), .def = "0.1", .min = 0, .max = 10, \
							   .help = "factor per step"          \
	}

static const struct arg_def step_arg_defs[] = {
	{"step_size", ARG_INT, offsetof(struct step_args, step_size), .flags = ARG_REQUIRED,
		.min = 1, .max = 1e12, .unit = "epoch", .help = "epochs between steps"},
	GAMMA_ROW(struct step_args), TORCH_ROWS(struct step_args), ARG_END};

static const struct arg_def multi_step_arg_defs[] = {
	{"milestones", ARG_INTLIST, offsetof(struct multi_step_args, milestones),
		.flags = ARG_REQUIRED, .min = 0, .max = 1e12, .unit = "epoch",
		.help = "epochs after which the rate is multiplied by gamma"},
	GAMMA_ROW(struct multi_step_args), TORCH_ROWS(struct multi_step_args), ARG_END};

static const struct arg_def exponential_arg_defs[] = {
	{"gamma", ARG_FLOAT, offsetof(struct exponential_args, gamma), .flags = ARG_REQUIRED,
		.min = 0, .max = 10, .help = "factor per epoch"},
	TORCH_ROWS(struct exponential_args), ARG_END};

static const struct arg_def cosine_arg_defs[] = {
	{"T_max", ARG_INT, offsetof(struct cosine_args, t_max), .flags = ARG_REQUIRED, .min = 1,
		.max = 1e12, .unit = "epoch", .help = "epochs from the top to the bottom"},
	{"eta_min", ARG_FLOAT, offsetof(struct cosine_args, eta_min), .def = "0.0", .min = 0,
		.max = 1e3, .help = "smallest learning rate"},
	TORCH_ROWS(struct cosine_args), ARG_END};

static const struct arg_def polynomial_arg_defs[] = {
	{"total_iters", ARG_INT, offsetof(struct polynomial_args, total_iters), .def = "5",
		.min = 1, .max = 1e12, .unit = "epoch", .help = "epochs until the rate is 0"},
	{"power", ARG_FLOAT, offsetof(struct polynomial_args, power), .def = "1.0", .min = 0,
		.max = 100, .help = "exponent; 1 is a straight line"},
	TORCH_ROWS(struct polynomial_args), ARG_END};

static const struct schedule_ops step_ops = {.lr = step_lr};
static const struct schedule_ops multi_step_ops = {.lr = multi_step_lr};
static const struct schedule_ops exponential_ops = {.lr = exponential_lr};
static const struct schedule_ops cosine_ops = {.lr = cosine_lr};
static const struct schedule_ops polynomial_ops = {.lr = polynomial_lr};

const struct component component_torch_step = {
	.name = "StepLR",
	.kind = COMPONENT_SCHEDULE,
	.help = "lr0 gamma^(epoch / step_size), whole steps (PyTorch, moved once per epoch)",
	.args = step_arg_defs,
	.args_size = sizeof(struct step_args),
	.ops = &step_ops,
};

const struct component component_torch_multi_step = {
	.name = "MultiStepLR",
	.kind = COMPONENT_SCHEDULE,
	.help = "times gamma after each of the milestones (PyTorch, moved once per epoch)",
	.args = multi_step_arg_defs,
	.args_size = sizeof(struct multi_step_args),
	.ops = &multi_step_ops,
};

const struct component component_torch_exponential = {
	.name = "ExponentialLR",
	.kind = COMPONENT_SCHEDULE,
	.help = "lr0 gamma^epoch (PyTorch)",
	.args = exponential_arg_defs,
	.args_size = sizeof(struct exponential_args),
	.ops = &exponential_ops,
};

const struct component component_torch_cosine = {
	.name = "CosineAnnealingLR",
	.kind = COMPONENT_SCHEDULE,
	.help = "eta_min + (lr0 - eta_min) (1 + cos(pi epoch / T_max)) / 2 (PyTorch; it rises again "
		"after T_max)",
	.args = cosine_arg_defs,
	.args_size = sizeof(struct cosine_args),
	.ops = &cosine_ops,
};

const struct component component_torch_polynomial = {
	.name = "PolynomialLR",
	.kind = COMPONENT_SCHEDULE,
	.help = "lr0 (1 - epoch / total_iters)^power (PyTorch, moved once per epoch)",
	.args = polynomial_arg_defs,
	.args_size = sizeof(struct polynomial_args),
	.ops = &polynomial_ops,
};
