/*
 * Weight gradient by matrix products per tap (see taps.c):
 *
 *   dW[co][ci][k] = sum over voxels m of dy[m][co] x[in(m, k)][ci]
 *
 * Eight output channels times 32 input channels are in registers while a tap runs over
 * the pairs of voxels of a block.  Both operands are first laid out in blocks of these
 * widths, two output voxels side by side (in bf16 they are one operand of vdpbf16ps);
 * a voxel in the padding reads a row of zeros.  Each tile is summed by one thread and
 * transposed into the plain layout of the weights: nothing is packed or unpacked.
 */
#include "core/cpu/taps_impl.h"

#include "core/cpu/pointwise.h"
#include "core/cpu/shuffle.h"

static size_t taps_x_bytes(const struct taps *t)
{
	size_t blocks = (size_t)(t->s.ci + 31) / 32;

	return blocks * (size_t)(t->in_rows + 1) * 32 * (t->s.bf16 ? 2 : 4);
}

static size_t taps_y_bytes(const struct taps *t)
{
	size_t pairs = (size_t)(t->out_rows + 1) / 2;

	return pairs * 2 * (size_t)t->s.co * (t->s.bf16 ? 2 : 4);
}

static size_t taps_tile(const struct taps *t)
{
	return (size_t)(TAPS_ROWS * t->n_taps * 32);
}

size_t taps_weights_scratch(const struct taps *t)
{
	return taps_x_bytes(t) + taps_y_bytes(t) +
	       (size_t)t->threads * taps_tile(t) * sizeof(float) + 3 * 64;
}

static void taps_put(const struct taps *t, void *p, size_t at, v16 v)
{
#ifdef __AVX512BF16__
	if (t->s.bf16) {
		_mm256_store_si256(
			(__m256i *)((uint16_t *)p + at), (__m256i)_mm512_cvtneps_pbh((__m512)v));
		return;
	}
#endif
	(void)t;
	*(v16 *)((float *)p + at) = v;
}

/* X[block of 32][row][32], a row of zeros at the end */
static void taps_lay_x(const struct taps *t, const float *x, void *out)
{
	int64_t blocks = (t->s.ci + 31) / 32, rows = t->in_rows + 1;

#pragma omp parallel for schedule(static) num_threads(t->threads)
	for (int64_t m = 0; m < rows; m++) {
		for (int64_t c = 0; c < blocks * 32; c += 16) {
			v16 v = {0};

			if (m < t->in_rows && c < t->s.ci)
				v = *(const v16u *)(x + m * t->s.ci + c);
			taps_put(t, out, (size_t)((c / 32 * rows + m) * 32 + c % 32), v);
		}
	}
}

/* Y[block of 8][pair][8][2] */
static void taps_lay_y(const struct taps *t, const float *y, void *out)
{
	int64_t pairs = (t->out_rows + 1) / 2, n = t->s.n, vox = t->out_rows / n, co = t->s.co;
	v16i lo = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23}, hi = lo + 8;

#pragma omp parallel for schedule(static) num_threads(t->threads)
	for (int64_t p = 0; p < pairs; p++) {
		int64_t r = 2 * p, s = r + 1 < t->out_rows ? r + 1 : -1;
		const float *a = y + (r % n * vox + r / n) * co;
		const float *b = s < 0 ? NULL : y + (s % n * vox + s / n) * co;

		for (int64_t c = 0; c < co; c += 16) {
			v16 u = *(const v16u *)(a + c), v = {0};

			if (b)
				v = *(const v16u *)(b + c);
			taps_put(t, out, (size_t)((c / 8 * pairs + p) * 16), vec_shuffle(u, v, lo));
			taps_put(t, out, (size_t)(((c / 8 + 1) * pairs + p) * 16),
				vec_shuffle(u, v, hi));
		}
	}
}

/* c[8][32] += over n entries; c: rows 32 n_taps apart */
static inline __attribute__((always_inline)) void taps_outer(const int32_t *at, int64_t n,
	const float *x, const float *y, float *c, int64_t step, int nv)
{
	v16 s[TAPS_ROWS][2];

#pragma GCC unroll 8
	for (int r = 0; r < TAPS_ROWS; r++)
		for (int v = 0; v < nv; v++)
			s[r][v] = *(v16 *)(c + r * step + v * 16);
	for (int64_t i = 0; i < n; i++, at += 3) {
		const float *q = y + at[0] * 16;

#pragma GCC unroll 2
		for (int k = 0; k < 2; k++) {
			const float *p = x + (int64_t)at[1 + k] * 32;
			v16 a = *(const v16 *)p, b = a;

			if (nv > 1)
				b = *(const v16 *)(p + 16);
#pragma GCC unroll 8
			for (int r = 0; r < TAPS_ROWS; r++) {
				s[r][0] += a * q[2 * r + k];
				if (nv > 1)
					s[r][1] += b * q[2 * r + k];
			}
		}
	}
#pragma GCC unroll 8
	for (int r = 0; r < TAPS_ROWS; r++)
		for (int v = 0; v < nv; v++)
			*(v16 *)(c + r * step + v * 16) = s[r][v];
}

