#ifndef CORE_CPU_FLAT_H
#define CORE_CPU_FLAT_H

#include <stdint.h>
#include <string.h>

/*
 * Channels-last tensors as flat memory in vectors of 16 floats, for any number of
 * channels.  What repeats every "period" floats (per-channel constants, sums per
 * channel) repeats in whole vectors every cols = lcm(period, 16) floats: so n floats
 * are rows of cols, then a tail that is shorter than a row.  Three channels make rows
 * of 48 floats (3 vectors, 16 voxels), 1, 2, 4, 8 or 16 make rows of one vector.
 */
typedef float v16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t v16i __attribute__((vector_size(64)));

struct flat {
	int64_t period, cols, rows, tail;
};

static inline struct flat flat_of(int64_t n, int64_t period)
{
	int64_t cols = period;

	while (cols % 16)
		cols += period;
	return (struct flat){period, cols, n / cols, n % cols};
}

/* The first w of 16 floats, the others 0. */
static inline v16 flat_load(const float *p, int w)
{
	v16 v = {0};

	if (w == 16)
		return *(const v16 *)p;
	memcpy(&v, p, (size_t)w * sizeof(float));
	return v;
}

static inline void flat_store(float *p, v16 v, int w)
{
	if (w == 16)
		*(v16 *)p = v;
	else
		memcpy(p, &v, (size_t)w * sizeof(float));
}

static inline v16 flat_all(float v)
{
	return v - (v16){0};
}

/* where pos is set a, else b */
static inline v16 flat_choose(v16i pos, v16 a, v16 b)
{
	return (v16)(((v16i)a & pos) | ((v16i)b & ~pos));
}

/* sum[i] += v[i] for the first w */
static inline void flat_add(double *sum, v16 v, int w)
{
	if (w == 16)
		for (int i = 0; i < 16; i++)
			sum[i] += (double)v[i];
	else
		for (int i = 0; i < w; i++)
			sum[i] += (double)v[i];
}

/* Width of the vector at float j of a row of n floats. */
static inline int flat_width(int64_t n, int64_t j)
{
	return n - j < 16 ? (int)(n - j) : 16;
}

/*
 * Rows that are summed in float before the sum goes to double: few enough for the
 * accuracy and for the first cache, enough that the conversions do not count.
 */
static inline int64_t flat_chunk(int64_t cols)
{
	int64_t n = 4096 / cols;

	return n > 128 ? 128 : n < 16 ? 16 : n;
}

/* A row of constants: row[j] = v[j % n] (n divides the period). */
static inline void flat_spread(float *row, int64_t cols, const float *v, int64_t n)
{
	for (int64_t j = 0, k = 0; j < cols; j++, k = k + 1 < n ? k + 1 : 0)
		row[j] = v[k];
}

#endif
