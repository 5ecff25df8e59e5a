/*
 * Line charts as PNG files.
 *
 * Each chart has a title, a legend on the same line, a frame with grid lines at round
 * values (1, 2 or 5 times a power of ten; decades on a log axis), and its series as
 * anti-aliased strokes.  Values that cannot be drawn (NaN, infinite, not positive
 * on a log axis) break the line.  The picture depends on nothing but its input.
 */
#include "core/volume/plot_png.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/volume/raster.h"
#include "core/volume/font.h"
#include "core/volume/png.h"

#define COLOR_TEXT  0x202428
#define COLOR_LABEL 0x5b6268
#define COLOR_GRID  0xe4e7ea
#define COLOR_FRAME 0x9aa1a7
#define VALUE_MAX   1e300 /* so that differences stay finite */

static const uint32_t palette[] = {0x2266aa, 0xcc4422, 0x2a9455, 0x8855bb, 0xb8860b, 0x118a94};

/* Where a chart's values go on the picture. */
struct frame {
	int x0, y0, x1, y1; /* pixels */
	double xmin, xmax, ymin, ymax;
	bool log_y;
	int scale; /* of the font */
};

static bool plot_usable(double x, double y, bool log_y)
{
	return fabs(x) <= VALUE_MAX && fabs(y) <= VALUE_MAX && (!log_y || y > 0);
}

static double plot_up(double y, bool log_y)
{
	return log_y ? log10(y) : y;
}

/* Makes an interval of some width out of whatever the data gave. */
static void plot_widen(double *lo, double *hi, double margin)
{
	double pad;

	if (!(*lo <= *hi)) {
		*lo = 0;
		*hi = 1;
	}
	pad = (*hi - *lo) * margin;
	if (!(*hi - *lo > 1e-12 * fmax(fabs(*lo), fabs(*hi))))
		pad = *lo != 0 ? fabs(*lo) * 0.1 : 1;
	*lo -= pad;
	*hi += pad;
}

static void plot_range(const struct plot_chart *c, struct frame *f)
{
	f->xmin = f->ymin = INFINITY;
	f->xmax = f->ymax = -INFINITY;
	for (int s = 0; s < c->n; s++)
		for (int i = 0; i < c->series[s].n; i++) {
			double x = c->series[s].x[i], y = c->series[s].y[i];

			if (!plot_usable(x, y, c->log_y))
				continue;
			y = plot_up(y, c->log_y);
			f->xmin = fmin(f->xmin, x);
			f->xmax = fmax(f->xmax, x);
			f->ymin = fmin(f->ymin, y);
			f->ymax = fmax(f->ymax, y);
		}
	if (c->y_min < c->y_max && (!c->log_y || c->y_min > 0)) {
		f->ymin = plot_up(c->y_min, c->log_y);
		f->ymax = plot_up(c->y_max, c->log_y);
	} else {
		plot_widen(&f->ymin, &f->ymax, 0.06);
	}
	plot_widen(&f->xmin, &f->xmax, 0);
}

static double plot_px(const struct frame *f, double x)
{
	return f->x0 + (x - f->xmin) / (f->xmax - f->xmin) * (f->x1 - 1 - f->x0);
}

static double plot_py(const struct frame *f, double y)
{
	return f->y1 - 1 - (y - f->ymin) / (f->ymax - f->ymin) * (f->y1 - 1 - f->y0);
}

/* The round step that gives at most n intervals. */
static double plot_step(double range, int n)
{
	double raw = range / (n > 1 ? n : 1), unit = pow(10, floor(log10(raw)));

	return raw <= unit       ? unit
	       : raw <= 2 * unit ? 2 * unit
	       : raw <= 5 * unit ? 5 * unit
				 : 10 * unit;
}

static void plot_tick_text(double v, double step, char out[32])
{
	int digits = step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;

	if (fabs(v) < step * 1e-6)
		v = 0;
	if (fabs(v) >= 1e6 || digits > 4)
		snprintf(out, 32, "%.3g", v);
	else
		snprintf(out, 32, "%.*f", digits, v);
}

static void plot_y_tick(struct raster *cv, const struct frame *f, double y, const char *text)
{
	int at = (int)lround(plot_py(f, y)), half = 7 * f->scale / 2;

	if (at < f->y0 || at >= f->y1)
		return;
	raster_rect(cv, f->x0, at, f->x1, at + 1, COLOR_GRID);
	raster_text(cv, f->x0 - 4 * f->scale - raster_text_width(text, f->scale), at - half, text,
		-1, f->scale, COLOR_LABEL);
}

static void plot_y_axis(struct raster *cv, const struct frame *f)
{
	int room = (f->y1 - f->y0) / (FONT_HEIGHT * f->scale * 3);
	double range = f->ymax - f->ymin, step = plot_step(range, room);
	char text[32];

	if (f->log_y) {
		double decades = fmax(1, ceil(range / (room > 1 ? room : 1)));
		bool minor = range * 3 <= room;

		for (double e = floor(f->ymin); e <= f->ymax; e += decades)
			for (int k = 1; k <= (minor ? 5 : 1); k += k == 1 ? 1 : 3) {
				snprintf(text, sizeof(text), "%.4g", k * pow(10, e));
				plot_y_tick(cv, f, e + log10(k), text);
			}
		return;
	}
	for (double k = ceil(f->ymin / step - 1e-9); k * step <= f->ymax + 1e-9 * step; k++) {
		plot_tick_text(k * step, step, text);
		plot_y_tick(cv, f, k * step, text);
	}
}

