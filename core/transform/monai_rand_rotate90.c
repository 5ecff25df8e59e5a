/*
 * RandRotate90d: with probability prob one to max_k quarter turns in the plane of two
 * axes, from the first towards the second, all keys alike.
 */
#include "core/transform/monai.h"
#include "core/transform/reorient.h"

struct rotate90_args {
	struct monai_keys k;
	double prob;
	int64_t max_k;
	struct numlist spatial_axes;
};

static const struct arg_def rotate90_defs[] = {
	MONAI_KEYS_ARGS,
	MONAI_PROB_ARG(struct rotate90_args, "0.1"),
	{"max_k", ARG_INT, offsetof(struct rotate90_args, max_k), .def = "3", .min = 1, .max = 3,
		.help = "largest number of quarter turns"},
	{"spatial_axes", ARG_INTLIST, offsetof(struct rotate90_args, spatial_axes), .def = "[0, 1]",
		.min = -3, .max = 2, .help = "the two axes of the plane: 0 x, 1 y, 2 z"},
	ARG_END,
};

struct rotate90_draw {
	int k, a, b;
};

static int rotate90_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	const struct rotate90_draw *d = ctx;

	(void)i;
	return reorient_rot90(v, d->k, d->a, d->b, err);
}

static int rotate90_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct rotate90_args *a = args;
	struct rotate90_draw d = {.k = 0};

	if (rng_uniform(rng) >= a->prob)
		return 0;
	d.k = 1 + (int)rng_below(rng, (uint32_t)a->max_k);
	d.a = ((int)a->spatial_axes.v[0] + 3) % 3;
	d.b = ((int)a->spatial_axes.v[1] + 3) % 3;
	return keyed_each(&a->k, s, false, rotate90_one, &d, err);
}

static void rotate90_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct rotate90_args *a = args;

	keyed_check(args, file, path, ps);
	if (a->spatial_axes.n != 2 ||
		((int)a->spatial_axes.v[0] + 3) % 3 == ((int)a->spatial_axes.v[1] + 3) % 3)
		keyed_fault(file, path, "spatial_axes", "such as [0, 1]", ps,
			"a plane has two different axes");
}

const struct component component_monai_rand_rotate90 = {
	.name = "RandRotate90d",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("RandRotate90"),
	.help = "with probability prob 1 to max_k quarter turns in the plane of two axes, all keys "
		"alike; sizes that differ are exchanged",
	.args = rotate90_defs,
	.args_size = sizeof(struct rotate90_args),
	.ops = &(const struct transform_ops){.apply = rotate90_apply,
		.flags = TRANSFORM_RANDOM,
		.check = rotate90_check,
		.reads = keyed_reads},
};
