/*
 * Convolution as one matrix product per tap:
 *
 *   out[m] += x[in(m, k)] U[k]   for the voxels m whose tap k lies in the image
 *
 * It is for the deep layers of a network: 128 to 256 channels over 3x4x3 voxels.  Half
 * of their taps lie in the padding, and oneDNN spends more time on packing the weights
 * than on the products.  Here the voxels of each tap are listed when the plan is made, so
 * that only pairs of voxels that exist are multiplied; eight rows of the result times
 * 32 channels are in registers while a tap runs over all channels of the operand, and
 * sums of a block of rows wait in the second-level cache for the next tap.
 *
 * Weights are packed as U[block of 32 channels made][tap][channel read][32] with
 * transpositions in registers; in bf16 two channels read lie side by side, as
 * vdpbf16ps wants them.  The data gradient is the same with the channels exchanged and
 * the pairs of voxels turned around.  taps_weights.c has the weight gradient.
 *
 * Every number of the result is one sum in a fixed order: the bits do not depend on
 * the number of threads.
 */
#include "core/cpu/taps_impl.h"

#include <stdlib.h>

#include "core/base/mem.h"
#include "core/cpu/bf16.h"
#include "core/cpu/threads.h"

/* Rows of a block: their sums take 128 KiB. */
static const int64_t TAPS_BLOCK = 1024;

bool taps_possible(const struct conv_spec *s)
{
	int64_t taps = s->kernel[0] * s->kernel[1] * s->kernel[2];
	int64_t in = s->n * s->in[0] * s->in[1] * s->in[2];
	int64_t out = s->n * s->out[0] * s->out[1] * s->out[2];

#ifndef __AVX512BF16__
	if (s->bf16)
		return false;
#endif
	return s->ci % 16 == 0 && s->co % 16 == 0 && taps >= 16 && taps <= TAPS_MAX && !s->sum &&
	       in < INT32_MAX / (3 * TAPS_MAX) && out < INT32_MAX / (3 * TAPS_MAX);
}

/*
 * From the layers of Unet (batch 4; 16 to 256 channels, 24x32x24 to 3x4x3 voxels) on a CPU
 * with AVX512_BF16.  The more voxels, the less the packing of the weights counts, and the
 * more that oneDNN keeps its sums in registers over all taps.
 */
bool taps_fits(const struct conv_spec *s)
{
	int64_t in = s->n * s->in[0] * s->in[1] * s->in[2];
	int64_t out = s->n * s->out[0] * s->out[1] * s->out[2];
	bool small = out <= 512 && in <= 2048;

	if (!taps_possible(s) || s->ci < 32 || s->co < 32)
		return false;
	if (s->dir == CONV_BWD_W)
		return s->bf16 || in == out ? out <= 9216 : small;
	if (s->dir == CONV_FWD && s->bf16)
		return in <= 2048 && s->ci >= 64;
	return small;
}

/* Input voxel under tap k of output voxel m, -1: padding. */
static int64_t taps_in_row(const struct conv_spec *s, int64_t m, int64_t k)
{
	int64_t at[3], tap[3], n;

	for (int i = 2; i >= 0; i--) {
		tap[i] = k % s->kernel[i];
		k /= s->kernel[i];
		at[i] = m % s->out[i] * s->stride[i] - s->pad[i] + tap[i];
		m /= s->out[i];
		if (at[i] < 0 || at[i] >= s->in[i])
			return -1;
	}
	n = m;
	return ((n * s->in[0] + at[0]) * s->in[1] + at[1]) * s->in[2] + at[2];
}

/* Calls once per pair of voxels: counts it (at NULL) or writes it at start[block, tap]++. */
static void taps_each(const struct taps *t, int32_t *start, int32_t *at)
{
	const struct taps_list *l = &t->list;

	for (int64_t k = 0; k < t->n_taps; k++) {
		for (int64_t m = 0; m < t->out_rows; m++) {
			int64_t in = taps_in_row(&t->s, m, k), to, from;
			int32_t *p;

			if (in < 0)
				continue;
			to = t->s.dir == CONV_FWD ? m : in;
			from = t->s.dir == CONV_FWD ? in : m;
			p = start + to / l->rows * t->n_taps + k;
			if (at) {
				at[2 * *p] = (int32_t)(to % l->rows);
				at[2 * *p + 1] = (int32_t)from;
			}
			++*p;
		}
	}
}

