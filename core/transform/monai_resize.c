/*
 * Resized: another size over the same extent.
 *
 * area is the mean over the source voxels that an output voxel covers, border voxels
 * counted whole (torch's adaptive average pooling); linear and nearest take pixel
 * centres.  torch's own "nearest" takes the corner of the voxel instead, which would
 * shift a label by half a voxel against its image.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/monai.h"
#include "core/volume/affine.h"

struct resize_args {
	struct monai_keys k;
	struct numlist spatial_size;
	struct strlist mode;
	int size_mode;
};

static const char *const resize_modes[] = {
	"area", "nearest", "linear", "bilinear", "trilinear", NULL};
static const char *const resize_size_modes[] = {"all", "longest", NULL};

static const struct arg_def resize_defs[] = {
	MONAI_KEYS_ARGS,
	{"spatial_size", ARG_INTLIST, offsetof(struct resize_args, spatial_size),
		.flags = ARG_REQUIRED, .min = -1, .max = 4096, .unit = "voxel",
		.help = "size along x, y, z; -1: as it is"},
	{"size_mode", ARG_CHOICE, offsetof(struct resize_args, size_mode),
		.choices = resize_size_modes, .def = "\"all\"",
		.help = "longest: spatial_size is one number, the longest axis, the others in "
			"proportion"},
	MONAI_MODE_ARG(struct resize_args, "\"area\"",
		"area, trilinear (linear, bilinear) or nearest, for all keys or one each"),
	MONAI_IGNORED("align_corners", "accepted; the extent is kept"),
	ARG_END,
};

/* Means along axis d; out has its new size, in the old one. */
static void resize_area_axis(
	const float *in, float *out, const int dim[3], int d, int n, int channels)
{
	size_t inner = 1, outer = (size_t)channels, m = (size_t)dim[d];

	for (int i = 0; i < 3; i++) {
		if (i < d)
			inner *= (size_t)dim[i];
		else if (i > d)
			outer *= (size_t)dim[i];
	}
	for (size_t o = 0; o < outer; o++)
		for (size_t k = 0; k < (size_t)n; k++) {
			size_t from = k * m / (size_t)n;
			size_t to = ((k + 1) * m + (size_t)n - 1) / (size_t)n;
			float *row = out + (o * (size_t)n + k) * inner;

			memset(row, 0, inner * sizeof(*row));
			for (size_t j = from; j < to; j++)
				for (size_t x = 0; x < inner; x++)
					row[x] += in[(o * m + j) * inner + x];
			for (size_t x = 0; x < inner; x++)
				row[x] /= (float)(to - from);
		}
}

static int resize_area(struct volume *v, const int size[3], struct err *err)
{
	for (int d = 0; d < 3; d++) {
		int dim[3] = {v->dim[0], v->dim[1], v->dim[2]};
		double scale[3] = {1, 1, 1};
		struct volume *out;

		if (size[d] == dim[d])
			continue;
		scale[d] = (double)dim[d] / size[d];
		dim[d] = size[d];
		out = volume_new(v->channels, dim, err);
		if (!out)
			return -1;
		resize_area_axis(v->data, out->data, v->dim, d, size[d], v->channels);
		affine_rescale(v->affine, scale, out->affine);
		out->nonfinite = v->nonfinite;
		volume_take(v, out);
	}
	return 0;
}

static void resize_size(const struct resize_args *a, const int dim[3], int size[3])
{
	int longest = dim[0] > dim[1] ? dim[0] : dim[1];

	keyed_size(&a->spatial_size, dim, size);
	if (a->size_mode != 1)
		return;
	longest = dim[2] > longest ? dim[2] : longest;
	for (int i = 0; i < 3; i++) {
		size[i] = (int)((double)dim[i] * a->spatial_size.v[0] / longest + 0.5);
		size[i] = size[i] < 1 ? 1 : size[i];
	}
}

static int resize_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	const struct resize_args *a = ctx;
	const char *mode = keyed_item(&a->mode, i);
	struct volume *out;
	int size[3];

	resize_size(a, v->dim, size);
	if (!mode || !strcmp(mode, "area"))
		return resize_area(v, size, err);
	out = resample_to_dim(v, size, keyed_mode(&a->mode, i), err);
	if (!out)
		return -1;
	volume_take(v, out);
	return 0;
}

static int resize_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct resize_args *a = args;

	(void)rng;
	return keyed_each(&a->k, s, false, resize_one, a, err);
}

static void resize_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct resize_args *a = args;

	keyed_check(args, file, path, ps);
	keyed_check_list(&a->k, &a->mode, "mode", resize_modes, file, path, ps);
	if (a->size_mode == 1 && (a->spatial_size.n != 1 || a->spatial_size.v[0] < 1))
		keyed_fault(
			file, path, "spatial_size", NULL, ps, "size_mode longest needs one number");
	if (!a->spatial_size.n || a->spatial_size.n > 3)
		keyed_fault(file, path, "spatial_size", NULL, ps, "%d sizes for 3 axes",
			a->spatial_size.n);
}

const struct component component_monai_resize = {
	.name = "Resized",
	.kind = COMPONENT_TRANSFORM,
	.aliases = (const char *const[]){"ResizeD", "ResizeDict", NULL},
	.help = "another size over the same extent: area (mean of the voxels covered), trilinear or "
		"nearest about voxel centres",
	.args = resize_defs,
	.args_size = sizeof(struct resize_args),
	.ops = &(const struct transform_ops){.apply = resize_apply,
		.flags = TRANSFORM_INVERTIBLE,
		.check = resize_check,
		.reads = keyed_reads},
};
