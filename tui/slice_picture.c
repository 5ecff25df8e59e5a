/*
 * Slices in cells.
 *
 * A half block shows two pixels, one above the other, each as wide as high, so one
 * scale serves both directions.  The picture is first brought to screen pixels
 * ("dots"): averaged over the area a dot covers when it shrinks, bilinear when it
 * grows, labels always by the nearest pixel.  Then each dot gets its colour: grey,
 * blended with the label, and the crosshair.
 *
 * Greys go to the 24 steps of the grey ramp plus black and white: over a line of
 * 1 MB/s that is a third of the bytes of 24-bit colours, and neighbouring cells of
 * equal level need no new escape sequence at all.
 */
#include "tui/slice_picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/mem.h"

enum paint {
	PAINT_HALF,  /* half blocks */
	PAINT_BLANK, /* coloured blanks */
	PAINT_ASCII, /* brightness as characters */
};

struct dot {
	uint8_t inside, grey, label, edge, cross;
};

struct screen {
	enum paint paint;
	int w, h; /* dots */
	struct dot *dot;
};

uint32_t slice_label_rgb(int label)
{
	static const uint32_t okabe_ito[] = {COLOR_RGB(230, 159, 0), COLOR_RGB(86, 180, 233),
		COLOR_RGB(0, 158, 115), COLOR_RGB(240, 228, 66), COLOR_RGB(0, 114, 178),
		COLOR_RGB(213, 94, 0), COLOR_RGB(204, 121, 167)};

	return okabe_ito[(unsigned)(label - 1) % ARRAY_SIZE(okabe_ito)];
}

/* Four shades, dark to bright, of each of these colours in the 256-colour palette. */
static const uint8_t shades[7][4] = {{94, 130, 172, 214}, {67, 68, 74, 117}, {29, 35, 36, 43},
	{100, 142, 185, 227}, {18, 24, 25, 32}, {88, 124, 166, 202}, {96, 132, 175, 218}};

static const int plain_shade = 2;

static int label_shade(int label, int shade)
{
	return shades[(unsigned)(label - 1) % ARRAY_SIZE(shades)][shade];
}

int slice_label_index(int label)
{
	return label_shade(label, plain_shade);
}

char slice_label_char(int label)
{
	static const char chars[] = "123456789abcdefghijklmnopqrstuvwxyz";

	return label < 1 ? ' ' : chars[(unsigned)(label - 1) % (sizeof(chars) - 1)];
}

int slice_grey_index(int grey)
{
	if (grey < 4)
		return 16;
	if (grey > 246)
		return 231;
	return grey < 8 ? 232 : grey > 242 ? 255 : 232 + (grey - 3) / 10;
}

/* Centre along one axis: as wished, but without a gap on one side only. */
static double place_centre(double wished, double view, double size)
{
	if (view >= size)
		return size / 2;
	return fmin(fmax(wished, view / 2), size - view / 2);
}

void slice_fit(const struct slice_picture *p, int cols, int rows, struct slice_fit *fit)
{
	const struct slice_map *m = p->map;
	double unit = fmax(m->width * m->mm[0] / fmax(cols, 1),
			      m->height * m->mm[1] / fmax(2 * rows, 1)) /
		      fmax(p->zoom, 1e-3);
	double view_x, view_y;

	fit->per_col = unit / m->mm[0];
	fit->per_row = 2 * unit / m->mm[1];
	view_x = cols * fit->per_col;
	view_y = rows * fit->per_row;
	fit->x0 = place_centre(p->centre_x + 0.5, view_x, m->width) - view_x / 2;
	fit->y0 = place_centre(p->centre_y + 0.5, view_y, m->height) - view_y / 2;
}

void slice_fit_pixel(const struct slice_fit *fit, int col, int row, int *x, int *y)
{
	*x = (int)floor(fit->x0 + (col + 0.5) * fit->per_col);
	*y = (int)floor(fit->y0 + (row + 0.5) * fit->per_row);
}

