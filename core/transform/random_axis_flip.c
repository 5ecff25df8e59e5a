/*
 * RandomAxisFlip: with the given probability one axis, drawn at random, is
 * mirrored; the same for all fields.
 */
#include "core/transform/fields.h"
#include "core/transform/flip.h"

struct axis_flip_args {
	struct strlist fields;
	double probability;
};

static const struct arg_def axis_flip_defs[] = {
	FIELDS_ARG,
	{.name = "probability",
		.type = ARG_FLOAT,
		.offset = offsetof(struct axis_flip_args, probability),
		.def = "0.5",
		.min = 0,
		.max = 1,
		.help = "probability of a flip"},
	ARG_END,
};

static int axis_flip_volume(struct volume *v, const void *ctx, struct err *err)
{
	(void)err;
	flip_axis(v, *(const int *)ctx);
	return 0;
}

static int axis_flip_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct axis_flip_args *a = args;
	bool flip = rng_uniform(rng) < a->probability;
	int axis = (int)rng_below(rng, 3);

	return flip ? fields_each(&a->fields, s, axis_flip_volume, &axis, err) : 0;
}

const struct component component_random_axis_flip = {
	.name = "RandomAxisFlip",
	.kind = COMPONENT_TRANSFORM,
	.help = "mirrors one axis drawn at random with the given probability, all fields alike",
	.args = axis_flip_defs,
	.args_size = sizeof(struct axis_flip_args),
	.ops = &(const struct transform_ops){.apply = axis_flip_apply,
		.flags = TRANSFORM_RANDOM | TRANSFORM_INVERTIBLE,
		.check = fields_check,
		.reads = fields_reads},
};
