/*
 * CenterData: (x - subtrahend) / divisor; without them, mean and standard deviation
 * of each channel.
 */
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/transform/fields.h"
#include "core/transform/intensity.h"

struct center_data_args {
	struct strlist fields;
	struct numlist subtrahend, divisor;
};

static const struct arg_def center_data_defs[] = {
	FIELDS_ARG,
	{.name = "subtrahend",
		.type = ARG_FLOATLIST,
		.offset = offsetof(struct center_data_args, subtrahend),
		.help = "what is subtracted: one number, or one per channel; none: the mean"},
	{.name = "divisor",
		.type = ARG_FLOATLIST,
		.offset = offsetof(struct center_data_args, divisor),
		.help = "what is divided by: one number, or one per channel; none: the standard "
			"deviation (1 where that is 0)"},
	ARG_END,
};

static double center_data_pick(const struct numlist *l, int channel, double def)
{
	return !l->n ? def : l->n == 1 ? l->v[0] : l->v[channel];
}

static int center_data_volume(struct volume *v, const void *ctx, struct err *err)
{
	const struct center_data_args *a = ctx;
	size_t n = volume_voxels(v);

	if (a->subtrahend.n > 1 && a->subtrahend.n != v->channels)
		return err_set(err, ERR_DATA, "%d numbers in subtrahend, but %d channels",
			a->subtrahend.n, v->channels);
	if (a->divisor.n > 1 && a->divisor.n != v->channels)
		return err_set(err, ERR_DATA, "%d numbers in divisor, but %d channels",
			a->divisor.n, v->channels);
	for (int c = 0; c < v->channels; c++) {
		float *x = v->data + (size_t)c * n;
		double mean = 0, deviation = 1;
		float sub, factor;

		if (!a->subtrahend.n || !a->divisor.n)
			intensity_moments(x, n, false, &mean, &deviation);
		if (!(deviation > 0))
			deviation = 1;
		sub = (float)center_data_pick(&a->subtrahend, c, mean);
		factor = (float)(1 / center_data_pick(&a->divisor, c, deviation));
		intensity_center(x, n, false, sub, factor);
	}
	return 0;
}

static int center_data_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct center_data_args *a = args;

	(void)rng;
	return fields_each(&a->fields, s, center_data_volume, a, err);
}

static void center_data_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct center_data_args *a = args;

	fields_check(args, file, path, ps);
	for (int i = 0; i < a->divisor.n; i++) {
		char *at;

		if (a->divisor.v[i] != 0)
			continue;
		at = mem_printf("%s.divisor", path);
		problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, at, NULL, "division by 0");
		free(at);
	}
}

const struct component component_center_data = {
	.name = "CenterData",
	.kind = COMPONENT_TRANSFORM,
	.help = "(x - subtrahend) / divisor; without them mean and standard deviation of each "
		"channel",
	.args = center_data_defs,
	.args_size = sizeof(struct center_data_args),
	.ops = &(const struct transform_ops){.apply = center_data_apply,
		.check = center_data_check,
		.reads = fields_reads},
};
