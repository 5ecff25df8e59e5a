/*
 * One chart: layout, curves, marks, read-out.
 *
 *     train loss   1 loss 0.1234   2 val 0.2345          <- title and legend
 *     0.8 ┤⠉⠢⡀
 *         │   ⠈⠒⠤⣀
 *     0.4 ┤       ⠉⠒⠒⠤⠤⣀
 *         └0      200     400                            <- x labels
 *
 * Curves with no more points than dots are drawn point to point; longer ones go
 * through curve_bins(), which keeps the extremes of every column.  A smoothed line
 * hides its raw one, which is drawn dim on a lower layer; then the y axis fits the
 * smoothed line and the bulk of the raw values, and rare spikes run off its edge
 * instead of flattening everything else.  Curves are told apart by
 * a digit at their end as well as by colour.
 */
#include "tui/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/mem.h"
#include "tui/curve.h"

/* Colour numbers on the dot canvas: style * 2 + 1 for dim. */
#define DIM_BIT 1

struct layout {
	int left, top, bottom; /* margins in cells */
	int cols, rows;        /* of the curve area */
	struct axis x, y;
	struct axis_tick ytick[AXIS_MAX_TICKS], xtick[AXIS_MAX_TICKS];
	int n_yticks, n_xticks;
};

/* The data of one line as drawn: visible part and its smoothed copy. */
struct shown {
	const struct plot_line *l;
	size_t from, to; /* one point beyond each edge is included */
	double *smooth;  /* n values, NULL: none */
};

enum dots_mode plot_dots_mode(enum glyphs g)
{
	return g == GLYPHS_ASCII ? DOTS_ASCII : g == GLYPHS_BLOCK ? DOTS_BLOCK : DOTS_BRAILLE;
}

struct plot_span plot_span_of(const struct plot *p, int n_plots)
{
	struct plot_span s = {INFINITY, -INFINITY};

	for (int i = 0; i < n_plots; i++)
		for (int k = 0; k < p[i].n_lines; k++) {
			const struct plot_line *l = &p[i].line[k];

			if (!l->n)
				continue;
			s.lo = fmin(s.lo, l->x[0]);
			s.hi = fmax(s.hi, l->x[l->n - 1]);
		}
	if (!(s.lo <= s.hi))
		s.lo = 0, s.hi = 1;
	if (s.hi <= s.lo)
		s.hi = s.lo + 1;
	return s;
}

static int prepare(const struct plot *p, struct plot_span s, struct shown out[])
{
	int n = 0;

	for (int k = 0; k < p->n_lines && n < PLOT_MAX_LINES; k++) {
		const struct plot_line *l = &p->line[k];
		struct shown *o = &out[n++];

		o->l = l;
		o->smooth = NULL;
		o->from = curve_lower(l->x, l->n, s.lo);
		o->to = curve_lower(l->x, l->n, nextafter(s.hi, INFINITY));
		if (o->from > 0)
			o->from--;
		if (o->to < l->n)
			o->to++;
		if (l->smooth && p->smooth > 0 && l->n > 1) {
			o->smooth = mem_alloc(l->n * sizeof(double));
			curve_smooth(l->y, l->n, p->smooth, o->smooth);
		}
	}
	return n;
}

static void release(struct shown s[], int n)
{
	for (int i = 0; i < n; i++)
		free(s[i].smooth);
}

/* Ends on round values: an axis that follows every new extreme would move all the dots. */
static void round_out(enum axis_scale scale, double *lo, double *hi)
{
	double step;

	if (!(*lo < *hi))
		return;
	if (scale == AXIS_LINEAR) {
		step = axis_nice_step((*hi - *lo) / 12);
		*lo = floor(*lo / step) * step;
		*hi = ceil(*hi / step) * step;
	} else if (scale == AXIS_LOG && *lo > 0) {
		*lo = pow(10, floor(log10(*lo) * 5) / 5);
		*hi = pow(10, ceil(log10(*hi) * 5) / 5);
	}
}

