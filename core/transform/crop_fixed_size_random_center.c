/*
 * CropFixedSizeRandomCenter: a window of fixed size anywhere inside the volume,
 * all positions equally likely, the same for all fields.
 */
#include "core/transform/crop.h"
#include "core/transform/fields.h"

struct random_crop_args {
	struct strlist fields;
	int64_t size[3];
};

static const struct arg_def random_crop_defs[] = {
	FIELDS_ARG,
	{.name = "size",
		.type = ARG_INT3,
		.offset = offsetof(struct random_crop_args, size),
		.flags = ARG_REQUIRED,
		.min = 1,
		.max = 4096,
		.unit = "voxel",
		.help = "size of the crop along x, y, z; a smaller volume is padded with zeros"},
	ARG_END,
};

static int random_crop_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct random_crop_args *a = args;
	int dim[3], size[3], centre[3], start[3];

	if (fields_same_dim(&a->fields, s, dim, err))
		return -1;
	crop_size(a->size, size);
	for (int i = 0; i < 3; i++) {
		int room = dim[i] > size[i] ? dim[i] - size[i] : 0;

		centre[i] = (int)rng_below(rng, (uint32_t)room + 1) + size[i] / 2;
	}
	crop_clamp(centre, size, dim, start);
	for (int i = 0; i < a->fields.n; i++)
		if (crop_box(sample_volume(s, a->fields.v[i], err), start, size, err))
			return -1;
	return 0;
}

const struct component component_crop_fixed_size_random_center = {
	.name = "CropFixedSizeRandomCenter",
	.kind = COMPONENT_TRANSFORM,
	.help = "random window of fixed size, all positions inside the volume equally likely; pads "
		"with zeros where the volume is smaller",
	.args = random_crop_defs,
	.args_size = sizeof(struct random_crop_args),
	.ops = &(const struct transform_ops){.apply = random_crop_apply,
		.flags = TRANSFORM_RANDOM | TRANSFORM_INVERTIBLE,
		.check = fields_check,
		.reads = fields_reads},
};