/* Entries that fill the last group of a tap write to a row behind the block. */
static void taps_list_rows(struct taps *t)
{
	struct taps_list *l = &t->list;
	int64_t rows = t->s.dir == CONV_FWD ? t->out_rows : t->in_rows;
	int64_t blocks = (rows + TAPS_BLOCK - 1) / TAPS_BLOCK, n;
	int32_t *fill;

	if ((t->to + 31) / 32 < t->threads && blocks < t->threads)
		blocks = t->threads;
	l->rows = (rows + blocks - 1) / blocks;
	l->blocks = (rows + l->rows - 1) / l->rows;
	n = l->blocks * t->n_taps;
	l->start = mem_zalloc((size_t)(n + 1) * sizeof(int32_t));
	fill = mem_zalloc((size_t)(n + 1) * sizeof(int32_t));
	taps_each(t, fill, NULL);
	for (int64_t i = 0; i < n; i++) {
		l->start[i + 1] = l->start[i] + (fill[i] + TAPS_ROWS - 1) / TAPS_ROWS * TAPS_ROWS;
		fill[i] = l->start[i];
	}
	l->at = mem_zalloc((size_t)(l->start[n] + 1) * 2 * sizeof(int32_t));
	taps_each(t, fill, l->at);
	for (int64_t i = 0; i < n; i++)
		for (; fill[i] < l->start[i + 1]; fill[i]++)
			l->at[2 * fill[i]] = (int32_t)l->rows;
	free(fill);
}

/* Pairs in the order of voxel, then item: with an even batch both have the same taps. */
static void taps_list_pairs(struct taps *t)
{
	struct taps_list *l = &t->list;
	int64_t vox = t->out_rows / t->s.n, pairs = (t->out_rows + 1) / 2, n = 0;

	l->rows = TAPS_BLOCK / 4;
	l->blocks = (pairs + l->rows - 1) / l->rows;
	l->start = mem_zalloc((size_t)(l->blocks * t->n_taps + 1) * sizeof(int32_t));
	l->at = mem_zalloc((size_t)(pairs * t->n_taps + 1) * 3 * sizeof(int32_t));
	for (int64_t b = 0; b < l->blocks; b++) {
		for (int64_t k = 0; k < t->n_taps; k++) {
			int64_t end = (b + 1) * l->rows < pairs ? (b + 1) * l->rows : pairs;

			for (int64_t p = b * l->rows; p < end; p++) {
				int32_t *at = l->at + 3 * n;
				int64_t in[2] = {-1, -1};

				for (int64_t i = 0; i < 2 && 2 * p + i < t->out_rows; i++) {
					int64_t r = 2 * p + i;

					in[i] = taps_in_row(
						&t->s, r % t->s.n * vox + r / t->s.n, k);
				}
				at[0] = (int32_t)p;
				at[1] = (int32_t)(in[0] < 0 ? t->in_rows : in[0]);
				at[2] = (int32_t)(in[1] < 0 ? t->in_rows : in[1]);
				n += in[0] >= 0 || in[1] >= 0;
			}
			l->start[b * t->n_taps + k + 1] = (int32_t)n;
		}
	}
}

struct taps *taps_new(const struct conv_spec *s, int threads)
{
	struct taps *t = mem_zalloc(sizeof(*t));

