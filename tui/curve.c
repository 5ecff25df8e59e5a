/*
 * What a plot computes on its data: smoothing, finding, ranges, decimation.
 *
 * x is sorted because events come in order, hence binary search.  Everything is
 * one pass: a run of a hundred thousand steps costs under a millisecond a frame.
 */
#include "tui/curve.h"

#include <math.h>
#include <stdlib.h>

void curve_smooth(const double *y, size_t n, double weight, double *out)
{
	double w = weight < 0 ? 0 : weight > 0.9999 ? 0.9999 : weight;
	double mean = 0, left = 1; /* left = w^k */

	for (size_t i = 0; i < n; i++) {
		if (!isfinite(y[i])) {
			out[i] = y[i];
			continue;
		}
		mean = w * mean + (1 - w) * y[i];
		left *= w;
		out[i] = mean / (1 - left);
	}
}

size_t curve_lower(const double *x, size_t n, double v)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (x[mid] < v)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

size_t curve_nearest(const double *x, size_t n, double v)
{
	size_t i = curve_lower(x, n, v);

	if (i == n)
		return n - 1;
	return i > 0 && v - x[i - 1] < x[i] - v ? i - 1 : i;
}

size_t curve_range(const double *y, size_t from, size_t to, double *lo, double *hi)
{
	size_t n = 0;

	*lo = INFINITY, *hi = -INFINITY;
	for (size_t i = from; i < to; i++) {
		if (!isfinite(y[i]))
			continue;
		*lo = fmin(*lo, y[i]);
		*hi = fmax(*hi, y[i]);
		n++;
	}
	return n;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void curve_bulk(const double *y, size_t from, size_t to, double part, double *lo, double *hi)
{
	enum { MOST = 4096 };
	double v[MOST];
	size_t n = 0, step = (to - from) / MOST + 1, cut;

	*lo = INFINITY, *hi = -INFINITY;
	for (size_t i = from; i < to; i += step)
		if (isfinite(y[i]))
			v[n++] = y[i];
	if (!n)
		return;
	qsort(v, n, sizeof(*v), by_value);
	cut = (size_t)((double)n * part);
	*lo = v[cut], *hi = v[n - 1 - cut];
}

void curve_bins(const double *x, const double *y, size_t from, size_t to, double x0, double x1,
	struct curve_bin *bin, int columns)
{
	for (int c = 0; c < columns; c++) {
		bin[c].first = 1, bin[c].last = 0;
		bin[c].lo = INFINITY, bin[c].hi = -INFINITY;
	}
	for (size_t i = from; i < to; i++) {
		double place = (x[i] - x0) / (x1 - x0) * (columns - 1) + 0.5;
		struct curve_bin *b;

		if (!(place >= 0) || place >= columns)
			continue;
		b = &bin[(int)place];
		if (b->first > b->last)
			b->first = i;
		b->last = i;
		if (isfinite(y[i])) {
			b->lo = fmin(b->lo, y[i]);
			b->hi = fmax(b->hi, y[i]);
		}
	}
}
