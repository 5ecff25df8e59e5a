/*
 * CropRandomSizeWithDisplacement: a window of random size, its middle moved away
 * from the middle of the volume at random; always inside the volume.
 */
#include <math.h>

#include "core/transform/crop.h"
#include "core/transform/fields.h"

struct displaced_args {
	struct strlist fields;
	double lower_size[3], max_displacement[3];
};

static const struct arg_def displaced_defs[] = {
	FIELDS_ARG,
	{.name = "lower_size",
		.type = ARG_FLOAT3,
		.offset = offsetof(struct displaced_args, lower_size),
		.flags = ARG_REQUIRED,
		.min = 0.001,
		.max = 4096,
		.help = "smallest size along x, y, z: voxels, or below 1 a part of the volume; the "
			"largest is the volume's"},
	{.name = "max_displacement",
		.type = ARG_FLOAT3,
		.offset = offsetof(struct displaced_args, max_displacement),
		.def = "1",
		.min = 0,
		.max = 4096,
		.help = "how far the middle moves along each axis: above 1 voxels, up to 1 a part "
			"of the room that there is (1: anywhere inside)"},
	ARG_END,
};

static int displaced_below(struct rng *rng, int n)
{
	return (int)rng_below(rng, (uint32_t)n);
}

static int displaced_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct displaced_args *a = args;
	int dim[3], size[3], start[3];

	if (fields_same_dim(&a->fields, s, dim, err))
		return -1;
	for (int i = 0; i < 3; i++) {
		double low = a->lower_size[i] < 1 ? a->lower_size[i] * dim[i] : a->lower_size[i];
		int least = low < 1 ? 1 : low > dim[i] ? dim[i] : (int)lround(low), room, most;

		size[i] = least + displaced_below(rng, dim[i] - least + 1);
		room = dim[i] - size[i];
		most = a->max_displacement[i] <= 1 ? (int)lround(a->max_displacement[i] * room)
						   : (int)fmin(2 * a->max_displacement[i], room);
		start[i] = (room - most) / 2 + displaced_below(rng, most + 1);
	}
	for (int i = 0; i < a->fields.n; i++)
		if (crop_box(sample_volume(s, a->fields.v[i], err), start, size, err))
			return -1;
	return 0;
}

const struct component component_crop_random_size_with_displacement = {
	.name = "CropRandomSizeWithDisplacement",
	.kind = COMPONENT_TRANSFORM,
	.help = "window of random size between lower_size and the volume's, its middle displaced "
		"from the volume's by at most max_displacement, inside the volume",
	.args = displaced_defs,
	.args_size = sizeof(struct displaced_args),
	.ops = &(const struct transform_ops){.apply = displaced_apply,
		.flags = TRANSFORM_RANDOM | TRANSFORM_INVERTIBLE,
		.check = fields_check,
		.reads = fields_reads},
};