	t->s = *s;
	t->threads = threads;
	t->n_taps = s->kernel[0] * s->kernel[1] * s->kernel[2];
	t->in_rows = s->n * s->in[0] * s->in[1] * s->in[2];
	t->out_rows = s->n * s->out[0] * s->out[1] * s->out[2];
	t->from = s->dir == CONV_BWD_D ? s->co : s->ci;
	t->to = s->dir == CONV_BWD_D ? s->ci : s->co;
	if (s->dir == CONV_BWD_W)
		taps_list_pairs(t);
	else
		taps_list_rows(t);
	return t;
}

void taps_free(struct taps *t)
{
	if (!t)
		return;
	free(t->list.start);
	free(t->list.at);
	free(t);
}

static size_t taps_number(const struct taps *t)
{
	return t->s.bf16 ? sizeof(uint16_t) : sizeof(float);
}

/* Bytes of a tap in the packed weights; a line more, or all taps would meet in one cache set. */
static size_t taps_step(const struct taps *t)
{
	return (size_t)t->from * 32 * taps_number(t) + 64;
}

size_t taps_packed(const struct taps *t)
{
	size_t blocks = (size_t)(t->to + 31) / 32;

	return t->s.dir == CONV_BWD_W ? 0 : blocks * (size_t)t->n_taps * taps_step(t);
}

static size_t taps_sums(const struct taps *t)
{
	return (size_t)(t->list.rows + 1) * 32;
}

static size_t taps_staging(const struct taps *t)
{
	int64_t rows = t->s.dir == CONV_FWD ? t->in_rows : t->out_rows;

	return t->s.bf16 ? (size_t)(rows * t->from) * sizeof(uint16_t) + 64 : 0;
}

size_t taps_scratch(const struct taps *t)
{
	if (t->s.dir == CONV_BWD_W)
		return taps_weights_scratch(t);
	return taps_staging(t) + (size_t)t->threads * taps_sums(t) * sizeof(float) + 128;
}

/* 16 channels made, all taps of one channel read; step: floats between two channels made. */
static void taps_pack_16(const struct taps *t, const float *w, int64_t step, v16 out[TAPS_MAX])
{
	int64_t last = t->n_taps - 16; /* the second 16 overlap the first */

	for (int part = 0; part < 2; part++) {
		int64_t at = part ? last : 0;
		v16 v[16];

#pragma GCC unroll 16
		for (int i = 0; i < 16; i++)
			v[i] = *(const v16u *)(w + i * step + at);
		taps_transpose(v);
#pragma GCC unroll 16
		for (int i = 0; i < 16; i++)
			out[at + i] = v[i];
	}
}

/* U of two channels read, f and f + 1, for the 32 channels made of block b. */
static void taps_pack_pair(const struct taps *t, const float *w, int64_t b, int64_t f, char *u)
{
	bool back = t->s.dir == CONV_BWD_D;
	int64_t co_step = t->s.ci_stride * t->n_taps;
	int64_t from_step = back ? co_step : t->n_taps, to_step = back ? t->n_taps : co_step;
	int nv = taps_vectors(t->to, b);

	for (int i = 0; i < nv; i++) {
		const float *p = w + (b * 32 + i * 16) * to_step + f * from_step;
		v16 x[2][TAPS_MAX];

		taps_pack_16(t, p, to_step, x[0]);
		taps_pack_16(t, p + from_step, to_step, x[1]);
		for (int64_t k = 0; k < t->n_taps; k++) {
			char *at = u + (size_t)(b * t->n_taps + k) * taps_step(t) +
				   (size_t)f * 32 * taps_number(t) + i * 64;

			if (!t->s.bf16) {
				*(v16 *)at = x[0][k];
				*(v16 *)(at + 128) = x[1][k];
				continue;
			}
#ifdef __AVX512BF16__
			__m512i lo =
				_mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)x[0][k]));
			__m512i hi =
				_mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)x[1][k]));

			_mm512_store_si512(at, _mm512_or_si512(lo, _mm512_slli_epi32(hi, 16)));
#endif
		}
	}
}

/* Block b, channels [a, e) read; both even. */
static void taps_pack(
	const struct taps *t, const float *w, int64_t b, int64_t a, int64_t e, void *u)
{
	for (int64_t f = a; f < e; f += 2)
		taps_pack_pair(t, w, b, f, u);
}

