/*
 * RandGaussianNoised: with probability prob adds normal noise to every voxel; its
 * deviation is drawn between 0 and std, once for all keys, as MONAI 0.8 does.
 */
#include "core/transform/monai.h"
#include "core/transform/noise.h"

struct rand_noise_args {
	struct monai_keys k;
	double prob, mean, std;
};

static const struct arg_def rand_noise_defs[] = {
	MONAI_KEYS_ARGS,
	MONAI_PROB_ARG(struct rand_noise_args, "0.1"),
	{"mean", ARG_FLOAT, offsetof(struct rand_noise_args, mean), .def = "0", .min = -1e9,
		.max = 1e9, .help = "mean of the noise"},
	{"std", ARG_FLOAT, offsetof(struct rand_noise_args, std), .def = "0.1", .min = 0,
		.max = 1e9, .help = "largest deviation of the noise"},
	MONAI_IGNORED("dtype", "accepted; voxels are fp32"),
	ARG_END,
};

struct rand_noise_ctx {
	struct rng *rng;
	float mean, sigma;
};

static int rand_noise_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	const struct rand_noise_ctx *c = ctx;
	size_t n = volume_voxels(v) * (size_t)v->channels;

	(void)i, (void)err;
	noise_add(v->data, n, c->sigma, c->rng);
	for (size_t k = 0; c->mean != 0 && k < n; k++)
		v->data[k] += c->mean;
	return 0;
}

static int rand_noise_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct rand_noise_args *a = args;
	struct rand_noise_ctx c = {rng, (float)a->mean, 0};

	if (rng_uniform(rng) >= a->prob)
		return 0;
	c.sigma = (float)rng_range(rng, 0, a->std);
	return keyed_each(&a->k, s, true, rand_noise_one, &c, err);
}

const struct component component_monai_rand_gaussian_noise = {
	.name = "RandGaussianNoised",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("RandGaussianNoise"),
	.help = "with probability prob adds normal noise of the given mean; its deviation is "
		"uniform in 0 ... std",
	.args = rand_noise_defs,
	.args_size = sizeof(struct rand_noise_args),
	.ops = &(const struct transform_ops){.apply = rand_noise_apply,
		.flags = TRANSFORM_RANDOM,
		.check = keyed_check,
		.reads = keyed_reads},
};
