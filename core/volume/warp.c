/*
 * Sampling a window of a volume through a mapping.
 *
 * Row by row: the source position of every voxel of the row goes to three short
 * arrays, from these come up to eight offsets and weights per voxel, and a last
 * loop per channel gathers and sums.  Each of these loops runs over consecutive
 * floats without branches, so the compiler vectorises it; positions outside are
 * handled by clamped offsets and weights of 0.
 *
 * The B-spline is separable: the control points are blended along z once per
 * plane, spread along x once per row of control points, and blended along y per
 * row.  A voxel then costs 12 multiplications and not 192.
 *
 * Positions are float.  At 4096 voxels that is 1/4000 of a voxel; whole numbers
 * are exact, so that a mapping without any change copies.
 *
 * No threads: these run in loader threads beside the training's own.
 */
#include "core/volume/warp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/volume/affine.h"

enum { WARP_BLOCK = 128, WARP_TAPS = 4, WARP_MIN_GAP = 4 };

void warp_init(struct warp *w, const int start[3])
{
	*w = (struct warp){0};
	for (int i = 0; i < 3; i++) {
		w->m[i][i] = 1;
		w->m[i][3] = start[i];
	}
}

void warp_release(struct warp *w)
{
	free(w->control);
	w->control = NULL;
}

/* Rotation about x, then y, then z. */
static void warp_rotation(const double angle[3], double r[4][4])
{
	affine_identity(r);
	for (int i = 0; i < 3; i++) {
		int a = (i + 1) % 3, b = (i + 2) % 3;
		double one[4][4];

		affine_identity(one);
		one[a][a] = one[b][b] = cos(angle[i]);
		one[b][a] = sin(angle[i]);
		one[a][b] = -one[b][a];
		affine_mul(one, r, r);
	}
}

void warp_affine(struct warp *w, const int size[3], const double spacing[3], const double angle[3],
	const double scale[3], const double shift[3])
{
	double r[4][4];

	warp_rotation(angle, r);
	for (int i = 0; i < 3; i++) {
		double at = w->m[i][3], to = 0;

		for (int k = 0; k < 3; k++) {
			double c = (size[k] - 1) / 2.0;

			/* The inverse of turn(scale(x)): the transpose, then the division. */
			w->m[i][k] = r[k][i] * spacing[k] / spacing[i] / scale[i];
			to += w->m[i][k] * (c + shift[k]);
		}
		w->m[i][3] = at + (size[i] - 1) / 2.0 - to;
	}
}

void warp_deform(struct warp *w, const int size[3], const double gap[3], const double strength[3],
	struct rng *rng)
{
	size_t n = 1;

	for (int i = 0; i < 3; i++) {
		w->gap[i] = gap[i] < WARP_MIN_GAP ? WARP_MIN_GAP : gap[i];
		w->knots[i] = (int)((size[i] - 1) / w->gap[i]) + WARP_TAPS;
		n *= (size_t)w->knots[i];
	}
	free(w->control);
	w->control = mem_alloc(3 * n * sizeof(*w->control));
	for (size_t at = 0; at < n; at++) {
		double d[3];

		for (int i = 0; i < 3; i++)
			d[i] = rng_range(rng, -strength[i], strength[i]) * w->gap[i];
		for (int i = 0; i < 3; i++)
			w->control[(size_t)i * n + at] =
				(float)(w->m[i][0] * d[0] + w->m[i][1] * d[1] + w->m[i][2] * d[2]);
	}
}

/* Where voxel i lies between control points: index of the first of four, and their weights. */
static int spline_taps(int i, double gap, float b[WARP_TAPS])
{
	double u = i / gap, k = floor(u), t = u - k, s = 1 - t;

	b[0] = (float)(s * s * s / 6);
	b[1] = (float)((3 * t * t * t - 6 * t * t + 4) / 6);
	b[2] = (float)((3 * s * s * s - 6 * s * s + 4) / 6);
	b[3] = (float)(t * t * t / 6);
	return (int)k;
}

/* out = the four rows at in, len apart, weighted by b. */
static void spline_blend(const float *restrict in, size_t stride, size_t len,
	const float b[WARP_TAPS], float *restrict out)
{
	for (size_t i = 0; i < len; i++)
		out[i] = b[0] * in[i] + b[1] * in[i + stride] + b[2] * in[i + 2 * stride] +
			 b[3] * in[i + 3 * stride];
}

