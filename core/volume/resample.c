/*
 * Resampling: to another size or spacing over the same extent, or onto another grid.
 *
 * Same extent, pixel centres (as torch's align_corners=False and scipy's grid_mode):
 * out index i looks at in index (i + 0.5) * in / out - 0.5, clamped to the edges.
 * The three axes are independent, so each gets a table of indices and weights once.
 *
 * With no fewer planes than the source has, the source's planes are resampled along
 * x and y, each once as the result walks along z, and a plane of the result is the
 * blend of two of them: one pass over consecutive floats that memory bounds.  With
 * fewer planes, a row of the result costs one pass that blends four rows of the
 * source into a row buffer, and one that picks along x.
 *
 * Onto another grid, the two affines give one matrix from out voxel to in voxel.
 * Where it only scales and shifts the axes, they are independent again; else it
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
	int n;
	int *lo, *hi;
	float *w;
	int from, to; /* out indices that lie inside of the source; the others are 0 */
};

static void axis_alloc(struct resample_axis *a, int out)
{
	a->n = a->to = out;
	a->from = 0;
	a->lo = mem_alloc((size_t)out * sizeof(int));
	a->hi = mem_alloc((size_t)out * sizeof(int));
	a->w = mem_alloc((size_t)out * sizeof(float));
}

