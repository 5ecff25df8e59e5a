/*
 * Transposes between voxels of few channels and planes, sixteen voxels at a time.
 *
 * Sixteen voxels of c channels are c vectors.  Taking the even and the odd elements of
 * pairs of vectors splits the stream into channels 0, 2, 4.. and 1, 3, 5..; done again
 * with each half, a power of two ends at single channels after log2(c) rounds of c
 * shuffles.  Three channels are taken apart by six shuffles.  Channel 2j of a stream
 * is channel j of its even half, which gives the order at the end (pack_order).
 * Numbers of channels that are no such product are copied element by element.
 */
#include "core/cpu/thin_pack.h"
#include "core/cpu/shuffle.h"

#include <stdbool.h>
#include <string.h>

typedef float v16 __attribute__((vector_size(64)));
typedef int32_t v16i __attribute__((vector_size(64)));
typedef float v16u __attribute__((vector_size(64), aligned(4), may_alias));

#define PACK_INLINE static inline __attribute__((always_inline))

enum { PACK_MAX = 16 }; /* channels in one go */

static const v16i EVEN = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
static const v16i ODD = {1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31};
static const v16i LOW = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23};
static const v16i HIGH = {8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};

/* n vectors to their even elements, then their odd ones */
PACK_INLINE void pack_split(v16 *v, int n)
{
	v16 t[PACK_MAX];

#pragma GCC unroll 8
	for (int i = 0; i < n / 2; i++) {
		t[i] = vec_shuffle(v[2 * i], v[2 * i + 1], EVEN);
		t[n / 2 + i] = vec_shuffle(v[2 * i], v[2 * i + 1], ODD);
	}
#pragma GCC unroll 16
	for (int i = 0; i < n; i++)
		v[i] = t[i];
}

PACK_INLINE void pack_join(v16 *v, int n)
{
	v16 t[PACK_MAX];

#pragma GCC unroll 8
	for (int i = 0; i < n / 2; i++) {
		t[2 * i] = vec_shuffle(v[i], v[n / 2 + i], LOW);
		t[2 * i + 1] = vec_shuffle(v[i], v[n / 2 + i], HIGH);
	}
#pragma GCC unroll 16
	for (int i = 0; i < n; i++)
		v[i] = t[i];
}

/* Each of three vectors from the first two by near, and what is missing from the third by far. */
PACK_INLINE void pack_three(v16 *v, const v16i near[3], const v16i far[3])
{
	v16 a = v[0], b = v[1], last = v[2];

#pragma GCC unroll 3
	for (int i = 0; i < 3; i++)
		v[i] = vec_shuffle(vec_shuffle(a, b, near[i]), last, far[i]);
}

PACK_INLINE void pack_split3(v16 *v)
{
	const v16i a0 = {0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 0, 0, 0, 0, 0};
	const v16i a1 = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 20, 23, 26, 29};
	const v16i b0 = {1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 0, 0, 0, 0, 0};
	const v16i b1 = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18, 21, 24, 27, 30};
	const v16i c0 = {2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 0, 0, 0, 0, 0, 0};
	const v16i c1 = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 22, 25, 28, 31};

	pack_three(v, (const v16i[]){a0, b0, c0}, (const v16i[]){a1, b1, c1});
}

PACK_INLINE void pack_join3(v16 *v)
{
	const v16i a0 = {0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5};
	const v16i a1 = {0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15};
	const v16i b0 = {21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26};
	const v16i b1 = {0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15};
	const v16i c0 = {0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0};
	const v16i c1 = {26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31};

	pack_three(v, (const v16i[]){a0, b0, c0}, (const v16i[]){a1, b1, c1});
}

/* The channel that is at place i after all rounds; written out, for the compiler to fold. */
PACK_INLINE int pack_half(int c, int i, int low)
{
	return i >= c / 2 ? 2 * low + 1 : 2 * low;
}

PACK_INLINE int pack_order(int c, int i)
{
	int c2 = c / 2, c4 = c / 4, c8 = c / 8;
	int i2 = c2 ? i % c2 : 0, i4 = c4 ? i2 % c4 : 0, i8 = c8 ? i4 % c8 : 0;

	if (c % 2)
		return i;
	if (c2 % 2)
		return pack_half(c, i, i2);
	if (c4 % 2)
		return pack_half(c, i, pack_half(c2, i2, i4));
	return pack_half(
		c, i, pack_half(c2, i2, pack_half(c4, i4, c8 > 1 ? pack_half(c8, i8, 0) : i8)));
}

/* One round: parts of n channels each, when n is even. */
PACK_INLINE void pack_round(v16 *v, int c, int n, bool split)
{
	if (n < 2 || n % 2)
		return;
#pragma GCC unroll 8
	for (int i = 0; i < c; i += n) {
		if (split)
			pack_split(v + i, n);
		else
			pack_join(v + i, n);
	}
}

