#ifndef CORE_METRIC_CLASSES_H
#define CORE_METRIC_CLASSES_H

#include "core/metric/metric.h"
#include "core/metric/overlap.h"

/*
 * What metrics per class share: a prediction and a label of the same size, a rule that
 * makes classes of the prediction, and a value per class.
 *
 * The prediction is what the inferer blended: C channels, which become classes by argmax
 * (softmax, logits) or by logit_thresh per channel (sigmoid); or one channel, a mask,
 * which is thresholded and compared with the foreground of the label.
 */
struct classes_args {
	struct metric_args common;
	char *label_field;
	bool remove_bg, include_background; /* v3's name and MONAI's */
	bool onehot, independent, negate;
	bool auto_onehot; /* the label's channels tell; no argument */
	double logit_thresh;
	cJSON *transform; /* v4's output_transform: nothing to say here */
};

struct classes {
	const struct classes_args *args;
	const struct volume *pred, *label;
	struct overlap_map p, l;
	bool onehot;
	enum overlap_rule rule;
	int skip; /* 1: class 0 is left out */
};

/* MONAI's: background by include_background, one-hot labels known by their channels. */
struct classes_args classes_monai(const struct classes_args *a);

/* Volumes and rules of a case.  ERR_DATA: a field is missing or does not fit. */
int classes_open(struct classes *c, const struct classes_args *a, const struct metric_case *mc,
	struct err *err) MUST_CHECK;

/* The label holds no class above the prediction's (top: from overlap_add()). */
int classes_check_top(const struct classes *c, int top, struct err *err) MUST_CHECK;

/* Fills row from one value per channel of the prediction (NaN: undefined); value: their mean. */
void classes_row(
	const struct classes *c, const double *value, struct metric_row *row, int *first_class);

/* Which voxels belong to class k in the prediction and in the label, 1 or 0 each. */
void classes_masks(const struct classes *c, int k, unsigned char *in_pred, unsigned char *in_label);

#define CLASSES_RULE_ROWS(type, member)                                                         \
	{"label_field", ARG_STRING, offsetof(type, member.label_field), .def = "\"label\"",     \
		.help = "field that holds the truth"},                                          \
		{"logit_thresh", ARG_FLOAT, offsetof(type, member.logit_thresh), .def = "0.5",  \
			.help = "a mask or sigmoid channel counts from this value on"},         \
	{                                                                                       \
		"is_independent_predictions", ARG_BOOL, offsetof(type, member.independent),     \
			.def = "false",                                                         \
			.help = "every channel by the threshold, not argmax; sigmoid networks " \
				"always"                                                        \
	}

#define CLASSES_V3_ROWS(type, member)                                                    \
	CLASSES_RULE_ROWS(type, member),                                                 \
		{"remove_bg", ARG_BOOL, offsetof(type, member.remove_bg), .def = "true", \
			.help = "leave channel 0 out of the mean"},                      \
	{                                                                                \
		"is_one_hot_targets", ARG_BOOL, offsetof(type, member.onehot),           \
			.def = "false", .help = "the label has one channel per class"    \
	}

/* v4 names a metric by its class only; its reader may add name, field and is_key_metric. */
#define CLASSES_MONAI_ROWS(type, member, key, background)                                      \
	{"name", ARG_STRING, offsetof(type, member.common.name), .def = "\"" key "\"",         \
		.help = "key of the value in events and reports"},                             \
		{"field", ARG_STRING, offsetof(type, member.common.field), .def = "\"model\"", \
			.help = "what is measured"},                                           \
		{"report_path", ARG_STRING, offsetof(type, member.common.report_path),         \
			.help = "folder for the results files"},                               \
		{"is_key_metric", ARG_BOOL, offsetof(type, member.common.is_key_metric),       \
			.def = "false", .help = "this metric selects the best model"},         \
		{"output_transform", ARG_JSON, offsetof(type, member.transform),               \
			.flags = ARG_UNUSED, .help = "Clara v4's: which fields are compared"}, \
		{"include_background", ARG_BOOL, offsetof(type, member.include_background),    \
			.def = background, .help = "false leaves channel 0 out of the mean"},  \
		CLASSES_RULE_ROWS(type, member)

#define CLASSES_NEGATE_ROW(type, member)                                                 \
	{                                                                                \
		"negate_value", ARG_BOOL, offsetof(type, member.negate),                 \
			.def = "false",                                                  \
			.help = "turn the sign: a key metric must be better when larger" \
	}

#endif
