/*
 * Sliding windows with blending.
 *
 * Only the output volume is kept besides one batch of windows: it accumulates
 * weight * prediction, and is divided at the end by the sum of weights, which is
 * the product of three per-axis sums (see scan.h).  Windows are taken in a fixed
 * order, x fastest, so the result does not depend on threads; a window's slices are
 * spread over them.  Where the network's memory is at hand, windows are cut out of the
 * volume right into it and added from it.  Voxels outside the volume are zero on the way in and
 * dropped on the way out, so padding needs no copy of the volume.
 */
#include "core/inferer/scan.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

/* Below this a Gaussian's tail counts no less: three of them multiplied stay normal floats. */
#define WEIGHT_MIN 1e-4

static void axis_weights(struct scan_axis *a, int dim, double sigma)
{
	double *total = mem_zalloc((size_t)dim * sizeof(*total));

	a->weight = mem_alloc((size_t)a->size * sizeof(float));
	a->total = mem_alloc((size_t)dim * sizeof(float));
	for (int i = 0; i < a->size; i++) {
		double x = i - (a->size - 1) / 2.0;
		double w = sigma > 0 ? exp(-x * x / (2 * sigma * sigma)) : 1;

		a->weight[i] = (float)(w > WEIGHT_MIN ? w : WEIGHT_MIN);
	}
	for (int k = 0; k < a->n; k++)
		for (int i = 0; i < a->size; i++) {
			int at = a->start[k] + i;

			if (at >= 0 && at < dim)
				total[at] += (double)a->weight[i];
		}
	for (int i = 0; i < dim; i++)
		a->total[i] = (float)total[i];
	free(total);
}

void scan_axis_init(struct scan_axis *a, int dim, int size, double overlap, double sigma)
{
	int step = (int)(size * (1 - overlap));

	*a = (struct scan_axis){.size = size};
	if (step < 1)
		step = 1;
	a->n = dim <= size ? 1 : (dim - size + step - 1) / step + 1;
	a->start = mem_alloc((size_t)a->n * sizeof(int));
	if (dim <= size) {
		a->start[0] = -((size - dim) / 2);
	} else {
		for (int i = 0; i < a->n; i++)
			a->start[i] = i < a->n - 1 ? i * step : dim - size;
	}
	axis_weights(a, dim, sigma);
}

void scan_release(struct scan *s)
{
	for (int i = 0; i < 3; i++) {
		free(s->axis[i].start);
		free(s->axis[i].weight);
		free(s->axis[i].total);
	}
	*s = (struct scan){0};
}

int scan_count(const struct scan *s)
{
	double n = (double)s->axis[0].n * s->axis[1].n * s->axis[2].n;

	return n < INT_MAX ? (int)n : INT_MAX;
}

static void window_start(const struct scan *s, int k, int start[3])
{
	start[0] = s->axis[0].start[k % s->axis[0].n];
	start[1] = s->axis[1].start[k / s->axis[0].n % s->axis[1].n];
	start[2] = s->axis[2].start[k / s->axis[0].n / s->axis[1].n];
}

/* The part of a row of the window that lies in the volume: voxels *from .. *to - 1 of it. */
static void row_range(int start, int size, int dim, int *from, int *to)
{
	*from = start < 0 ? -start : 0;
	*to = dim - start < size ? dim - start : size;
}

/* Below this many voxels a loop is not worth a team of threads. */
#define SCAN_TEAM 32768

static bool scan_is_large(size_t voxels)
{
	return voxels > SCAN_TEAM;
}

/* The row of a window at depth vz and height vy of the volume, or NULL: it is padding. */
static float *volume_row(const struct volume *v, int vz, int vy)
{
	if (vz < 0 || vz >= v->dim[2] || vy < 0 || vy >= v->dim[1])
		return NULL;
	return v->data + ((size_t)vz * (size_t)v->dim[1] + (size_t)vy) * (size_t)v->dim[0];
}

/* One row of sx voxels, from voxel start on; those outside from .. to - 1 are zero. */
static void row_read(const struct volume *v, const float *src, int start, int from, int to, int sx,
	float *restrict row)
{
	size_t c_n = (size_t)v->channels, plane = volume_voxels(v);

	memset(row, 0, (size_t)(src ? from : sx) * c_n * sizeof(float));
	if (!src)
		return;
	memset(row + (size_t)to * c_n, 0, (size_t)(sx - to) * c_n * sizeof(float));
	if (c_n == 1) {
		memcpy(row + from, src + start + from, (size_t)(to - from) * sizeof(float));
		return;
	}
	for (size_t c = 0; c < c_n; c++)
		for (int x = from; x < to; x++)
			row[(size_t)x * c_n + c] = src[c * plane + (size_t)(start + x)];
}

/* Window -> D x H x W x channels, zero outside the volume. */
static void window_read(
	const struct scan *s, const struct volume *v, const int start[3], float *out)
{
	int sx = s->axis[0].size, sy = s->axis[1].size, sz = s->axis[2].size, from, to;
	size_t row = (size_t)sx * (size_t)v->channels;

	row_range(start[0], sx, v->dim[0], &from, &to);
#pragma omp parallel for schedule(static) if (scan_is_large((size_t)sx * (size_t)sy * (size_t)sz))
	for (int z = 0; z < sz; z++)
		for (int y = 0; y < sy; y++)
			row_read(v, volume_row(v, start[2] + z, start[1] + y), start[0], from, to,
				sx, out + ((size_t)z * (size_t)sy + (size_t)y) * row);
}

