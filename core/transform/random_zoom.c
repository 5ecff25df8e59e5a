/*
 * RandomZoom: enlarges or shrinks about the middle of the volume, the size in
 * voxels staying the same: out(o) = in(c + (o - c) / zoom), one factor per axis.
 *
 * Trilinear for the image, nearest voxel for the label, zero outside.  Positions
 * and weights along each axis are computed once and not per voxel.
 */
#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/transform/fields.h"

struct zoom_args {
	char *image_field, *label_field;
	double lower_limits[3], upper_limits[3];
	double probability;
};

static const struct arg_def zoom_defs[] = {
	{.name = "image_field",
		.type = ARG_STRING,
		.offset = offsetof(struct zoom_args, image_field),
		.def = "\"image\"",
		.help = "field that is interpolated trilinearly"},
	{.name = "label_field",
		.type = ARG_STRING,
		.offset = offsetof(struct zoom_args, label_field),
		.help = "field that takes the nearest voxel; may be absent"},
	{.name = "lower_limits",
		.type = ARG_FLOAT3,
		.offset = offsetof(struct zoom_args, lower_limits),
		.def = "[0.9, 0.9, 0.9]",
		.min = 0.1,
		.max = 10,
		.help = "smallest factor along x, y, z"},
	{.name = "upper_limits",
		.type = ARG_FLOAT3,
		.offset = offsetof(struct zoom_args, upper_limits),
		.def = "[1.1, 1.1, 1.1]",
		.min = 0.1,
		.max = 10,
		.help = "largest factor along x, y, z"},
	{.name = "probability",
		.type = ARG_FLOAT,
		.offset = offsetof(struct zoom_args, probability),
		.def = "1.0",
		.min = 0,
		.max = 1,
		.help = "probability of a zoom"},
	ARG_END,
};

/* Where one output index of an axis reads: between lo and hi; -1: outside. */
struct zoom_tap {
	int lo, hi;
	float w; /* weight of hi */
};

static struct zoom_tap *zoom_axis(int n, double zoom, bool nearest)
{
	struct zoom_tap *tap = mem_alloc((size_t)n * sizeof(*tap));
	double c = (n - 1) / 2.0;

	for (int i = 0; i < n; i++) {
		double at = c + (i - c) / zoom, base = floor(at);

		if (at < -0.5 || at > n - 0.5) {
			tap[i] = (struct zoom_tap){-1, -1, 0};
			continue;
		}
		at = at < 0 ? 0 : at > n - 1 ? n - 1 : at;
		base = nearest ? floor(at + 0.5) : floor(at);
		tap[i].lo = (int)base;
		tap[i].hi = base + 1 < n && !nearest ? (int)base + 1 : (int)base;
		tap[i].w = nearest ? 0 : (float)(at - base);
	}
	return tap;
}

static void zoom_row(
	const float *const rows[4], const float w[4], const struct zoom_tap *tx, float *out, int n)
{
	for (int x = 0; x < n; x++) {
		float lo = 0, hi = 0;

		if (tx[x].lo < 0) {
			out[x] = 0;
			continue;
		}
		for (int k = 0; k < 4; k++) {
			lo += w[k] * rows[k][tx[x].lo];
			hi += w[k] * rows[k][tx[x].hi];
		}
		out[x] = lo + (hi - lo) * tx[x].w;
	}
}

static void zoom_channel(
	const float *in, float *out, const int dim[3], struct zoom_tap *const tap[3])
{
	size_t nx = (size_t)dim[0], ny = (size_t)dim[1];

	for (int z = 0; z < dim[2]; z++) {
		struct zoom_tap tz = tap[2][z];

		for (int y = 0; y < dim[1]; y++, out += nx) {
			struct zoom_tap ty = tap[1][y];
			const float w[4] = {(1 - tz.w) * (1 - ty.w), (1 - tz.w) * ty.w,
				tz.w * (1 - ty.w), tz.w * ty.w};
			const float *rows[4];

			if (tz.lo < 0 || ty.lo < 0) {
				for (size_t x = 0; x < nx; x++)
					out[x] = 0;
				continue;
			}
			rows[0] = in + ((size_t)tz.lo * ny + (size_t)ty.lo) * nx;
			rows[1] = in + ((size_t)tz.lo * ny + (size_t)ty.hi) * nx;
			rows[2] = in + ((size_t)tz.hi * ny + (size_t)ty.lo) * nx;
			rows[3] = in + ((size_t)tz.hi * ny + (size_t)ty.hi) * nx;
			zoom_row(rows, w, tap[0], out, dim[0]);
		}
	}
}

static int zoom_field(
	struct sample *s, const char *field, const double zoom[3], bool nearest, struct err *err)
{
	struct volume *v = sample_volume(s, field, err), *out;
	struct zoom_tap *tap[3];

	if (!v)
		return -1;
	out = volume_new(v->channels, v->dim, err);
	if (!out)
		return err_wrap(err, "field '%s'", field);
	for (int i = 0; i < 3; i++)
		tap[i] = zoom_axis(v->dim[i], zoom[i], nearest);
	for (int c = 0; c < v->channels; c++)
		zoom_channel(v->data + (size_t)c * volume_voxels(v),
			out->data + (size_t)c * volume_voxels(v), v->dim, tap);
	for (int i = 0; i < 3; i++)
		free(tap[i]);
	/* The patient is imagined larger or smaller, so the grid stays where it is. */
	for (int r = 0; r < 4; r++)
		for (int c = 0; c < 4; c++)
			out->affine[r][c] = v->affine[r][c];
	volume_take(v, out);
	return 0;
}

static int zoom_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct zoom_args *a = args;
	bool on = rng_uniform(rng) < a->probability;
	double zoom[3];

	for (int i = 0; i < 3; i++)
		zoom[i] = rng_range(rng, a->lower_limits[i], a->upper_limits[i]);
	if (!on)
		return 0;
	if (zoom_field(s, a->image_field, zoom, false, err))
		return -1;
	return a->label_field ? zoom_field(s, a->label_field, zoom, true, err) : 0;
}

static void zoom_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct zoom_args *a = args;

	for (int i = 0; i < 3; i++) {
		char *at;

		if (a->lower_limits[i] <= a->upper_limits[i])
			continue;
		at = mem_printf("%s.upper_limits", path);
		problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, at, NULL,
			"upper limit %g of axis %d is below the lower limit %g", a->upper_limits[i],
			i, a->lower_limits[i]);
		free(at);
	}
}

static void zoom_reads(const void *args, const char **names, int max, int *n)
{
	const struct zoom_args *a = args;

	fields_add_name(a->image_field, names, max, n);
	fields_add_name(a->label_field, names, max, n);
}

const struct component component_random_zoom = {
	.name = "RandomZoom",
	.kind = COMPONENT_TRANSFORM,
	.help = "random zoom about the middle, one factor per axis, size in voxels kept; image "
		"trilinear, label nearest, zero outside",
	.args = zoom_defs,
	.args_size = sizeof(struct zoom_args),
	.ops = &(const struct transform_ops){.apply = zoom_apply,
		.flags = TRANSFORM_RANDOM,
		.check = zoom_check,
		.reads = zoom_reads},
};
