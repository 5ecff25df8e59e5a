/*
 * RandGaussianSmoothd: with probability prob a Gaussian blur, its deviations along the
 * axes drawn in voxels, the same for all keys.
 */
#include "core/transform/monai.h"
#include "core/volume/smooth.h"

struct rand_smooth_args {
	struct monai_keys k;
	double prob;
	cJSON *sigma[3];
};

#define SMOOTH_RANGE(name_, i_)                                                               \
	{                                                                                     \
		.name = name_, .type = ARG_JSON,                                              \
		.offset = offsetof(struct rand_smooth_args, sigma[i_]), .def = "[0.25, 1.5]", \
		.unit = "voxel", .help = "range [low, high] of the deviation"                 \
	}

static const struct arg_def rand_smooth_defs[] = {
	MONAI_KEYS_ARGS,
	MONAI_PROB_ARG(struct rand_smooth_args, "0.1"),
	SMOOTH_RANGE("sigma_x", 0),
	SMOOTH_RANGE("sigma_y", 1),
	SMOOTH_RANGE("sigma_z", 2),
	MONAI_IGNORED("approx", "accepted; the kernel is sampled over 4 deviations"),
	ARG_END,
};

static int rand_smooth_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	const double *drawn = ctx;
	double sigma[3] = {drawn[0], drawn[1], v->dim[2] == 1 ? 0 : drawn[2]};

	(void)i;
	return smooth_gaussian(v, sigma, err);
}

static int rand_smooth_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct rand_smooth_args *a = args;
	double sigma[3];

	if (rng_uniform(rng) >= a->prob)
		return 0;
	for (int i = 0; i < 3; i++) {
		double lo = 0, hi = 0;

		if (keyed_range(a->sigma[i], &lo, &hi))
			sigma[i] = rng_range(rng, lo < 0 ? 0 : lo, hi);
		else
			sigma[i] = 0;
	}
	return keyed_each(&a->k, s, true, rand_smooth_one, sigma, err);
}

static void rand_smooth_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	static const char *const names[] = {"sigma_x", "sigma_y", "sigma_z"};
	const struct rand_smooth_args *a = args;

	keyed_check(args, file, path, ps);
	for (int i = 0; i < 3; i++) {
		double lo, hi;

		if (!keyed_range(a->sigma[i], &lo, &hi) || hi > 100)
			keyed_fault(file, path, names[i], "such as [0.25, 1.5]", ps,
				"a pair of deviations up to 100 is needed");
	}
}

const struct component component_monai_rand_gaussian_smooth = {
	.name = "RandGaussianSmoothd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("RandGaussianSmooth"),
	.help = "with probability prob a Gaussian blur, deviations uniform in their ranges, the same "
		"for all keys",
	.args = rand_smooth_defs,
	.args_size = sizeof(struct rand_smooth_args),
	.ops = &(const struct transform_ops){.apply = rand_smooth_apply,
		.flags = TRANSFORM_RANDOM,
		.check = rand_smooth_check,
		.reads = keyed_reads},
};
