/*
 * AdjustContrast: a random gamma curve between the smallest and the largest value
 * (MONAI's RandAdjustContrast): ((x - min) / (max - min))^gamma * (max - min) + min.
 */
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/graph/fmath.h"
#include "core/transform/fields.h"

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

enum { CONTRAST_LANES = 16 };

/* A plain loop over one minimum would wait for it at every voxel. */
static void contrast_range(const float *x, size_t n, float *least, float *most)
{
	float lo[CONTRAST_LANES], hi[CONTRAST_LANES];
	size_t i;

	for (int k = 0; k < CONTRAST_LANES; k++)
		lo[k] = hi[k] = x[0];
	for (i = 0; i + CONTRAST_LANES <= n; i += CONTRAST_LANES)
		for (int k = 0; k < CONTRAST_LANES; k++) {
			lo[k] = x[i + (size_t)k] < lo[k] ? x[i + (size_t)k] : lo[k];
			hi[k] = x[i + (size_t)k] > hi[k] ? x[i + (size_t)k] : hi[k];
		}
	for (; i < n; i++) {
		lo[0] = x[i] < lo[0] ? x[i] : lo[0];
		hi[0] = x[i] > hi[0] ? x[i] : hi[0];
	}
	*least = lo[0];
	*most = hi[0];
	for (int k = 1; k < CONTRAST_LANES; k++) {
		*least = lo[k] < *least ? lo[k] : *least;
		*most = hi[k] > *most ? hi[k] : *most;
	}
}

static void contrast_curve(float *x, size_t n, float lo, float range, float gamma)
{
	float scale = 1 / range;

	for (size_t i = 0; i < n; i++) {
		float t = (x[i] - lo) * scale;
		/* The sum keeps the logarithm away from 0, where the power is 0. */
		float p = fmath_exp(gamma * fmath_log(t + 1e-36f)) * (float)(t > 0);

		x[i] = p * range + lo;
	}
}

static int contrast_volume(struct volume *v, const void *ctx, struct err *err)
{
	size_t n = volume_voxels(v) * (size_t)v->channels;
	float gamma = *(const float *)ctx, lo, hi;

	(void)err;
	contrast_range(v->data, n, &lo, &hi);
	if (hi > lo)
		contrast_curve(v->data, n, lo, hi - lo, gamma);
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