static void plot_x_axis(struct raster *cv, const struct plot_chart *c, const struct frame *f)
{
	int s = f->scale, room = (f->x1 - f->x0) / (raster_text_width("00000000", s));
	double step = plot_step(f->xmax - f->xmin, room);
	char text[32];

	for (double k = ceil(f->xmin / step - 1e-9); k * step <= f->xmax + 1e-9 * step; k++) {
		int at = (int)lround(plot_px(f, k * step)), w;

		plot_tick_text(k * step, step, text);
		w = raster_text_width(text, s) - s;
		raster_rect(cv, at, f->y0, at + 1, f->y1, COLOR_GRID);
		if (at + w / 2 < cv->w)
			raster_text(cv, at - w / 2, f->y1 + 3 * s, text, -1, s, COLOR_LABEL);
	}
	if (c->xlabel)
		raster_text(cv, (f->x0 + f->x1 - raster_text_width(c->xlabel, s)) / 2,
			f->y1 + (FONT_HEIGHT + 6) * s, c->xlabel, -1, s, COLOR_LABEL);
}

static uint32_t plot_color(const struct plot_series *s, int i)
{
	return s->rgb ? s->rgb : palette[(size_t)i % ARRAY_SIZE(palette)];
}

static void plot_series(
	struct raster *cv, const struct frame *f, const struct plot_series *s, uint32_t rgb)
{
	double width = s->faint ? 1 : f->scale, opacity = s->faint ? 0.35 : 1, px = 0, py = 0;
	bool open = false;

	raster_clip(cv, f->x0, f->y0, f->x1, f->y1);
	for (int i = 0; i < s->n; i++) {
		double x, y;

		if (!plot_usable(s->x[i], s->y[i], f->log_y)) {
			open = false;
			continue;
		}
		x = plot_px(f, s->x[i]);
		y = plot_py(f, plot_up(s->y[i], f->log_y));
		if (open)
			raster_line(cv, px, py, x, y, width, rgb, opacity);
		if (s->markers || !open)
			raster_dot(cv, x, y, s->markers ? 1.6 * f->scale : width / 2, rgb);
		open = true;
		px = x;
		py = y;
	}
	raster_clip(cv, 0, 0, cv->w, cv->h);
}

/* Names with a stroke of their colour, right-aligned on the title's line; names that do not fit
 * are cut. */
static void plot_legend(
	struct raster *cv, const struct plot_chart *c, const struct frame *f, int left, int y)
{
	int s = f->scale, gap = 5 * s, swatch = 12 * s, cell = (FONT_WIDTH + 1) * s, named = 0,
	    total = 0;
	int x, max;

	for (int i = 0; i < c->n; i++)
		if (c->series[i].name) {
			named++;
			total += (int)strlen(c->series[i].name);
		}
	if (!named)
		return;
	x = f->x1 - total * cell - named * (swatch + 2 * gap);
	max = -1;
	if (x < left) {
		max = (f->x1 - left) / named - swatch - 2 * gap;
		max = max > 0 ? max / cell : 0;
		x = left;
	}
	for (int i = 0; i < c->n; i++) {
		if (!c->series[i].name)
			continue;
		raster_rect(cv, x, y + 3 * s, x + swatch, y + 4 * s, plot_color(&c->series[i], i));
		x += swatch + gap;
		x += raster_text(cv, x, y, c->series[i].name, max, s, COLOR_TEXT) + gap;
	}
}

static void plot_chart(struct raster *cv, const struct plot_chart *c, int top, int bottom)
{
	int s = cv->w >= 640 ? 2 : 1, line = FONT_HEIGHT * s, left = 8 * s;
	struct frame f = {.x0 = 46 * s, .x1 = cv->w - 10 * s, .scale = s, .log_y = c->log_y};

	f.y0 = top + 9 * s + (c->ylabel ? 2 : 1) * line;
	f.y1 = bottom - 5 * s - line - (c->xlabel ? line + 3 * s : 0);
	plot_range(c, &f);
	if (c->title)
		left += raster_text(cv, left, top + 5 * s, c->title, -1, s, COLOR_TEXT) + 8 * s;
	if (c->ylabel)
		raster_text(cv, f.x0, f.y0 - line - 2 * s, c->ylabel, -1, s, COLOR_LABEL);
	plot_legend(cv, c, &f, left, top + 5 * s);
	plot_x_axis(cv, c, &f);
	plot_y_axis(cv, &f);
	raster_rect(cv, f.x0, f.y0, f.x0 + 1, f.y1, COLOR_FRAME);
	raster_rect(cv, f.x0, f.y1 - 1, f.x1, f.y1, COLOR_FRAME);
	for (int i = 0; i < c->n; i++)
		plot_series(cv, &f, &c->series[i], plot_color(&c->series[i], i));
}

int plot_png_write(const char *path, const struct plot_chart *charts, int n, int width, int height,
	struct err *err)
{
	struct raster cv;
	uint8_t *px;
	int rc;

	if (n < 1 || width < 160 || height / n < 120 || width > 16384 || height > 16384)
		return err_set(err, ERR_USAGE, "%d charts do not fit a picture of %d x %d pixels",
			n, width, height);
	px = mem_try_big((size_t)width * (size_t)height * 3, "a chart", err);
	if (!px)
		return -1;
	raster_init(&cv, width, height, px);
	for (int i = 0; i < n; i++)
		plot_chart(&cv, &charts[i], (int)((int64_t)height * i / n),
			(int)((int64_t)height * (i + 1) / n));
	rc = png_file_write(path, width, height, 3, px, err);
	free(px);
	return rc;
}
