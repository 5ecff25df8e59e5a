/*
 * RandomGaussianSmooth: Gaussian blur with a random width along each axis.
 */
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/transform/fields.h"
#include "core/volume/smooth.h"

struct blur_args {
	struct strlist fields;
	double probability;
	struct numlist sigma;
};

static const struct arg_def blur_defs[] = {
	FIELDS_ARG,
	{.name = "probability",
		.type = ARG_FLOAT,
		.offset = offsetof(struct blur_args, probability),
		.def = "0.5",
		.min = 0,
		.max = 1,
		.alias = "prob",
		.help = "probability of a blur"},
	{.name = "sigma",
		.type = ARG_FLOATLIST,
		.offset = offsetof(struct blur_args, sigma),
		.def = "[0.25, 1.5]",
		.min = 0,
		.max = 32,
		.unit = "voxel",
		.help = "range of the standard deviation, drawn for each axis; one number: always "
			"that"},
	ARG_END,
};

static int blur_volume(struct volume *v, const void *ctx, struct err *err)
{
	return smooth_gaussian(v, ctx, err);
}

static int blur_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct blur_args *a = args;
	bool on = rng_uniform(rng) < a->probability;
	double sigma[3];

	for (int i = 0; i < 3; i++)
		sigma[i] = rng_range(rng, a->sigma.v[0], a->sigma.v[a->sigma.n - 1]);
	return on ? fields_each(&a->fields, s, blur_volume, sigma, err) : 0;
}

static void blur_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct blur_args *a = args;
	char *at;

	fields_check(args, file, path, ps);
	if (a->sigma.n >= 1 && a->sigma.n <= 2 && a->sigma.v[a->sigma.n - 1] >= a->sigma.v[0])
		return;
	at = mem_printf("%s.sigma", path);
	problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, at, "give [lowest, highest]",
		"no range of sigma");
	free(at);
}

const struct component component_random_gaussian_smooth = {
	.name = "RandomGaussianSmooth",
	.kind = COMPONENT_TRANSFORM,
	.help = "Gaussian blur with a random standard deviation along each axis",
	.args = blur_defs,
	.args_size = sizeof(struct blur_args),
	.ops = &(const struct transform_ops){.apply = blur_apply,
		.flags = TRANSFORM_RANDOM,
		.check = blur_check,
		.reads = fields_reads},
};