/* dst (channel c: plane * c further) += w * weight * prediction over n voxels. */
static void row_add(float *restrict dst, size_t plane, size_t c_n, const float *restrict weight,
	float w, const float *restrict pred, int n)
{
	float *restrict second = dst + plane;

	if (c_n == 2) {
		/* Both at once: the pairs are read as they lie. */
		for (int x = 0; x < n; x++) {
			dst[x] += w * weight[x] * pred[2 * x];
			second[x] += w * weight[x] * pred[2 * x + 1];
		}
		return;
	}
	for (size_t c = 0; c < c_n; c++)
		for (int x = 0; x < n; x++)
			dst[c * plane + (size_t)x] += w * weight[x] * pred[(size_t)x * c_n + c];
}

/* Adds weight * prediction of one window. */
static void window_add(
	const struct scan *s, const float *pred, const int start[3], struct volume *v)
{
	int sx = s->axis[0].size, sy = s->axis[1].size, sz = s->axis[2].size, from, to;
	size_t c_n = (size_t)v->channels, plane = volume_voxels(v), row = (size_t)sx * c_n;

	row_range(start[0], sx, v->dim[0], &from, &to);
#pragma omp parallel for schedule(static) if (scan_is_large((size_t)sx * (size_t)sy * (size_t)sz))
	for (int z = 0; z < sz; z++)
		for (int y = 0; y < sy; y++) {
			float *dst = volume_row(v, start[2] + z, start[1] + y);

			if (dst)
				row_add(dst + start[0] + from, plane, c_n, s->axis[0].weight + from,
					s->axis[2].weight[z] * s->axis[1].weight[y],
					pred + ((size_t)z * (size_t)sy + (size_t)y) * row +
						(size_t)from * c_n,
					to - from);
		}
}

/* The volume's pages are fresh: the threads that take them in share the faults. */
static void scan_clear(struct volume *v)
{
	size_t slice = (size_t)v->dim[0] * (size_t)v->dim[1];
	int n = v->channels * v->dim[2];

#pragma omp parallel for schedule(static) if (scan_is_large(slice * (size_t)n))
	for (int i = 0; i < n; i++)
		memset(v->data + (size_t)i * slice, 0, slice * sizeof(float));
}

static void normalise(const struct scan *s, struct volume *v)
{
	size_t row = (size_t)v->dim[0], slice = row * (size_t)v->dim[1];
	int n = v->channels * v->dim[2];

#pragma omp parallel for schedule(static) if (scan_is_large(slice * (size_t)n))
	for (int i = 0; i < n; i++)
		for (int y = 0; y < v->dim[1]; y++) {
			float w = s->axis[2].total[i % v->dim[2]] * s->axis[1].total[y];
			float *at = v->data + (size_t)i * slice + (size_t)y * row;

			for (size_t x = 0; x < row; x++)
				at[x] /= w * s->axis[0].total[x];
		}
}

static int run_batches(const struct scan *s, const struct inferer_net *net,
	const struct volume *image, struct volume *out, float *in, float *pred, struct err *err)
{
	size_t voxels = (size_t)s->axis[0].size * (size_t)s->axis[1].size * (size_t)s->axis[2].size;
	size_t in_n = voxels * (size_t)net->in_channels, out_n = voxels * (size_t)net->out_channels;
	int count = scan_count(s), start[3];

	for (int k = 0; k < count; k += s->batch) {
		int n = count - k < s->batch ? count - k : s->batch;

		for (int i = 0; i < n; i++) {
			window_start(s, k + i, start);
			window_read(s, image, start, in + (size_t)i * in_n);
		}
		memset(in + (size_t)n * in_n, 0, (size_t)(s->batch - n) * in_n * sizeof(float));
		if (net->predict(net->ctx, in, n, pred, err))
			return -1;
		for (int i = 0; i < n; i++) {
			window_start(s, k + i, start);
			window_add(s, pred + (size_t)i * out_n, start, out);
		}
	}
	return 0;
}

int scan_run(const struct scan *s, const struct inferer_net *net, const struct volume *image,
	struct volume *out, struct err *err)
{
	size_t n = sizeof(float), in_bytes, out_bytes;
	float *in = net->in, *pred = net->out;
	int rc = -1;

	if (mem_mul(n, (size_t)s->axis[0].size, &n) || mem_mul(n, (size_t)s->axis[1].size, &n) ||
		mem_mul(n, (size_t)s->axis[2].size, &n) || mem_mul(n, (size_t)s->batch, &n) ||
		mem_mul(n, (size_t)net->in_channels, &in_bytes) ||
		mem_mul(n, (size_t)net->out_channels, &out_bytes))
		return err_set(err, ERR_NOMEM, "a batch of %d windows of %d x %d x %d is too large",
			s->batch, s->axis[0].size, s->axis[1].size, s->axis[2].size);
	scan_clear(out);
	if (!in)
		in = mem_try_big(in_bytes, "windows of the volume", err);
	if (in && !pred)
		pred = mem_try_big(out_bytes, "predictions of windows", err);
	if (in && pred)
		rc = run_batches(s, net, image, out, in, pred, err);
	if (!rc)
		normalise(s, out);
	if (in != net->in)
		free(in);
	if (pred != net->out)
		free(pred);
	return rc;
}
