/*
 * Gaussian blur: three passes, one per axis.
 *
 * Along y and z a row of the result is a weighted sum of whole rows; along x a row
 * is copied into a longer one with its ends repeated, and every weight is one pass
 * over shifted floats.  Both are loops over consecutive floats.
 */
#include "core/volume/smooth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

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

static void smooth_scale(const float *restrict in, size_t n, float w, float *restrict out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = w * in[i];
}

static void smooth_add(
	const float *restrict a, const float *restrict b, size_t n, float w, float *restrict out)
{
	for (size_t i = 0; i < n; i++)
		out[i] += w * (a[i] + b[i]);
}

/* Along the rows. */
static void smooth_x(const float *in, size_t rows, int nx, const float *w, int radius, float *out)
{
	size_t n = (size_t)nx, r = (size_t)radius;
	float *wide = mem_alloc((n + 2 * r) * sizeof(*wide));

	for (size_t y = 0; y < rows; y++, in += n, out += n) {
		for (size_t i = 0; i < r; i++) {
			wide[i] = in[0];
			wide[r + n + i] = in[n - 1];
		}
		memcpy(wide + r, in, n * sizeof(*wide));
		smooth_scale(in, n, w[0], out);
		for (size_t k = 1; k <= r; k++)
			smooth_add(wide + r - k, wide + r + k, n, w[k], out);
	}
	free(wide);
}

/* Between lines of len floats, n of them per block: the y or z axis. */
static void smooth_lines(
	const float *in, size_t blocks, int n, size_t len, const float *w, int radius, float *out)
{
	for (size_t b = 0; b < blocks; b++, in += (size_t)n * len)
		for (int y = 0; y < n; y++, out += len) {
			smooth_scale(in + (size_t)y * len, len, w[0], out);
			for (int k = 1; k <= radius; k++) {
				int lo = y - k < 0 ? 0 : y - k, hi = y + k >= n ? n - 1 : y + k;

				smooth_add(in + (size_t)lo * len, in + (size_t)hi * len, len, w[k],
					out);
			}
		}
}

int smooth_gaussian(struct volume *v, const double sigma[3], struct err *err)
{
	size_t n = volume_voxels(v), nx = (size_t)v->dim[0];
	size_t ny = (size_t)v->dim[1], nz = (size_t)v->dim[2];
	float *tmp = mem_try_big(n * sizeof(*tmp), "blurred volume", err);

	if (!tmp)
		return -1;
	for (int i = 0; i < 3; i++) {
		int radius;
		float *w = v->dim[i] > 1 ? smooth_kernel(sigma[i], &radius) : NULL;

		for (int c = 0; w && c < v->channels; c++) {
			float *x = v->data + (size_t)c * n;

			if (i == 0)
				smooth_x(x, ny * nz, v->dim[0], w, radius, tmp);
			else
				smooth_lines(x, i == 1 ? nz : 1, v->dim[i], i == 1 ? nx : nx * ny,
					w, radius, tmp);
			memcpy(x, tmp, n * sizeof(*x));
		}
		free(w);
	}
	free(tmp);
	return 0;
}
