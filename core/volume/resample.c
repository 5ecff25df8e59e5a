/*
 * Resampling: to another size or spacing over the same extent, or onto another grid.
 *
 * Same extent, pixel centres (as torch's align_corners=False and scipy's grid_mode):
 * out index i looks at in index (i + 0.5) * in / out - 0.5, clamped to the edges.
 * The three axes are independent, so each gets a table of indices and weights once.
 * A row of the result then costs one pass that blends four rows of the source (a
 * loop over consecutive floats, which vectorises) into a row buffer, and one pass
 * that picks along x.
 *
 * Onto another grid, the two affines give one matrix from out voxel to in voxel; it
 * is stepped along x.  Outside of the source (more than half a voxel beyond the
 * outermost centres) the value is 0.
 *
 * Threads: slices are shared out with OpenMP, as many threads as the calling
 * thread is allowed (omp_set_num_threads() is per thread: loader threads set 1).
 * Every voxel is computed by itself, so the result does not depend on the count.
 */
#include "core/volume/resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/volume/affine.h"

/* Below this many voxels, threads cost more than they save. */
#define PARALLEL_MIN 65536

/* For each out index: the lower in index and the weight of the upper one. */
struct resample_axis {
	int *lo, *hi;
	float *w;
};

static void axis_init(struct resample_axis *a, int in, int out, enum resample_mode mode)
{
	double scale = (double)in / out;

	a->lo = mem_alloc((size_t)out * sizeof(int));
	a->hi = mem_alloc((size_t)out * sizeof(int));
	a->w = mem_alloc((size_t)out * sizeof(float));
	for (int i = 0; i < out; i++) {
		double p = (i + 0.5) * scale - 0.5;
		int lo = (int)floor(p);

		if (mode == RESAMPLE_NEAREST) {
			/* floor((i + 0.5) * in / out) in whole numbers: no rounding surprises. */
			a->lo[i] = a->hi[i] = (int)((2 * (int64_t)i + 1) * in / (2 * (int64_t)out));
			a->w[i] = 0;
			continue;
		}
		a->w[i] = (float)(p - lo);
		a->lo[i] = lo < 0 ? 0 : lo;
		a->hi[i] = lo + 1 >= in ? in - 1 : lo + 1;
	}
}

static void axis_release(struct resample_axis *a)
{
	free(a->lo);
	free(a->hi);
	free(a->w);
}

/* One slice of the result; row holds dim[0] floats of scratch. */
static void linear_slice(const float *in, const int dim[3], const struct resample_axis ax[3],
	const int out_dim[3], int z, float *restrict row, float *restrict out)
{
	size_t plane = (size_t)dim[0] * (size_t)dim[1];
	const float *z0 = in + (size_t)ax[2].lo[z] * plane, *z1 = in + (size_t)ax[2].hi[z] * plane;
	float wz = ax[2].w[z];

	for (int y = 0; y < out_dim[1]; y++) {
		size_t y0 = (size_t)ax[1].lo[y] * (size_t)dim[0];
		size_t y1 = (size_t)ax[1].hi[y] * (size_t)dim[0];
		float wy = ax[1].w[y], w00 = (1 - wz) * (1 - wy), w01 = (1 - wz) * wy;
		float w10 = wz * (1 - wy), w11 = wz * wy;
		float *restrict o = out + (size_t)y * (size_t)out_dim[0];

		for (int x = 0; x < dim[0]; x++)
			row[x] = w00 * z0[y0 + (size_t)x] + w01 * z0[y1 + (size_t)x] +
				 w10 * z1[y0 + (size_t)x] + w11 * z1[y1 + (size_t)x];
		for (int x = 0; x < out_dim[0]; x++) {
			float a = row[ax[0].lo[x]], b = row[ax[0].hi[x]];

			o[x] = a + ax[0].w[x] * (b - a);
		}
	}
}

static void nearest_slice(const float *in, const int dim[3], const struct resample_axis ax[3],
	const int out_dim[3], int z, float *restrict out)
{
	const float *p = in + (size_t)ax[2].lo[z] * (size_t)dim[0] * (size_t)dim[1];

	for (int y = 0; y < out_dim[1]; y++) {
		const float *row = p + (size_t)ax[1].lo[y] * (size_t)dim[0];
		float *restrict o = out + (size_t)y * (size_t)out_dim[0];

		for (int x = 0; x < out_dim[0]; x++)
			o[x] = row[ax[0].lo[x]];
	}
}

/* The result inherits where the source came from. */
static struct volume *resample_result(const struct volume *v, const int out_dim[3], struct err *err)
{
	struct volume *r = volume_new(v->channels, out_dim, err);

	if (!r)
		return NULL;
	r->original = v->original;
	r->nonfinite = v->nonfinite;
	r->file = v->file ? mem_strdup(v->file) : NULL;
	return r;
}

static void resample_run(const struct volume *v, struct volume *r, enum resample_mode mode)
{
	size_t in_n = volume_voxels(v), out_plane = (size_t)r->dim[0] * (size_t)r->dim[1];
	bool wide = volume_voxels(r) >= PARALLEL_MIN;
	struct resample_axis ax[3];

	for (int i = 0; i < 3; i++)
		axis_init(&ax[i], v->dim[i], r->dim[i], mode);
	for (int c = 0; c < v->channels; c++) {
		const float *in = v->data + (size_t)c * in_n;
		float *out = r->data + (size_t)c * volume_voxels(r);

#pragma omp parallel if (wide)
		{
			float *row = mem_alloc((size_t)v->dim[0] * sizeof(float));

#pragma omp for schedule(static)
			for (int z = 0; z < r->dim[2]; z++) {
				if (mode == RESAMPLE_LINEAR)
					linear_slice(in, v->dim, ax, r->dim, z, row,
						out + (size_t)z * out_plane);
				else
					nearest_slice(in, v->dim, ax, r->dim, z,
						out + (size_t)z * out_plane);
			}
			free(row);
		}
	}
	for (int i = 0; i < 3; i++)
		axis_release(&ax[i]);
}

