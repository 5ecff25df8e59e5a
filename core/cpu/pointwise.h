#ifndef CORE_CPU_POINTWISE_H
#define CORE_CPU_POINTWISE_H

#include "core/graph/layers.h"

/* dout *= slope of the activation, told from its output. */
void pointwise_act_slope(
	int threads, const struct act_attr *a, const float *out, float *dout, size_t n);

/* y = act(y + bias) over rows of c channels; bias may be NULL. */
void pointwise_bias_act(int threads, const struct act_attr *a, const float *bias, float *y,
	int64_t rows, int64_t c);

/* sum[c] = sum of x over its rows. */
void pointwise_channel_sum(const float *x, float *sum, int64_t rows, int64_t c);

#endif
