/*
 * Dots to characters.
 *
 * A cell is kept as one or two halves (two only in DOTS_BLOCK, where a half block
 * has its own foreground and background).  A half holds the layer that owns it,
 * the dots of that layer and its colour.  A dot of a higher layer throws the dots
 * of the lower one away; a dot of a lower layer is dropped.  So drawing order does
 * not matter, only layers do, and what is shown in a cell is always one curve.
 *
 * The bit order of braille patterns is that of the Unicode block: 1 2 3 7 in the
 * left column, 4 5 6 8 in the right one.
 *
 * Lines are clipped with Liang-Barsky in floating point, then walked along the longer
 * axis.  Points far outside, as they come from zooming into a curve, cost nothing.
 */
#include "tui/braille.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/mem.h"

struct dots_half {
	uint8_t bits;
	uint8_t layer;
	uint8_t colour;
	bool used;
};

int dots_per_cell_x(enum dots_mode mode)
{
	return mode == DOTS_BRAILLE ? 2 : 1;
}

int dots_per_cell_y(enum dots_mode mode)
{
	return mode == DOTS_BRAILLE ? 4 : mode == DOTS_BLOCK ? 2 : 3;
}

static size_t n_halves(const struct dots *d)
{
	return (size_t)d->cols * (size_t)d->rows * (d->mode == DOTS_BLOCK ? 2 : 1);
}

void dots_init(struct dots *d, enum dots_mode mode, int cols, int rows)
{
	d->mode = mode;
	d->cols = cols < 1 ? 1 : cols;
	d->rows = rows < 1 ? 1 : rows;
	d->w = d->cols * dots_per_cell_x(mode);
	d->h = d->rows * dots_per_cell_y(mode);
	d->half = mem_zalloc(n_halves(d) * sizeof(*d->half));
}

void dots_release(struct dots *d)
{
	free(d->half);
	memset(d, 0, sizeof(*d));
}

void dots_clear(struct dots *d)
{
	memset(d->half, 0, n_halves(d) * sizeof(*d->half));
}

static uint8_t bit_of(enum dots_mode mode, int sx, int sy)
{
	static const uint8_t left[4] = {0x01, 0x02, 0x04, 0x40};
	static const uint8_t right[4] = {0x08, 0x10, 0x20, 0x80};

	if (mode == DOTS_BRAILLE)
		return sx ? right[sy] : left[sy];
	return mode == DOTS_BLOCK ? 1 : (uint8_t)(1 << sy);
}

void dots_point(struct dots *d, int x, int y, int layer, int colour)
{
	int px = dots_per_cell_x(d->mode), py = dots_per_cell_y(d->mode);
	struct dots_half *h;
	size_t i;

	if (x < 0 || y < 0 || x >= d->w || y >= d->h)
		return;
	i = (size_t)(y / py) * (size_t)d->cols + (size_t)(x / px);
	if (d->mode == DOTS_BLOCK)
		i = i * 2 + (size_t)(y % 2);
	h = &d->half[i];
	if (h->used && layer < h->layer)
		return;
	if (!h->used || layer > h->layer)
		h->bits = 0;
	h->used = true;
	h->layer = (uint8_t)layer;
	h->colour = (uint8_t)colour;
	h->bits |= bit_of(d->mode, x % px, y % py);
}

/* One edge of Liang-Barsky: narrows [*t0, *t1]; false when nothing is left. */
static bool clip_edge(double p, double q, double *t0, double *t1)
{
	double r;

	if (p == 0)
		return q >= 0;
	r = q / p;
	if (p < 0) {
		if (r > *t1)
			return false;
		if (r > *t0)
			*t0 = r;
	} else {
		if (r < *t0)
			return false;
		if (r < *t1)
			*t1 = r;
	}
	return true;
}

/*
 * Whole dots along the longer axis u, the other one from the line's equation: the
 * dots of a line do not depend on where it was clipped.  turned: u is y.
 */
