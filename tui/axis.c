/*
 * Scales, round tick values and short labels of one plot axis.
 *
 * Ticks follow Heckbert's "nice numbers for graph labels" (Graphics Gems, 1990):
 * the step is 1, 2 or 5 times a power of ten, the smallest one that leaves no more
 * ticks than there is room for.  Time has steps that people read (15 s, 5 min, 1 h).
 *
 * The symlog scale is asinh(v / linear): smooth through zero, +-log beyond, so a
 * loss that becomes negative or exactly zero keeps its place on a log plot.
 *
 * Labels have as many decimals as the step needs and no more, because the left
 * margin of a plot of 20 columns is 5 characters.
 */
#include "tui/axis.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "core/base/mem.h"

void axis_set(struct axis *a, enum axis_scale scale, double lo, double hi, double smallest)
{
	if (!isfinite(lo) || !isfinite(hi))
		lo = 0, hi = 1;
	if (lo > hi) {
		double t = lo;

		lo = hi, hi = t;
	}
	if (scale == AXIS_LOG && lo <= 0)
		scale = AXIS_SYMLOG;
	if (hi - lo <= 1e-12 * fmax(fabs(lo), fabs(hi))) {
		double pad = lo != 0 ? fabs(lo) * 0.1 : 0.5;

		lo -= pad, hi += pad;
	}
	a->scale = scale;
	a->lo = lo, a->hi = hi;
	a->linear = smallest > 0 ? smallest : fmax(fabs(lo), fabs(hi)) / 100;
	if (!(a->linear > 0))
		a->linear = 1;
}

static double warp(const struct axis *a, double v)
{
	switch (a->scale) {
	case AXIS_LOG:
		return v > 0 ? log10(v) : NAN;
	case AXIS_SYMLOG:
		return asinh(v / a->linear);
	case AXIS_LINEAR:
		break;
	}
	return v;
}

double axis_place(const struct axis *a, double v)
{
	double lo = warp(a, a->lo);

	return (warp(a, v) - lo) / (warp(a, a->hi) - lo);
}

double axis_value(const struct axis *a, double place)
{
	double lo = warp(a, a->lo), w = lo + place * (warp(a, a->hi) - lo);

	switch (a->scale) {
	case AXIS_LOG:
		return pow(10, w);
	case AXIS_SYMLOG:
		return sinh(w) * a->linear;
	case AXIS_LINEAR:
		break;
	}
	return w;
}

double axis_nice_step(double raw)
{
	double ten = pow(10, floor(log10(raw))), f = raw / ten;

	return ten * (f <= 1.0000001 ? 1 : f <= 2.0000001 ? 2 : f <= 5.0000001 ? 5 : 10);
}

static double time_step(double raw)
{
	static const double nice[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
		10800, 21600, 43200, 86400};

	if (raw < 1)
		return axis_nice_step(raw);
	for (size_t i = 0; i < ARRAY_SIZE(nice); i++)
		if (raw <= nice[i])
			return nice[i];
	return 86400 * axis_nice_step(raw / 86400);
}

static double byte_step(double raw)
{
	double unit = raw > 0 ? pow(2, 10 * floor(log2(raw) / 10)) : 1;
	double f = raw / unit;

	return unit * pow(2, ceil(log2(f) - 1e-9));
}

static double step_of(const struct axis *a, double raw)
{
	switch (a->unit) {
	case AXIS_SECONDS:
		return time_step(raw);
	case AXIS_BYTES:
		return byte_step(raw);
	case AXIS_NUMBER:
	case AXIS_PERCENT:
		break;
	}
	return axis_nice_step(raw);
}

static int linear_ticks(const struct axis *a, int max, struct axis_tick out[])
{
	double span = a->hi - a->lo, step, first;
	int n = 0;

	/* One step too few is tried first: 0..1 with room for 3 is 0, 0.5, 1. */
	step = step_of(a, span / (max > 1 ? max : 1));
	if (max > 1) {
		double wide = step_of(a, span / (max - 1));

		if (floor(a->hi / step + 1e-9) - ceil(a->lo / step - 1e-9) + 1 > max)
			step = wide;
	}
	first = ceil(a->lo / step - 1e-9);
	for (double k = first; n < max && k * step <= a->hi + step * 1e-9; k++) {
		out[n].value = k == 0 ? 0 : k * step;
		axis_format(out[n].value, step, a->unit, out[n].label, AXIS_LABEL);
		n++;
	}
	return n;
}

static int add_tick(struct axis_tick out[], int n, double v, enum axis_unit unit)
{
	/* One digit is enough: these are round values. */
	double step = v != 0 ? pow(10, floor(log10(fabs(v)) + 1e-9)) : 0;

	out[n].value = v;
	axis_format(v, step, unit, out[n].label, AXIS_LABEL);
	return n + 1;
}

