/*
 * RandomRotate2D: a random rotation within the x-y plane, the same for every plane.
 */
#include "core/transform/random_warp.h"

struct rotate2_args {
	struct warp_args w;
	double rotation_degree;
};

static const struct arg_def rotate2_defs[] = {
	WARP_ARGS("0.5"),
	{.name = "rotation_degree",
		.type = ARG_FLOAT,
		.offset = offsetof(struct rotate2_args, rotation_degree),
		.def = "20",
		.min = 0,
		.max = 180,
		.unit = "degree",
		.help = "largest angle within the x-y plane, turned in mm"},
	ARG_END,
};

static int rotate2_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct rotate2_args *a = args;
	struct random_warp r = {.degree = {0, 0, a->rotation_degree}};

	return random_warp_fields(&a->w, &r, s, rng, err);
}

const struct component component_random_rotate_2d = {
	.name = "RandomRotate2D",
	.kind = COMPONENT_TRANSFORM,
	.help = "random rotation of every plane about the z axis, size in voxels kept, all fields alike",
	.args = rotate2_defs,
	.args_size = sizeof(struct rotate2_args),
	.ops = &(const struct transform_ops){.apply = rotate2_apply,
		.flags = TRANSFORM_RANDOM,
		.check = fields_check,
		.reads = fields_reads},
};