static void fit_y(struct axis *y, const struct plot *p, const struct shown s[], int n)
{
	double lo = INFINITY, hi = -INFINITY, least = INFINITY;

	y->unit = p->yunit;
	if (p->fixed) {
		axis_set(y, AXIS_LINEAR, p->ylo, p->yhi, 0);
		return;
	}
	for (int i = 0; i < n; i++) {
		double a, b;

		if (s[i].smooth)
			curve_bulk(s[i].l->y, s[i].from, s[i].to, 0.02, &a, &b);
		else
			curve_range(s[i].l->y, s[i].from, s[i].to, &a, &b);
		lo = fmin(lo, a), hi = fmax(hi, b);
		if (s[i].smooth) {
			curve_range(s[i].smooth, s[i].from, s[i].to, &a, &b);
			lo = fmin(lo, a), hi = fmax(hi, b);
		}
		for (size_t k = s[i].from; k < s[i].to; k++)
			if (s[i].l->y[k] > 0)
				least = fmin(least, s[i].l->y[k]);
	}
	round_out(p->yscale, &lo, &hi);
	if (p->ylo < p->yhi && lo <= hi)
		lo = fmax(lo, p->ylo), hi = fmin(hi, p->yhi);
	axis_set(y, p->yscale, lo, hi, isfinite(least) ? least : 0);
}

/* Margins by what there is room for, then ticks that fit them. */
static void lay_out(
	struct layout *o, const struct draw *d, const struct plot *p, struct plot_span s)
{
	o->top = d->h >= 4 ? 1 : 0;
	o->bottom = d->h >= 5 && !p->hide_xticks ? 1 : 0;
	o->rows = d->h - o->top - o->bottom;
	o->n_yticks = 0;
	o->left = o->rows >= 2 || d->w >= 40 ? plot_margin(d->w) : 0;
	if (o->left)
		o->n_yticks = axis_ticks(&o->y, o->rows > 14 ? 8 : o->rows / 2 + 1, o->ytick);
	o->cols = d->w - o->left;
	memset(&o->x, 0, sizeof(o->x));
	o->x.unit = p->xunit;
	axis_set(&o->x, AXIS_LINEAR, s.lo, s.hi, 0);
	o->n_xticks = o->bottom ? axis_ticks(&o->x, o->cols / 10 + 1, o->xtick) : 0;
}

static int row_of(const struct layout *o, double v)
{
	double place = axis_place(&o->y, v);

	if (!(place >= -1e-9 && place <= 1 + 1e-9))
		return -1;
	return (int)lround((1 - place) * (o->rows - 1));
}

static int col_of(const struct layout *o, double v)
{
	double place = axis_place(&o->x, v);

	if (!(place >= -1e-9 && place <= 1 + 1e-9))
		return -1;
	return (int)lround(place * (o->cols - 1));
}

static double dot_y(const struct layout *o, const struct dots *c, double v)
{
	return (1 - axis_place(&o->y, v)) * (c->h - 1);
}

static double dot_x(const struct layout *o, const struct dots *c, double v)
{
	return axis_place(&o->x, v) * (c->w - 1);
}

/* Where a filled area ends: the bottom of the canvas. */
static void fill_to(struct dots *c, double x, double y, int layer, int colour)
{
	if (isfinite(y))
		dots_column(c, (int)lround(x), (int)lround(fmax(y, 0)), c->h - 1, layer, colour);
}

static void curve_sparse(struct dots *c, const struct layout *o, const struct shown *s,
	const double *y, int layer, int colour, bool fill)
{
	for (size_t i = s->from; i < s->to; i++) {
		double x1 = dot_x(o, c, s->l->x[i]), y1 = dot_y(o, c, y[i]), x0, y0;

		if (!isfinite(y1))
			continue;
		dots_point(c, (int)lround(x1), (int)lround(y1), layer, colour);
		if (i == s->from || !isfinite(y[i - 1]))
			continue;
		x0 = dot_x(o, c, s->l->x[i - 1]), y0 = dot_y(o, c, y[i - 1]);
		dots_line(c, x0, y0, x1, y1, layer, colour);
		if (!fill || !isfinite(y0))
			continue;
		for (double x = fmax(ceil(x0), 0); x <= x1 && x < c->w; x++)
			fill_to(c, x, x1 > x0 ? y0 + (y1 - y0) * (x - x0) / (x1 - x0) : y1, layer,
				colour);
	}
}

