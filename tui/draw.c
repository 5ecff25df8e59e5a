/*
 * Drawing on a grid of cells in memory, clipped to a rectangle.
 *
 * Every text that reaches the screen passes here, so this is the one place where
 * control characters of hostile file names and JSON values are made harmless: they
 * are shown as ^X or \xNN.  Widths come from a small table of our own and not from
 * wcwidth(), so that the same text takes the same columns under every locale.
 */
#include "tui/draw.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "tui/utf8.h"

void canvas_init(struct canvas *c, int w, int h, const struct theme *theme, enum glyphs glyphs)
{
	memset(c, 0, sizeof(*c));
	c->theme = theme;
	c->glyphs = glyphs;
	canvas_resize(c, w, h);
}

void canvas_resize(struct canvas *c, int w, int h)
{
	size_t cells = 0;

	c->w = w < 1 ? 1 : w > 4096 ? 4096 : w;
	c->h = h < 1 ? 1 : h > 4096 ? 4096 : h;
	cells = (size_t)c->w * (size_t)c->h;
	free(c->cells);
	c->cells = mem_alloc(cells * sizeof(*c->cells));
	canvas_clear(c);
}

void canvas_clear(struct canvas *c)
{
	/* Without a text colour, so that curses may clear whole lines at once. */
	const struct cell blank = {.ch = ' ', .bg = c->theme->look[ST_TEXT].bg};

	for (size_t i = 0; i < (size_t)c->w * (size_t)c->h; i++)
		c->cells[i] = blank;
	c->cursor_x = c->cursor_y = -1;
}

void canvas_release(struct canvas *c)
{
	free(c->cells);
	c->cells = NULL;
}

struct draw draw_root(struct canvas *c)
{
	struct rect all = {0, 0, c->w, c->h};

	return (struct draw){.c = c,
		.r = all,
		.clip = all,
		.w = c->w,
		.h = c->h,
		.theme = c->theme,
		.glyphs = c->glyphs};
}

static int max_int(int a, int b)
{
	return a > b ? a : b;
}

static int min_int(int a, int b)
{
	return a < b ? a : b;
}

struct draw draw_sub(const struct draw *d, int x, int y, int w, int h)
{
	struct draw s = *d;
	int x1, y1;

	s.w = w < 0 ? 0 : w;
	s.h = h < 0 ? 0 : h;
	s.r = (struct rect){d->r.x + x, d->r.y + y, s.w, s.h};
	x1 = min_int(d->clip.x + d->clip.w, s.r.x + s.w);
	y1 = min_int(d->clip.y + d->clip.h, s.r.y + s.h);
	s.clip.x = max_int(d->clip.x, s.r.x);
	s.clip.y = max_int(d->clip.y, s.r.y);
	s.clip.w = max_int(0, x1 - s.clip.x);
	s.clip.h = max_int(0, y1 - s.clip.y);
	return s;
}

/* The cell at (x, y) of d; NULL outside of the clip. */
static struct cell *cell_at(const struct draw *d, int x, int y)
{
	x += d->r.x;
	y += d->r.y;
	if (x < d->clip.x || y < d->clip.y || x >= d->clip.x + d->clip.w ||
		y >= d->clip.y + d->clip.h)
		return NULL;
	return &d->c->cells[(size_t)y * (size_t)d->c->w + (size_t)x];
}

/* Overwriting half of a wide character leaves a blank in its other half. */
static void cell_put(const struct draw *d, int x, int y, struct cell v)
{
	struct cell *c = cell_at(d, x, y);
	struct cell *end = d->c->cells + (size_t)d->c->w * (size_t)d->c->h;

	if (!c)
		return;
	if (!c->ch && c > d->c->cells && utf8_columns(c[-1].ch) == 2)
		c[-1].ch = ' ';
	if (c->ch && c + 1 < end && utf8_columns(c->ch) == 2 && !c[1].ch)
		c[1].ch = ' ';
	*c = v;
}

