/*
 * RandAffined: with probability prob one random rotation, shear, scale and shift about
 * the middle of a window, all keys alike, sampled once (warp.h).
 *
 * As MONAI says it the ranges are of the sampling grid: a scale of 1.1 shows more of
 * the volume, smaller.  Angles are radians in voxel space.  A range is one number for
 * all axes or one per axis, x for -x ... x or a pair.  "reflection" beyond the border
 * is replaced by the nearest voxel of the border.
 */
#include <string.h>

#include "core/transform/crop.h"
#include "core/transform/monai.h"
#include "core/transform/random_warp.h"

struct affine_args {
	struct monai_keys k;
	double prob;
	cJSON *rotate, *shear, *translate, *scale;
	struct numlist spatial_size;
	struct strlist mode;
	int padding;
};

static const char *const affine_modes[] = {"bilinear", "nearest", "trilinear", "linear", NULL};
static const char *const affine_paddings[] = {"reflection", "border", "zeros", NULL};

#define AFFINE_RANGE(name_, member_, unit_, help_)                                                \
	{                                                                                         \
		.name = name_, .type = ARG_JSON, .offset = offsetof(struct affine_args, member_), \
		.unit = unit_, .help = help_                                                      \
	}

static const struct arg_def affine_defs[] = {
	MONAI_KEYS_ARGS,
	MONAI_PROB_ARG(struct affine_args, "0.1"),
	AFFINE_RANGE("rotate_range", rotate, "radian", "angles about x, y, z"),
	AFFINE_RANGE(
		"shear_range", shear, NULL, "shears: xy, xz, yx, yz, zx, zy (of two axes: xy, yx)"),
	AFFINE_RANGE("translate_range", translate, "voxel", "shifts along x, y, z"),
	AFFINE_RANGE("scale_range", scale, NULL, "added to a scale of 1 along x, y, z"),
	{"spatial_size", ARG_INTLIST, offsetof(struct affine_args, spatial_size), .min = -1,
		.max = 4096, .unit = "voxel",
		.help = "size of the window in the middle; absent or -1: the volume"},
	MONAI_MODE_ARG(struct affine_args, "\"bilinear\"",
		"bilinear (trilinear in 3-D) or nearest, for all keys or one each"),
	{"padding_mode", ARG_CHOICE, offsetof(struct affine_args, padding),
		.choices = affine_paddings, .def = "\"reflection\"",
		.help = "beyond the border: its nearest voxel (reflection and border), or zeros"},
	MONAI_IGNORED("as_tensor_output", "accepted; without effect"),
	MONAI_IGNORED("device", "accepted; computed by the loader threads"),
	MONAI_IGNORED("cache_grid", "accepted; no grid is kept in memory"),
	ARG_END,
};

/* Uniform in the range of axis i; one draw even where there is no range. */
static double affine_draw(const cJSON *range, int i, struct rng *rng)
{
	double lo = 0, hi = 0;
	const cJSON *one = range;

	if (cJSON_IsArray(range)) {
		one = cJSON_GetArraySize(range) == 1 ? range->child : cJSON_GetArrayItem(range, i);
	}
	if (one && !keyed_range(one, &lo, &hi))
		lo = hi = 0;
	return rng_range(rng, lo, hi);
}

/* m * S about the middle of the window, S: ones and the six shears beside them. */
static void affine_shear(struct warp *w, const int size[3], const double s[6])
{
	const double m[3][3] = {{1, s[0], s[1]}, {s[2], 1, s[3]}, {s[4], s[5], 1}};

	for (int r = 0; r < 3; r++) {
		double old[3] = {w->m[r][0], w->m[r][1], w->m[r][2]}, shift = 0;

		for (int c = 0; c < 3; c++) {
			double mid = (size[c] - 1) / 2.0;

			w->m[r][c] = old[0] * m[0][c] + old[1] * m[1][c] + old[2] * m[2][c];
			shift += (old[c] - w->m[r][c]) * mid;
		}
		w->m[r][3] += shift;
	}
}

