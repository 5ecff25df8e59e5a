#ifndef CORE_GRAPH_ACT_H
#define CORE_GRAPH_ACT_H

#include <math.h>
#include "core/graph/layers.h"

/* Activations as scalar functions, for references and kernels alike. */
static inline float act_apply(int kind, float slope, float x)
{
	switch (kind) {
	case ACT_RELU:
		return x > 0 ? x : 0;
	case ACT_LEAKY:
		return x > 0 ? x : slope * x;
	case ACT_SIGMOID:
		return 1 / (1 + expf(-x));
	default:
		return x;
	}
}

/* Derivative by the input, told from the output y (slope > 0). */
static inline float act_slope(int kind, float slope, float y)
{
	switch (kind) {
	case ACT_RELU:
		return y > 0 ? 1.0f : 0.0f;
	case ACT_LEAKY:
		return y > 0 ? 1.0f : slope;
	case ACT_SIGMOID:
		return y * (1 - y);
	default:
		return 1;
	}
}

/* Can the input be computed back from the output? */
static inline bool act_invertible(const struct act_attr *a)
{
	return a->kind == ACT_NONE || (a->kind == ACT_LEAKY && a->slope > 1e-3f);
}

#endif