static void axis_init(struct resample_axis *a, int in, int out, enum resample_mode mode)
{
	double scale = (double)in / out;

	axis_alloc(a, out);
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

/* Is a position inside?  The tolerance keeps a grid's own border inside after rounding. */
static bool grid_inside(double p, int in)
{
	return p >= -0.5 - 1e-6 && p <= in - 0.5 + 1e-6;
}

/* A position moved to the nearest one between the outermost centres. */
static double grid_clamp(double p, int in)
{
	return p < 0 ? 0 : p > in - 1 ? in - 1 : p;
}

/* Out index i looks at in index scale * i + shift; what is outside is 0 unless border. */
static void axis_init_grid(struct resample_axis *a, int in, int out, double scale, double shift,
	enum resample_mode mode, bool border)
{
	axis_alloc(a, out);
	a->from = out;
	a->to = 0;
	for (int i = 0; i < out; i++) {
		double p = scale * i + shift;
		int lo;

		if (border || grid_inside(p, in)) {
			a->from = a->to ? a->from : i;
			a->to = i + 1;
		}
		p = grid_clamp(p, in);
		lo = (int)floor(mode == RESAMPLE_NEAREST ? p + 0.5 : p);
		lo = lo < in ? lo : in - 1;
		a->lo[i] = lo;
		a->hi[i] = mode == RESAMPLE_NEAREST || lo + 1 >= in ? lo : lo + 1;
		a->w[i] = mode == RESAMPLE_NEAREST ? 0 : (float)(p - lo);
	}
	a->from = a->from < a->to ? a->from : a->to;
}

static void axis_release(struct resample_axis *a)
{
	free(a->lo);
	free(a->hi);
	free(a->w);
}

static void row_blend(
	const float *restrict a, const float *restrict b, float w, size_t n, float *restrict out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = a[i] + w * (b[i] - a[i]);
}

/* Picks a row of the result out of a row of the source. */
static void row_pick(
	const float *restrict row, const struct resample_axis *x, bool linear, float *restrict out)
{
	const int *restrict lo = x->lo, *restrict hi = x->hi;
	const float *restrict w = x->w;

	memset(out, 0, (size_t)x->from * sizeof(*out));
	if (linear)
		for (int i = x->from; i < x->to; i++)
			out[i] = row[lo[i]] + w[i] * (row[hi[i]] - row[lo[i]]);
	else
		for (int i = x->from; i < x->to; i++)
			out[i] = row[lo[i]];
	memset(out + x->to, 0, (size_t)(x->n - x->to) * sizeof(*out));
}

/* The rows of one slice of the result that lie outside are 0. */
static void slice_outside(const struct resample_axis ax[3], float *out)
{
	size_t nx = (size_t)ax[0].n;

	memset(out, 0, (size_t)ax[1].from * nx * sizeof(*out));
	memset(out + (size_t)ax[1].to * nx, 0, (size_t)(ax[1].n - ax[1].to) * nx * sizeof(*out));
}

/* A plane of the source resampled along x and y; row holds dim[0] floats of scratch. */
static void linear_plane(
	const float *in, const int dim[3], const struct resample_axis ax[3], float *row, float *out)
{
	size_t nx = (size_t)dim[0];

	slice_outside(ax, out);
	for (int y = ax[1].from; y < ax[1].to; y++) {
		row_blend(in + (size_t)ax[1].lo[y] * nx, in + (size_t)ax[1].hi[y] * nx, ax[1].w[y],
			nx, row);
		row_pick(row, &ax[0], true, out + (size_t)y * (size_t)ax[0].n);
	}
}

/* One slice of the result; row holds dim[0] floats of scratch. */
static void linear_slice(const float *in, const int dim[3], const struct resample_axis ax[3], int z,
	float *restrict row, float *restrict out)
{
	size_t plane = (size_t)dim[0] * (size_t)dim[1];
	const float *z0 = in + (size_t)ax[2].lo[z] * plane, *z1 = in + (size_t)ax[2].hi[z] * plane;
	float wz = ax[2].w[z];

	slice_outside(ax, out);
	for (int y = ax[1].from; y < ax[1].to; y++) {
		size_t y0 = (size_t)ax[1].lo[y] * (size_t)dim[0];
		size_t y1 = (size_t)ax[1].hi[y] * (size_t)dim[0];
		float wy = ax[1].w[y], w00 = (1 - wz) * (1 - wy), w01 = (1 - wz) * wy;
		float w10 = wz * (1 - wy), w11 = wz * wy;

		for (int x = 0; x < dim[0]; x++)
			row[x] = w00 * z0[y0 + (size_t)x] + w01 * z0[y1 + (size_t)x] +
				 w10 * z1[y0 + (size_t)x] + w11 * z1[y1 + (size_t)x];
		row_pick(row, &ax[0], true, out + (size_t)y * (size_t)ax[0].n);
	}
}

static void nearest_slice(
	const float *in, const int dim[3], const struct resample_axis ax[3], int z, float *out)
{
	const float *p = in + (size_t)ax[2].lo[z] * (size_t)dim[0] * (size_t)dim[1];
	size_t nx = (size_t)ax[0].n;

	slice_outside(ax, out);
	for (int y = ax[1].from; y < ax[1].to; y++) {
		float *o = out + (size_t)y * nx;

		/* A row like the one before it costs a copy. */
		if (y > ax[1].from && ax[1].lo[y] == ax[1].lo[y - 1])
			memcpy(o, o - nx, nx * sizeof(*o));
		else
			row_pick(p + (size_t)ax[1].lo[y] * (size_t)dim[0], &ax[0], false, o);
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

/* Planes of the source that are resampled along x and y already; one per thread. */
struct plane_pair {
	float *p[2], *row;
	int at[2]; /* which planes; -1: none */
};

static void pair_init(struct plane_pair *k, const int dim[3], size_t plane)
{
	k->row = mem_alloc((size_t)dim[0] * sizeof(float));
	k->at[0] = k->at[1] = -1;
	for (int i = 0; i < 2; i++)
		k->p[i] = plane ? mem_alloc(plane * sizeof(float)) : NULL;
}

static void pair_release(struct plane_pair *k)
{
	free(k->row);
	free(k->p[0]);
	free(k->p[1]);
}

/* Plane z of the source, at hand or made in the place that does not hold plane keep. */
static const float *pair_get(struct plane_pair *k, const float *in, const int dim[3],
	const struct resample_axis ax[3], int z, int keep)
{
	int i = k->at[1] == z || (k->at[0] != z && k->at[0] == keep);

	if (k->at[i] != z)
		linear_plane(
			in + (size_t)z * (size_t)dim[0] * (size_t)dim[1], dim, ax, k->row, k->p[i]);
	k->at[i] = z;
	return k->p[i];
}

static void pair_slice(struct plane_pair *k, const float *in, const int dim[3],
	const struct resample_axis ax[3], int z, float *out)
{
	size_t plane = (size_t)ax[0].n * (size_t)ax[1].n;
	const float *a = pair_get(k, in, dim, ax, ax[2].lo[z], ax[2].hi[z]);
	const float *b = pair_get(k, in, dim, ax, ax[2].hi[z], ax[2].lo[z]);

	row_blend(a, b, ax[2].w[z], plane, out);
}

/* A plane of the result of one channel, whichever way suits the sizes. */
static void axes_slice(struct plane_pair *k, const float *in, const int dim[3],
	const struct resample_axis ax[3], int z, enum resample_mode mode, float *out)
{
	size_t plane = (size_t)ax[0].n * (size_t)ax[1].n;

	if (z < ax[2].from || z >= ax[2].to)
		memset(out, 0, plane * sizeof(*out));
	else if (mode == RESAMPLE_NEAREST && z > ax[2].from && k->at[0] == ax[2].lo[z])
		memcpy(out, out - plane, plane * sizeof(*out));
	else if (mode == RESAMPLE_NEAREST)
		nearest_slice(in, dim, ax, z, out);
	else if (k->p[0])
		pair_slice(k, in, dim, ax, z, out);
	else
		linear_slice(in, dim, ax, z, k->row, out);
	if (mode == RESAMPLE_NEAREST)
		k->at[0] = z < ax[2].from || z >= ax[2].to ? -1 : ax[2].lo[z];
}

/* All of r by tables of the three axes. */
static void axes_run(const struct volume *v, struct volume *r, const struct resample_axis ax[3],
	enum resample_mode mode)
{
	size_t in_n = volume_voxels(v), plane = (size_t)r->dim[0] * (size_t)r->dim[1];
	bool wide = volume_voxels(r) >= PARALLEL_MIN;
	bool pairs = mode == RESAMPLE_LINEAR && r->dim[2] >= v->dim[2];

	for (int c = 0; c < v->channels; c++) {
		const float *in = v->data + (size_t)c * in_n;
		float *out = r->data + (size_t)c * volume_voxels(r);

#pragma omp parallel if (wide)
		{
			struct plane_pair k;

			pair_init(&k, v->dim, pairs ? plane : 0);
			/* One run of planes per thread: each finds its neighbours' at hand. */
#pragma omp for schedule(static)
			for (int z = 0; z < r->dim[2]; z++)
				axes_slice(&k, in, v->dim, ax, z, mode, out + (size_t)z * plane);
			pair_release(&k);
		}
	}
}

static void resample_run(const struct volume *v, struct volume *r, enum resample_mode mode)
{
	struct resample_axis ax[3];

	for (int i = 0; i < 3; i++)
		axis_init(&ax[i], v->dim[i], r->dim[i], mode);
	axes_run(v, r, ax, mode);
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
					p[i] = grid_clamp(p[i], dim[i]);
				inside = inside && grid_inside(p[i], dim[i]);
			}
			*out++ = !inside                   ? 0
				 : mode == RESAMPLE_LINEAR ? sample_linear(in, dim, p)
							   : sample_nearest(in, dim, p);
		}
}

/* Does m only scale and shift the axes?  Up to 1e-9 voxels over the whole grid. */
static bool grid_is_straight(const double m[4][4], const int out_dim[3])
{
	bool straight = true;

	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 3; k++)
			straight = straight && (i == k || fabs(m[i][k]) * out_dim[k] < 1e-9) &&
				   fabs(m[i][3]) < 1e9 && fabs(m[i][k]) < 1e3;
	return straight;
}

static void grid_straight(const struct volume *v, struct volume *r, const double m[4][4],
	enum resample_mode mode, bool border)
{
	struct resample_axis ax[3];

	for (int i = 0; i < 3; i++)
		axis_init_grid(&ax[i], v->dim[i], r->dim[i], m[i][i], m[i][3], mode, border);
	axes_run(v, r, ax, mode);
	for (int i = 0; i < 3; i++)
		axis_release(&ax[i]);
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
	if (grid_is_straight(m, grid->dim)) {
		grid_straight(v, r, m, mode, border);
		return r;
	}
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
