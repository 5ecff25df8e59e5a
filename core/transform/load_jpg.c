/*
 * LoadJpg: reads the JPEG file or files of each field.
 */
#include "core/transform/load.h"

struct load_jpg_args {
	struct strlist fields;
};

static const struct arg_def load_jpg_defs[] = {
	FIELDS_ARG,
	ARG_END,
};

static int load_jpg_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct load_jpg_args *a = args;

	(void)rng;
	return load_fields(&a->fields, IMAGE_JPG, s, err);
}

const struct component component_load_jpg = {
	.name = "LoadJpg",
	.kind = COMPONENT_TRANSFORM,
	.aliases = NULL,
	.help = "reads the JPEG file of each field as X x Y x 1 voxels, x along the columns, y down the rows: 1 grey or 3 RGB channels of 0 ... 255; a damaged file is refused",
	.args = load_jpg_defs,
	.args_size = sizeof(struct load_jpg_args),
	.ops = &(const struct transform_ops){.apply = load_jpg_apply,
		.check = fields_check,
		.reads = fields_reads,
		.writes = fields_reads},
};
