/*
 * AdjustContrast: a random gamma curve between the smallest and the largest value
 * (MONAI's RandAdjustContrast): ((x - min) / (max - min))^gamma * (max - min) + min.
 */
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/transform/fields.h"
#include "core/transform/intensity.h"

struct contrast_args {
	struct strlist fields;
	double probability;
	struct numlist gamma;
};

static const struct arg_def contrast_defs[] = {
	FIELDS_ARG,
	{.name = "probability",
		.type = ARG_FLOAT,
		.offset = offsetof(struct contrast_args, probability),
		.def = "0.5",
		.min = 0,
		.max = 1,
		.alias = "prob",
		.help = "probability of a change"},
	{.name = "gamma",
		.type = ARG_FLOATLIST,
		.offset = offsetof(struct contrast_args, gamma),
		.def = "[0.5, 4.5]",
		.min = 0.01,
		.max = 100,
		.help = "range of gamma, uniform; one number g: 0.5 to g"},
	ARG_END,
};

static int contrast_volume(struct volume *v, const void *ctx, struct err *err)
{
	size_t n = volume_voxels(v) * (size_t)v->channels;
	float gamma = *(const float *)ctx, lo, hi;

	(void)err;
	intensity_range(v->data, n, &lo, &hi);
	if (hi > lo)
		intensity_gamma(v->data, n, lo, 1 / (hi - lo), hi - lo, gamma);
	return 0;
}

static int contrast_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct contrast_args *a = args;
	double low = a->gamma.n > 1 ? a->gamma.v[0] : 0.5, high = a->gamma.v[a->gamma.n - 1];
	bool on = rng_uniform(rng) < a->probability;
	float gamma = (float)rng_range(rng, low, high);

	return on ? fields_each(&a->fields, s, contrast_volume, &gamma, err) : 0;
}

static void contrast_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct contrast_args *a = args;
	double low = a->gamma.n > 1 ? a->gamma.v[0] : 0.5;
	char *at;

	fields_check(args, file, path, ps);
	if (a->gamma.n >= 1 && a->gamma.n <= 2 && a->gamma.v[a->gamma.n - 1] >= low)
		return;
	at = mem_printf("%s.gamma", path);
	problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, at, "give [lowest, highest]",
		"no range of gamma");
	free(at);
}

const struct component component_adjust_contrast = {
	.name = "AdjustContrast",
	.kind = COMPONENT_TRANSFORM,
	.help = "random gamma curve between the smallest and largest value of the field: "
		"((x - min) / (max - min))^gamma * (max - min) + min",
	.args = contrast_defs,
	.args_size = sizeof(struct contrast_args),
	.ops = &(const struct transform_ops){.apply = contrast_apply,
		.flags = TRANSFORM_RANDOM,
		.check = contrast_check,
		.reads = fields_reads},
};
