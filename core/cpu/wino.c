/*
 * Winograd F(2x2x2, 3x3x3): a tile of 2x2x2 outputs is computed from 4x4x4 inputs
 * with 64 instead of 216 multiplications per pair of channels.
 *
 *   U = (G x G x G) weights        once per call, 64 x from x to
 *   V = (B x B x B)^T inputs       64 numbers per tile and input channel
 *   M[f] = V[f] U[f]               64 small matrix products
 *   y = (A x A x A)^T M
 *
 * In the layout N D H W C sixteen channels are one vector, so the transforms are
 * vertical adds of whole vectors.  A block of WINO_TILES tiles along W goes through
 * all three stages while it is in the second-level cache; in the product its tiles
 * are the accumulators.  Rows of tiles are dealt to the threads statically and do
 * not share sums: the bits do not depend on the number of threads.
 *
 * In fp32 the error is about that of direct summation (F(2,3) has factors 1/2 only).
 */
#include "core/cpu/wino.h"

#include <string.h>

#include "core/cpu/threads.h"

typedef float v16 __attribute__((vector_size(64)));
typedef float v16u __attribute__((vector_size(64), aligned(4), may_alias)); /* in memory */

#define WINO_TILES 12

/*
 * Pairs of channels whose transformed weights stay in the second-level cache; voxels from
 * which on that transformation is small beside the products.
 */
static const int64_t WINO_MAX_PAIRS = 2048, WINO_MIN_VOXELS = 16384;

bool wino_fits(const struct wino_spec *s)
{
	/* rows shorter than 9 leave most tiles of a block empty */
	return s->from % 16 == 0 && s->to % 16 == 0 && s->from * s->to <= WINO_MAX_PAIRS &&
	       s->n * s->d * s->h * s->w >= WINO_MIN_VOXELS && s->d > 2 && s->h > 2 && s->w > 8;
}

struct wino_spec wino_turned(const struct wino_spec *s)
{
	struct wino_spec t = *s;

	t.from = s->to;
	t.to = s->from;
	t.backward = true;
	t.sum = t.act = false;
	return t;
}

static size_t wino_thread_floats(const struct wino_spec *s)
{
	return (size_t)(64 * WINO_TILES * (s->from + s->to));
}

size_t wino_work(const struct wino_spec *s)
{
	return sizeof(float) *
	       ((size_t)(64 * s->from * s->to) + (size_t)s->threads * wino_thread_floats(s));
}

/* outer x 3 x inner -> outer x 4 x inner by G */
static void wino_weight_axis(const float *w, float *u, int outer, int inner)
{
	for (int o = 0; o < outer; o++, w += 3 * inner, u += 4 * inner) {
		for (int i = 0; i < inner; i++) {
			float a = w[i], b = w[inner + i], c = w[2 * inner + i];

			u[i] = a;
			u[inner + i] = 0.5f * (a + b + c);
			u[2 * inner + i] = 0.5f * (a - b + c);
			u[3 * inner + i] = c;
		}
	}
}

/* U[f][from][to] */
static void wino_weights(const struct wino_spec *s, const float *w, float *u)
{
#pragma omp parallel for schedule(static) num_threads(s->threads)
	for (int64_t i = 0; i < s->from; i++) {
		for (int64_t o = 0; o < s->to; o++) {
			int64_t ci = s->backward ? o : i, co = s->backward ? i : o;
			const float *tap = w + (co * s->ci_stride + ci) * 27;
			float g[27], x[36], y[48], f[64];

			for (int k = 0; k < 27; k++)
				g[k] = tap[s->backward ? 26 - k : k];
			wino_weight_axis(g, x, 9, 1);
			wino_weight_axis(x, y, 3, 4);
			wino_weight_axis(y, f, 1, 16);
			for (int k = 0; k < 64; k++)
				u[(k * s->from + i) * s->to + o] = f[k];
		}
	}
}

/* B^T of four vectors, stride apart */
static inline void wino_in4(v16 *v, int stride)
{
	v16 a = v[0], b = v[stride], c = v[2 * stride], d = v[3 * stride];

	v[0] = a - c;
	v[stride] = b + c;
	v[2 * stride] = c - b;
	v[3 * stride] = b - d;
}

