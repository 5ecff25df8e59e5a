/*
 * RandFlipd: with probability prob mirrors the given axes, all keys alike.
 */
#include "core/transform/flip.h"
#include "core/transform/monai.h"

struct rand_flip_args {
	struct monai_keys k;
	double prob;
	struct numlist spatial_axis;
};

static const struct arg_def rand_flip_defs[] = {
	MONAI_KEYS_ARGS,
	MONAI_PROB_ARG(struct rand_flip_args, "0.1"),
	{"spatial_axis", ARG_INTLIST, offsetof(struct rand_flip_args, spatial_axis), .min = -3,
		.max = 2,
		.help = "axes to mirror: 0 x, 1 y, 2 z; negative from the end; absent: all"},
	ARG_END,
};

static int rand_flip_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	const struct rand_flip_args *a = ctx;
	int rank = v->dim[2] == 1 ? 2 : 3;

	(void)i, (void)err;
	for (int d = 0; !a->spatial_axis.n && d < rank; d++)
		flip_axis(v, d);
	for (int j = 0; j < a->spatial_axis.n; j++) {
		int d = (int)a->spatial_axis.v[j];

		flip_axis(v, d < 0 ? (d + rank < 0 ? 0 : d + rank) : d);
	}
	return 0;
}

static int rand_flip_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct rand_flip_args *a = args;

	if (rng_uniform(rng) >= a->prob)
		return 0;
	return keyed_each(&a->k, s, true, rand_flip_one, a, err);
}

const struct component component_monai_rand_flip = {
	.name = "RandFlipd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("RandFlip"),
	.help = "with probability prob mirrors the axes of spatial_axis, all keys alike",
	.args = rand_flip_defs,
	.args_size = sizeof(struct rand_flip_args),
	.ops = &(const struct transform_ops){.apply = rand_flip_apply,
		.flags = TRANSFORM_RANDOM,
		.check = keyed_check,
		.reads = keyed_reads},
};