static int clampi(int v, int lo, int hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

static double bilinear(const struct slice_picture *p, double x, double y)
{
	int w = p->map->width, h = p->map->height;
	double fx = x - 0.5, fy = y - 0.5;
	int x0 = (int)floor(fx), y0 = (int)floor(fy);
	double ax = fx - x0, ay = fy - y0;
	int xa = clampi(x0, 0, w - 1), xb = clampi(x0 + 1, 0, w - 1);
	const uint8_t *top = p->grey + (size_t)clampi(y0, 0, h - 1) * (size_t)w;
	const uint8_t *low = p->grey + (size_t)clampi(y0 + 1, 0, h - 1) * (size_t)w;

	return (1 - ay) * ((1 - ax) * top[xa] + ax * top[xb]) +
	       ay * ((1 - ax) * low[xa] + ax * low[xb]);
}

/* Mean over the pixels whose middle lies within the dot; the nearest when there are none. */
static double average(const struct slice_picture *p, double x, double y, double sx, double sy)
{
	int w = p->map->width, h = p->map->height;
	int xa = clampi((int)ceil(x - sx / 2 - 0.5), 0, w - 1);
	int xb = clampi((int)ceil(x + sx / 2 - 0.5) - 1, xa, w - 1);
	int ya = clampi((int)ceil(y - sy / 2 - 0.5), 0, h - 1);
	int yb = clampi((int)ceil(y + sy / 2 - 0.5) - 1, ya, h - 1);
	long sum = 0;

	for (int j = ya; j <= yb; j++)
		for (int i = xa; i <= xb; i++)
			sum += p->grey[(size_t)j * (size_t)w + (size_t)i];
	return (double)sum / ((double)(xb - xa + 1) * (yb - ya + 1));
}

static void sample(struct screen *s, const struct slice_picture *p, const struct slice_fit *fit)
{
	int w = p->map->width, h = p->map->height;
	double sx = fit->per_col, sy = fit->per_row / (s->paint == PAINT_HALF ? 2 : 1);

	for (int j = 0; j < s->h; j++)
		for (int i = 0; i < s->w; i++) {
			struct dot *d = &s->dot[j * s->w + i];
			double x = fit->x0 + (i + 0.5) * sx, y = fit->y0 + (j + 0.5) * sy;

			d->inside = x >= 0 && y >= 0 && x < w && y < h;
			if (!d->inside)
				continue;
			d->grey = (uint8_t)lround(
				sx > 1 || sy > 1 ? average(p, x, y, sx, sy) : bilinear(p, x, y));
			if (p->label)
				d->label = p->label[(size_t)y * (size_t)w + (size_t)x];
		}
}

static bool differs(const struct screen *s, int i, int j, uint8_t label)
{
	if (i < 0 || j < 0 || i >= s->w || j >= s->h)
		return false;
	return s->dot[j * s->w + i].label != label;
}

static void find_edges(struct screen *s)
{
	for (int j = 0; j < s->h; j++)
		for (int i = 0; i < s->w; i++) {
			struct dot *d = &s->dot[j * s->w + i];

			d->edge = d->label && (differs(s, i - 1, j, d->label) ||
						      differs(s, i + 1, j, d->label) ||
						      differs(s, i, j - 1, d->label) ||
						      differs(s, i, j + 1, d->label));
		}
}

/* Two lines through a pixel, with a gap that leaves it visible. */
static void mark_cross(struct screen *s, const struct slice_picture *p, const struct slice_fit *fit)
{
	double sy = fit->per_row / (s->paint == PAINT_HALF ? 2 : 1);
	int ci = (int)floor((p->cross_x + 0.5 - fit->x0) / fit->per_col);
	int cj = (int)floor((p->cross_y + 0.5 - fit->y0) / sy);
	int gap_x = 1 + (int)(0.5 / fit->per_col), gap_y = 1 + (int)(0.5 / sy);

	for (int i = 0; i < s->w; i++)
		if (cj >= 0 && cj < s->h && abs(i - ci) > gap_x)
			s->dot[cj * s->w + i].cross = '-';
	for (int j = 0; j < s->h; j++)
		if (ci >= 0 && ci < s->w && abs(j - cj) > gap_y)
			s->dot[j * s->w + ci].cross = '|';
}

static uint32_t blend(uint32_t a, uint32_t b, double part)
{
	uint32_t out = 0;

	for (int shift = 0; shift <= 16; shift += 8) {
		double u = a >> shift & 0xff, v = b >> shift & 0xff;

		out |= (uint32_t)lround(u + (v - u) * part) << shift;
	}
	return out | (COLOR_RGB(0, 0, 0));
}

/*
 * The palette's cube has six steps a channel: a blend of nearby greys with a colour
 * jumps between hues there and looks like noise.  So a label keeps its hue, and the
 * grey below chooses one of four shades; the more opaque, the less it has to say.
 */
static int tint_256(const struct dot *d, double opacity)
{
	double shade = d->grey / 64 * (1 - opacity) + plain_shade * opacity;

	return label_shade(d->label, (int)lround(shade));
}

static uint32_t colour_of(const struct dot *d, const struct slice_picture *p)
{
	bool tinted = d->label && (d->edge || !p->outline);
	double opacity = p->outline ? 1 : p->opacity;
	uint32_t c;

	if (!p->rgb) {
		if (d->cross)
			return COLOR_INDEX(d->grey < 128 ? 37 : 80);
		return COLOR_INDEX(tinted ? tint_256(d, opacity) : slice_grey_index(d->grey));
	}
	c = COLOR_RGB(d->grey, d->grey, d->grey);
	if (tinted)
		c = blend(c, slice_label_rgb(d->label), opacity);
	return d->cross ? blend(c, COLOR_RGB(0, 255, 255), 0.55) : c;
}

static void put_half(const struct draw *d, int col, int row, const struct dot *up,
	const struct dot *low, const struct slice_picture *p)
{
	uint32_t none = d->theme->look[ST_TEXT].bg, a, b;

	if (!up->inside && !low->inside)
		return;
	a = up->inside ? colour_of(up, p) : none;
	b = low->inside ? colour_of(low, p) : none;
	if (a == b)
		draw_cell(d, col, row, ' ', d->theme->look[ST_TEXT].fg, a, 0);
	else if (!up->inside)
		draw_cell(d, col, row, 0x2584, b, none, 0);
	else
		draw_cell(d, col, row, 0x2580, a, b, 0);
}

static void put_ascii(
	const struct draw *d, int col, int row, const struct dot *t, const struct slice_picture *p)
{
	static const char ramp[] = " .:-=+*#%@";
	bool tinted = t->label && (t->edge || !p->outline);
	char ch = ramp[t->grey * 10 / 256];

	if (t->cross)
		ch = (char)t->cross;
	else if (tinted)
		ch = slice_label_char(t->label);
	draw_cell(d, col, row, (uint32_t)ch, COLOR_DEFAULT, COLOR_DEFAULT, tinted ? ATTR_BOLD : 0);
}

static enum paint choose_paint(const struct draw *d)
{
	if (d->theme->look[ST_SERIES1].fg == COLOR_DEFAULT)
		return PAINT_ASCII;
	return d->glyphs == GLYPHS_ASCII ? PAINT_BLANK : PAINT_HALF;
}

void slice_picture_draw(const struct draw *d, const struct slice_picture *p)
{
	struct screen s = {.paint = choose_paint(d)};
	struct slice_fit fit;

	if (d->w < 1 || d->h < 1)
		return;
	s.w = d->w;
	s.h = s.paint == PAINT_HALF ? 2 * d->h : d->h;
	s.dot = mem_zalloc((size_t)s.w * (size_t)s.h * sizeof(*s.dot));
	slice_fit(p, d->w, d->h, &fit);
	sample(&s, p, &fit);
	if (p->label)
		find_edges(&s);
	if (p->cross)
		mark_cross(&s, p, &fit);
	for (int row = 0; row < d->h; row++)
		for (int col = 0; col < d->w; col++) {
			const struct dot *t =
				&s.dot[(s.paint == PAINT_HALF ? 2 * row : row) * s.w + col];

			if (s.paint == PAINT_HALF)
				put_half(d, col, row, t, t + s.w, p);
			else if (t->inside && s.paint == PAINT_BLANK)
				draw_cell(d, col, row, ' ', COLOR_DEFAULT, colour_of(t, p), 0);
			else if (t->inside)
				put_ascii(d, col, row, t, p);
		}
	free(s.dot);
}
