/*
 * DivisiblePadd: zeros around a volume, so that every size is a multiple of k.
 */
#include "core/transform/crop.h"
#include "core/transform/monai.h"

struct divisible_args {
	struct monai_keys k;
	struct numlist divisor;
	struct strlist mode;
	int method;
};

static const char *const divisible_methods[] = {"symmetric", "end", NULL};
static const char *const divisible_modes[] = {"constant", NULL};

static const struct arg_def divisible_defs[] = {
	MONAI_KEYS_ARGS,
	{"k", ARG_INTLIST, offsetof(struct divisible_args, divisor), .flags = ARG_REQUIRED,
		.min = 0, .max = 4096, .help = "sizes become multiples of it; 0: as it is"},
	{"method", ARG_CHOICE, offsetof(struct divisible_args, method),
		.choices = divisible_methods, .def = "\"symmetric\"",
		.help = "on both sides, or behind the end"},
	MONAI_MODE_ARG(struct divisible_args, "\"constant\"", "only constant: zeros"),
	ARG_END,
};

static int divisible_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	const struct divisible_args *a = ctx;
	int size[3], start[3];

	(void)i;
	for (int d = 0; d < 3; d++) {
		int k = (int)(a->divisor.n == 1  ? a->divisor.v[0]
			      : d < a->divisor.n ? a->divisor.v[d]
						 : 1);

		if (k < 1 || (d == 2 && v->dim[2] == 1 && a->divisor.n < 3))
			k = 1; /* the third axis of a picture is not one of space */
		size[d] = (v->dim[d] + k - 1) / k * k;
		start[d] = a->method ? 0 : -((size[d] - v->dim[d]) / 2);
	}
	return crop_box(v, start, size, err);
}

static int divisible_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct divisible_args *a = args;

	(void)rng;
	return keyed_each(&a->k, s, false, divisible_one, a, err);
}

static void divisible_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct divisible_args *a = args;

	keyed_check(args, file, path, ps);
	keyed_check_list(&a->k, &a->mode, "mode", divisible_modes, file, path, ps);
}

const struct component component_monai_divisible_pad = {
	.name = "DivisiblePadd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("DivisiblePad"),
	.help = "zeros around the volume, so that its sizes are multiples of k",
	.args = divisible_defs,
	.args_size = sizeof(struct divisible_args),
	.ops = &(const struct transform_ops){.apply = divisible_apply,
		.flags = TRANSFORM_INVERTIBLE,
		.check = divisible_check,
		.reads = keyed_reads},
};