/* Scratch of one call of warp_volume(). */
struct warp_work {
	float *plane; /* [axis][knots y][knots x]: control points of this z */
	float *rows;  /* [axis][knots y][nx]: the same, spread along x */
	float *p[3];  /* nx source positions each */
	int *first;   /* nx */
	float *basis; /* [tap][nx] */
};

static void work_init(struct warp_work *k, const struct warp *w, size_t nx)
{
	*k = (struct warp_work){0};
	for (int i = 0; i < 3; i++)
		k->p[i] = mem_alloc(nx * sizeof(float));
	if (!w->control)
		return;
	k->plane = mem_alloc(3 * (size_t)w->knots[1] * (size_t)w->knots[0] * sizeof(float));
	k->rows = mem_alloc(3 * (size_t)w->knots[1] * nx * sizeof(float));
	k->first = mem_alloc(nx * sizeof(int));
	k->basis = mem_alloc(WARP_TAPS * nx * sizeof(float));
	for (size_t x = 0; x < nx; x++) {
		float b[WARP_TAPS];

		k->first[x] = spline_taps((int)x, w->gap[0], b);
		for (int t = 0; t < WARP_TAPS; t++)
			k->basis[(size_t)t * nx + x] = b[t];
	}
}

static void work_release(struct warp_work *k)
{
	for (int i = 0; i < 3; i++)
		free(k->p[i]);
	free(k->plane);
	free(k->rows);
	free(k->first);
	free(k->basis);
}

/* Displacements of a plane at its rows of control points. */
static void work_plane(struct warp_work *k, const struct warp *w, size_t nx, int z)
{
	size_t kx = (size_t)w->knots[0], plane = kx * (size_t)w->knots[1];
	float b[WARP_TAPS];
	size_t z0 = (size_t)spline_taps(z, w->gap[2], b);

	for (size_t i = 0; i < 3; i++)
		spline_blend(w->control + (i * (size_t)w->knots[2] + z0) * plane, plane, plane, b,
			k->plane + i * plane);
	for (size_t r = 0; r < 3 * (size_t)w->knots[1]; r++) {
		const float *in = k->plane + r * kx;
		float *restrict out = k->rows + r * nx;

		for (size_t x = 0; x < nx; x++) {
			const float *c = in + k->first[x];

			out[x] = k->basis[x] * c[0] + k->basis[nx + x] * c[1] +
				 k->basis[2 * nx + x] * c[2] + k->basis[3 * nx + x] * c[3];
		}
	}
}

/* Source positions of row y of plane z. */
static void work_row(struct warp_work *k, const struct warp *w, size_t nx, int y, int z)
{
	float b[WARP_TAPS] = {0};
	size_t y0 = w->control ? (size_t)spline_taps(y, w->gap[1], b) : 0;

	for (size_t i = 0; i < 3; i++) {
		float at = (float)(w->m[i][1] * y + w->m[i][2] * z + w->m[i][3]);
		float step = (float)w->m[i][0], *restrict p = k->p[i];

		if (w->control)
			spline_blend(k->rows + (i * (size_t)w->knots[1] + y0) * nx, nx, nx, b, p);
		else
			memset(p, 0, nx * sizeof(*p));
		for (size_t x = 0; x < nx; x++)
			p[x] += at + step * (float)(int)x;
	}
}

/* Offsets and weights along one axis for n <= WARP_BLOCK positions. */
struct warp_taps {
	int lo[WARP_BLOCK], hi[WARP_BLOCK]; /* offsets in the source */
	float wlo[WARP_BLOCK], whi[WARP_BLOCK];
};

/* NaN, which absurd scales give, becomes least. */
static inline float warp_clamp(float x, float least, float most)
{
	x = x > least ? x : least;
	return x > most ? most : x;
}

static void taps_linear(struct warp_taps *restrict t, const float *restrict p, int n, int dim,
	int stride, enum warp_padding padding)
{
	float least = padding == WARP_BORDER ? 0.0f : -1.0f;
	float most = (float)(padding == WARP_BORDER ? dim - 1 : dim);

	for (int i = 0; i < n; i++) {
		float at = warp_clamp(p[i], least, most), f;
		int lo = (int)at, hi;

		lo -= (float)lo > at; /* floor; floorf() would not vectorise */
		hi = lo + 1;
		f = at - (float)lo;
		t->wlo[i] = (float)(lo >= 0 && lo < dim) * (1.0f - f);
		t->whi[i] = (float)(hi < dim) * f;
		lo = lo < 0 ? 0 : lo;
		lo = lo >= dim ? dim - 1 : lo;
		hi = hi >= dim ? dim - 1 : hi;
		t->lo[i] = lo * stride;
		t->hi[i] = hi * stride;
	}
}

