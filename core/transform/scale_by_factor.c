/*
 * ScaleByFactor: resamples to round(dim * factor) voxels over the same extent.
 */
#include <math.h>

#include "core/transform/rescale.h"

struct factor_args {
	struct rescale_args r;
	double factor[3];
};

static const struct arg_def factor_defs[] = {
	RESCALE_ARGS,
	{.name = "factor",
		.type = ARG_FLOAT3,
		.offset = offsetof(struct factor_args, factor),
		.flags = ARG_REQUIRED,
		.min = 0.01,
		.max = 100,
		.alias = "zoom",
		.help = "new size / old size along x, y, z"},
	ARG_END,
};

static int factor_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct factor_args *a = args;

	(void)rng;
	for (int i = 0; i < a->r.fields.n; i++) {
		const char *name = a->r.fields.v[i];
		struct volume *v = sample_volume(s, name, err);
		int dim[3];

		if (!v)
			return -1;
		for (int k = 0; k < 3; k++) {
			double n = round(v->dim[k] * a->factor[k]);

			dim[k] = n < 1 ? 1 : n > 1e6 ? 1000000 : (int)n;
		}
		if (rescale_field(s, name, dim, a->r.is_label, err))
			return -1;
	}
	return 0;
}

const struct component component_scale_by_factor = {
	.name = "ScaleByFactor",
	.kind = COMPONENT_TRANSFORM,
	.help = "resamples to round(size * factor) voxels over the same extent: images trilinearly, "
		"labels (is_label) to the nearest voxel",
	.args = factor_defs,
	.args_size = sizeof(struct factor_args),
	.ops = &(const struct transform_ops){.apply = factor_apply,
		.flags = TRANSFORM_INVERTIBLE,
		.check = fields_check,
		.reads = fields_reads},
};
