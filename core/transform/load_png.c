/*
 * LoadPng: reads the PNG file or files of each field.
 */
#include "core/transform/load.h"

struct load_png_args {
	struct strlist fields;
};

static const struct arg_def load_png_defs[] = {
	FIELDS_ARG,
	ARG_END,
};

static int load_png_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct load_png_args *a = args;

	(void)rng;
	return load_fields(&a->fields, IMAGE_PNG, s, err);
}

const struct component component_load_png = {
	.name = "LoadPng",
	.kind = COMPONENT_TRANSFORM,
	.aliases = (const char *const[]){"LoadPngd", NULL},
	.help = "reads the PNG file of each field as X x Y x 1 voxels, x along the columns, y down the rows: grey, RGB or RGBA channels, 8 or 16 bits; a label keeps the indices of a palette; sizes and CRCs are checked",
	.args = load_png_defs,
	.args_size = sizeof(struct load_png_args),
	.ops = &(const struct transform_ops){.apply = load_png_apply,
		.check = fields_check,
		.reads = fields_reads,
		.writes = fields_reads},
};
