/*
 * Overlap of whole volumes, outside the graph: ComputeAverageDice, ComputeIoU, and
 * MONAI's MeanDice and MeanIoU.
 *
 * A class that a case's label does not contain has no value there, as in MONAI's
 * DiceMetric, whatever was predicted.  A case's value is the mean over its
 * classes, the metric's value the mean over cases.  With is_2d every slice along
 * z is measured by itself and a class's value is the mean over its slices.
 */
#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/metric/classes.h"

struct dice_args {
	struct classes_args classes; /* first: begins with struct metric_args */
	bool is_2d;
};

typedef double score_fn(const struct overlap_count *c);

/* Adds the score of each class over n voxels to sum, where it is defined. */
static int dice_part(const struct classes *c, score_fn *score, size_t first, size_t n, double *sum,
	int *defined, struct err *err)
{
	int channels = c->pred->channels, top;
	struct overlap_count *count = mem_zalloc((size_t)channels * sizeof(*count));

	top = overlap_add(&c->p, &c->l, c->onehot, c->rule, c->args->logit_thresh, first, n, count);
	for (int k = 0; k < channels; k++) {
		double d = score(count + k);

		if (isnan(d))
			continue;
		sum[k] += d;
		defined[k]++;
	}
	free(count);
	return classes_check_top(c, top, err);
}

static int overlap_measure(const struct classes_args *a, bool is_2d, score_fn *score,
	const struct metric_case *mc, struct metric_row *row, int *first_class, struct err *err)
{
	struct classes c;
	double *sum;
	int *defined, channels, slices, rc = 0;
	size_t len;

	if (classes_open(&c, a, mc, err))
		return -1;
	channels = c.pred->channels;
	sum = mem_zalloc((size_t)channels * sizeof(*sum));
	defined = mem_zalloc((size_t)channels * sizeof(*defined));
	slices = is_2d ? c.pred->dim[2] : 1;
	len = volume_voxels(c.pred) / (size_t)slices;
	for (int z = 0; z < slices && !rc; z++)
		rc = dice_part(&c, score, (size_t)z * len, len, sum, defined, err);
	for (int k = 0; k < channels; k++)
		sum[k] = defined[k] ? sum[k] / defined[k] : NAN;
	classes_row(&c, sum, row, first_class);
	free(sum);
	free(defined);
	return rc;
}

static int dice_measure(const void *args, const struct metric_case *c, struct metric_row *row,
	int *first_class, struct err *err)
{
	const struct dice_args *a = args;

	return overlap_measure(&a->classes, a->is_2d, overlap_dice, c, row, first_class, err);
}

static int iou_measure(const void *args, const struct metric_case *c, struct metric_row *row,
	int *first_class, struct err *err)
{
	const struct dice_args *a = args;

	return overlap_measure(&a->classes, a->is_2d, overlap_iou, c, row, first_class, err);
}

static int mean_dice_measure(const void *args, const struct metric_case *c, struct metric_row *row,
	int *first_class, struct err *err)
{
	struct classes_args a = classes_monai(args);

	return overlap_measure(&a, false, overlap_dice, c, row, first_class, err);
}

static int mean_iou_measure(const void *args, const struct metric_case *c, struct metric_row *row,
	int *first_class, struct err *err)
{
	struct classes_args a = classes_monai(args);

	return overlap_measure(&a, false, overlap_iou, c, row, first_class, err);
}

static const struct arg_def dice_arg_defs[] = {METRIC_COMMON_ROWS(struct dice_args, classes.common),
	CLASSES_V3_ROWS(struct dice_args, classes),
	{"is_2d", ARG_BOOL, offsetof(struct dice_args, is_2d), .def = "false",
		.help = "measure every z slice by itself"},
	ARG_END};

static const struct arg_def mean_dice_arg_defs[] = {
	CLASSES_MONAI_ROWS(struct dice_args, classes, "val_mean_dice", "true"), ARG_END};

static const struct arg_def mean_iou_arg_defs[] = {
	CLASSES_MONAI_ROWS(struct dice_args, classes, "val_mean_iou", "true"), ARG_END};

static const struct metric_ops dice_ops = {.measure = dice_measure};
static const struct metric_ops iou_ops = {.measure = iou_measure};
static const struct metric_ops mean_dice_ops = {.measure = mean_dice_measure};
static const struct metric_ops mean_iou_ops = {.measure = mean_iou_measure};

const struct component component_compute_average_dice = {
	.name = "ComputeAverageDice",
	.kind = COMPONENT_METRIC,
	.help = "Dice 2|P and T|/(|P|+|T|) per class over whole volumes, mean over the classes that "
		"the label contains, mean over cases",
	.args = dice_arg_defs,
	.args_size = sizeof(struct dice_args),
	.ops = &dice_ops,
};

const struct component component_compute_iou = {
	.name = "ComputeIoU",
	.kind = COMPONENT_METRIC,
	.help = "intersection over union |P and T|/|P or T| per class, means as ComputeAverageDice",
	.args = dice_arg_defs,
	.args_size = sizeof(struct dice_args),
	.ops = &iou_ops,
};

static const char *const mean_dice_aliases[] = {"DiceMetric", NULL};
static const char *const mean_iou_aliases[] = {"MeanIoUMetric", NULL};

const struct component component_monai_mean_dice = {
	.name = "MeanDice",
	.kind = COMPONENT_METRIC,
	.aliases = mean_dice_aliases,
	.help = "MONAI's name of ComputeAverageDice; include_background is true unless it is said",
	.args = mean_dice_arg_defs,
	.args_size = sizeof(struct dice_args),
	.ops = &mean_dice_ops,
};

const struct component component_monai_mean_iou = {
	.name = "MeanIoU",
	.kind = COMPONENT_METRIC,
	.aliases = mean_iou_aliases,
	.help = "MONAI's name of ComputeIoU; include_background is true unless it is said",
	.args = mean_iou_arg_defs,
	.args_size = sizeof(struct dice_args),
	.ops = &mean_iou_ops,
};
