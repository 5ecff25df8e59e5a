/*
 * ComputeAverage: the mean over cases of a number that the trainer measured, found
 * by the tag of an aux op ("negloss" of NegLoss, "dice_tc" of DiceMaskedOutput).
 */
#include <math.h>
#include <string.h>

#include "core/metric/metric.h"

struct average_args {
	struct metric_args common;
	struct numlist invalid;
	bool negate;
};

static int average_measure(const void *args, const struct metric_case *c, struct metric_row *row,
	int *first_class, struct err *err)
{
	const struct average_args *a = args;
	const char *known = "none";

	*first_class = 0;
	for (int i = 0; i < c->n_scalars; i++) {
		double v = c->scalars[i].value;

		known = c->scalars[i].tag;
		if (strcmp(known, a->common.field))
			continue;
		for (int k = 0; k < a->invalid.n; k++)
			if (v == a->invalid.v[k])
				v = NAN;
		row->value = a->negate ? -v : v;
		return 0;
	}
	return err_set(err, ERR_DATA,
		"no aux op has the tag '%s' (%d tags in the configuration, last: %s)",
		a->common.field, c->n_scalars, known);
}

static const struct arg_def average_arg_defs[] = {METRIC_COMMON_ARGS(struct average_args),
	{"invalid_value", ARG_FLOATLIST, offsetof(struct average_args, invalid),
		.help = "values that stand for 'undefined', besides NaN"},
	{"negate_value", ARG_BOOL, offsetof(struct average_args, negate), .def = "false",
		.help = "turn the sign, for values where less is better"},
	ARG_END};

static const struct metric_ops average_ops = {.measure = average_measure};

const struct component component_compute_average = {
	.name = "ComputeAverage",
	.kind = COMPONENT_METRIC,
	.help = "mean over cases of a scalar, named by the tag of an aux op",
	.args = average_arg_defs,
	.args_size = sizeof(struct average_args),
	.ops = &average_ops,
};
