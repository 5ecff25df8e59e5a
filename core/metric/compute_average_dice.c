/*
 * ComputeAverageDice: Dice of whole volumes, outside the graph.
 *
 * The prediction is what the inferer blended: C channels of probabilities, which
 * become classes by argmax (softmax) or by logit_thresh per channel (sigmoid); or
 * one channel, a mask that SplitBasedOnLabel or ArgmaxAcrossChannels left, which
 * is thresholded and compared with the foreground of the label.
 *
 * A class that a case's label does not contain has no value there, as in MONAI's
 * DiceMetric, whatever was predicted.  A case's value is the mean over its
 * classes, the metric's value the mean over cases.  With is_2d every slice along
 * z is measured by itself and a class's value is the mean over its slices.
 */
#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/metric/metric.h"
#include "core/metric/overlap.h"

struct dice_args {
	struct metric_args common;
	char *label_field;
	bool is_2d, remove_bg, is_one_hot_targets;
	double logit_thresh;
};

static int dice_check(const struct dice_args *a, const struct volume *pred,
	const struct volume *label, struct err *err)
{
	int want = a->is_one_hot_targets ? pred->channels : 1;

	for (int i = 0; i < 3; i++)
		if (pred->dim[i] != label->dim[i])
			return err_set(err, ERR_DATA,
				"'%s' has %d x %d x %d voxels, '%s' has %d x %d x %d",
				a->common.field, pred->dim[0], pred->dim[1], pred->dim[2],
				a->label_field, label->dim[0], label->dim[1], label->dim[2]);
	if (label->channels != want)
		return err_set(err, ERR_DATA, "'%s' has %d channels, expected %d%s", a->label_field,
			label->channels, want,
			a->is_one_hot_targets ? " (is_one_hot_targets)" : "");
	return 0;
}

/* Adds the Dice of each class over n voxels to sum, where it is defined. */
static int dice_part(const struct dice_args *a, const struct metric_case *c,
	const struct volume *pred, const struct volume *label, size_t first, size_t n, double *sum,
	int *defined, struct err *err)
{
	size_t voxels = volume_voxels(pred);
	struct overlap_map p = {pred->data, pred->channels, voxels, 1};
	struct overlap_map l = {label->data, label->channels, voxels, 1};
	struct overlap_count *count = mem_zalloc((size_t)pred->channels * sizeof(*count));
	int top = overlap_add(&p, &l, a->is_one_hot_targets,
		c->independent ? OVERLAP_THRESHOLD : OVERLAP_ARGMAX, a->logit_thresh, first, n,
		count);

	for (int k = 0; k < pred->channels; k++) {
		double d = overlap_dice(count + k);

		if (isnan(d))
			continue;
		sum[k] += d;
		defined[k]++;
	}
	free(count);
	if (pred->channels > 1 && top >= pred->channels)
		return err_set(err, ERR_DATA, "'%s' holds class %d, but '%s' has only %d channels",
			a->label_field, top, a->common.field, pred->channels);
	return 0;
}

static int dice_measure(const void *args, const struct metric_case *c, struct metric_row *row,
	int *first_class, struct err *err)
{
	const struct dice_args *a = args;
	struct volume *pred, *label;
	double *sum, total = 0;
	int *defined, skip, slices, n = 0, rc = 0;

	if (!c->sample)
		return err_set(err, ERR_DATA, "the case has no volumes");
	pred = sample_volume(c->sample, a->common.field, err);
	label = pred ? sample_volume(c->sample, a->label_field, err) : NULL;
	if (!label || dice_check(a, pred, label, err))
		return -1;
	sum = mem_zalloc((size_t)pred->channels * sizeof(*sum));
	defined = mem_zalloc((size_t)pred->channels * sizeof(*defined));
	slices = a->is_2d ? pred->dim[2] : 1;
	for (int z = 0; z < slices && !rc; z++) {
		size_t len = volume_voxels(pred) / (size_t)slices;

		rc = dice_part(a, c, pred, label, (size_t)z * len, len, sum, defined, err);
	}
	skip = a->remove_bg && pred->channels > 1;
	*first_class = pred->channels == 1 || skip ? 1 : 0;
	row->n_classes = pred->channels - skip;
	row->classes = mem_alloc((size_t)row->n_classes * sizeof(double));
	for (int k = 0; k < row->n_classes; k++) {
		row->classes[k] = defined[k + skip] ? sum[k + skip] / defined[k + skip] : NAN;
		if (defined[k + skip]) {
			total += row->classes[k];
			n++;
		}
	}
	row->value = n ? total / n : NAN;
	free(sum);
	free(defined);
	return rc;
}

static const struct arg_def dice_arg_defs[] = {METRIC_COMMON_ARGS(struct dice_args),
	{"label_field", ARG_STRING, offsetof(struct dice_args, label_field), .def = "\"label\"",
		.help = "field that holds the truth"},
	{"is_2d", ARG_BOOL, offsetof(struct dice_args, is_2d), .def = "false",
		.help = "measure every z slice by itself"},
	{"remove_bg", ARG_BOOL, offsetof(struct dice_args, remove_bg), .def = "true",
		.help = "leave channel 0 out of the mean"},
	{"logit_thresh", ARG_FLOAT, offsetof(struct dice_args, logit_thresh), .def = "0.5",
		.help = "a mask or sigmoid channel counts from this value on"},
	{"is_one_hot_targets", ARG_BOOL, offsetof(struct dice_args, is_one_hot_targets),
		.def = "false", .help = "the label has one channel per class"},
	ARG_END};

static const struct metric_ops dice_ops = {.measure = dice_measure};

const struct component component_compute_average_dice = {
	.name = "ComputeAverageDice",
	.kind = COMPONENT_METRIC,
	.help = "Dice 2|P and T|/(|P|+|T|) per class over whole volumes, mean over the classes that "
		"the label contains, mean over cases",
	.args = dice_arg_defs,
	.args_size = sizeof(struct dice_args),
	.ops = &dice_ops,
};
