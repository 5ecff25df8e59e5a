/*
 * ScaleToShape: resamples to a fixed number of voxels over the same extent.
 */
#include "core/transform/rescale.h"

struct shape_args {
	struct rescale_args r;
	int64_t target_shape[3];
};

static const struct arg_def shape_defs[] = {
	RESCALE_ARGS,
	{.name = "target_shape",
		.type = ARG_INT3,
		.offset = offsetof(struct shape_args, target_shape),
		.flags = ARG_REQUIRED,
		.min = -1,
		.max = 4096,
		.unit = "voxel",
		.alias = "spatial_size",
		.help = "size along x, y, z; -1 or 0 keeps that of the field"},
	ARG_END,
};

static int shape_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct shape_args *a = args;

	(void)rng;
	for (int i = 0; i < a->r.fields.n; i++) {
		const char *name = a->r.fields.v[i];
		struct volume *v = sample_volume(s, name, err);
		int dim[3];

		if (!v)
			return -1;
		for (int k = 0; k < 3; k++)
			dim[k] = a->target_shape[k] > 0 ? (int)a->target_shape[k] : v->dim[k];
		if (rescale_field(s, name, dim, a->r.is_label, err))
			return -1;
	}
	return 0;
}

const struct component component_scale_to_shape = {
	.name = "ScaleToShape",
	.kind = COMPONENT_TRANSFORM,
	.help = "resamples to a fixed size in voxels over the same extent: images trilinearly, "
		"labels (is_label) to the nearest voxel",
	.args = shape_defs,
	.args_size = sizeof(struct shape_args),
	.ops = &(const struct transform_ops){.apply = shape_apply,
		.flags = TRANSFORM_INVERTIBLE,
		.check = fields_check,
		.reads = fields_reads},
};
