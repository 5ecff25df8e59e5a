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
#define OPTIM_SLOTS   2
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
};

/* The callbacks of a configured optimizer. */
const struct optim_ops *optim_ops(const struct component_use *u);

/* One step for one tensor. */
void optim_update(
	const struct component_use *u, const struct optim_step *step, struct optim_tensor *p);

/* Sum of squares of n values in double, in an order that does not depend on threads. */
double optim_sum_squares(const float *x, size_t n);

#endif
