/*
 * ScaleByResolution: resamples to a voxel size in mm.
 *
 * Images trilinearly, labels to the nearest voxel, so that no new label values
 * appear.  The new size is round(dim * spacing / target); the affine follows.
 */
#include "core/transform/rescale.h"

struct resolution_args {
	struct rescale_args r;
	double target_resolution[3];
};

static const struct arg_def resolution_defs[] = {
	RESCALE_ARGS,
	{.name = "target_resolution",
		.type = ARG_FLOAT3,
		.offset = offsetof(struct resolution_args, target_resolution),
		.flags = ARG_REQUIRED,
		.min = 0.001,
		.max = 1000,
		.unit = "mm",
		.help = "voxel size along x, y, z"},
	ARG_END,
};

static int resolution_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct resolution_args *a = args;

	(void)rng;
	return rescale_spacing(&a->r, a->target_resolution, s, err);
}

const struct component component_scale_by_resolution = {
	.name = "ScaleByResolution",
	.kind = COMPONENT_TRANSFORM,
	.help = "resamples to a voxel size in mm: images trilinearly, labels (is_label) to the "
		"nearest voxel",
	.args = resolution_defs,
	.args_size = sizeof(struct resolution_args),
	.ops = &(const struct transform_ops){.apply = resolution_apply,
		.flags = TRANSFORM_INVERTIBLE,
		.check = fields_check,
		.reads = fields_reads},
};
