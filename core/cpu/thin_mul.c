/*
 * Register blocks of the thin convolutions.
 *
 * Forward: up to 8 output channels times V vectors of voxels are accumulators; each
 * load of a voxel vector serves all output channels, each weight (a broadcast) all V
 * vectors, so with 8 x 3 there are 11 loads for 24 multiply-adds.
 *
 * Weight gradient: taps times output channels are accumulators over a run of voxels
 * (3 x 8, or 9 x up to 3), whose lanes are summed once, at the very end.
 */
#include "core/cpu/thin_mul.h"

#include <string.h>
#if defined(__AVX512BF16__) && defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "core/cpu/bf16.h"

typedef float v16 __attribute__((vector_size(64)));
typedef int32_t v16i __attribute__((vector_size(64)));
typedef float v16u __attribute__((vector_size(64), aligned(4), may_alias));

#define MUL_INLINE static inline __attribute__((always_inline))

/* Keeps a vector that is used often in a register, where the compiler would load it again. */
#ifdef __AVX512F__
#define MUL_KEEP(v) __asm__("" : "+v"(v))
#else
#define MUL_KEEP(v) (void)0
#endif

/* Sum of a pair of products per lane, or one product. */
MUL_INLINE v16 mul_add(v16 sum, v16 x, v16 w, bool bf16)
{
#if defined(__AVX512BF16__) && defined(__AVX512F__)
	if (bf16)
		return (v16)_mm512_dpbf16_ps((__m512)sum, (__m512bh)x, (__m512bh)w);
#else
	if (bf16) {
		v16i high = (v16i){0} + (int32_t)0xffff0000;

		sum += (v16)((v16i)x << 16) * (v16)((v16i)w << 16);
		return sum + (v16)((v16i)x & high) * (v16)((v16i)w & high);
	}
#endif
	return sum + x * w;
}

/* Output channels [o, o + cb) share a packed block; blocks of 8, 4, 3, 2, 1. */
static int mul_block(int64_t left)
{
	return left >= 8 ? 8 : left >= 4 ? 4 : (int)left;
}

int64_t thin_mul_packed(int64_t from, int64_t to, bool bf16)
{
	return (bf16 ? (from + 1) / 2 : from) * to;
}

void thin_mul_pack(float *packed, int at, int taps, const float *w, int64_t wi, int64_t wo,
	int64_t from, int64_t to, bool bf16)
{
	int64_t planes = bf16 ? (from + 1) / 2 : from;

	for (int64_t o = 0; o < to; o += mul_block(to - o)) {
		int cb = mul_block(to - o);
		float *p = packed + o * planes * taps + at * planes * cb;

		for (int64_t i = 0; i < planes; i++) {
			for (int k = 0; k < cb; k++, p++) {
				const float *v = w + (o + k) * wo + i * wi;
				float pair[2];
				uint16_t half[2];

				if (!bf16) {
					*p = *v;
					continue;
				}
				v += i * wi;
				pair[0] = v[0];
				pair[1] = 2 * i + 1 < from ? v[wi] : 0;
				bf16_round(half, pair, 2);
				memcpy(p, half, sizeof(half));
			}
		}
	}
}

MUL_INLINE v16 mul_act(v16 v, float slope)
{
	v16i pos = v > 0;
	v16 low = v * slope;

	return (v16)(((v16i)v & pos) | ((v16i)low & ~pos));
}

/* cb channels of vn vectors from voxel f. */
MUL_INLINE void mul_group(const struct thin_mul *m, const float *w, const float *bias, float slope,
	float *dst, int64_t f, int cb, int vn, bool bf16)
{
	v16 acc[24];

#pragma GCC unroll 8
	for (int o = 0; o < cb; o++)
#pragma GCC unroll 8
		for (int v = 0; v < vn; v++)
			acc[o * vn + v] = (bias ? bias[o] : 0) - (v16){0};
	for (int t = 0; t < m->taps; t++) {
		const float *src = m->src[t] + f;

		for (int64_t i = 0; i < m->from; i++, src += m->src_plane, w += cb) {
			v16 x[8];

#pragma GCC unroll 8
			for (int v = 0; v < vn; v++)
				x[v] = *(const v16u *)(src + v * 16);
#pragma GCC unroll 8
			for (int o = 0; o < cb; o++) {
				v16 s = (v16){0} + w[o];

#pragma GCC unroll 8
				for (int v = 0; v < vn; v++)
					acc[o * vn + v] = mul_add(acc[o * vn + v], x[v], s, bf16);
			}
		}
	}
#pragma GCC unroll 8
	for (int o = 0; o < cb; o++)
#pragma GCC unroll 8
		for (int v = 0; v < vn; v++) {
			v16 y = acc[o * vn + v];

			*(v16u *)(dst + o * m->dst_plane + f + v * 16) =
				slope == 1 ? y : mul_act(y, slope);
		}
}

MUL_INLINE void mul_channels(const struct thin_mul *m, const float *w, const float *bias,
	float slope, float *dst, int cb, int vn, bool bf16)
{
	int64_t v = 0;

	for (; v + vn <= m->vectors; v += vn)
		mul_group(m, w, bias, slope, dst, v * 16, cb, vn, bf16);
	for (; v < m->vectors; v++)
		mul_group(m, w, bias, slope, dst, v * 16, cb, 1, bf16);
}

