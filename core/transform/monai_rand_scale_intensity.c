/*
 * RandScaleIntensityd: with probability prob x * (1 + f), one f for all keys.
 */
#include "core/transform/monai.h"

struct rand_scale_args {
	struct monai_keys k;
	double prob;
	cJSON *factors;
};

static const struct arg_def rand_scale_defs[] = {
	MONAI_KEYS_ARGS,
	MONAI_PROB_ARG(struct rand_scale_args, "0.1"),
	{"factors", ARG_JSON, offsetof(struct rand_scale_args, factors), .flags = ARG_REQUIRED,
		.help = "range of f: x for -x ... x, or [low, high]"},
	MONAI_IGNORED("dtype", "accepted; voxels are fp32"),
	ARG_END,
};

static int rand_scale_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	size_t n = volume_voxels(v) * (size_t)v->channels;
	float by = *(const float *)ctx;

	(void)i, (void)err;
	for (size_t k = 0; k < n; k++)
		v->data[k] *= by;
	return 0;
}

static int rand_scale_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct rand_scale_args *a = args;
	double lo = 0, hi = 0;
	float by;

	if (rng_uniform(rng) >= a->prob || !keyed_range(a->factors, &lo, &hi))
		return 0;
	by = (float)(1 + rng_range(rng, lo, hi));
	return keyed_each(&a->k, s, true, rand_scale_one, &by, err);
}

static void rand_scale_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct rand_scale_args *a = args;
	double lo, hi;

	keyed_check(args, file, path, ps);
	if (a->factors && !keyed_range(a->factors, &lo, &hi))
		keyed_fault(file, path, "factors", "such as 0.1 or [-0.1, 0.2]", ps,
			"a number or a pair is needed");
}

const struct component component_monai_rand_scale_intensity = {
	.name = "RandScaleIntensityd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("RandScaleIntensity"),
	.help = "with probability prob x * (1 + f), f uniform in factors, the same for all keys",
	.args = rand_scale_defs,
	.args_size = sizeof(struct rand_scale_args),
	.ops = &(const struct transform_ops){.apply = rand_scale_apply,
		.flags = TRANSFORM_RANDOM,
		.check = rand_scale_check,
		.reads = keyed_reads},
};
