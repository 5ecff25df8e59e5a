/*
 * RandAdjustContrastd: with probability prob a gamma curve over the field's own range:
 *     ((x - min) / (max - min)) ^ gamma * (max - min) + min
 */
#include "core/transform/intensity.h"
#include "core/transform/monai.h"

struct contrast_args {
	struct monai_keys k;
	double prob;
	cJSON *gamma;
};

static const struct arg_def contrast_defs[] = {
	MONAI_KEYS_ARGS,
	MONAI_PROB_ARG(struct contrast_args, "0.1"),
	{"gamma", ARG_JSON, offsetof(struct contrast_args, gamma), .def = "[0.5, 4.5]",
		.help = "range [low, high] of gamma; one number g above 0.5: 0.5 ... g"},
	ARG_END,
};

static bool contrast_range(const cJSON *v, double *lo, double *hi)
{
	if (cJSON_IsNumber(v)) {
		*lo = 0.5;
		*hi = v->valuedouble;
		return *hi > 0.5;
	}
	return keyed_range(v, lo, hi) && *lo > 0;
}

static int contrast_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	size_t n = volume_voxels(v) * (size_t)v->channels;
	float gamma = *(const float *)ctx, lo, hi;

	(void)i, (void)err;
	intensity_range(v->data, n, &lo, &hi);
	intensity_gamma(v->data, n, lo, 1 / (hi - lo + 1e-7f), hi - lo, gamma);
	return 0;
}

static int contrast_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct contrast_args *a = args;
	double lo = 1, hi = 1;
	float gamma;

	if (rng_uniform(rng) >= a->prob || !contrast_range(a->gamma, &lo, &hi))
		return 0;
	gamma = (float)rng_range(rng, lo, hi);
	return keyed_each(&a->k, s, true, contrast_one, &gamma, err);
}

static void contrast_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct contrast_args *a = args;
	double lo, hi;

	keyed_check(args, file, path, ps);
	if (!contrast_range(a->gamma, &lo, &hi))
		keyed_fault(file, path, "gamma", "such as [0.5, 2]", ps,
			"a pair of numbers above 0, or one above 0.5, is needed");
}

const struct component component_monai_rand_adjust_contrast = {
	.name = "RandAdjustContrastd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("RandAdjustContrast"),
	.help = "with probability prob ((x - min) / (max - min)) ^ gamma * (max - min) + min, gamma "
		"uniform in its range, the same for all keys",
	.args = contrast_defs,
	.args_size = sizeof(struct contrast_args),
	.ops = &(const struct transform_ops){.apply = contrast_apply,
		.flags = TRANSFORM_RANDOM,
		.check = contrast_check,
		.reads = keyed_reads},
};