static void put_char(const struct draw *d, int x, int y, uint32_t ch, struct look l, int columns)
{
	struct cell v = {.ch = ch, .fg = l.fg, .bg = l.bg, .attr = l.attr};

	if (columns == 2 && (!cell_at(d, x, y) || !cell_at(d, x + 1, y))) {
		v.ch = ' ';
		cell_put(d, x, y, v);
		cell_put(d, x + 1, y, v);
		return;
	}
	cell_put(d, x, y, v);
	if (columns == 2) {
		v.ch = 0;
		cell_put(d, x + 1, y, v);
	}
}

/* The harmless spelling of a control character or a bad byte. */
static int spell(char out[8], const char *s, int bytes, uint32_t cp)
{
	if (cp < 32 || cp == 127)
		return snprintf(out, 8, "^%c", cp == 127 ? '?' : (int)cp + 64);
	if (cp == 0xfffd && bytes == 1)
		return snprintf(out, 8, "\\x%02x", (unsigned char)*s);
	return cp > 0xff ? snprintf(out, 8, "u+%04x", cp & 0xffff)
			 : snprintf(out, 8, "\\x%02x", cp);
}

/*
 * Walks s and draws it (d == NULL: only measures) up to limit columns.  Returns the
 * columns used; *rest is what did not fit, or "" at the end.
 */
static int walk(const struct draw *d, int x, int y, struct look l, const char *s, int limit,
	const char **rest)
{
	char ctl[8];
	uint32_t cp;
	int used = 0, n, w;

	for (; (n = utf8_next(s, &cp)) > 0; s += n) {
		w = utf8_columns(cp);
		if (w < 0 || (cp == 0xfffd && n == 1)) {
			w = spell(ctl, s, n, cp);
			if (used + w > limit)
				break;
			for (int i = 0; d && i < w; i++)
				put_char(d, x + used + i, y, (unsigned char)ctl[i], l, 1);
		} else if (!w) {
			struct cell *c = d && used ? cell_at(d, x + used - 1, y) : NULL;

			if (c && c->ch)
				c->mark = cp;
		} else {
			if (used + w > limit)
				break;
			if (d)
				put_char(d, x + used, y, cp, l, w);
		}
		used += w;
	}
	if (rest)
		*rest = s;
	return used;
}

int draw_text(const struct draw *d, int x, int y, enum style st, const char *s)
{
	return walk(d, x, y, d->theme->look[st], s, 1 << 20, NULL);
}

int draw_printf(const struct draw *d, int x, int y, enum style st, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return draw_text(d, x, y, st, text);
}

int draw_width(const char *s)
{
	return walk(NULL, 0, 0, (struct look){0}, s, 1 << 20, NULL);
}

int draw_fit(const struct draw *d, int x, int y, int w, enum style st, const char *s)
{
	const struct look l = d->theme->look[st];
	const char *rest;
	int used;

	if (w <= 0)
		return 0;
	walk(NULL, 0, 0, l, s, w, &rest);
	if (!*rest)
		return walk(d, x, y, l, s, w, NULL);
	used = walk(d, x, y, l, s, w - 1, NULL);
	return used + draw_char(d, x + used, y, st, draw_glyph(d->glyphs, GLYPH_ELLIPSIS));
}

void draw_right(const struct draw *d, int x, int y, int w, enum style st, const char *s)
{
	int have = draw_width(s);

	draw_fit(d, have < w ? x + w - have : x, y, min_int(w, have), st, s);
}

void draw_fill(const struct draw *d, int x, int y, int w, int h, enum style st, uint32_t ch)
{
	struct look l = d->theme->look[st];

	if (ch == ' ' && l.bg == COLOR_DEFAULT && !l.attr)
		l.fg = COLOR_DEFAULT;
	for (int j = max_int(0, y); j < min_int(d->h, y + h); j++)
		for (int i = max_int(0, x); i < min_int(d->w, x + w); i++)
			put_char(d, i, j, ch, l, 1);
}

void draw_restyle(const struct draw *d, int x, int y, int w, int h, enum style st)
{
	const struct look l = d->theme->look[st];
	struct cell *c;

	for (int j = max_int(0, y); j < min_int(d->h, y + h); j++)
		for (int i = max_int(0, x); i < min_int(d->w, x + w); i++) {
			c = cell_at(d, i, j);
			if (!c)
				continue;
			c->fg = l.fg;
			c->bg = l.bg;
			c->attr = l.attr;
		}
}

