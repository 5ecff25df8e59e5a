/*
 * ScaleBySpacing: resamples to a voxel size in mm, as ScaleByResolution does under
 * another name of the argument.
 */
#include "core/transform/rescale.h"

struct spacing_args {
	struct rescale_args r;
	double target_spacing[3];
};

static const struct arg_def spacing_defs[] = {
	RESCALE_ARGS,
	{.name = "target_spacing",
		.type = ARG_FLOAT3,
		.offset = offsetof(struct spacing_args, target_spacing),
		.flags = ARG_REQUIRED,
		.min = 0.001,
		.max = 1000,
		.unit = "mm",
		.alias = "pixdim",
		.help = "voxel size along x, y, z"},
	ARG_END,
};

static int spacing_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct spacing_args *a = args;

	(void)rng;
	return rescale_spacing(&a->r, a->target_spacing, s, err);
}

const struct component component_scale_by_spacing = {
	.name = "ScaleBySpacing",
	.kind = COMPONENT_TRANSFORM,
	.help = "resamples to a voxel size in mm, as ScaleByResolution: images trilinearly, labels "
		"(is_label) to the nearest voxel",
	.args = spacing_defs,
	.args_size = sizeof(struct spacing_args),
	.ops = &(const struct transform_ops){.apply = spacing_apply,
		.flags = TRANSFORM_INVERTIBLE,
		.check = fields_check,
		.reads = fields_reads},
};