/* Powers of ten, thinned to max; between them 2 and 5 when there is room. */
static int log_ticks(const struct axis *a, int max, struct axis_tick out[])
{
	static const double mult[] = {1, 2, 5};
	double e0 = floor(log10(a->lo)), e1 = ceil(log10(a->hi));
	int every = 1, n = 0, fine;

	if (log10(a->hi / a->lo) < 0.7)
		return linear_ticks(a, max, out);
	fine = 3 * log10(a->hi / a->lo) <= max;
	while ((e1 - e0) / every > max)
		every++;
	for (double e = e0; e <= e1; e++) {
		if (!fine && fmod(e - e0, every) != 0)
			continue;
		for (int m = 0; m < (fine ? 3 : 1) && n < max; m++) {
			double v = mult[m] * pow(10, e);

			if (v >= a->lo * (1 - 1e-9) && v <= a->hi * (1 + 1e-9))
				n = add_tick(out, n, v, a->unit);
		}
	}
	return n ? n : linear_ticks(a, max, out);
}

/* Values at even places, rounded to one digit. */
static int symlog_ticks(const struct axis *a, int max, struct axis_tick out[])
{
	int n = 0;

	for (int i = 0; i < max; i++) {
		double place = max > 1 ? (double)i / (max - 1) : 0.5;
		double v = axis_value(a, place), mag, r;

		if (fabs(v) < a->linear / 2) {
			r = 0;
		} else {
			mag = pow(10, floor(log10(fabs(v))));
			r = round(v / mag) * mag;
		}
		if (r < a->lo || r > a->hi || (n && r <= out[n - 1].value))
			continue;
		n = add_tick(out, n, r, a->unit);
	}
	return n;
}

int axis_ticks(const struct axis *a, int max, struct axis_tick out[])
{
	if (max > AXIS_MAX_TICKS)
		max = AXIS_MAX_TICKS;
	if (max < 1)
		return 0;
	switch (a->scale) {
	case AXIS_LOG:
		return log_ticks(a, max, out);
	case AXIS_SYMLOG:
		return symlog_ticks(a, max, out);
	case AXIS_LINEAR:
		break;
	}
	return linear_ticks(a, max, out);
}

static void format_seconds(double v, double step, char *out, size_t size)
{
	const char *sign = v < 0 ? "-" : "";
	double s = fabs(v);
	long t = (long)(s + 0.5);

	if (s < 60 && step > 0 && step < 1)
		snprintf(out, size, "%s%.*fs", sign, (int)fmin(ceil(-log10(step)), 6), s);
	else if (t < 60)
		snprintf(out, size, "%s%lds", sign, t);
	else if (t < 3600)
		snprintf(out, size, "%s%ld:%02ld", sign, t / 60, t % 60);
	else if (t < 86400)
		snprintf(out, size, "%s%ldh%02ld", sign, t / 3600, t / 60 % 60);
	else
		snprintf(out, size, "%s%ldd%02ldh", sign, t / 86400, t / 3600 % 24);
}

static void format_bytes(double v, char *out, size_t size)
{
	static const char unit[] = "BKMGTP";
	int u = 0;

	while (fabs(v) >= 1000 && u < 5)
		v /= 1024, u++;
	snprintf(out, size, u && fabs(v) < 9.95 && v != floor(v) ? "%.1f%c" : "%.0f%c", v, unit[u]);
}

/* "1.50e-05" -> "1.5e-5" */
static void squeeze_exponent(char *s)
{
	char *e = strchr(s, 'e'), *p, *q;

	if (!e)
		return;
	p = e;
	while (p > s && p[-1] == '0' && memchr(s, '.', (size_t)(p - s)))
		p--;
	if (p > s && p[-1] == '.')
		p--;
	q = e + 1;
	*p++ = 'e';
	if (*q == '-')
		*p++ = *q;
	q++;
	while (*q == '0' && q[1])
		q++;
	memmove(p, q, strlen(q) + 1);
}

/* Plain decimals of the wanted precision, or an exponent where those get long. */
static void format_number(double v, double step, char *out, size_t size)
{
	double mag = fabs(v);
	int digits, e;

	if (v == 0) {
		snprintf(out, size, "0");
		return;
	}
	e = (int)floor(log10(mag) + 1e-12);
	if (step > 0)
		digits = (int)fmax(0, -floor(log10(step) + 1e-9));
	else
		digits = e >= 3 ? 0 : 3 - e;
	if (mag >= 1e6 || mag < 1e-3 || digits > 6) {
		int sig = step > 0 ? e - (int)floor(log10(step) + 1e-9) : 3;

		snprintf(out, size, "%.*e", sig < 0 ? 0 : sig > 5 ? 5 : sig, v);
		squeeze_exponent(out);
		return;
	}
	if (step > 0 && mag >= 1e4 && fmod(mag, 100) == 0) {
		snprintf(out, size, "%gk", v / 1000);
		return;
	}
	snprintf(out, size, "%.*f", digits, v);
}

void axis_format(double v, double step, enum axis_unit unit, char *out, size_t size)
{
	if (!isfinite(v)) {
		snprintf(out, size, isnan(v) ? "-" : v > 0 ? "inf" : "-inf");
		return;
	}
	switch (unit) {
	case AXIS_SECONDS:
		format_seconds(v, step, out, size);
		break;
	case AXIS_BYTES:
		format_bytes(v, out, size);
		break;
	case AXIS_PERCENT:
		snprintf(out, size, "%.0f%%", v);
		break;
	case AXIS_NUMBER:
		format_number(v, step, out, size);
		break;
	}
}
