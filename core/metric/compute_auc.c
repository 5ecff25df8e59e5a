/*
 * ComputeAUC, ComputeMulticlassAverage and MONAI's ROCAUC: area under the ROC curve of a
 * classifier over all cases.
 *
 * A case's row holds the score of every class; at the end of the round each class is
 * ranked against the rest.  The label is a class number or one number per class.
 *   macro     mean over the classes that have positives and negatives
 *   weighted  the same, weighted by their positives
 *   micro     one curve over all scores of all classes
 * v3 publishes only the arguments: class_index picks one class, include_list leaves the
 * others out; label_index is what ComputeMulticlassAverage calls class_index.
 */
#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/metric/auc.h"
#include "core/metric/metric.h"

enum auc_average {
	AUC_MACRO,
	AUC_MICRO,
	AUC_WEIGHTED,
};

struct auc_args {
	struct metric_args common;
	char *label_field;
	int average;
	struct numlist include, class_index;
	cJSON *transform;
};

/* Class numbers or one value per class -> 1 or 0 per class. */
static int auc_targets(const struct auc_args *a, const struct volume *label, int classes,
	double *target, struct err *err)
{
	double v = (double)label->data[0];

	if (classes > 1 && label->channels == 1) {
		if (v < 0 || v >= classes || v != floor(v))
			return err_set(err, ERR_DATA, "'%s' is %g, expected a class number 0 .. %d",
				a->label_field, v, classes - 1);
		for (int k = 0; k < classes; k++)
			target[k] = k == (int)v;
		return 0;
	}
	if (label->channels != classes)
		return err_set(err, ERR_DATA, "'%s' has %d channels, '%s' has %d", a->label_field,
			label->channels, a->common.field, classes);
	for (int k = 0; k < classes; k++)
		target[k] = label->data[k] > 0.5f;
	return 0;
}

static int auc_measure(const void *args, const struct metric_case *c, struct metric_row *row,
	int *first_class, struct err *err)
{
	const struct auc_args *a = args;
	struct volume *pred, *label;

	*first_class = 0;
	if (!c->sample)
		return err_set(err, ERR_DATA, "the case has no volumes");
	pred = sample_volume(c->sample, a->common.field, err);
	label = pred ? sample_volume(c->sample, a->label_field, err) : NULL;
	if (!label)
		return -1;
	if (volume_voxels(pred) != 1 || volume_voxels(label) != 1)
		return err_set(err, ERR_DATA,
			"'%s' has %zu voxels: an AUC needs a classifier, whose output is one voxel",
			a->common.field, volume_voxels(pred));
	row->n_classes = row->n_extra = pred->channels;
	row->classes = mem_alloc((size_t)pred->channels * sizeof(double));
	row->extra = mem_alloc((size_t)pred->channels * sizeof(double));
	for (int k = 0; k < pred->channels; k++)
		row->classes[k] = (double)pred->data[k];
	return auc_targets(a, label, pred->channels, row->extra, err);
}

static bool auc_counts(const struct auc_args *a, int k)
{
	bool in = a->include.n == 0;

	for (int i = 0; i < a->include.n; i++)
		in |= (int)a->include.v[i] == k;
	for (int i = 0; i < a->class_index.n; i++)
		if ((int)a->class_index.v[i] != k)
			in = false;
	return in;
}

/* Adds class k's scores at score[n] ...; returns how many there are now. */
static size_t auc_column(
	const struct metric_result *r, int k, double *score, bool *positive, size_t n)
{
	for (int i = 0; i < r->cases; i++) {
		if (isnan(r->rows[i].classes[k]))
			continue;
		score[n] = r->rows[i].classes[k];
		positive[n++] = r->rows[i].extra[k] > 0.5;
	}
	return n;
}

