/*
 * AddGaussianNoise: with the given probability adds independent normal noise of
 * mean 0 and the given variance to every voxel.
 */
#include <math.h>

#include "core/transform/fields.h"
#include "core/transform/noise.h"

struct noise_args {
	struct strlist fields;
	double probability, variance;
};

static const struct arg_def noise_defs[] = {
	FIELDS_ARG,
	{.name = "probability",
		.type = ARG_FLOAT,
		.offset = offsetof(struct noise_args, probability),
		.def = "0.5",
		.min = 0,
		.max = 1,
		.help = "probability of adding noise"},
	{.name = "variance",
		.type = ARG_FLOAT,
		.offset = offsetof(struct noise_args, variance),
		.def = "0.1",
		.min = 0,
		.max = 1e9,
		.help = "variance of the noise"},
	ARG_END,
};

static int noise_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct noise_args *a = args;

	for (int i = 0; i < a->fields.n; i++) {
		struct volume *v = sample_volume(s, a->fields.v[i], err);

		if (!v)
			return -1;
		if (rng_uniform(rng) >= a->probability)
			continue;
		if (volume_make_writable(v, err))
			return -1;
		noise_add(v->data, volume_voxels(v) * (size_t)v->channels, (float)sqrt(a->variance),
			rng);
	}
	return 0;
}

const struct component component_add_gaussian_noise = {
	.name = "AddGaussianNoise",
	.kind = COMPONENT_TRANSFORM,
	.help = "adds normal noise of mean 0 and the given variance with the given probability",
	.args = noise_defs,
	.args_size = sizeof(struct noise_args),
	.ops = &(const struct transform_ops){.apply = noise_apply,
		.flags = TRANSFORM_RANDOM,
		.check = fields_check,
		.reads = fields_reads},
};
