#ifndef TUI_AXIS_H
#define TUI_AXIS_H

#include <stddef.h>

enum axis_scale {
	AXIS_LINEAR,
	AXIS_LOG,    /* log10; values <= 0 have no place */
	AXIS_SYMLOG, /* asinh(v / unit): linear around 0, logarithmic beyond */
};

enum axis_unit {
	AXIS_NUMBER,
	AXIS_SECONDS, /* printed as 45s, 2:30, 1h05 */
	AXIS_BYTES,   /* printed as 512K, 1.5G */
	AXIS_PERCENT, /* printed as 45% */
};

/* One axis: the values lo..hi (lo < hi) on the interval 0..1. */
struct axis {
	enum axis_scale scale;
	enum axis_unit unit;
	double lo, hi;
	double linear; /* AXIS_SYMLOG: the value where log begins, > 0 */
};

#define AXIS_MAX_TICKS 16
#define AXIS_LABEL     16

struct axis_tick {
	double value;
	char label[AXIS_LABEL];
};

/*
 * Sets the axis to hold lo..hi.  An empty or not finite range becomes one around
 * lo; a log axis without a positive value becomes symlog.  smallest: the smallest
 * positive value there is (chooses the linear part of a symlog axis), 0: unknown.
 */
void axis_set(struct axis *a, enum axis_scale scale, double lo, double hi, double smallest);

/* The smallest of 1, 2, 5 x 10^k that is not below raw (> 0). */
double axis_nice_step(double raw);

/* Place of v: 0 at lo, 1 at hi, outside beyond; NaN when v has no place. */
double axis_place(const struct axis *a, double v);

/* The value at a place (inverse of axis_place). */
double axis_value(const struct axis *a, double place);

/*
 * Round values inside the axis, at most max (<= AXIS_MAX_TICKS) of them: steps of
 * 1, 2, 5 x 10^k (seconds: also 15, 30 s, minutes, hours), powers of ten on a log
 * axis of more than a decade.  Returns how many.
 */
int axis_ticks(const struct axis *a, int max, struct axis_tick out[]);

/*
 * Short text of a value as it stands between neighbours a step apart: just enough
 * digits to tell them apart.  NaN is "-".  step 0: about 4 significant digits.
 */
void axis_format(double v, double step, enum axis_unit unit, char *out, size_t size);

#endif
