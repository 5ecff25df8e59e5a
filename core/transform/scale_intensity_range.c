/*
 * ScaleIntensityRange: the linear map that takes [a_min, a_max] to [b_min, b_max],
 * with or without clipping to the latter.  For CT: a window in HU to 0 ... 1.
 */
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/transform/fields.h"

struct range_args {
	struct strlist fields;
	double a_min, a_max, b_min, b_max;
	bool clip;
};

static const struct arg_def range_defs[] = {
	FIELDS_ARG,
	{.name = "a_min",
		.type = ARG_FLOAT,
		.offset = offsetof(struct range_args, a_min),
		.flags = ARG_REQUIRED,
		.help = "lower end of the input range (HU for CT)"},
	{.name = "a_max",
		.type = ARG_FLOAT,
		.offset = offsetof(struct range_args, a_max),
		.flags = ARG_REQUIRED,
		.help = "upper end of the input range"},
	{.name = "b_min",
		.type = ARG_FLOAT,
		.offset = offsetof(struct range_args, b_min),
		.flags = ARG_REQUIRED,
		.help = "what a_min becomes"},
	{.name = "b_max",
		.type = ARG_FLOAT,
		.offset = offsetof(struct range_args, b_max),
		.flags = ARG_REQUIRED,
		.help = "what a_max becomes"},
	{.name = "clip",
		.type = ARG_BOOL,
		.offset = offsetof(struct range_args, clip),
		.def = "false",
		.help = "clip the result to b_min ... b_max"},
	ARG_END,
};

static int range_volume(struct volume *v, const void *ctx, struct err *err)
{
	const struct range_args *a = ctx;
	size_t n = volume_voxels(v) * (size_t)v->channels;
	float k = (float)((a->b_max - a->b_min) / (a->a_max - a->a_min));
	float a0 = (float)a->a_min, b0 = (float)a->b_min;
	float lo = (float)(a->b_min < a->b_max ? a->b_min : a->b_max);
	float hi = (float)(a->b_min < a->b_max ? a->b_max : a->b_min);

	(void)err;
	for (size_t i = 0; i < n; i++)
		v->data[i] = (v->data[i] - a0) * k + b0;
	if (!a->clip)
		return 0;
	for (size_t i = 0; i < n; i++) {
		float x = v->data[i] < lo ? lo : v->data[i];

		v->data[i] = x > hi ? hi : x;
	}
	return 0;
}

static int range_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct range_args *a = args;

	(void)rng;
	return fields_each(&a->fields, s, range_volume, a, err);
}

static void range_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct range_args *a = args;

	fields_check(args, file, path, ps);
	if (a->a_max <= a->a_min) {
		char *at = mem_printf("%s.a_max", path);

		problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, at, NULL,
			"a_max is %g, it must be above a_min, which is %g", a->a_max, a->a_min);
		free(at);
	}
}

const struct component component_scale_intensity_range = {
	.name = "ScaleIntensityRange",
	.kind = COMPONENT_TRANSFORM,
	.aliases = (const char *const[]){"ScaleIntensityRanged", "ScaleIntensityRangeD",
		"ScaleIntensityRangeDict", NULL},
	.help = "linear map of [a_min, a_max] to [b_min, b_max]: (x - a_min) / (a_max - a_min) * "
		"(b_max - b_min) + b_min",
	.args = range_defs,
	.args_size = sizeof(struct range_args),
	.ops =
		&(const struct transform_ops){
			.apply = range_apply, .check = range_check, .reads = fields_reads},
};