static void walk(struct dots *d, double u0, double v0, double du, double dv, double t0, double t1,
	bool turned, int layer, int colour)
{
	double slope = du != 0 ? dv / du : 0;
	long a = lround(u0 + t0 * du), b = lround(u0 + t1 * du);

	for (long u = a < b ? a : b; u <= (a < b ? b : a); u++) {
		int v = (int)lround(v0 + ((double)u - u0) * slope);

		dots_point(d, turned ? v : (int)u, turned ? (int)u : v, layer, colour);
	}
}

void dots_line(struct dots *d, double x0, double y0, double x1, double y1, int layer, int colour)
{
	double t0 = 0, t1 = 1, dx = x1 - x0, dy = y1 - y0;

	if (!isfinite(x0) || !isfinite(y0) || !isfinite(x1) || !isfinite(y1))
		return;
	if (!clip_edge(-dx, x0 + 0.5, &t0, &t1) || !clip_edge(dx, d->w - 0.5 - x0, &t0, &t1) ||
		!clip_edge(-dy, y0 + 0.5, &t0, &t1) || !clip_edge(dy, d->h - 0.5 - y0, &t0, &t1))
		return;
	if (fabs(dx) >= fabs(dy))
		walk(d, x0, y0, dx, dy, t0, t1, false, layer, colour);
	else
		walk(d, y0, x0, dy, dx, t0, t1, true, layer, colour);
}

void dots_column(struct dots *d, int x, int y0, int y1, int layer, int colour)
{
	int a = y0 < y1 ? y0 : y1, b = y0 < y1 ? y1 : y0;

	a = a < 0 ? 0 : a;
	b = b >= d->h ? d->h - 1 : b;
	for (int y = a; y <= b; y++)
		dots_point(d, x, y, layer, colour);
}

static struct dots_cell get_block(const struct dots_half *up, const struct dots_half *low)
{
	struct dots_cell c = {0, -1, -1};

	if (up->used && low->used) {
		c.fg = up->colour;
		if (up->colour == low->colour) {
			c.ch = 0x2588;
		} else {
			c.ch = 0x2580;
			c.bg = low->colour;
		}
	} else if (up->used) {
		c.ch = 0x2580;
		c.fg = up->colour;
	} else if (low->used) {
		c.ch = 0x2584;
		c.fg = low->colour;
	}
	return c;
}

struct dots_cell dots_get(const struct dots *d, int col, int row)
{
	static const char ascii[8] = {' ', '\'', '-', '"', '.', ':', '=', '|'};
	struct dots_cell c = {0, -1, -1};
	const struct dots_half *h;
	size_t i;

	if (col < 0 || row < 0 || col >= d->cols || row >= d->rows)
		return c;
	i = (size_t)row * (size_t)d->cols + (size_t)col;
	if (d->mode == DOTS_BLOCK)
		return get_block(&d->half[i * 2], &d->half[i * 2 + 1]);
	h = &d->half[i];
	if (!h->used)
		return c;
	c.ch = d->mode == DOTS_BRAILLE ? 0x2800u + h->bits : (uint32_t)ascii[h->bits & 7];
	c.fg = h->colour;
	return c;
}

/* How many eighths of cell i are filled. */
static int eighths(double v, int n, int i)
{
	int e;

	if (!(v > 0) || n < 1)
		return 0;
	e = (int)lround(fmin(v, 1) * n * 8) - i * 8;
	/* Something that is above nothing must show. */
	if (i == 0 && e < 1)
		e = 1;
	return e < 0 ? 0 : e > 8 ? 8 : e;
}

static uint32_t ascii_bar(int e)
{
	return e >= 6 ? '#' : e >= 2 ? '=' : e >= 1 ? '-' : ' ';
}

uint32_t dots_bar(double v, int n, int i, bool unicode)
{
	int e = eighths(v, n, i);

	if (!unicode)
		return ascii_bar(e);
	return e ? 0x2590u - (uint32_t)e : ' ';
}

uint32_t dots_vbar(double v, int n, int i, bool unicode)
{
	int e = eighths(v, n, i);

	if (!unicode)
		return e >= 6 ? '#' : e >= 3 ? '+' : e >= 1 ? '_' : ' ';
	return e ? 0x2580u + (uint32_t)e : ' ';
}