/* The 4x4 inputs of one depth, transformed along W and H; row: NULL outside the image. */
static inline __attribute__((always_inline)) void wino_in_slab(
	const float *const row[4], int64_t w0, int64_t w, int64_t c, bool inside, v16 *out)
{
	v16 v[16];

#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
#pragma GCC unroll 4
		for (int k = 0; k < 4; k++) {
			int64_t at = w0 + k;

			if (row[i] && (inside || (at >= 0 && at < w)))
				v[i * 4 + k] = *(const v16u *)(row[i] + at * c);
			else
				v[i * 4 + k] = (v16){0};
		}
		wino_in4(v + i * 4, 1);
	}
#pragma GCC unroll 4
	for (int k = 0; k < 4; k++)
		wino_in4(v + k, 4);
#pragma GCC unroll 16
	for (int k = 0; k < 16; k++)
		out[k] = v[k];
}

struct wino_row {
	int64_t n, d, h; /* item; first output voxel of the row of tiles */
	float *v, *m;    /* this thread's transformed inputs and products */
};

/* V of tile t (first output at w) for all channels. */
static void wino_input(
	const struct wino_spec *s, const struct wino_row *r, const float *x, int64_t w, int t)
{
	for (int64_t c = 0; c < s->from; c += 16) {
		v16 tmp[64];

		for (int i = 0; i < 4; i++) {
			int64_t d = r->d - 1 + i;
			const float *row[4];

			for (int j = 0; j < 4; j++) {
				int64_t h = r->h - 1 + j;
				bool in = d >= 0 && d < s->d && h >= 0 && h < s->h;

				row[j] =
					in ? x + (((r->n * s->d + d) * s->h + h) * s->w) * s->from +
							c
					   : NULL;
			}
			if (w > 0 && w + 3 <= s->w)
				wino_in_slab(row, w - 1, s->w, s->from, true, tmp + i * 16);
			else
				wino_in_slab(row, w - 1, s->w, s->from, false, tmp + i * 16);
		}
		for (int k = 0; k < 16; k++) {
			wino_in4(tmp + k, 16);
			for (int i = 0; i < 4; i++)
				*(v16u *)(r->v + ((i * 16 + k) * WINO_TILES + t) * s->from + c) =
					tmp[i * 16 + k];
		}
	}
}

/* M[f] = V[f] U[f] for 16 output channels. */
static inline __attribute__((always_inline)) void wino_product(
	const float *v, const float *u, float *m, int64_t from, int64_t to)
{
	v16 acc[WINO_TILES];

#pragma GCC unroll 12
	for (int t = 0; t < WINO_TILES; t++)
		acc[t] = (v16){0};
	for (int64_t i = 0; i < from; i++) {
		v16 w = *(const v16u *)(u + i * to);

#pragma GCC unroll 12
		for (int t = 0; t < WINO_TILES; t++)
			acc[t] += v[t * from + i] * w;
	}
#pragma GCC unroll 12
	for (int t = 0; t < WINO_TILES; t++)
		*(v16u *)(m + t * to) = acc[t];
}

/*
 * Asks for the inputs that the row of tiles below will read first (8 of its 16
 * rows are new), a share per product, so that memory and arithmetic overlap.
 */
static inline void wino_prefetch(
	const struct wino_spec *s, const struct wino_row *r, const float *x, int64_t w, int f)
{
	int64_t d = r->d - 1 + f / 16, h = r->h + 3 + f / 8 % 2, line = s->from / 16;
	int64_t from = (w + f % 8 * 3) * line, to = from + 3 * line;

	if (d < 0 || d >= s->d || h >= s->h)
		return;
	x += ((r->n * s->d + d) * s->h + h) * s->w * s->from;
	for (to = to < s->w * line ? to : s->w * line; from < to; from++)
		__builtin_prefetch(x + from * 16);
}

