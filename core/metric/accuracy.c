/*
 * ComputeAccuracy (metric) and ignite's Accuracy: the part of the voxels whose class is
 * right; of a classifier's single voxel, 1 or 0 per case.
 *
 * With independent channels (sigmoid) every channel of every voxel is one decision.
 */
#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/metric/classes.h"

struct accuracy_args {
	struct classes_args classes;
	bool use_sigmoid; /* v3's aux op has this name for it */
};

/* Right decisions over all channels that count: argmax compares classes, so a miss shows twice. */
static int accuracy_measure(const struct classes_args *a, const struct metric_case *mc,
	struct metric_row *row, int *first_class, struct err *err)
{
	struct classes c;
	unsigned char *p, *l, *right;
	size_t n, good = 0;
	int channels;

	if (classes_open(&c, a, mc, err))
		return -1;
	n = volume_voxels(c.pred);
	channels = c.pred->channels;
	p = mem_alloc(n);
	l = mem_alloc(n);
	right = mem_zalloc(n);
	for (int k = 0; k < channels; k++) {
		bool every = channels == 1 || c.rule == OVERLAP_THRESHOLD;

		classes_masks(&c, k, p, l);
		for (size_t i = 0; i < n; i++) {
			if (every)
				good += p[i] == l[i];
			else
				right[i] |= p[i] & l[i];
		}
	}
	for (size_t i = 0; i < n; i++)
		good += right[i];
	*first_class = 0;
	row->value = (double)good / (double)n;
	if (channels > 1 && c.rule == OVERLAP_THRESHOLD)
		row->value /= channels;
	free(p);
	free(l);
	free(right);
	return 0;
}

static int v3_measure(const void *args, const struct metric_case *c, struct metric_row *row,
	int *first_class, struct err *err)
{
	const struct accuracy_args *a = args;
	struct classes_args ca = a->classes;

	ca.auto_onehot = true;
	ca.independent = ca.independent || a->use_sigmoid;
	return accuracy_measure(&ca, c, row, first_class, err);
}

static int monai_measure(const void *args, const struct metric_case *c, struct metric_row *row,
	int *first_class, struct err *err)
{
	struct classes_args ca = classes_monai(args);

	return accuracy_measure(&ca, c, row, first_class, err);
}

static const struct arg_def accuracy_arg_defs[] = {
	METRIC_COMMON_ROWS(struct accuracy_args, classes.common),
	CLASSES_RULE_ROWS(struct accuracy_args, classes),
	{"use_sigmoid", ARG_BOOL, offsetof(struct accuracy_args, use_sigmoid), .def = "false",
		.help = "every channel by the threshold, not argmax"},
	ARG_END};

static const struct arg_def monai_arg_defs[] = {
	CLASSES_MONAI_ROWS(struct accuracy_args, classes, "val_accuracy", "true"), ARG_END};

static const struct metric_ops accuracy_ops = {.measure = v3_measure};
static const struct metric_ops monai_ops = {.measure = monai_measure};

const struct component component_compute_accuracy = {
	.name = "ComputeAccuracy",
	.kind = COMPONENT_METRIC,
	.help = "part of the voxels (of a classifier: of the cases) whose class is right",
	.args = accuracy_arg_defs,
	.args_size = sizeof(struct accuracy_args),
	.ops = &accuracy_ops,
};

const struct component component_monai_accuracy = {
	.name = "Accuracy",
	.kind = COMPONENT_METRIC,
	.help = "Clara v4's name of ComputeAccuracy",
	.args = monai_arg_defs,
	.args_size = sizeof(struct accuracy_args),
	.ops = &monai_ops,
};
