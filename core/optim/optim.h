#ifndef CORE_OPTIM_OPTIM_H
#define CORE_OPTIM_OPTIM_H

#include <stddef.h>
#include <stdint.h>
#include "core/component.h"

/*
 * An optimizer updates one parameter tensor at a time from its gradient.  The
 * trainer owns all state: per tensor, ops->slots arrays of n floats and
 * ops->scalars doubles, all zero before the first step, and saves them in the
 * checkpoint under the names in slot_names and scalar_names.
 *
 * Updates are fp32 and give the same bits for every thread count: elementwise
 * parts do not depend on it, and norms are summed in double over fixed chunks.
 */
#define OPTIM_SLOTS   3
#define OPTIM_SCALARS 1

struct optim_step {
	double lr; /* learning rate of this step, after the policy */
	int64_t t; /* number of this step, from 1; goes on through a resume */
};

struct optim_tensor {
	size_t n;
	float *w;                     /* weights, updated */
	const float *g;               /* gradient of the loss */
	float *slot[OPTIM_SLOTS];     /* ops->slots are used, n values each */
	double scalar[OPTIM_SCALARS]; /* ops->scalars are used */
};

struct optim_ops {
	int slots, scalars;
	const char *slot_names[OPTIM_SLOTS]; /* "m", "v": keys in a checkpoint */
	const char *scalar_names[OPTIM_SCALARS];
	/* Every element by itself, 0 stays 0 where the gradient is: one call may take all tensors.
	 */
	bool elementwise;
	void (*update)(const void *args, const struct optim_step *step, struct optim_tensor *p);
	/* Faults across arguments; may be NULL. */
	void (*check)(const void *args, const char *file, const char *path, struct problems *ps);
};

/* The callbacks of a configured optimizer. */
const struct optim_ops *optim_ops(const struct component_use *u);

/* One step for one tensor. */
void optim_update(
	const struct component_use *u, const struct optim_step *step, struct optim_tensor *p);

/* Sum of squares of n values in double, in an order that does not depend on threads. */
double optim_sum_squares(const float *x, size_t n);

/* The gradient of one tensor, for clipping. */
struct optim_span {
	float *x;
	size_t n;
};

/* L2 norm over all tensors, in double and in a fixed order. */
double optim_norm(const struct optim_span *g, int n);

/*
 * Scales all gradients by limit / (norm + 1e-6) when their L2 norm is above limit (Pascanu
 * et al. 2013, as PyTorch does it).  Returns the norm before; one that is not finite
 * changes nothing and is the caller's to report.
 */
double optim_clip_norm(const struct optim_span *g, int n, double limit);

/* Cuts every element to -limit .. limit. */
void optim_clip_value(const struct optim_span *g, int n, double limit);

/*
 * Arguments under PyTorch's names that several optimizers have: "betas" replaces beta1 and
 * beta2, "lr" and "params" come from Clara v4 (the reader takes lr as learning_rate).
 */
struct optim_torch_args {
	struct numlist betas;
	bool amsgrad;
	double lr;
	cJSON *params;
};

/* betas must be two; amsgrad is refused. */
void optim_torch_check(
	const struct optim_torch_args *a, const char *file, const char *path, struct problems *ps);

/* beta i (0 or 1): from betas when given, else dflt. */
double optim_beta(const struct optim_torch_args *a, int i, double dflt);

#define OPTIM_LR_ROWS(type, member)                                                             \
	{"lr", ARG_FLOAT, offsetof(type, member.lr), .flags = ARG_UNUSED, .min = 0, .max = 1e3, \
		.help = "Clara v4's place for learning_rate"},                                  \
	{                                                                                       \
		"params", ARG_JSON, offsetof(type, member.params),                              \
			.flags = ARG_UNUSED,                                                    \
			.help = "Clara v4's: all parameters of the model are trained"           \
	}

#define OPTIM_BETAS_ROWS(type, member)                                                     \
	{"betas", ARG_FLOATLIST, offsetof(type, member.betas), .min = 0, .max = 0.9999999, \
		.help = "beta1 and beta2 in one list (PyTorch's name)"},                   \
		{"amsgrad", ARG_BOOL, offsetof(type, member.amsgrad), .def = "false",      \
			.help = "accepted as false only"},                                 \
		OPTIM_LR_ROWS(type, member)

#endif