PACK_INLINE void pack_rounds(v16 *v, int c)
{
	pack_round(v, c, c, true);
	pack_round(v, c, c % 2 ? 1 : c / 2, true);
	pack_round(v, c, c % 4 ? 1 : c / 4, true);
	pack_round(v, c, c % 8 ? 1 : c / 8, true);
	for (int i = 0; i < (c % 3 ? 0 : c); i += 3)
		pack_split3(v + i);
}

PACK_INLINE void pack_unrounds(v16 *v, int c)
{
	for (int i = 0; i < (c % 3 ? 0 : c); i += 3)
		pack_join3(v + i);
	pack_round(v, c, c % 8 ? 1 : c / 8, false);
	pack_round(v, c, c % 4 ? 1 : c / 4, false);
	pack_round(v, c, c % 2 ? 1 : c / 2, false);
	pack_round(v, c, c, false);
}

/* Sixteen voxels; line: floats from one vector of the row to the next. */
PACK_INLINE void pack_16(const float *row, int64_t line, int c, float *to, int64_t plane)
{
	v16 v[PACK_MAX];

#pragma GCC unroll 16
	for (int i = 0; i < c; i++)
		v[i] = *(const v16u *)(row + i * line);
	pack_rounds(v, c);
#pragma GCC unroll 16
	for (int i = 0; i < c; i++)
		*(v16u *)(to + pack_order(c, i) * plane) = v[i];
}

PACK_INLINE void unpack_16(const float *from, int64_t plane, int c, float *row, int64_t line)
{
	v16 v[PACK_MAX];

#pragma GCC unroll 16
	for (int i = 0; i < c; i++)
		v[i] = *(const v16u *)(from + pack_order(c, i) * plane);
	pack_unrounds(v, c);
#pragma GCC unroll 16
	for (int i = 0; i < c; i++)
		*(v16u *)(row + i * line) = v[i];
}

/* Voxel by voxel: any number of channels. */
static void pack_slow(const float *row, int64_t c, float *to, int64_t plane)
{
	for (int64_t k = 0; k < c; k++)
		for (int64_t i = 0; i < 16; i++)
			to[k * plane + i] = row[i * c + k];
}

static void unpack_slow(const float *from, int64_t plane, int64_t c, float *row)
{
	for (int64_t k = 0; k < c; k++)
		for (int64_t i = 0; i < 16; i++)
			row[i * c + k] = from[k * plane + i];
}

#define PACK_CASES(fn) fn(1) fn(2) fn(3) fn(4) fn(6) fn(8) fn(12) fn(16)

static void pack_any(const float *row, int64_t c, float *to, int64_t plane)
{
	switch (c) {
#define PACK_CASE(n)                            \
	case n:                                 \
		pack_16(row, 16, n, to, plane); \
		return;
		PACK_CASES(PACK_CASE)
#undef PACK_CASE
	default:
		break;
	}
	if (c % 16) {
		pack_slow(row, c, to, plane);
		return;
	}
	for (int64_t k = 0; k < c; k += 16)
		pack_16(row + k, c, 16, to + k * plane, plane);
}

static void unpack_any(const float *from, int64_t plane, int64_t c, float *row)
{
	switch (c) {
#define PACK_CASE(n)                                \
	case n:                                     \
		unpack_16(from, plane, n, row, 16); \
		return;
		PACK_CASES(PACK_CASE)
#undef PACK_CASE
	default:
		break;
	}
	if (c % 16) {
		unpack_slow(from, plane, c, row);
		return;
	}
	for (int64_t k = 0; k < c; k += 16)
		unpack_16(from + k * plane, plane, 16, row + k, c);
}

void thin_pack(const float *row, int64_t floats, int64_t w, int64_t c, float *to, int64_t plane)
{
	float tail[16 * THIN_PACK_MAX];
	int64_t i = 0;

	for (; (i + 16) * c <= floats; i += 16)
		pack_any(row + i * c, c, to + i, plane);
	if (i >= w)
		return;
	memset(tail, 0, (size_t)(16 * c) * sizeof(float));
	if (floats > i * c)
		memcpy(tail, row + i * c, (size_t)(floats - i * c) * sizeof(float));
	pack_any(tail, c, to + i, plane);
}

void thin_unpack(const float *from, int64_t plane, int64_t w, int64_t c, float *row, int64_t floats)
{
	float tail[16 * THIN_PACK_MAX];
	int64_t i = 0;

	for (; (i + 16) * c <= floats; i += 16)
		unpack_any(from + i, plane, c, row + i * c);
	if (i >= w || floats <= i * c)
		return;
	unpack_any(from + i, plane, c, tail);
	memcpy(row + i * c, tail, (size_t)(floats - i * c) * sizeof(float));
}
