#ifndef CORE_CPU_WINO_H
#define CORE_CPU_WINO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * 3x3x3 convolution, stride 1, padding 1, by Winograd's minimal filtering
 * F(2x2x2, 3x3x3) (Lavin & Gray 2016), forward or gradient of the data.  Channels
 * on both sides are multiples of 16.
 */
struct wino_spec {
	int64_t n, d, h, w;
	int64_t from, to;  /* channels read and written */
	int64_t ci_stride; /* plain weights: W[(co * ci_stride + ci) * 27 + tap] */
	bool backward;     /* reads co channels, writes ci: taps are turned around */
	bool sum;          /* adds to y */
	bool act;          /* leaky ReLU with slope at the end */
	float slope;
	int threads;
};

/* Is it worth while? */
bool wino_fits(const struct wino_spec *s);

/* The gradient of the data for a forward spec: no sum, no activation. */
struct wino_spec wino_turned(const struct wino_spec *s);

size_t wino_work(const struct wino_spec *s);

/* bias may be NULL. */
void wino_run(const struct wino_spec *s, const float *x, const float *weights, const float *bias,
	float *y, void *work);

#endif