static void curve_dense(struct dots *c, const struct layout *o, const struct shown *s,
	const double *y, int layer, int colour, bool fill)
{
	struct curve_bin *bin = mem_alloc((size_t)c->w * sizeof(*bin));
	int before = -1;

	curve_bins(s->l->x, y, s->from, s->to, o->x.lo, o->x.hi, bin, c->w);
	for (int i = 0; i < c->w; i++) {
		struct curve_bin *b = &bin[i];

		if (b->first > b->last)
			continue;
		if (b->lo <= b->hi) {
			double a = dot_y(o, c, b->lo), z = dot_y(o, c, b->hi);

			/* A value without a place on a log axis falls off its lower end. */
			if (!isfinite(a))
				a = c->h - 1;
			if (isfinite(z))
				dots_line(c, i, a, i, z, layer, colour);
			if (fill)
				fill_to(c, i, z, layer, colour);
		}
		if (before >= 0)
			dots_line(c, before, dot_y(o, c, y[bin[before].last]), i,
				dot_y(o, c, y[b->first]), layer, colour);
		before = i;
	}
	free(bin);
}

static void curve(struct dots *c, const struct layout *o, const struct shown *s, const double *y,
	int layer, int colour, bool fill)
{
	if (s->to - s->from > (size_t)c->w)
		curve_dense(c, o, s, y, layer, colour, fill);
	else
		curve_sparse(c, o, s, y, layer, colour, fill);
}

static void put_cells(const struct draw *d, const struct dots *c)
{
	for (int row = 0; row < c->rows; row++)
		for (int col = 0; col < c->cols; col++) {
			struct dots_cell k = dots_get(c, col, row);
			uint32_t bg = d->theme->look[ST_TEXT].bg;
			const struct look *lk;

			if (!k.ch)
				continue;
			lk = &d->theme->look[k.fg >> 1];
			if (k.bg >= 0)
				bg = d->theme->look[k.bg >> 1].fg;
			draw_cell(d, col, row, k.ch, lk->fg, bg,
				(unsigned)(lk->attr & ~ATTR_REVERSE) |
					(k.fg & DIM_BIT ? ATTR_DIM : 0u));
		}
}

static void draw_axes(const struct draw *d, const struct layout *o)
{
	bool uni = d->glyphs != GLYPHS_ASCII;
	int end = -1;

	if (o->left)
		for (int r = 0; r < o->rows; r++)
			draw_char(d, o->left - 1, o->top + r, ST_BORDER, uni ? 0x2502 : '|');
	for (int i = 0; i < o->n_yticks; i++) {
		int r = row_of(o, o->ytick[i].value);

		if (r < 0)
			continue;
		draw_right(d, 0, o->top + r, o->left - 2, ST_DIM, o->ytick[i].label);
		draw_char(d, o->left - 1, o->top + r, ST_BORDER, uni ? 0x2524 : '+');
		for (int x = 3; x < o->cols; x += 4)
			draw_char(d, o->left + x, o->top + r, ST_BORDER, uni ? 0xb7 : '.');
	}
	for (int i = 0; i < o->n_xticks; i++) {
		const char *s = o->xtick[i].label;
		int n = (int)strlen(s), c = col_of(o, o->xtick[i].value), at = o->left + c - n / 2;

		if (c < 0)
			continue;
		at = at + n > d->w ? d->w - n : at < 0 ? 0 : at;
		if (at <= end)
			continue;
		draw_text(d, at, d->h - 1, ST_DIM, s);
		end = at + n;
	}
}

/* Index of the best finite point, n when there is none. */
static size_t best_of(const struct plot_line *l)
{
	size_t best = l->n;

	if (l->best == PLOT_BEST_NONE)
		return best;
	for (size_t i = 0; i < l->n; i++) {
		if (!isfinite(l->y[i]))
			continue;
		if (best == l->n ||
			(l->best == PLOT_BEST_MAX ? l->y[i] > l->y[best] : l->y[i] < l->y[best]))
			best = i;
	}
	return best;
}