int draw_char(const struct draw *d, int x, int y, enum style st, uint32_t ch)
{
	int w = utf8_columns(ch);

	if (w < 1) {
		ch = '?';
		w = 1;
	}
	put_char(d, x, y, ch, d->theme->look[st], w);
	return w;
}

void draw_cell(
	const struct draw *d, int x, int y, uint32_t ch, uint32_t fg, uint32_t bg, unsigned attr)
{
	const struct look l = {fg, bg, (uint16_t)attr};
	int w = utf8_columns(ch);

	put_char(d, x, y, w < 1 ? '?' : ch, l, w < 1 ? 1 : w);
}

void draw_cursor(const struct draw *d, int x, int y)
{
	if (!cell_at(d, x, y))
		return;
	d->c->cursor_x = d->r.x + x;
	d->c->cursor_y = d->r.y + y;
}

uint32_t draw_glyph(enum glyphs g, enum glyph_role role)
{
	static const uint32_t table[GLYPH_ROLES][2] = {
		[GLYPH_ELLIPSIS] = {'~', 0x2026},
		[GLYPH_ARROW] = {'>', 0x203a},
		[GLYPH_FOLDED] = {'+', 0x25b8},
		[GLYPH_UNFOLDED] = {'-', 0x25be},
		[GLYPH_BULLET] = {'*', 0x2022},
		[GLYPH_CHECK] = {'v', 0x2713},
		[GLYPH_CROSS] = {'x', 0x2717},
		[GLYPH_RUN] = {'>', 0x25b6},
		[GLYPH_PAUSE] = {'=', 0x2016},
		[GLYPH_HLINE] = {'-', 0x2500},
		[GLYPH_VLINE] = {'|', 0x2502},
		[GLYPH_UP] = {'^', 0x2191},
		[GLYPH_DOWN] = {'v', 0x2193},
	};

	return table[role][g != GLYPHS_ASCII];
}

void draw_hline(const struct draw *d, int x, int y, int w, enum style st)
{
	for (int i = 0; i < w; i++)
		draw_char(d, x + i, y, st, draw_glyph(d->glyphs, GLYPH_HLINE));
}

void draw_vline(const struct draw *d, int x, int y, int h, enum style st)
{
	for (int i = 0; i < h; i++)
		draw_char(d, x, y + i, st, draw_glyph(d->glyphs, GLYPH_VLINE));
}

void draw_box(const struct draw *d, int x, int y, int w, int h, enum style st, const char *title)
{
	static const uint32_t corners[2][4] = {
		{'+', '+', '+', '+'}, {0x250c, 0x2510, 0x2514, 0x2518}};
	const uint32_t *k = corners[d->glyphs != GLYPHS_ASCII];

	if (w < 1 || h < 1)
		return;
	draw_hline(d, x, y, w, st);
	draw_hline(d, x, y + h - 1, w, st);
	draw_vline(d, x, y, h, st);
	draw_vline(d, x + w - 1, y, h, st);
	draw_char(d, x, y, st, k[0]);
	draw_char(d, x + w - 1, y, st, k[1]);
	draw_char(d, x, y + h - 1, st, k[2]);
	draw_char(d, x + w - 1, y + h - 1, st, k[3]);
	if (title && *title && w > 6) {
		int n = draw_fit(d, x + 3, y, w - 6, st, title);

		draw_char(d, x + 2, y, st, ' ');
		draw_char(d, x + 3 + n, y, st, ' ');
	}
}

void draw_bar(const struct draw *d, int x, int y, int w, double part, enum style st)
{
	int eighths;

	if (w < 1)
		return;
	part = part > 0 ? part < 1 ? part : 1 : 0;
	eighths = (int)(part * w * 8 + 0.5);
	for (int i = 0; i < w; i++, eighths -= 8) {
		if (d->glyphs == GLYPHS_ASCII)
			draw_char(d, x + i, y, eighths >= 4 ? st : ST_BORDER,
				eighths >= 4 ? '#' : '.');
		else if (eighths >= 8)
			draw_char(d, x + i, y, st, 0x2588);
		else if (eighths > 0)
			draw_char(d, x + i, y, st, (uint32_t)(0x2590 - eighths));
		else
			draw_char(d, x + i, y, ST_BORDER, 0x2591);
	}
}
