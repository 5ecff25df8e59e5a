#ifndef TUI_PLOT_H
#define TUI_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include "tui/axis.h"
#include "tui/braille.h"
#include "tui/draw.h"
#include "tui/plot_window.h"

/* What the best point of a line is; it gets a mark and a word in the legend. */
enum plot_best {
	PLOT_BEST_NONE,
	PLOT_BEST_MIN,
	PLOT_BEST_MAX,
};

/* One curve; the arrays are borrowed while drawing.  x never falls, y may be NaN (a gap). */
struct plot_line {
	const char *name;
	const double *x, *y;
	size_t n;
	enum style style;
	enum plot_best best;
	bool smooth; /* takes part in smoothing */
};

/* One chart: what it shows and how. */
struct plot {
	const char *title;
	const char *empty; /* said when no line has a point */
	const struct plot_line *line;
	int n_lines;
	enum axis_scale yscale;
	enum axis_unit xunit, yunit;
	double smooth;    /* weight of curve_smooth(), 0: none */
	bool fixed;       /* the y axis is ylo..yhi; else it fits what is shown */
	double ylo, yhi;  /* when not fixed and ylo < yhi: limits the fit never leaves */
	bool fill;        /* colour the area below the lines (histories) */
	bool hide_xticks; /* another chart below shows them */
};

#define PLOT_MAX_LINES 9

/* The interval that all lines of the charts cover; 0..1 when they are empty. */
struct plot_span plot_span_of(const struct plot *p, int n_plots);

/*
 * Draws a chart into the whole of d.  Title and legend, axes and labels are left
 * out one by one as the room gets small; at 10 x 3 only the curve is left.
 */
void plot_draw(const struct draw *d, const struct plot *p, const struct plot_window *w,
	struct plot_span full, bool focused);

/* Columns left of the curves in a chart w columns wide: the same for all, so that charts line up.
 */
int plot_margin(int w);

/* x value of a column of a chart w columns wide, for the mouse. */
double plot_value_at(int w, const struct plot_window *win, struct plot_span full, int column);

enum dots_mode plot_dots_mode(enum glyphs g);

#endif