static void wino_products(const struct wino_spec *s, const struct wino_row *r, const float *u,
	const float *x, int64_t w)
{
	for (int f = 0; f < 64; f++) {
		const float *v = r->v + (int64_t)f * WINO_TILES * s->from;
		float *m = r->m + (int64_t)f * WINO_TILES * s->to;

		wino_prefetch(s, r, x, w, f);
		for (int64_t o = 0; o < s->to; o += 16) {
			const float *uf = u + f * s->from * s->to + o;

			if (s->from == 16)
				wino_product(v, uf, m + o, 16, s->to);
			else
				wino_product(v, uf, m + o, s->from, s->to);
		}
	}
}

static inline void wino_put(const struct wino_spec *s, float *y, v16 v, v16 bias)
{
	if (s->sum)
		v += *(const v16u *)y;
	v += bias;
	if (s->act) {
		typedef int32_t v16i __attribute__((vector_size(64)));
		v16i pos = v > 0;
		v16 low = v * s->slope;

		v = (v16)(((v16i)v & pos) | ((v16i)low & ~pos));
	}
	*(v16u *)y = v;
}

/* Outputs of tile t from its 64 products, for all channels. */
static void wino_output(const struct wino_spec *s, const struct wino_row *r, const float *bias,
	float *y, int64_t w, int t)
{
	for (int64_t c = 0; c < s->to; c += 16) {
		const float *m = r->m + t * s->to + c;
		int64_t step = WINO_TILES * s->to;
		v16 b = {0}, a[2][16], h[4], o[2];

		if (bias)
			b = *(const v16u *)(bias + c);
		for (int k = 0; k < 16; k++) {
			v16 p = *(const v16u *)(m + k * step),
			    q = *(const v16u *)(m + (16 + k) * step);
			v16 u = *(const v16u *)(m + (32 + k) * step);

			a[0][k] = p + q + u;
			a[1][k] = q - u - *(const v16u *)(m + (48 + k) * step);
		}
		for (int i = 0; i < 2 && r->d + i < s->d; i++) {
			for (int j = 0; j < 2 && r->h + j < s->h; j++) {
				float *out =
					y +
					((((r->n * s->d + r->d + i) * s->h + r->h + j) * s->w) +
						w) *
						s->to +
					c;

#pragma GCC unroll 4
				for (int k = 0; k < 4; k++)
					h[k] = j ? a[i][4 + k] - a[i][8 + k] - a[i][12 + k]
						 : a[i][k] + a[i][4 + k] + a[i][8 + k];
				o[0] = h[0] + h[1] + h[2];
				o[1] = h[1] - h[2] - h[3];
				wino_put(s, out, o[0], b);
				if (w + 1 < s->w)
					wino_put(s, out + s->to, o[1], b);
			}
		}
	}
}

static void wino_row_run(const struct wino_spec *s, const struct wino_row *r, const float *x,
	const float *u, const float *bias, float *y)
{
	for (int64_t w = 0; w < s->w; w += 2 * WINO_TILES) {
		for (int t = 0; t < WINO_TILES && w + 2 * t < s->w; t++)
			wino_input(s, r, x, w + 2 * t, t);
		wino_products(s, r, u, x, w);
		for (int t = 0; t < WINO_TILES && w + 2 * t < s->w; t++)
			wino_output(s, r, bias, y, w + 2 * t, t);
	}
}

void wino_run(const struct wino_spec *s, const float *x, const float *weights, const float *bias,
	float *y, void *work)
{
	float *u = work, *scratch = u + 64 * s->from * s->to;
	int64_t th = (s->h + 1) / 2, td = (s->d + 1) / 2, rows = s->n * td * th;

	wino_weights(s, weights, u);
#pragma omp parallel for schedule(static) num_threads(s->threads)
	for (int id = 0; id < s->threads; id++) {
		float *mine = scratch + (size_t)id * wino_thread_floats(s);
		int64_t a, b;

		memset(mine, 0, wino_thread_floats(s) * sizeof(float));
		threads_part(rows, id, s->threads, &a, &b);
		for (; a < b; a++) {
			struct wino_row r = {a / (td * th), a / th % td * 2, a % th * 2, mine,
				mine + 64 * WINO_TILES * s->from};

			wino_row_run(s, &r, x, u, bias, y);
		}
	}
}
