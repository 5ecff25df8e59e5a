/*
 * RandShiftIntensityd: with probability prob adds one number to all voxels, the same for
 * all keys.
 */
#include "core/transform/monai.h"

struct shift_args {
	struct monai_keys k;
	double prob;
	cJSON *offsets;
};

static const struct arg_def shift_defs[] = {
	MONAI_KEYS_ARGS,
	MONAI_PROB_ARG(struct shift_args, "0.1"),
	{"offsets", ARG_JSON, offsetof(struct shift_args, offsets), .flags = ARG_REQUIRED,
		.help = "range of the number: x for -x ... x, or [low, high]"},
	MONAI_IGNORED("meta_keys", "accepted; only its use with factor_key needs it"),
	MONAI_IGNORED("meta_key_postfix", "accepted; likewise"),
	ARG_END,
};

static int shift_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	size_t n = volume_voxels(v) * (size_t)v->channels;
	float by = *(const float *)ctx;

	(void)i, (void)err;
	for (size_t k = 0; k < n; k++)
		v->data[k] += by;
	return 0;
}

static int shift_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct shift_args *a = args;
	double lo = 0, hi = 0;
	float by;

	if (rng_uniform(rng) >= a->prob || !keyed_range(a->offsets, &lo, &hi))
		return 0;
	by = (float)rng_range(rng, lo, hi);
	return keyed_each(&a->k, s, true, shift_one, &by, err);
}

static void shift_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct shift_args *a = args;
	double lo, hi;

	keyed_check(args, file, path, ps);
	if (a->offsets && !keyed_range(a->offsets, &lo, &hi))
		keyed_fault(file, path, "offsets", "such as 0.1 or [-0.1, 0.2]", ps,
			"a number or a pair is needed");
}

const struct component component_monai_rand_shift_intensity = {
	.name = "RandShiftIntensityd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("RandShiftIntensity"),
	.help = "with probability prob x + t, t uniform in offsets, the same for all keys",
	.args = shift_defs,
	.args_size = sizeof(struct shift_args),
	.ops = &(const struct transform_ops){.apply = shift_apply,
		.flags = TRANSFORM_RANDOM,
		.check = shift_check,
		.reads = keyed_reads},
};
