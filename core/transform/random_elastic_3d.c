/*
 * RandomElastic3D: elastic deformation of whole volumes by a cubic B-spline over
 * randomly moved control points.
 */
#include "core/transform/random_warp.h"

struct elastic_args {
	struct warp_args w;
	double deform, deform_spacing[3];
};

static const struct arg_def elastic_defs[] = {
	WARP_ARGS("0.5"),
	{.name = "deform",
		.type = ARG_FLOAT,
		.offset = offsetof(struct elastic_args, deform),
		.def = "0.25",
		.min = 0,
		.max = 0.4,
		.help = "largest displacement of a control point as a part of their distance; up "
			"to 0.4 space does not fold"},
	{.name = "deform_spacing",
		.type = ARG_FLOAT3,
		.offset = offsetof(struct elastic_args, deform_spacing),
		.def = "16",
		.min = 0.01,
		.max = 10000,
		.unit = "mm",
		.help = "distance between control points, at least 4 voxels"},
	ARG_END,
};

static int elastic_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct elastic_args *a = args;
	const struct volume *v = sample_volume(s, a->w.fields.v[0], err);
	struct random_warp r = {.deform = a->deform};

	if (!v)
		return -1;
	random_warp_mm(v, a->deform_spacing, r.spacing);
	return random_warp_fields(&a->w, &r, s, rng, err);
}

const struct component component_random_elastic_3d = {
	.name = "RandomElastic3D",
	.kind = COMPONENT_TRANSFORM,
	.help = "random elastic deformation (cubic B-spline over control points), all fields alike",
	.args = elastic_defs,
	.args_size = sizeof(struct elastic_args),
	.ops = &(const struct transform_ops){.apply = elastic_apply,
		.flags = TRANSFORM_RANDOM,
		.check = fields_check,
		.reads = fields_reads},
};
