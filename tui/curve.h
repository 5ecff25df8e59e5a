#ifndef TUI_CURVE_H
#define TUI_CURVE_H

#include <stddef.h>

/*
 * Arithmetic on the points of a curve, apart from any drawing.  x never falls;
 * y may be NaN, which is a gap.
 */

/*
 * Exponential moving average with bias correction, as TensorBoard's slider: with
 * m(0) = 0, m(i) = w m(i-1) + (1-w) y(i), out(i) = m(i) / (1 - w^k), k the number of
 * finite points so far.  weight 0 copies; it is clamped to 0..0.9999.  A value that
 * is not finite stays as it is and is left out of the average.
 */
void curve_smooth(const double *y, size_t n, double weight, double *out);

/* First index with x[i] >= v (n when there is none). */
size_t curve_lower(const double *x, size_t n, double v);

/* Index of the point whose x is nearest to v; n must not be 0. */
size_t curve_nearest(const double *x, size_t n, double v);

/* Smallest and largest finite y of [from, to); returns how many were finite. */
size_t curve_range(const double *y, size_t from, size_t to, double *lo, double *hi);

/*
 * The interval without the part of the finite y in [from, to) that lies lowest and the
 * same part that lies highest; at most 4096 values, evenly spread, are looked at.
 * lo > hi when none is finite.
 */
void curve_bulk(const double *y, size_t from, size_t to, double part, double *lo, double *hi);

/* One column of dots: everything that falls into it. */
struct curve_bin {
	size_t first, last; /* indices; first > last: nothing falls into it */
	double lo, hi;      /* of the finite y; lo > hi: none finite */
};

/*
 * Sorts the points of [from, to) into columns: a point belongs to the column nearest
 * to (x - x0) / (x1 - x0) * (columns - 1).  Minimum and maximum are kept, so that a
 * spike of one point among a million is still drawn.
 */
void curve_bins(const double *x, const double *y, size_t from, size_t to, double x0, double x1,
	struct curve_bin *bin, int columns);

#endif