static void auc_finish(const void *args, struct metric_result *r, double *class_mean)
{
	const struct auc_args *a = args;
	size_t room = (size_t)r->cases * (size_t)r->n_classes, all = 0;
	double *score = mem_alloc((room + 1) * sizeof(*score)), sum = 0, weights = 0;
	bool *positive = mem_alloc((room + 1) * sizeof(*positive));

	for (int k = 0; k < r->n_classes; k++) {
		size_t n = auc_column(r, k, score, positive, 0);
		double w = 1;

		class_mean[k] = auc_of(score, positive, n);
		if (!auc_counts(a, k) || isnan(class_mean[k]))
			continue;
		if (a->average == AUC_WEIGHTED) {
			w = 0;
			for (size_t i = 0; i < n; i++)
				w += positive[i];
		}
		sum += w * class_mean[k];
		weights += w;
	}
	r->mean = weights > 0 ? sum / weights : NAN;
	if (a->average == AUC_MICRO) {
		for (int k = 0; k < r->n_classes; k++)
			if (auc_counts(a, k))
				all = auc_column(r, k, score, positive, all);
		r->mean = auc_of(score, positive, all);
	}
	r->valid = r->cases;
	free(score);
	free(positive);
}

static const char *const averages[] = {"macro", "micro", "weighted", NULL};

#define LABEL_ROW                                                                  \
	{                                                                          \
		"label_field", ARG_STRING, offsetof(struct auc_args, label_field), \
			.def = "\"label\"", .help = "field that holds the truth"   \
	}

#define AVERAGE_ROW                                                                                \
	{                                                                                          \
		"auc_average", ARG_CHOICE, offsetof(struct auc_args, average),                     \
			.def = "\"macro\"", .choices = averages,                                   \
			.help = "mean over classes, one curve over all, or weighted by positives", \
			.alias = "average"                                                         \
	}

#define INDEX_ROW(key)                                                    \
	{                                                                 \
		key, ARG_INTLIST, offsetof(struct auc_args, class_index), \
			.min = 0, .max = 1023, .help = "this class only"  \
	}

static const struct arg_def auc_arg_defs[] = {METRIC_COMMON_ARGS(struct auc_args), LABEL_ROW,
	AVERAGE_ROW, INDEX_ROW("class_index"),
	{"include_list", ARG_INTLIST, offsetof(struct auc_args, include), .min = 0, .max = 1023,
		.help = "the classes that count; absent: all"},
	ARG_END};

static const struct arg_def multiclass_arg_defs[] = {METRIC_COMMON_ARGS(struct auc_args), LABEL_ROW,
	AVERAGE_ROW, INDEX_ROW("label_index"), ARG_END};

static const struct arg_def monai_arg_defs[] = {
	{"name", ARG_STRING, offsetof(struct auc_args, common.name), .def = "\"val_auc\"",
		.help = "key of the value in events and reports"},
	{"field", ARG_STRING, offsetof(struct auc_args, common.field), .def = "\"model\"",
		.help = "what is measured"},
	{"report_path", ARG_STRING, offsetof(struct auc_args, common.report_path),
		.help = "folder for the results files"},
	{"is_key_metric", ARG_BOOL, offsetof(struct auc_args, common.is_key_metric), .def = "false",
		.help = "this metric selects the best model"},
	{"output_transform", ARG_JSON, offsetof(struct auc_args, transform), .flags = ARG_UNUSED,
		.help = "Clara v4's: which fields are compared"},
	LABEL_ROW, AVERAGE_ROW, ARG_END};

static const struct metric_ops auc_ops = {.measure = auc_measure, .finish = auc_finish};

const struct component component_compute_auc = {
	.name = "ComputeAUC",
	.kind = COMPONENT_METRIC,
	.help = "area under the ROC curve of a classifier over all cases, each class against the rest",
	.args = auc_arg_defs,
	.args_size = sizeof(struct auc_args),
	.ops = &auc_ops,
};

const struct component component_compute_multiclass_average = {
	.name = "ComputeMulticlassAverage",
	.kind = COMPONENT_METRIC,
	.help = "average over the classes of the area under the ROC curve, each against the rest; v3 "
		"publishes only the arguments",
	.args = multiclass_arg_defs,
	.args_size = sizeof(struct auc_args),
	.ops = &auc_ops,
};

static const char *const monai_aliases[] = {"ROCAUCMetric", NULL};

const struct component component_monai_auc = {
	.name = "ROCAUC",
	.kind = COMPONENT_METRIC,
	.aliases = monai_aliases,
	.help = "MONAI's name of ComputeAUC",
	.args = monai_arg_defs,
	.args_size = sizeof(struct auc_args),
	.ops = &auc_ops,
};
