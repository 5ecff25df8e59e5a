/*
 * RandomSpatialFlip: each of the three axes is mirrored with the given
 * probability, independently; the same for all fields.
 */
#include "core/transform/fields.h"
#include "core/transform/flip.h"

struct spatial_flip_args {
	struct strlist fields;
	double probability;
};

static const struct arg_def spatial_flip_defs[] = {
	FIELDS_ARG,
	{.name = "probability",
		.type = ARG_FLOAT,
		.offset = offsetof(struct spatial_flip_args, probability),
		.def = "0.5",
		.min = 0,
		.max = 1,
		.help = "probability per axis"},
	ARG_END,
};

static int spatial_flip_volume(struct volume *v, const void *ctx, struct err *err)
{
	const bool *flip = ctx;

	(void)err;
	for (int i = 0; i < 3; i++)
		if (flip[i])
			flip_axis(v, i);
	return 0;
}

static int spatial_flip_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct spatial_flip_args *a = args;
	bool flip[3];

	for (int i = 0; i < 3; i++)
		flip[i] = rng_uniform(rng) < a->probability;
	if (!flip[0] && !flip[1] && !flip[2])
		return 0;
	return fields_each(&a->fields, s, spatial_flip_volume, flip, err);
}

const struct component component_random_spatial_flip = {
	.name = "RandomSpatialFlip",
	.kind = COMPONENT_TRANSFORM,
	.help = "mirrors each of the three axes with the given probability, all fields alike",
	.args = spatial_flip_defs,
	.args_size = sizeof(struct spatial_flip_args),
	.ops = &(const struct transform_ops){.apply = spatial_flip_apply,
		.flags = TRANSFORM_RANDOM | TRANSFORM_INVERTIBLE,
		.check = fields_check,
		.reads = fields_reads},
};
