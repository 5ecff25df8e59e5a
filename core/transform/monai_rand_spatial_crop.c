/*
 * RandSpatialCropd: a window anywhere inside the volume (or in its middle), of fixed or
 * of random size, the same for all keys.
 */
#include "core/transform/crop.h"
#include "core/transform/monai.h"

struct rand_crop_args {
	struct monai_keys k;
	struct numlist roi_size, max_roi_size;
	bool random_center, random_size;
};

static const struct arg_def rand_crop_defs[] = {
	MONAI_KEYS_ARGS,
	{"roi_size", ARG_INTLIST, offsetof(struct rand_crop_args, roi_size), .flags = ARG_REQUIRED,
		.min = -1, .max = 4096, .unit = "voxel",
		.help = "size of the window, the smallest one with random_size; -1: all"},
	{"max_roi_size", ARG_INTLIST, offsetof(struct rand_crop_args, max_roi_size), .min = -1,
		.max = 4096, .unit = "voxel",
		.help = "largest size with random_size; absent: the volume"},
	{"random_center", ARG_BOOL, offsetof(struct rand_crop_args, random_center), .def = "true",
		.help = "anywhere; false: the middle"},
	{"random_size", ARG_BOOL, offsetof(struct rand_crop_args, random_size), .def = "true",
		.help = "draw the size, too"},
	ARG_END,
};

static int rand_crop_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct rand_crop_args *a = args;
	int dim[3], size[3], top[3], start[3];

	if (keyed_same_dim(&a->k, s, dim, err))
		return -1;
	keyed_size(&a->roi_size, dim, size);
	keyed_size(&a->max_roi_size, dim, top);
	for (int i = 0; i < 3; i++) {
		size[i] = size[i] > dim[i] ? dim[i] : size[i];
		top[i] = top[i] > dim[i] ? dim[i] : top[i];
		if (a->random_size && top[i] > size[i])
			size[i] += (int)rng_below(rng, (uint32_t)(top[i] - size[i] + 1));
	}
	for (int i = 0; i < 3; i++)
		start[i] = a->random_center ? (int)rng_below(rng, (uint32_t)(dim[i] - size[i] + 1))
					    : dim[i] / 2 - size[i] / 2;
	return keyed_crop(&a->k, s, start, size, err);
}

const struct component component_monai_rand_spatial_crop = {
	.name = "RandSpatialCropd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("RandSpatialCrop"),
	.help = "a window anywhere inside the volume, of fixed or random size, all keys alike; an "
		"axis shorter than roi_size stays as it is",
	.args = rand_crop_defs,
	.args_size = sizeof(struct rand_crop_args),
	.ops = &(const struct transform_ops){.apply = rand_crop_apply,
		.flags = TRANSFORM_RANDOM,
		.check = keyed_check,
		.reads = keyed_reads},
};
