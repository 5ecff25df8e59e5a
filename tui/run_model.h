#ifndef TUI_RUN_MODEL_H
#define TUI_RUN_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/run/reader.h"
#include "core/run/scan.h"
#include "tui/plot.h"

/* What the run view shows, apart from how: curves in plot form, charts, numbers. */
enum run_xaxis {
	RUN_X_STEP,
	RUN_X_EPOCH,
	RUN_X_TIME, /* seconds since the start of the run */
	RUN_X_COUNT,
};

struct run_curve {
	enum event_kind kind;
	char *name;
	double *x, *y;
	double last_time; /* of the newest point, to notice rewritten series */
	size_t n, cap;
};

/* A chart of one or more curves. */
struct run_chart {
	char title[64];
	int curve[PLOT_MAX_LINES]; /* indices of curves */
	int n;
	bool metric;           /* larger is better, inside 0..1 when the values are */
	enum axis_scale scale; /* as chosen by the user */
};

/* Loss, validation and learning rate always exist, empty or not. */
enum {
	RUN_CHART_LOSS,
	RUN_CHART_METRIC,
	RUN_CHART_RATE,
	RUN_CHARTS_FIXED,
	RUN_CHARTS_MAX = 8,
};

struct run_model {
	struct run_reader reader;
	enum run_xaxis xaxis;
	struct run_curve *curve;
	int ncurves;
	struct run_chart chart[RUN_CHARTS_MAX];
	int ncharts;
	enum run_state state;
	int64_t pid;     /* of the process that trains, 0: unknown */
	double peak_rss; /* bytes, of the process that trains; NaN: unknown */
};

void run_model_init(struct run_model *m, const char *dir);
void run_model_release(struct run_model *m);

/*
 * Takes in what was appended, at most about max_bytes.  Returns 1 when something
 * changed, 0 when not, -1 when the file cannot be read.
 */
int run_model_poll(struct run_model *m, size_t max_bytes, bool *more, struct err *err) MUST_CHECK;

/* Looks at the lock and at the memory of the training process.  True when something changed. */
bool run_model_check_state(struct run_model *m);

void run_model_set_xaxis(struct run_model *m, enum run_xaxis kind);

/*
 * Fills the plots of all charts (out and lines hold RUN_CHARTS_MAX each); the
 * arrays stay valid until the next poll.  Returns the number of charts.
 */
int run_model_plots(const struct run_model *m, double smooth, struct plot out[],
	struct plot_line lines[][PLOT_MAX_LINES]);

/*
 * The curves as tab-separated text, one row per point: series, kind, x kind columns
 * step, epoch, seconds, value.  Points outside of span (of the present x axis) are left out.
 */
void run_model_tsv(const struct run_model *m, struct plot_span span, struct buf *out);

/* Name of the x axis: "step", "epoch", "time". */
const char *run_xaxis_name(enum run_xaxis kind);

#endif