static void mark_best(const struct draw *area, const struct layout *o, const struct plot_line *l)
{
	size_t b = best_of(l);
	int c, r;

	if (b == l->n)
		return;
	c = col_of(o, l->x[b]), r = row_of(o, l->y[b]);
	if (c < 0 || r < 0)
		return;
	draw_cell(area, c, r, area->glyphs == GLYPHS_ASCII ? '*' : 0x25c6,
		area->theme->look[l->style].fg, area->theme->look[ST_TEXT].bg, ATTR_BOLD);
}

/* The digit of a line at its newest visible point. */
static void mark_end(
	const struct draw *area, const struct layout *o, const struct shown *s, int number)
{
	const double *y = s->smooth ? s->smooth : s->l->y;
	int c, r;

	for (size_t i = s->to; i > s->from; i--) {
		if (s->l->x[i - 1] > o->x.hi || !isfinite(y[i - 1]))
			continue;
		c = col_of(o, s->l->x[i - 1]), r = row_of(o, y[i - 1]);
		if (c >= 0 && r >= 0)
			draw_cell(area, c, r, (uint32_t)('0' + number),
				area->theme->look[s->l->style].fg, area->theme->look[ST_TEXT].bg,
				ATTR_BOLD);
		return;
	}
}

static void draw_cursor_line(const struct draw *area, const struct layout *o,
	const struct plot_window *w, const struct shown s[], int n)
{
	int c = col_of(o, w->cursor);

	if (!w->cursor_on || c < 0)
		return;
	for (int r = 0; r < o->rows; r++)
		draw_char(area, c, r, ST_FOCUS, area->glyphs == GLYPHS_ASCII ? '|' : 0x2502);
	for (int i = n - 1; i >= 0; i--) { /* the main line last: on top */
		const struct plot_line *l = s[i].l;
		size_t k;
		int r;

		if (!l->n)
			continue;
		k = curve_nearest(l->x, l->n, w->cursor);
		r = row_of(o, s[i].smooth ? s[i].smooth[k] : l->y[k]);
		if (r >= 0)
			draw_cell(area, c, r, area->glyphs == GLYPHS_ASCII ? 'o' : 0x25cf,
				area->theme->look[l->style].fg, area->theme->look[ST_TEXT].bg,
				ATTR_BOLD);
	}
}

/* "val_mean_dice_class_1" beside "val_mean_dice" is "class_1". */
static const char *short_name(const struct plot *p, const struct plot_line *l)
{
	const char *first = p->line[0].name;
	size_t n = strlen(first);

	return l != p->line && !strncmp(l->name, first, n) && l->name[n] == '_' ? l->name + n + 1
										: l->name;
}

/* "1 loss 0.1234": the newest value, or the one at the cursor. */
static int legend_entry(const struct draw *d, int x, const struct plot *p, const struct shown *s,
	int number, const struct plot_window *w)
{
	char val[AXIS_LABEL], raw[AXIS_LABEL], text[128];
	const struct plot_line *l = s->l;
	size_t k, b = best_of(l);
	int used;

	if (!l->n)
		return 0;
	k = w->cursor_on ? curve_nearest(l->x, l->n, w->cursor) : l->n - 1;
	axis_format(s->smooth ? s->smooth[k] : l->y[k], 0, p->yunit, val, sizeof(val));
	axis_format(l->y[k], 0, p->yunit, raw, sizeof(raw));
	if (p->n_lines > 1)
		used = snprintf(text, sizeof(text), "%d %.60s ", number, short_name(p, l));
	else
		used = snprintf(
			text, sizeof(text), "%.60s ", strcmp(l->name, p->title) ? l->name : "");
	used = draw_text(d, x, 0, l->style, text[0] == ' ' ? "" : text);
	used += draw_text(d, x + used, 0, ST_STRONG, val);
	if (s->smooth)
		used += draw_printf(d, x + used, 0, ST_DIM, " raw %s", raw);
	if (b < l->n) {
		char at[AXIS_LABEL];

		axis_format(l->y[b], 0, p->yunit, val, sizeof(val));
		axis_format(l->x[b], 1, p->xunit, at, sizeof(at));
		used += draw_printf(d, x + used, 0, ST_DIM, " best %s @%s", val, at);
	}
	return used + 2;
}

