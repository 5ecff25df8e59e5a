#ifndef TUI_RUN_VIEW_H
#define TUI_RUN_VIEW_H

#include "tui/run_log.h"
#include "tui/run_model.h"
#include "tui/view.h"

/* State of the run view, shared by view_run.c (following, drawing) and run_keys.c. */
enum log_mode {
	LOG_SMALL,
	LOG_LARGE,
	LOG_NONE,
	LOG_MODES,
};

struct run_view {
	struct run_model model;
	struct run_log log;
	struct plot_window window;
	int smooth; /* level, see run_view_smooth() */
	int only;   /* the one chart shown, -1: as many as fit */
	enum log_mode log_mode;
	double wait_s, state_due;
	int silent_min;
	char *fault; /* why the events cannot be read, NULL */
	/* where things were drawn, for the mouse */
	struct rect chart_at[RUN_CHARTS_MAX];
	int chart_id[RUN_CHARTS_MAX];
	int charts_shown;
	struct rect log_at;
	int head_rows, head_w, head_h; /* header of the last drawing */
};

/* Weight of the smoothing that is chosen, 0..1. */
double run_view_smooth(const struct run_view *s);

/* The interval that all curves cover. */
struct plot_span run_view_span(const struct run_view *s);

/* The callbacks of view_ops. */
unsigned run_view_action(struct view *v, enum action a, const struct input *in);
unsigned run_view_mouse(struct view *v, const struct input *in);

#endif