struct volume *resample_to_dim(
	const struct volume *v, const int out_dim[3], enum resample_mode mode, struct err *err)
{
	double scale[3];
	struct volume *r;

	if (!memcmp(v->dim, out_dim, sizeof(v->dim)))
		return volume_share(v);
	r = resample_result(v, out_dim, err);
	if (!r)
		return NULL;
	for (int i = 0; i < 3; i++)
		scale[i] = (double)v->dim[i] / out_dim[i];
	affine_rescale(v->affine, scale, r->affine);
	resample_run(v, r, mode);
	return r;
}

struct volume *resample_to_spacing(
	const struct volume *v, const double target[3], enum resample_mode mode, struct err *err)
{
	double spacing[3];
	int dim[3];

	volume_spacing(v, spacing);
	for (int i = 0; i < 3; i++) {
		double n = target[i] > 0 ? v->dim[i] * spacing[i] / target[i] : INFINITY;

		if (!(n < 1e6)) {
			err_set(err, ERR_DATA,
				"'%s' cannot be resampled from %g to %g mm along axis %d (%d voxels)",
				v->file ? v->file : "image", spacing[i], target[i], i, v->dim[i]);
			return NULL;
		}
		dim[i] = n < 1 ? 1 : (int)lround(n);
	}
	return resample_to_dim(v, dim, mode, err);
}

static float sample_nearest(const float *in, const int dim[3], const double p[3])
{
	size_t at = 0;

	for (int i = 2; i >= 0; i--) {
		int k = (int)floor(p[i] + 0.5);

		k = k < 0 ? 0 : k >= dim[i] ? dim[i] - 1 : k;
		at = at * (size_t)dim[i] + (size_t)k;
	}
	return in[at];
}

static float sample_linear(const float *in, const int dim[3], const double p[3])
{
	size_t step[3] = {1, (size_t)dim[0], (size_t)dim[0] * (size_t)dim[1]}, at[2] = {0, 0};
	size_t lo[3], hi[3];
	float w[3], plane[2];

	for (int i = 0; i < 3; i++) {
		double f = floor(p[i]);
		int k = (int)f;

		w[i] = (float)(p[i] - f);
		lo[i] = (size_t)(k < 0 ? 0 : k) * step[i];
		hi[i] = (size_t)(k + 1 >= dim[i] ? dim[i] - 1 : k + 1) * step[i];
	}
	at[0] = lo[2];
	at[1] = hi[2];
	for (int z = 0; z < 2; z++) {
		const float *a = in + at[z] + lo[1], *b = in + at[z] + hi[1];
		float ya = a[lo[0]] + w[0] * (a[hi[0]] - a[lo[0]]);
		float yb = b[lo[0]] + w[0] * (b[hi[0]] - b[lo[0]]);

		plane[z] = ya + w[1] * (yb - ya);
	}
	return plane[0] + w[2] * (plane[1] - plane[0]);
}

/* One slice onto another grid; m takes out voxels to in voxels. */
static void grid_slice(const float *in, const int dim[3], const double m[4][4],
	const int out_dim[3], int z, enum resample_mode mode, bool border, float *out)
{
	for (int y = 0; y < out_dim[1]; y++)
		for (int x = 0; x < out_dim[0]; x++) {
			double p[3];
			bool inside = true;

			for (int i = 0; i < 3; i++) {
				p[i] = m[i][0] * x + m[i][1] * y + m[i][2] * z + m[i][3];
				if (border)
					p[i] = p[i] < 0 ? 0 : p[i] > dim[i] - 1 ? dim[i] - 1 : p[i];
				/* The tolerance keeps a grid's own border inside after rounding. */
				inside = inside && p[i] >= -0.5 - 1e-6 &&
					 p[i] <= dim[i] - 0.5 + 1e-6;
			}
			*out++ = !inside                   ? 0
				 : mode == RESAMPLE_LINEAR ? sample_linear(in, dim, p)
							   : sample_nearest(in, dim, p);
		}
}

static struct volume *grid_run(const struct volume *v, const struct volume_grid *grid,
	enum resample_mode mode, bool border, struct err *err)
{
	size_t plane = (size_t)grid->dim[0] * (size_t)grid->dim[1];
	double m[4][4], inv[4][4];
	struct volume *r;

	if (affine_invert(v->affine, inv)) {
		err_set(err, ERR_DATA, "the affine of '%s' is singular",
			v->file ? v->file : "image");
		return NULL;
	}
	r = resample_result(v, grid->dim, err);
	if (!r)
		return NULL;
	memcpy(r->affine, grid->affine, sizeof(r->affine));
	affine_mul(inv, grid->affine, m);
	for (int c = 0; c < v->channels; c++) {
		const float *in = v->data + (size_t)c * volume_voxels(v);
		float *out = r->data + (size_t)c * volume_voxels(r);

#pragma omp parallel for schedule(static) if (volume_voxels(r) >= PARALLEL_MIN)
		for (int z = 0; z < r->dim[2]; z++)
			grid_slice(in, v->dim, m, r->dim, z, mode, border, out + (size_t)z * plane);
	}
	return r;
}

struct volume *resample_to_grid(const struct volume *v, const struct volume_grid *grid,
	enum resample_mode mode, struct err *err)
{
	return grid_run(v, grid, mode, false, err);
}

struct volume *resample_to_grid_border(const struct volume *v, const struct volume_grid *grid,
	enum resample_mode mode, struct err *err)
{
	return grid_run(v, grid, mode, true, err);
}
