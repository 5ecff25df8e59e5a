/*
 * RandomAffine3D: rotation, scale, shift and elastic deformation of whole volumes,
 * composed into one mapping, so that voxels are interpolated only once.
 */
#include "core/transform/random_warp.h"

struct affine_args {
	struct warp_args w;
	double rotation_degree[3], scale_factor[3], translation[3];
	double deform, deform_spacing[3];
};

static const struct arg_def affine_defs[] = {
	WARP_ARGS("0.5"),
	{.name = "rotation_degree",
		.type = ARG_FLOAT3,
		.offset = offsetof(struct affine_args, rotation_degree),
		.def = "15",
		.min = 0,
		.max = 180,
		.unit = "degree",
		.help = "largest angle about each voxel axis (x, y, z), turned in mm"},
	{.name = "scale_factor",
		.type = ARG_FLOAT3,
		.offset = offsetof(struct affine_args, scale_factor),
		.def = "0.1",
		.min = 0,
		.max = 0.9,
		.help = "factor of each axis: 1 - scale_factor ... 1 + scale_factor"},
	{.name = "translation",
		.type = ARG_FLOAT3,
		.offset = offsetof(struct affine_args, translation),
		.def = "0",
		.min = 0,
		.max = 10000,
		.unit = "mm",
		.help = "largest shift along each axis"},
	{.name = "deform",
		.type = ARG_FLOAT,
		.offset = offsetof(struct affine_args, deform),
		.def = "0",
		.min = 0,
		.max = 0.4,
		.help = "elastic deformation: largest displacement of a control point as a part "
			"of their distance; up to 0.4 space does not fold"},
	{.name = "deform_spacing",
		.type = ARG_FLOAT3,
		.offset = offsetof(struct affine_args, deform_spacing),
		.def = "16",
		.min = 0.01,
		.max = 10000,
		.unit = "mm",
		.help = "distance between control points, at least 4 voxels"},
	ARG_END,
};

static int affine_warp(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct affine_args *a = args;
	const struct volume *v = sample_volume(s, a->w.fields.v[0], err);
	struct random_warp r = {.deform = a->deform};

	if (!v)
		return -1;
	for (int i = 0; i < 3; i++) {
		r.degree[i] = a->rotation_degree[i];
		r.scale[i] = a->scale_factor[i];
	}
	random_warp_mm(v, a->translation, r.shift);
	random_warp_mm(v, a->deform_spacing, r.spacing);
	return random_warp_fields(&a->w, &r, s, rng, err);
}

const struct component component_random_affine_3d = {
	.name = "RandomAffine3D",
	.kind = COMPONENT_TRANSFORM,
	.help = "random rotation, scale, shift and elastic (cubic B-spline) deformation about the "
		"middle of the volume, size in voxels kept, all fields alike, one interpolation",
	.args = affine_defs,
	.args_size = sizeof(struct affine_args),
	.ops = &(const struct transform_ops){.apply = affine_warp,
		.flags = TRANSFORM_RANDOM,
		.check = fields_check,
		.reads = fields_reads},
};
