#ifndef TUI_PLOT_WINDOW_H
#define TUI_PLOT_WINDOW_H

#include <stdbool.h>

/*
 * Which part of the x axis is shown, and where the read-out cursor stands.  One
 * window serves all charts of a view, so that they move together.  full: the
 * interval that the data cover at this moment; it grows while a run is on.
 */
struct plot_span {
	double lo, hi;
};

struct plot_window {
	bool zoomed;            /* false: everything is shown */
	bool follow;            /* zoomed: the right edge sticks to the newest point */
	struct plot_span shown; /* zoomed: the interval */
	bool growing;           /* the data still grow: leave room, so that old points stay put */
	bool cursor_on;
	double cursor; /* x value */
};

/*
 * The interval to draw now.  While the data grow it reaches beyond them, by at most a
 * quarter when everything is shown and an eighth of the width when following, and
 * jumps ahead when they fill it: a frame then adds dots instead of moving all.
 */
struct plot_span plot_window_shown(const struct plot_window *w, struct plot_span full);

/*
 * Makes the interval factor times as wide (0.5: zoom in) about the cursor when it
 * is on and visible, about the right edge while following, else about the middle.
 * Zooming out to the whole shows everything again.
 */
void plot_window_zoom(struct plot_window *w, struct plot_span full, double factor);

/* Moves by a part of the width (negative: to the left), never beyond the data. */
void plot_window_pan(struct plot_window *w, struct plot_span full, double part);

/* Turns following on (keeping the width; a tenth of everything when nothing is zoomed) or off. */
void plot_window_follow(struct plot_window *w, struct plot_span full);

void plot_window_fit(struct plot_window *w);

/* Cursor on (at the newest shown point) or off. */
void plot_window_cursor(struct plot_window *w, struct plot_span full);

/* Moves the cursor to x and the interval with it when it would leave it. */
void plot_window_cursor_to(struct plot_window *w, struct plot_span full, double x);

#endif