/* Draws are the same for any volume; in a picture nothing leaves the plane. */
static void affine_warp(const struct affine_args *a, const int dim[3], const int start[3],
	const int size[3], struct rng *rng, struct warp *w)
{
	static const double cube[3] = {1, 1, 1};
	double angle[3], scale[3], shift[3], shear[6];
	bool flat = dim[2] == 1;

	for (int i = 0; i < 3; i++) {
		angle[i] = affine_draw(a->rotate, flat ? 0 : i, rng);
		scale[i] = 1 / (1 + affine_draw(a->scale, i, rng));
		/* The grid moves one way, what is seen the other. */
		shift[i] = -affine_draw(a->translate, i, rng);
	}
	for (int i = 0; i < 6; i++)
		shear[i] = affine_draw(a->shear, flat && i == 2 ? 1 : i, rng);
	if (flat) {
		angle[0] = angle[1] = shift[2] = 0;
		scale[2] = 1;
		shear[1] = shear[3] = shear[4] = shear[5] = 0;
	}
	warp_init(w, start);
	warp_affine(w, size, cube, angle, scale, shift);
	affine_shear(w, size, shear);
}

struct affine_ctx {
	const struct affine_args *a;
	const struct warp *w;
	const int *start, *size;
};

static int affine_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	const struct affine_ctx *c = ctx;

	return random_warp_volume(v, c->start, c->size, c->w,
		keyed_mode(&c->a->mode, i) == RESAMPLE_NEAREST,
		c->a->padding == 2 ? WARP_ZEROS : WARP_BORDER, err);
}

static int affine_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct affine_args *a = args;
	int dim[3], size[3], start[3], centre[3], rc;
	struct affine_ctx c = {a, NULL, start, size};
	struct warp w;

	if (keyed_same_dim(&a->k, s, dim, err))
		return -1;
	keyed_size(&a->spatial_size, dim, size);
	for (int i = 0; i < 3; i++) {
		centre[i] = dim[i] / 2;
		start[i] = (dim[i] - size[i]) / 2;
	}
	if (rng_uniform(rng) >= a->prob) {
		crop_clamp(centre, size, dim, start);
		return keyed_crop(&a->k, s, start, size, err);
	}
	affine_warp(a, dim, start, size, rng, &w);
	c.w = &w;
	rc = keyed_each(&a->k, s, false, affine_one, &c, err);
	warp_release(&w);
	return rc;
}

/* A number, or a list of at most n numbers and pairs. */
static bool affine_range_good(const cJSON *v, int n)
{
	double lo, hi;
	const cJSON *x;

	if (!v || cJSON_IsNull(v) || cJSON_IsNumber(v))
		return true;
	if (!cJSON_IsArray(v) || cJSON_GetArraySize(v) > n)
		return false;
	cJSON_ArrayForEach (x, v) {
		if (!keyed_range(x, &lo, &hi))
			return false;
	}
	return true;
}

static void affine_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct affine_args *a = args;
	const struct {
		const char *name;
		const cJSON *v;
		int n;
	} rows[] = {{"rotate_range", a->rotate, 3}, {"shear_range", a->shear, 6},
		{"translate_range", a->translate, 3}, {"scale_range", a->scale, 3}};

	keyed_check(args, file, path, ps);
	keyed_check_list(&a->k, &a->mode, "mode", affine_modes, file, path, ps);
	for (int i = 0; i < 4; i++)
		if (!affine_range_good(rows[i].v, rows[i].n))
			keyed_fault(file, path, rows[i].name, "such as 0.2 or [[-0.1, 0.2], 0, 0]",
				ps, "a range is a number, or up to %d numbers or pairs", rows[i].n);
}

const struct component component_monai_rand_affine = {
	.name = "RandAffined",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("RandAffine"),
	.help = "with probability prob a random rotation, shear, scale and shift about the middle, "
		"all keys alike, one interpolation; else the window in the middle",
	.args = affine_defs,
	.args_size = sizeof(struct affine_args),
	.ops = &(const struct transform_ops){.apply = affine_apply,
		.flags = TRANSFORM_RANDOM,
		.check = affine_check,
		.reads = keyed_reads},
};
