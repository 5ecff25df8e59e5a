/*
 * RandomRotate3D: a random rotation about each of the three axes through the middle
 * of the volume.
 */
#include "core/transform/random_warp.h"

struct rotate3_args {
	struct warp_args w;
	double rotation_degree[3];
};

static const struct arg_def rotate3_defs[] = {
	WARP_ARGS("0.5"),
	{.name = "rotation_degree",
		.type = ARG_FLOAT3,
		.offset = offsetof(struct rotate3_args, rotation_degree),
		.def = "20",
		.min = 0,
		.max = 180,
		.unit = "degree",
		.help = "largest angle about each voxel axis (x, y, z), turned in mm"},
	ARG_END,
};

static int rotate3_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct rotate3_args *a = args;
	struct random_warp r = {
		.degree = {a->rotation_degree[0], a->rotation_degree[1], a->rotation_degree[2]}};

	return random_warp_fields(&a->w, &r, s, rng, err);
}

const struct component component_random_rotate_3d = {
	.name = "RandomRotate3D",
	.kind = COMPONENT_TRANSFORM,
	.help = "random rotation about the x, y and z axis through the middle of the volume, size in voxels kept, all fields alike",
	.args = rotate3_defs,
	.args_size = sizeof(struct rotate3_args),
	.ops = &(const struct transform_ops){.apply = rotate3_apply,
		.flags = TRANSFORM_RANDOM,
		.check = fields_check,
		.reads = fields_reads},
};
