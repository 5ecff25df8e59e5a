#ifndef CORE_METRIC_METRIC_H
#define CORE_METRIC_METRIC_H

#include <stdbool.h>
#include "core/component.h"
#include "core/transform/sample.h"
#include "core/volume/volume.h"

/*
 * A metric gathers one row per validation case: its value, and a value per class
 * where that makes sense.  NaN stands for "not defined for this case" (a class that
 * the label does not contain) and takes no part in any mean.
 */
struct metric;

/* Arguments that every metric has; the first member of its argument struct. */
struct metric_args {
	char *name;        /* "val_mean_dice": key in events and reports */
	char *field;       /* "model", "pred_class1", or the tag of an aux op */
	char *report_path; /* folder for the results files; NULL: none */
	bool do_summary, do_print, is_key_metric;
};

/* A named number that the trainer measured for the case (aux op tag and value). */
struct metric_scalar {
	const char *tag;
	double value;
};

/* One case.  Everything is borrowed for the time of the call. */
struct metric_case {
	const char *case_id;
	struct sample *sample; /* fields "model", "label" ...; may be NULL */
	bool independent;      /* channels of "model" are sigmoid outputs, not softmax */
	const struct metric_scalar *scalars;
	int n_scalars;
};

/* One row: classes values at values[0 .. n_classes-1], NaN where undefined. */
struct metric_row {
	char *case_id;
	double value;
	int n_classes; /* 0: no per-class values */
	double *classes;
	int n_extra; /* further numbers for finish(), not reported */
	double *extra;
};

/* What a round of cases gave; pointers live until the next metric_begin() or metric_free(). */
struct metric_result {
	const char *name;
	bool is_key;
	double mean;      /* over the cases with a value; NaN when there are none */
	int cases, valid; /* how many were added; how many have a value */
	int first_class;  /* class number that class_mean[0] stands for (1: without background) */
	int n_classes;    /* 0: no per-class values */
	const double *class_mean;      /* over the cases where the class is defined */
	const struct metric_row *rows; /* cases rows, in order of addition */
};

struct metric_ops {
	/* Fills value, n_classes and classes (allocated) of row; *first_class as above. */
	int (*measure)(const void *args, const struct metric_case *c, struct metric_row *row,
		int *first_class, struct err *err);
	/*
	 * Optional: for metrics that need all cases (a rank, a curve).  Called at the end of a
	 * round, and of a round that merges the rows of several processes, with the means
	 * over rows in place; sets r->mean, r->valid and class_mean[0 .. n_classes-1].
	 */
	void (*finish)(const void *args, struct metric_result *r, double *class_mean);
};

/* u is borrowed and must outlive the metric. */
struct metric *metric_new(const struct component_use *u);
void metric_free(struct metric *m);
const struct metric_args *metric_args(const struct component_use *u);

/* Starts a new round: forgets the rows. */
void metric_begin(struct metric *m);

/* Measures one case.  ERR_DATA: a field is missing or sizes differ; names metric and case. */
int metric_add(struct metric *m, const struct metric_case *c, struct err *err) MUST_CHECK;

/* Means over the round. */
void metric_end(struct metric *m, struct metric_result *out);

/*
 * Writes the results files into args->report_path (made when missing), each
 * atomically; does nothing when it is NULL.  Evaluation calls it, training need not.
 *   NAME_raw_results.txt      tab-separated: a head line "case<TAB>mean[<TAB>class_1 ...]",
 *                             then one line per case; "nan" where undefined
 *   NAME_summary_results.txt  "key<TAB>value" lines: metric, cases, valid_cases, mean, std,
 *                             min, median, max, then class_K_mean
 */
int metric_report(
	const struct metric *m, const struct metric_result *r, struct err *err) MUST_CHECK;

/* Rows of the arguments above, for the tables of metrics. */
#define METRIC_COMMON_ARGS(type) METRIC_COMMON_ROWS(type, common)
#define METRIC_COMMON_ROWS(type, member)                                                       \
	{"name", ARG_STRING, offsetof(type, member.name), .flags = ARG_REQUIRED,               \
		.help = "key of the value in events and reports"},                             \
		{"field", ARG_STRING, offsetof(type, member.field), .flags = ARG_REQUIRED,     \
			.help = "what is measured: 'model', a mask, or the tag of an aux op"}, \
		{"report_path", ARG_STRING, offsetof(type, member.report_path),                \
			.help = "folder for the results files"},                               \
		{"do_summary", ARG_BOOL, offsetof(type, member.do_summary), .def = "true",     \
			.help = "record the value in TensorBoard"},                            \
		{"do_print", ARG_BOOL, offsetof(type, member.do_print), .def = "true",         \
			.help = "show the value in the log"},                                  \
	{                                                                                      \
		"is_key_metric", ARG_BOOL, offsetof(type, member.is_key_metric),               \
			.def = "false", .help = "this metric selects the best model"           \
	}

#endif
