#ifndef CORE_GRAPH_RESIZE_H
#define CORE_GRAPH_RESIZE_H

#include <stdint.h>

/*
 * Where trilinear interpolation from n to m voxels along one dimension reads: output o is
 * (1 - t) x[lo] + t x[hi].  See op/resize.c for the two conventions.
 */
struct resize_tap {
	int64_t lo, hi;
	float t;
};

static inline struct resize_tap resize_tap(int align, int64_t n, int64_t m, int64_t o)
{
	double at = align ? (m > 1 ? (double)o * (double)(n - 1) / (double)(m - 1) : 0)
			  : ((double)o + 0.5) * (double)n / (double)m - 0.5;
	struct resize_tap r;

	at = at < 0 ? 0 : at;
	r.lo = (int64_t)at < n - 1 ? (int64_t)at : n - 1;
	r.hi = r.lo + 1 < n ? r.lo + 1 : r.lo;
	r.t = r.hi > r.lo ? (float)(at - (double)r.lo) : 0;
	return r;
}

/* Share of input i in the output that tap t describes. */
static inline float resize_share(struct resize_tap t, int64_t i)
{
	return (t.lo == i ? 1 - t.t : 0) + (t.hi == i ? t.t : 0);
}

#endif
