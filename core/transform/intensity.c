/*
 * Range, moments and curves of intensities.
 *
 * A plain loop over one minimum or one sum waits for it at every voxel (four cycles
 * each).  So there are as many of them as lanes, which the compiler keeps in vector
 * registers, joined at the end in a fixed order.
 */
#include "core/transform/intensity.h"

#include <math.h>
#include <stdint.h>

#include "core/graph/fmath.h"

enum { LANES = 32 };

void intensity_range(const float *x, size_t n, float *least, float *most)
{
	float lo[LANES], hi[LANES];
	size_t i;

	for (int k = 0; k < LANES; k++)
		lo[k] = hi[k] = x[0];
	for (i = 0; i + LANES <= n; i += LANES)
		for (size_t k = 0; k < LANES; k++) {
			lo[k] = x[i + k] < lo[k] ? x[i + k] : lo[k];
			hi[k] = x[i + k] > hi[k] ? x[i + k] : hi[k];
		}
	for (; i < n; i++) {
		lo[0] = x[i] < lo[0] ? x[i] : lo[0];
		hi[0] = x[i] > hi[0] ? x[i] : hi[0];
	}
	*least = lo[0];
	*most = hi[0];
	for (int k = 1; k < LANES; k++) {
		*least = lo[k] < *least ? lo[k] : *least;
		*most = hi[k] > *most ? hi[k] : *most;
	}
}

static double lanes_sum(const double sum[LANES])
{
	double all = 0;

	for (int k = 0; k < LANES; k++)
		all += sum[k];
	return all;
}

static double moments_sum(const float *x, size_t n)
{
	double sum[LANES] = {0};
	size_t i;

	for (i = 0; i + LANES <= n; i += LANES)
		for (size_t k = 0; k < LANES; k++)
			sum[k] += (double)x[i + k];
	for (; i < n; i++)
		sum[0] += (double)x[i];
	return lanes_sum(sum);
}

static size_t moments_count(const float *x, size_t n)
{
	size_t count = 0;

	/* 32-bit sums in short blocks: twice as many lanes as with size_t. */
	for (size_t i = 0; i < n; i += 4096) {
		size_t end = i + 4096 < n ? i + 4096 : n;
		int32_t some = 0;

		for (size_t k = i; k < end; k++)
			some += x[k] != 0.0f;
		count += (size_t)some;
	}
	return count;
}

static double moments_squares(const float *x, size_t n, bool nonzero, double mean)
{
	/* What a value of 0 adds: nothing when it is left out. */
	double zero = nonzero ? 0 : 1, sum[LANES] = {0};
	size_t i;

	for (i = 0; i + LANES <= n; i += LANES)
		for (size_t k = 0; k < LANES; k++) {
			double d = (double)x[i + k] - mean, w = x[i + k] != 0.0f ? 1 : zero;

			sum[k] += w * d * d;
		}
	for (; i < n; i++) {
		double d = (double)x[i] - mean;

		sum[0] += (x[i] != 0.0f ? 1 : zero) * d * d;
	}
	return lanes_sum(sum);
}

size_t intensity_moments(const float *x, size_t n, bool nonzero, double *mean, double *deviation)
{
	size_t count = nonzero ? moments_count(x, n) : n;

	*mean = *deviation = 0;
	if (!count)
		return 0;
	*mean = moments_sum(x, n) / (double)count;
	/* Two passes: the difference of large squares would lose the deviation of a CT. */
	*deviation = sqrt(moments_squares(x, n, nonzero, *mean) / (double)count);
	return count;
}

void intensity_center(float *x, size_t n, bool nonzero, float sub, float factor)
{
	if (!nonzero)
		for (size_t i = 0; i < n; i++)
			x[i] = (x[i] - sub) * factor;
	else
		for (size_t i = 0; i < n; i++)
			x[i] = x[i] != 0.0f ? (x[i] - sub) * factor : x[i];
}

void intensity_gamma(float *x, size_t n, float lo, float scale, float range, float gamma)
{
	for (size_t i = 0; i < n; i++) {
		float t = (x[i] - lo) * scale;
		/* The sum keeps the logarithm away from 0, where the power is 0. */
		float p = fmath_exp(gamma * fmath_log(t + 1e-36f)) * (float)(t > 0);

		x[i] = p * range + lo;
	}
}
