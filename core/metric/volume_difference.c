/*
 * ComputeVolumeDifference: how much larger a class is predicted than it is, as a part of
 * its true volume (relative) or in millilitres.
 */
#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/metric/classes.h"

struct difference_args {
	struct classes_args classes;
	bool relative, absolute;
};

static double voxel_ml(const struct volume *v)
{
	double mm[3];

	volume_spacing(v, mm);
	return mm[0] * mm[1] * mm[2] / 1000;
}

static int difference_measure(const void *args, const struct metric_case *mc,
	struct metric_row *row, int *first_class, struct err *err)
{
	const struct difference_args *a = args;
	struct overlap_count *count;
	struct classes c;
	double *value;
	int channels, top;

	if (classes_open(&c, &a->classes, mc, err))
		return -1;
	channels = c.pred->channels;
	count = mem_zalloc((size_t)channels * sizeof(*count));
	value = mem_alloc((size_t)channels * sizeof(*value));
	top = overlap_add(&c.p, &c.l, c.onehot, c.rule, a->classes.logit_thresh, 0,
		volume_voxels(c.pred), count);
	for (int k = 0; k < channels; k++) {
		double d = (double)(count[k].pred - count[k].label);

		if (a->relative)
			d = count[k].label ? d / (double)count[k].label : NAN;
		else
			d *= voxel_ml(c.label);
		value[k] = a->absolute ? fabs(d) : d;
	}
	classes_row(&c, value, row, first_class);
	free(count);
	free(value);
	return classes_check_top(&c, top, err);
}

static const struct arg_def difference_arg_defs[] = {
	METRIC_COMMON_ROWS(struct difference_args, classes.common),
	CLASSES_V3_ROWS(struct difference_args, classes),
	{"relative", ARG_BOOL, offsetof(struct difference_args, relative), .def = "true",
		.help = "as a part of the true volume; false: in ml"},
	{"absolute", ARG_BOOL, offsetof(struct difference_args, absolute), .def = "true",
		.help = "without its sign; false: above 0 means too large"},
	CLASSES_NEGATE_ROW(struct difference_args, classes), ARG_END};

static const struct metric_ops difference_ops = {.measure = difference_measure};

const struct component component_compute_volume_difference = {
	.name = "ComputeVolumeDifference",
	.kind = COMPONENT_METRIC,
	.help = "(|P| - |T|) / |T| per class, or |P| - |T| in ml; a class that the label lacks has no "
		"relative value",
	.args = difference_arg_defs,
	.args_size = sizeof(struct difference_args),
	.ops = &difference_ops,
};
