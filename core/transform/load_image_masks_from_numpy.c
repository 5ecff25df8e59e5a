/*
 * LoadImageMasksFromNumpy: reads the array (.npy) of each field.
 */
#include "core/transform/load.h"

struct load_image_masks_from_numpy_args {
	struct strlist fields;
};

static const struct arg_def load_image_masks_from_numpy_defs[] = {
	FIELDS_ARG,
	ARG_END,
};

static int load_image_masks_from_numpy_apply(
	const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct load_image_masks_from_numpy_args *a = args;

	(void)rng;
	return load_fields(&a->fields, IMAGE_NPY, s, err);
}

const struct component component_load_image_masks_from_numpy = {
	.name = "LoadImageMasksFromNumpy",
	.kind = COMPONENT_TRANSFORM,
	.aliases = (const char *const[]){"LoadNumpyd", NULL},
	.help = "reads the .npy array of each field: indices are x, y, z and channel (fewer are fine), whole numbers or floats, C or Fortran order; label values must be whole",
	.args = load_image_masks_from_numpy_defs,
	.args_size = sizeof(struct load_image_masks_from_numpy_args),
	.ops = &(const struct transform_ops){.apply = load_image_masks_from_numpy_apply,
		.check = fields_check,
		.reads = fields_reads,
		.writes = fields_reads},
};
