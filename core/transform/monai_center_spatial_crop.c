/*
 * CenterSpatialCropd: the middle of the volume; an axis shorter than roi_size stays as
 * it is.
 */
#include "core/transform/crop.h"
#include "core/transform/monai.h"

struct center_args {
	struct monai_keys k;
	struct numlist roi_size;
};

static const struct arg_def center_defs[] = {
	MONAI_KEYS_ARGS,
	{"roi_size", ARG_INTLIST, offsetof(struct center_args, roi_size), .flags = ARG_REQUIRED,
		.min = -1, .max = 4096, .unit = "voxel",
		.help = "size of the crop along x, y, z; 0 or -1: all of that axis"},
	ARG_END,
};

static int center_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	const struct center_args *a = ctx;
	int size[3], centre[3], start[3];

	(void)i;
	keyed_size(&a->roi_size, v->dim, size);
	for (int d = 0; d < 3; d++) {
		size[d] = size[d] > v->dim[d] ? v->dim[d] : size[d];
		centre[d] = v->dim[d] / 2;
	}
	crop_clamp(centre, size, v->dim, start);
	return crop_box(v, start, size, err);
}

static int center_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct center_args *a = args;

	(void)rng;
	return keyed_each(&a->k, s, false, center_one, a, err);
}

const struct component component_monai_center_spatial_crop = {
	.name = "CenterSpatialCropd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("CenterSpatialCrop"),
	.help = "cuts out the middle; an axis shorter than roi_size stays as it is",
	.args = center_defs,
	.args_size = sizeof(struct center_args),
	.ops = &(const struct transform_ops){.apply = center_apply,
		.flags = TRANSFORM_INVERTIBLE,
		.check = keyed_check,
		.reads = keyed_reads},
};