static void taps_nearest(struct warp_taps *restrict t, const float *restrict p, int n, int dim,
	int stride, enum warp_padding padding)
{
	float least = padding == WARP_BORDER ? 0.0f : -1.0f;
	float most = (float)(padding == WARP_BORDER ? dim - 1 : dim);

	for (int i = 0; i < n; i++) {
		float at = warp_clamp(p[i], least, most) + 0.5f;
		int k = (int)at;

		k -= (float)k > at;
		t->wlo[i] = (float)(k >= 0 && k < dim);
		k = k < 0 ? 0 : k;
		k = k >= dim ? dim - 1 : k;
		t->lo[i] = k * stride;
	}
}

static void gather_linear(
	const float *restrict in, const struct warp_taps t[3], int n, float *restrict out)
{
	for (int i = 0; i < n; i++) {
		const float *a = in + t[2].lo[i], *b = in + t[2].hi[i];
		int y0 = t[1].lo[i], y1 = t[1].hi[i], x0 = t[0].lo[i], x1 = t[0].hi[i];
		float w0 = t[0].wlo[i], w1 = t[0].whi[i];
		float lo = t[1].wlo[i] * (w0 * a[y0 + x0] + w1 * a[y0 + x1]) +
			   t[1].whi[i] * (w0 * a[y1 + x0] + w1 * a[y1 + x1]);
		float hi = t[1].wlo[i] * (w0 * b[y0 + x0] + w1 * b[y0 + x1]) +
			   t[1].whi[i] * (w0 * b[y1 + x0] + w1 * b[y1 + x1]);

		out[i] = t[2].wlo[i] * lo + t[2].whi[i] * hi + 0.0f; /* never -0 */
	}
}

static void gather_nearest(
	const float *restrict in, const struct warp_taps t[3], int n, float *restrict out)
{
	for (int i = 0; i < n; i++)
		out[i] = in[t[0].lo[i] + t[1].lo[i] + t[2].lo[i]] *
				 (t[0].wlo[i] * t[1].wlo[i] * t[2].wlo[i]) +
			 0.0f;
}

/* Samples n positions of a row that begins at out, in every channel. */
static void warp_row(const struct volume *v, struct volume *r, const struct warp_work *k,
	size_t row, enum resample_mode mode, enum warp_padding padding)
{
	int stride[3] = {1, v->dim[0], v->dim[0] * v->dim[1]}, nx = r->dim[0];
	struct warp_taps t[3];

	for (int x = 0; x < nx; x += WARP_BLOCK) {
		int n = nx - x < WARP_BLOCK ? nx - x : WARP_BLOCK;

		for (int i = 0; i < 3; i++) {
			if (mode == RESAMPLE_LINEAR)
				taps_linear(&t[i], k->p[i] + x, n, v->dim[i], stride[i], padding);
			else
				taps_nearest(&t[i], k->p[i] + x, n, v->dim[i], stride[i], padding);
		}
		for (size_t c = 0; c < (size_t)v->channels; c++) {
			const float *in = v->data + c * volume_voxels(v);
			float *out = r->data + c * volume_voxels(r) + row + (size_t)x;

			if (mode == RESAMPLE_LINEAR)
				gather_linear(in, t, n, out);
			else
				gather_nearest(in, t, n, out);
		}
	}
}

struct volume *warp_volume(const struct volume *v, const int size[3], const struct warp *w,
	enum resample_mode mode, enum warp_padding padding, struct err *err)
{
	struct warp_work k;
	struct volume *r;

	if (volume_voxels(v) > INT32_MAX) {
		err_set(err, ERR_DATA, "%d x %d x %d voxels are too many to be turned or deformed",
			v->dim[0], v->dim[1], v->dim[2]);
		return NULL;
	}
	r = volume_new(v->channels, size, err);
	if (!r)
		return NULL;
	r->original = v->original;
	r->nonfinite = v->nonfinite;
	r->file = v->file ? mem_strdup(v->file) : NULL;
	work_init(&k, w, (size_t)size[0]);
	for (int z = 0; z < size[2]; z++) {
		if (w->control)
			work_plane(&k, w, (size_t)size[0], z);
		for (int y = 0; y < size[1]; y++) {
			work_row(&k, w, (size_t)size[0], y, z);
			warp_row(v, r, &k,
				((size_t)z * (size_t)size[1] + (size_t)y) * (size_t)size[0], mode,
				padding);
		}
	}
	work_release(&k);
	return r;
}
