#ifndef CORE_VOLUME_PLOT_PNG_H
#define CORE_VOLUME_PLOT_PNG_H

#include <stdbool.h>
#include <stdint.h>
#include "core/base/err.h"

/* Line charts as PNG files: for reports and for people without a terminal plot. */
struct plot_series {
	const char *name; /* in the legend; ASCII */
	const double *x;
	const double *y; /* a value that is not finite breaks the line */
	int n;
	uint32_t rgb; /* 0xRRGGBB; 0: the next colour of the built-in palette */
	bool markers; /* dots at the points, for sparse series */
	bool faint;   /* thin and pale: raw values behind a smoothed line */
};

struct plot_chart {
	const char *title, *xlabel, *ylabel; /* may be NULL */
	const struct plot_series *series;
	int n;
	bool log_y;          /* values <= 0 break the line */
	double y_min, y_max; /* fixed range; equal: fitted to the data */
};

/* Draws charts below each other into a picture of width x height pixels (at least 160 x 120
 * per chart). */
int plot_png_write(const char *path, const struct plot_chart *charts, int n, int width, int height,
	struct err *err) MUST_CHECK;

#endif