/* sums[row][32] += operand rows times u, for a group of entries */
static inline __attribute__((always_inline)) void taps_group(
	const int32_t *at, const float *x, const float *u, int64_t from, float *sums, int nv)
{
	const float *row[TAPS_ROWS];
	v16 c[TAPS_ROWS][2];

#pragma GCC unroll 8
	for (int r = 0; r < TAPS_ROWS; r++) {
		row[r] = x + at[2 * r + 1] * from;
		for (int v = 0; v < nv; v++)
			c[r][v] = *(v16 *)(sums + at[2 * r] * 32 + v * 16);
	}
	for (int64_t f = 0; f < from; f++) {
		v16 a = *(const v16 *)(u + f * 32), b = {0};

		if (nv > 1)
			b = *(const v16 *)(u + f * 32 + 16);
#pragma GCC unroll 8
		for (int r = 0; r < TAPS_ROWS; r++) {
			float y = row[r][f];

			c[r][0] += a * y;
			if (nv > 1)
				c[r][1] += b * y;
		}
	}
#pragma GCC unroll 8
	for (int r = 0; r < TAPS_ROWS; r++)
		for (int v = 0; v < nv; v++)
			*(v16 *)(sums + at[2 * r] * 32 + v * 16) = c[r][v];
}

#ifdef __AVX512BF16__
static inline __attribute__((always_inline)) void taps_group_bf16(
	const int32_t *at, const uint16_t *x, const uint16_t *u, int64_t from, float *sums, int nv)
{
	const uint16_t *row[TAPS_ROWS];
	__m512 c[TAPS_ROWS][2];

#pragma GCC unroll 8
	for (int r = 0; r < TAPS_ROWS; r++) {
		row[r] = x + at[2 * r + 1] * from;
		for (int v = 0; v < nv; v++)
			c[r][v] = _mm512_load_ps(sums + at[2 * r] * 32 + v * 16);
	}
	for (int64_t f = 0; f < from; f += 2) {
		__m512bh a = (__m512bh)_mm512_load_si512(u + f * 32), b = a;

		if (nv > 1)
			b = (__m512bh)_mm512_load_si512(u + f * 32 + 32);
#pragma GCC unroll 8
		for (int r = 0; r < TAPS_ROWS; r++) {
			int32_t two;
			__m512bh y;

			memcpy(&two, row[r] + f, sizeof(two));
			y = (__m512bh)_mm512_set1_epi32(two);
			c[r][0] = _mm512_dpbf16_ps(c[r][0], a, y);
			if (nv > 1)
				c[r][1] = _mm512_dpbf16_ps(c[r][1], b, y);
		}
	}
#pragma GCC unroll 8
	for (int r = 0; r < TAPS_ROWS; r++)
		for (int v = 0; v < nv; v++)
			_mm512_store_ps(sums + at[2 * r] * 32 + v * 16, c[r][v]);
}
#endif

/* One tap, entries [a, b). */
static void taps_tap(const struct taps *t, const int32_t *at, int64_t n, const void *x,
	const void *u, float *sums, int nv)
{
	for (int64_t i = 0; i < n; i += TAPS_ROWS, at += 2 * TAPS_ROWS) {
		if (t->s.bf16) {
#ifdef __AVX512BF16__
			if (nv > 1)
				taps_group_bf16(at, x, u, t->from, sums, 2);
			else
				taps_group_bf16(at, x, u, t->from, sums, 1);
#endif
		} else if (nv > 1) {
			taps_group(at, x, u, t->from, sums, 2);
		} else {
			taps_group(at, x, u, t->from, sums, 1);
		}
	}
}