static void draw_title(const struct draw *d, const struct plot *p, const struct plot_window *w,
	const struct layout *o, const struct shown s[], int n, bool focused)
{
	int x = draw_text(d, 0, 0, focused ? ST_FOCUS : ST_TITLE, p->title) + 2;

	if (o->y.scale != AXIS_LINEAR)
		x += draw_text(d, x - 1, 0, ST_DIM, o->y.scale == AXIS_LOG ? "log" : "symlog") + 1;
	if (p->smooth > 0)
		for (int i = 0; i < n; i++)
			if (s[i].smooth) {
				x += draw_printf(d, x - 1, 0, ST_DIM, "smooth %g", p->smooth) + 1;
				break;
			}
	if (w->cursor_on) {
		char at[AXIS_LABEL];

		axis_format(w->cursor, 1, p->xunit, at, sizeof(at));
		x += draw_printf(d, x, 0, ST_FOCUS, "@%s", at) + 2;
	}
	for (int i = 0; i < n && x < d->w; i++)
		x += legend_entry(d, x, p, &s[i], i + 1, w);
}

static bool any_point(const struct shown s[], int n)
{
	for (int i = 0; i < n; i++)
		for (size_t k = 0; k < s[i].l->n; k++)
			if (isfinite(s[i].l->y[k]))
				return true;
	return false;
}

static void draw_curves(const struct draw *area, const struct layout *o, const struct plot *p,
	const struct shown s[], int n)
{
	struct dots c;

	dots_init(&c, plot_dots_mode(area->glyphs), o->cols, o->rows);
	for (int i = 0; i < n; i++) {
		int colour = (int)s[i].l->style * 2;

		/* The first line is the main one: on top. */
		if (s[i].smooth) {
			curve(&c, o, &s[i], s[i].l->y, n - i, colour | DIM_BIT, false);
			curve(&c, o, &s[i], s[i].smooth, 100 + n - i, colour, p->fill);
		} else {
			curve(&c, o, &s[i], s[i].l->y, 100 + n - i, colour, p->fill);
		}
	}
	put_cells(area, &c);
	dots_release(&c);
}

void plot_draw(const struct draw *d, const struct plot *p, const struct plot_window *w,
	struct plot_span full, bool focused)
{
	struct plot_span span = plot_window_shown(w, full);
	struct shown s[PLOT_MAX_LINES];
	struct layout o;
	struct draw area;
	int n;

	if (d->w < 1 || d->h < 1)
		return;
	n = prepare(p, span, s);
	fit_y(&o.y, p, s, n);
	lay_out(&o, d, p, span);
	if (o.top)
		draw_title(d, p, w, &o, s, n, focused);
	if (!any_point(s, n)) {
		draw_fit(d, 0, o.top + (o.rows - 1) / 2, d->w, ST_DIM, p->empty ? p->empty : "");
		release(s, n);
		return;
	}
	draw_axes(d, &o);
	area = draw_sub(d, o.left, o.top, o.cols, o.rows);
	draw_curves(&area, &o, p, s, n);
	for (int i = n - 1; i >= 0; i--) {
		if (n > 1 && !p->fill)
			mark_end(&area, &o, &s[i], i + 1);
		mark_best(&area, &o, s[i].l);
	}
	draw_cursor_line(&area, &o, w, s, n);
	release(s, n);
}

int plot_margin(int w)
{
	return w >= 40 ? 8 : w >= 20 ? 6 : 0;
}

double plot_value_at(int w, const struct plot_window *win, struct plot_span full, int column)
{
	struct plot_span s = plot_window_shown(win, full);
	int cols = w - plot_margin(w);

	return s.lo + (s.hi - s.lo) * (column - plot_margin(w)) / (cols > 1 ? cols - 1 : 1);
}
