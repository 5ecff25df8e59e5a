/*
 * SpatialPadd: zeros around a volume up to a size; what is larger stays as it is.
 */
#include <string.h>

#include "core/transform/crop.h"
#include "core/transform/monai.h"

struct pad_args {
	struct monai_keys k;
	struct numlist spatial_size;
	struct strlist mode;
	int method;
};

static const char *const pad_methods[] = {"symmetric", "end", NULL};
static const char *const pad_modes[] = {"constant", NULL};

static const struct arg_def pad_defs[] = {
	MONAI_KEYS_ARGS,
	{"spatial_size", ARG_INTLIST, offsetof(struct pad_args, spatial_size),
		.flags = ARG_REQUIRED, .min = -1, .max = 4096, .unit = "voxel",
		.help = "size to reach; -1: that axis stays as it is"},
	{"method", ARG_CHOICE, offsetof(struct pad_args, method), .choices = pad_methods,
		.def = "\"symmetric\"", .help = "on both sides, or behind the end"},
	MONAI_MODE_ARG(struct pad_args, "\"constant\"", "only constant: zeros"),
	ARG_END,
};

static int pad_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	const struct pad_args *a = ctx;
	int size[3], start[3];

	(void)i;
	keyed_size(&a->spatial_size, v->dim, size);
	for (int d = 0; d < 3; d++) {
		size[d] = size[d] < v->dim[d] ? v->dim[d] : size[d];
		start[d] = a->method ? 0 : -((size[d] - v->dim[d]) / 2);
	}
	return crop_box(v, start, size, err);
}

static int pad_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct pad_args *a = args;

	(void)rng;
	return keyed_each(&a->k, s, false, pad_one, a, err);
}

static void pad_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct pad_args *a = args;

	keyed_check(args, file, path, ps);
	keyed_check_list(&a->k, &a->mode, "mode", pad_modes, file, path, ps);
}

const struct component component_monai_spatial_pad = {
	.name = "SpatialPadd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("SpatialPad"),
	.help = "zeros around the volume up to spatial_size, evenly or at the end; larger axes stay",
	.args = pad_defs,
	.args_size = sizeof(struct pad_args),
	.ops = &(const struct transform_ops){.apply = pad_apply,
		.flags = TRANSFORM_INVERTIBLE,
		.check = pad_check,
		.reads = keyed_reads},
};
