#ifndef CORE_GRAPH_WINDOW_H
#define CORE_GRAPH_WINDOW_H

#include "core/graph/layers.h"

/* The sliding windows of convolution and pooling along D, H, W, with padding resolved. */
struct window {
	int64_t in[3], out[3], kernel[3], stride[3], pad[3], pad_end[3];
};

/* -1 (err set) when the kernel, stride or padding cannot be. */
int window_of_conv(const struct conv_attr *a, const struct shape *x, struct window *w,
	struct err *err) MUST_CHECK;
int window_of_pool(const struct pool_attr *a, const struct shape *x, struct window *w,
	struct err *err) MUST_CHECK;

/* For shapes that passed the shape rule. */
struct window window_conv(const struct conv_attr *a, const struct shape *x);
struct window window_pool(const struct pool_attr *a, const struct shape *x);

/* Range of taps k with 0 <= o * stride - pad + k < in along dimension i. */
static inline void window_taps(const struct window *w, int i, int64_t o, int64_t *from, int64_t *to)
{
	int64_t at = o * w->stride[i] - w->pad[i];

	*from = at < 0 ? -at : 0;
	*to = w->in[i] - at < w->kernel[i] ? w->in[i] - at : w->kernel[i];
}

#endif
