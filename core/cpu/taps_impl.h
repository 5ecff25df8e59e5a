#ifndef CORE_CPU_TAPS_IMPL_H
#define CORE_CPU_TAPS_IMPL_H

#include <stdint.h>
#include <string.h>
#ifdef __AVX512BF16__
#include <immintrin.h>
#endif

#include "core/cpu/taps.h"
#include "core/cpu/shuffle.h"

/* What taps.c and taps_weights.c share. */

typedef float v16 __attribute__((vector_size(64)));
typedef float v16u __attribute__((vector_size(64), aligned(4), may_alias)); /* in memory */
typedef int32_t v16i __attribute__((vector_size(64)));

enum {
	TAPS_ROWS = 8, /* rows (FWD, BWD_D) or output channels (BWD_W) of a register tile */
	TAPS_MAX = 32, /* taps of a kernel */
};

/*
 * Which voxels meet: for block b of rows and tap k the entries
 * [start[b * taps + k], start[b * taps + k + 1]) of at.
 *   FWD, BWD_D: {row of the result in its block, row of the operand}, filled to TAPS_ROWS
 *   BWD_W:      {pair of output voxels, input voxel of each}
 */
struct taps_list {
	int64_t blocks, rows; /* rows of a block */
	int32_t *start, *at;
};

struct taps {
	struct conv_spec s;
	int threads;
	int64_t n_taps, in_rows, out_rows;
	int64_t from, to; /* channels read and made; BWD_W: ci and co */
	struct taps_list list;
};

struct taps_rows { /* of a group of entries */
	int32_t to[TAPS_ROWS], from[TAPS_ROWS];
};

/* v[i][k] <-> v[k][i] */
static inline __attribute__((always_inline)) void taps_transpose(v16 v[16])
{
#pragma GCC unroll 4
	for (int s = 8; s; s /= 2) {
		v16i lo, hi;

#pragma GCC unroll 16
		for (int i = 0; i < 16; i++) {
			lo[i] = i & s ? 16 + i - s : i;
			hi[i] = i & s ? 16 + i : i + s;
		}
#pragma GCC unroll 16
		for (int i = 0; i < 16; i++) {
			if (!(i & s)) {
				v16 a = v[i], b = v[i + s];

				v[i] = vec_shuffle(a, b, lo);
				v[i + s] = vec_shuffle(a, b, hi);
			}
		}
	}
}

static inline float *taps_align(void *p)
{
	return (float *)(((uintptr_t)p + 63) / 64 * 64);
}

/* Channels of block b that begins at 32 b: 32, or 16 at the end. */
static inline int taps_vectors(int64_t channels, int64_t b)
{
	return channels - b * 32 >= 32 ? 2 : 1;
}

void taps_weights_run(const struct taps *t, const struct conv_args *a);
size_t taps_weights_scratch(const struct taps *t);

#endif
