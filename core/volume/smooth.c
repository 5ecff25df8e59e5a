/*
 * Gaussian blur: three passes, one per axis.
 *
 * A row of the result is a weighted sum of rows: along y and z of those beside it,
 * along x of one row shifted, which is first copied into a longer one with its ends
 * repeated.  64 floats at a time are summed over all taps in registers.  A plane goes
 * through x and y while it is in the cache.
 */
#include "core/volume/smooth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

enum { SMOOTH_BLOCK = 64 };

/* Weights 0 ... radius of one side; NULL when there is nothing to do. */
static float *smooth_kernel(double sigma, int *radius)
{
	double sum = 1;
	float *w;

	*radius = (int)ceil(4 * sigma);
	if (!(sigma > 0) || *radius < 1)
		return NULL;
	w = mem_alloc((size_t)(*radius + 1) * sizeof(*w));
	for (int i = 1; i <= *radius; i++)
		sum += 2 * exp(-0.5 * i * i / (sigma * sigma));
	for (int i = 0; i <= *radius; i++)
		w[i] = (float)(exp(-0.5 * i * i / (sigma * sigma)) / sum);
	return w;
}

typedef float lanes __attribute__((vector_size(64), aligned(4), may_alias));

static inline lanes smooth_load(const float *p)
{
	return *(const lanes *)(const void *)p;
}

/*
 * out[i] = w[0] * mid[i] + sum over k of w[k] * (lo[k][i] + hi[k][i]): all taps of a block
 * are summed in registers.
 */
static void smooth_taps(const float *mid, const float *const lo[], const float *const hi[],
	const float *w, int radius, size_t n, float *restrict out)
{
	size_t i = 0;

	for (; i + SMOOTH_BLOCK <= n; i += SMOOTH_BLOCK) {
		lanes a = w[0] * smooth_load(mid + i), b = w[0] * smooth_load(mid + i + 16);
		lanes c = w[0] * smooth_load(mid + i + 32), d = w[0] * smooth_load(mid + i + 48);

		for (int k = 1; k <= radius; k++) {
			const float *l = lo[k] + i, *h = hi[k] + i;

			a += w[k] * (smooth_load(l) + smooth_load(h));
			b += w[k] * (smooth_load(l + 16) + smooth_load(h + 16));
			c += w[k] * (smooth_load(l + 32) + smooth_load(h + 32));
			d += w[k] * (smooth_load(l + 48) + smooth_load(h + 48));
		}
		*(lanes *)(void *)(out + i) = a;
		*(lanes *)(void *)(out + i + 16) = b;
		*(lanes *)(void *)(out + i + 32) = c;
		*(lanes *)(void *)(out + i + 48) = d;
	}
	for (; i < n; i++) {
		float sum = w[0] * mid[i];

		for (int k = 1; k <= radius; k++)
			sum += w[k] * (lo[k][i] + hi[k][i]);
		out[i] = sum;
	}
}

/* One axis: its weights, and room for the places of its taps. */
struct smooth_axis {
	int radius; /* 0: nothing to do */
	float *w;
	const float **lo, **hi;
};

static void smooth_axis_init(struct smooth_axis *a, double sigma, int n)
{
	int radius = 0;

	a->w = n > 1 ? smooth_kernel(sigma, &radius) : NULL;
	a->radius = a->w ? radius : 0;
	a->lo = mem_alloc((size_t)(a->radius + 1) * sizeof(*a->lo));
	a->hi = mem_alloc((size_t)(a->radius + 1) * sizeof(*a->hi));
}

static void smooth_axis_release(struct smooth_axis *a)
{
	free(a->w);
	free(a->lo);
	free(a->hi);
}

/* Along the rows, in place; wide holds nx and twice the radius. */
static void smooth_x(const struct smooth_axis *a, float *x, size_t rows, size_t n, float *wide)
{
	size_t r = (size_t)a->radius;

	for (size_t k = 1; k <= r; k++) {
		a->lo[k] = wide + r - k;
		a->hi[k] = wide + r + k;
	}
	for (size_t y = 0; y < rows; y++, x += n) {
		for (size_t i = 0; i < r; i++) {
			wide[i] = x[0];
			wide[r + n + i] = x[n - 1];
		}
		memcpy(wide + r, x, n * sizeof(*wide));
		smooth_taps(wide + r, a->lo, a->hi, a->w, a->radius, n, x);
	}
}

/* Between n lines of len floats, step apart: the y or z axis. */
static void smooth_lines(
	const struct smooth_axis *a, const float *in, int n, size_t step, size_t len, float *out)
{
	for (int y = 0; y < n; y++) {
		for (int k = 1; k <= a->radius; k++) {
			int lo = y - k < 0 ? 0 : y - k, hi = y + k >= n ? n - 1 : y + k;

			a->lo[k] = in + (size_t)lo * step;
			a->hi[k] = in + (size_t)hi * step;
		}
		smooth_taps(in + (size_t)y * step, a->lo, a->hi, a->w, a->radius, len,
			out + (size_t)y * step);
	}
}

/* One channel: x in place and y into tmp plane by plane, z back from tmp row by row. */
static void smooth_channel(
	const struct smooth_axis a[3], const int dim[3], float *wide, float *tmp, float *x)
{
	size_t nx = (size_t)dim[0], plane = nx * (size_t)dim[1], nz = (size_t)dim[2];

	for (size_t z = 0; z < nz; z++) {
		float *p = x + z * plane;

		if (a[0].radius)
			smooth_x(&a[0], p, (size_t)dim[1], nx, wide);
		if (a[1].radius)
			smooth_lines(&a[1], p, dim[1], nx, nx, tmp + z * plane);
		else
			memcpy(tmp + z * plane, p, plane * sizeof(*tmp));
	}
	if (!a[2].radius)
		memcpy(x, tmp, plane * nz * sizeof(*x));
	/* A row at a time, so that the rows of all taps stay in the cache. */
	for (size_t y = 0; a[2].radius && y < (size_t)dim[1]; y++)
		smooth_lines(&a[2], tmp + y * nx, dim[2], plane, nx, x + y * nx);
}

int smooth_gaussian(struct volume *v, const double sigma[3], struct err *err)
{
	size_t n = volume_voxels(v);
	float *tmp = mem_try_big(n * sizeof(*tmp), "blurred volume", err), *wide;
	struct smooth_axis a[3];

	if (!tmp)
		return -1;
	for (int i = 0; i < 3; i++)
		smooth_axis_init(&a[i], sigma[i], v->dim[i]);
	wide = mem_alloc(((size_t)v->dim[0] + 2 * (size_t)a[0].radius) * sizeof(*wide));
	for (int c = 0; c < v->channels; c++)
		smooth_channel(a, v->dim, wide, tmp, v->data + (size_t)c * n);
	for (int i = 0; i < 3; i++)
		smooth_axis_release(&a[i]);
	free(wide);
	mem_free_big(tmp);
	return 0;
}