MUL_INLINE void mul_run(
	const struct thin_mul *m, const float *w, const float *bias, float slope, bool bf16)
{
	for (int64_t o = 0; o < m->to; o += mul_block(m->to - o)) {
		const float *wo = w + o * m->from * m->taps, *b = bias ? bias + o : NULL;
		float *dst = m->dst + o * m->dst_plane;

		switch (mul_block(m->to - o)) {
		case 8:
			mul_channels(m, wo, b, slope, dst, 8, 3, bf16);
			break;
		case 4:
			mul_channels(m, wo, b, slope, dst, 4, 5, bf16);
			break;
		case 3:
			mul_channels(m, wo, b, slope, dst, 3, 6, bf16);
			break;
		case 2:
			mul_channels(m, wo, b, slope, dst, 2, 8, bf16);
			break;
		default:
			mul_channels(m, wo, b, slope, dst, 1, 8, bf16);
		}
	}
}

void thin_mul_run(const struct thin_mul *m, const float *packed, const float *bias, float slope)
{
	if (m->bf16)
		mul_run(m, packed, bias, slope, true);
	else
		mul_run(m, packed, bias, slope, false);
}

int64_t thin_grad_floats(int taps, int64_t from, int64_t to)
{
	return 16 * taps * from * to;
}

double thin_grad_sum(const float *sums, int taps, int64_t to, int t, int64_t i, int64_t o)
{
	const float *v = sums + ((i * taps + t) * to + o) * 16;
	double s = 0;

	for (int k = 0; k < 16; k++)
		s += (double)v[k];
	return s;
}

/* Taps [t, t + tn) of plane i with channels [o, o + cb). */
MUL_INLINE void grad_block(const struct thin_mul *m, float *sums, int t, int tn, int64_t i,
	int64_t o, int cb, bool bf16)
{
	const float *dst = m->dst + o * m->dst_plane, *src[9];
	float *out = sums + ((i * m->taps + t) * m->to + o) * 16;
	v16 acc[27];

#pragma GCC unroll 9
	for (int k = 0; k < tn; k++)
		src[k] = m->src[t + k] + i * m->src_plane;
#pragma GCC unroll 27
	for (int k = 0; k < tn * cb; k++)
		acc[k] = (v16){0};
	for (int64_t f = 0; f < m->vectors * 16; f += 16) {
		v16 y[8];

#pragma GCC unroll 8
		for (int k = 0; k < cb; k++) {
			y[k] = *(const v16u *)(dst + k * m->dst_plane + f);
			MUL_KEEP(y[k]);
		}
#pragma GCC unroll 9
		for (int k = 0; k < tn; k++) {
			v16 x = *(const v16u *)(src[k] + f);

			MUL_KEEP(x);
#pragma GCC unroll 8
			for (int c = 0; c < cb; c++)
				acc[k * cb + c] = mul_add(acc[k * cb + c], x, y[c], bf16);
		}
	}
#pragma GCC unroll 9
	for (int k = 0; k < tn; k++)
#pragma GCC unroll 8
		for (int c = 0; c < cb; c++)
			*(v16u *)(out + (k * m->to + c) * 16) += acc[k * cb + c];
}

MUL_INLINE void grad_channels(
	const struct thin_mul *m, float *sums, int64_t o, int cb, int tn, bool bf16)
{
	for (int64_t i = 0; i < m->from; i++) {
		int t = 0;

		for (; t + tn <= m->taps; t += tn)
			grad_block(m, sums, t, tn, i, o, cb, bf16);
		for (; t < m->taps; t++)
			grad_block(m, sums, t, 1, i, o, cb, bf16);
	}
}

MUL_INLINE void grad_run(const struct thin_mul *m, float *sums, bool bf16)
{
	for (int64_t o = 0; o < m->to; o += mul_block(m->to - o)) {
		switch (mul_block(m->to - o)) {
		case 8:
			grad_channels(m, sums, o, 8, 3, bf16);
			break;
		case 4:
			grad_channels(m, sums, o, 4, 3, bf16);
			break;
		case 3:
			grad_channels(m, sums, o, 3, 9, bf16);
			break;
		case 2:
			grad_channels(m, sums, o, 2, 9, bf16);
			break;
		default:
			grad_channels(m, sums, o, 1, 9, bf16);
		}
	}
}

void thin_grad_run(const struct thin_mul *m, float *sums)
{
	if (m->bf16)
		grad_run(m, sums, true);
	else
		grad_run(m, sums, false);
}

/* Rounds to bf16 (nearest, ties to even; NaN stays NaN) and leaves it in the high half. */
MUL_INLINE v16i mul_round(v16 x)
{
	v16i u = (v16i)x, nan = (u & 0x7fffffff) > 0x7f800000;
	v16i up = u + 0x7fff + (u >> 16 & 1);

	return ((nan & (u | 0x400000)) | (~nan & up)) & (int32_t)0xffff0000;
}

void thin_mul_pair(const float *a, const float *b, float *to, int64_t n)
{
	for (int64_t i = 0; i < n; i += 16) {
		v16i low = mul_round(*(const v16u *)(a + i)), high = {0};

		if (b)
			high = mul_round(*(const v16u *)(b + i));
		*(v16u *)(to + i) = (v16)((low >> 16 & 0xffff) | high);
	}
}

void thin_plane_sum(const float *plane, int64_t vectors, float *sum)
{
	v16 s = {0};

	for (int64_t i = 0; i < vectors; i++)
		s += *(const v16u *)(plane + i * 16);
	*(v16u *)sum += s;
}
