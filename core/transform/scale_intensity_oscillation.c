/*
 * ScaleIntensityOscillation: with the given probability, x * (1 + m) with m
 * uniform in [-magnitude, magnitude], one draw for all voxels of a field.
 */
#include "core/transform/fields.h"

struct oscillation_args {
	struct strlist fields;
	double magnitude, probability;
};

static const struct arg_def oscillation_defs[] = {
	FIELDS_ARG,
	{.name = "magnitude",
		.type = ARG_FLOAT,
		.offset = offsetof(struct oscillation_args, magnitude),
		.flags = ARG_REQUIRED,
		.min = 0,
		.max = 1e6,
		.help = "largest relative change"},
	{.name = "probability",
		.type = ARG_FLOAT,
		.offset = offsetof(struct oscillation_args, probability),
		.def = "1.0",
		.min = 0,
		.max = 1,
		.help = "probability of a change"},
	ARG_END,
};

static int oscillation_volume(struct volume *v, const void *ctx, struct err *err)
{
	float k = *(const float *)ctx;
	size_t n = volume_voxels(v) * (size_t)v->channels;

	(void)err;
	for (size_t i = 0; i < n; i++)
		v->data[i] *= k;
	return 0;
}

static int oscillation_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct oscillation_args *a = args;

	for (int i = 0; i < a->fields.n; i++) {
		struct strlist one = {&a->fields.v[i], 1};
		bool on = rng_uniform(rng) < a->probability;
		float k = (float)(1.0 + rng_range(rng, -a->magnitude, a->magnitude));

		if (on && fields_each(&one, s, oscillation_volume, &k, err))
			return -1;
	}
	return 0;
}

const struct component component_scale_intensity_oscillation = {
	.name = "ScaleIntensityOscillation",
	.kind = COMPONENT_TRANSFORM,
	.help = "x * (1 + m), m uniform in [-magnitude, magnitude], with the given probability",
	.args = oscillation_defs,
	.args_size = sizeof(struct oscillation_args),
	.ops = &(const struct transform_ops){.apply = oscillation_apply,
		.flags = TRANSFORM_RANDOM,
		.check = fields_check,
		.reads = fields_reads},
};