#ifdef __AVX512BF16__
/* Channel i of two rows side by side. */
static inline __m512bh taps_zip(const uint16_t *p, const uint16_t *q)
{
	__m512i a = _mm512_cvtepu16_epi32(_mm256_load_si256((const __m256i *)p));
	__m512i b = _mm512_cvtepu16_epi32(_mm256_load_si256((const __m256i *)q));

	return (__m512bh)_mm512_or_si512(a, _mm512_slli_epi32(b, 16));
}

static inline __attribute__((always_inline)) void taps_outer_bf16(const int32_t *at, int64_t n,
	const uint16_t *x, const uint16_t *y, float *c, int64_t step, int nv)
{
	__m512 s[TAPS_ROWS][2];

#pragma GCC unroll 8
	for (int r = 0; r < TAPS_ROWS; r++)
		for (int v = 0; v < nv; v++)
			s[r][v] = _mm512_load_ps(c + r * step + v * 16);
	for (int64_t i = 0; i < n; i++, at += 3) {
		const uint16_t *p = x + (int64_t)at[1] * 32, *q = x + (int64_t)at[2] * 32;
		__m512bh a = taps_zip(p, q), b = a;

		if (nv > 1)
			b = taps_zip(p + 16, q + 16);
#pragma GCC unroll 8
		for (int r = 0; r < TAPS_ROWS; r++) {
			int32_t two;

			memcpy(&two, y + at[0] * 16 + 2 * r, sizeof(two));
			s[r][0] = _mm512_dpbf16_ps(s[r][0], a, (__m512bh)_mm512_set1_epi32(two));
			if (nv > 1)
				s[r][1] = _mm512_dpbf16_ps(
					s[r][1], b, (__m512bh)_mm512_set1_epi32(two));
		}
	}
#pragma GCC unroll 8
	for (int r = 0; r < TAPS_ROWS; r++)
		for (int v = 0; v < nv; v++)
			_mm512_store_ps(c + r * step + v * 16, s[r][v]);
}
#endif

static void taps_outer_any(const struct taps *t, const int32_t *at, int64_t n, const void *x,
	const void *y, float *c, int nv)
{
	int64_t step = t->n_taps * 32;

	if (t->s.bf16) {
#ifdef __AVX512BF16__
		if (nv > 1)
			taps_outer_bf16(at, n, x, y, c, step, 2);
		else
			taps_outer_bf16(at, n, x, y, c, step, 1);
#endif
	} else if (nv > 1) {
		taps_outer(at, n, x, y, c, step, 2);
	} else {
		taps_outer(at, n, x, y, c, step, 1);
	}
}

/* Sums [tap][32] of 16 input channels to their places, taps contiguous. */
static void taps_unpack_16(const struct taps *t, const float *c, float *dw)
{
	int64_t last = t->n_taps - 16; /* the second 16 overlap the first */

	for (int part = 0; part < 2; part++) {
		int64_t at = part ? last : 0;
		v16 v[16];

#pragma GCC unroll 16
		for (int i = 0; i < 16; i++)
			v[i] = *(const v16 *)(c + (at + i) * 32);
		taps_transpose(v);
#pragma GCC unroll 16
		for (int i = 0; i < 16; i++)
			*(v16u *)(dw + i * t->n_taps + at) = v[i];
	}
}

/* Block i of 32 input channels, block o of 8 output channels. */
static void taps_weights_item(const struct taps *t, int64_t i, int64_t o, const char *x,
	const char *y, float *c, float *dw)
{
	size_t number = t->s.bf16 ? 2 : 4, pairs = (size_t)(t->out_rows + 1) / 2;
	int nv = taps_vectors(t->s.ci, i);

	x += (size_t)i * (size_t)(t->in_rows + 1) * 32 * number;
	y += (size_t)o * pairs * 16 * number;
	memset(c, 0, taps_tile(t) * sizeof(float));
	for (int64_t b = 0; b < t->list.blocks; b++) {
		for (int64_t k = 0; k < t->n_taps; k++) {
			const int32_t *start = t->list.start + b * t->n_taps + k;

			taps_outer_any(t, t->list.at + 3 * (int64_t)start[0], start[1] - start[0],
				x, y, c + k * 32, nv);
		}
	}
	for (int r = 0; r < TAPS_ROWS; r++) {
		float *to = dw + ((o * TAPS_ROWS + r) * t->s.ci_stride + i * 32) * t->n_taps;

		for (int v = 0; v < nv; v++)
			taps_unpack_16(t, c + r * t->n_taps * 32 + v * 16, to + v * 16 * t->n_taps);
	}
}

void taps_weights_run(const struct taps *t, const struct conv_args *a)
{
	char *x = (char *)taps_align(a->scratch);
	char *y = (char *)taps_align(x + taps_x_bytes(t));
	float *tile = taps_align(y + taps_y_bytes(t));
	int64_t outs = t->s.co / TAPS_ROWS, n = (t->s.ci + 31) / 32 * outs;

	taps_lay_x(t, a->src, x);
	taps_lay_y(t, a->dst, y);
#pragma omp parallel for schedule(static) num_threads(t->threads)
	for (int id = 0; id < t->threads; id++)
		for (int64_t i = n * id / t->threads; i < n * (id + 1) / t->threads; i++)
			taps_weights_item(t, i / outs, i % outs, x, y,
				tile + (size_t)id * taps_tile(t), a->weights);
	if (t->s.bias && a->bias)
		pointwise_channel_sum(a->dst, a->bias, t->out_rows, t->s.co);
}