/* Bias, activation, and to its place. */
static void taps_store(const struct taps *t, int64_t block, int64_t b, const float *bias,
	const float *sums, float *y)
{
	int64_t rows = t->s.dir == CONV_FWD ? t->out_rows : t->in_rows;
	int64_t from = block * t->list.rows, to = from + t->list.rows;
	int nv = taps_vectors(t->to, b);

	for (int64_t m = from; m < (to < rows ? to : rows); m++, sums += 32) {
		for (int i = 0; i < nv; i++) {
			v16 v = *(const v16 *)(sums + i * 16);

			if (bias)
				v += *(const v16u *)(bias + b * 32 + i * 16);
			if (t->s.act && t->s.dir == CONV_FWD) {
				v16i pos = v > 0;
				v16 low = v * t->s.slope;

				v = (v16)(((v16i)v & pos) | ((v16i)low & ~pos));
			}
			*(v16u *)(y + m * t->to + b * 32 + i * 16) = v;
		}
	}
}

static void taps_item(
	const struct taps *t, int64_t b, int64_t block, const void *x, const char *u, float *sums)
{
	const int32_t *start = t->list.start + block * t->n_taps;

	memset(sums, 0, taps_sums(t) * sizeof(float));
	for (int64_t k = 0; k < t->n_taps; k++)
		taps_tap(t, t->list.at + 2 * start[k], start[k + 1] - start[k], x,
			u + (size_t)(b * t->n_taps + k) * taps_step(t), sums,
			taps_vectors(t->to, b));
}

/* Fewer blocks of channels than threads: all pack, then each takes a part of the rows. */
static void taps_share(const struct taps *t, const struct conv_args *a, const void *x,
	const float *bias, float *sums, float *y)
{
	int64_t blocks = (t->to + 31) / 32, n = blocks * t->list.blocks, half = t->from / 2;

	if (!a->is_packed) {
#pragma omp parallel for schedule(static) num_threads(t->threads)
		for (int64_t i = 0; i < blocks * half; i++)
			taps_pack(
				t, a->weights, i / half, i % half * 2, i % half * 2 + 2, a->packed);
	}
#pragma omp parallel for schedule(static) num_threads(t->threads)
	for (int id = 0; id < t->threads; id++) {
		float *mine = sums + (size_t)id * taps_sums(t);
		int64_t i, end;

		threads_part(n, id, t->threads, &i, &end);
		for (; i < end; i++) {
			int64_t b = i / t->list.blocks, block = i % t->list.blocks;

			taps_item(t, b, block, x, a->packed, mine);
			taps_store(t, block, b, bias, mine, y);
		}
	}
}

/* Each thread packs a block of channels and uses it while it is in its cache. */
static void taps_apart(const struct taps *t, const struct conv_args *a, const void *x,
	const float *bias, float *sums, float *y)
{
#pragma omp parallel for schedule(static) num_threads(t->threads)
	for (int id = 0; id < t->threads; id++) {
		float *mine = sums + (size_t)id * taps_sums(t);
		int64_t b, end;

		threads_part((t->to + 31) / 32, id, t->threads, &b, &end);
		for (; b < end; b++) {
			if (!a->is_packed)
				taps_pack(t, a->weights, b, 0, t->from, a->packed);
			for (int64_t i = 0; i < t->list.blocks; i++) {
				taps_item(t, b, i, x, a->packed, mine);
				taps_store(t, i, b, bias, mine, y);
			}
		}
	}
}

void taps_run(const struct taps *t, const struct conv_args *a)
{
	bool back = t->s.dir == CONV_BWD_D;
	const float *bias = t->s.bias && !back ? a->bias : NULL;
	const void *x = back ? a->dst : a->src;
	float *y = back ? a->src : a->dst;
	float *sums = taps_align((char *)a->scratch + taps_staging(t));

	if (t->s.dir == CONV_BWD_W) {
		taps_weights_run(t, a);
		return;
	}
	if (t->s.bf16) {
		bf16_round(a->scratch, x, (size_t)((back ? t->out_rows : t->in_rows) * t->from));
		x = a->scratch;
	}
	if ((t->to + 31) / 32 < t->threads)
		taps_share(t, a, x, bias, sums, y);
	else
		taps_apart(t, a, x, bias, sums, y);
}
