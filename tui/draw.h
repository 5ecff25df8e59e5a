#ifndef TUI_DRAW_H
#define TUI_DRAW_H

#include <stdbool.h>
#include <stdint.h>
#include "core/base/err.h"
#include "tui/theme.h"

/*
 * What views draw on: a grid of cells in memory.  The terminal layer compares it
 * with what the screen shows and sends the difference, so a view simply draws all
 * of itself.  Everything is clipped to the rectangle of the struct draw.
 * Coordinates are columns and rows from the upper left corner of that rectangle.
 */
struct rect {
	int x, y, w, h;
};

struct cell {
	uint32_t ch;     /* code point; 0: second half of a wide character */
	uint32_t mark;   /* one combining mark, 0: none */
	uint32_t fg, bg; /* COLOR_DEFAULT, COLOR_INDEX(n) or COLOR_RGB(r, g, b) */
	uint16_t attr;   /* ATTR_ bits */
};

struct canvas {
	int w, h;
	struct cell *cells;
	int cursor_x, cursor_y; /* where the terminal's cursor is parked; -1: hidden */
	const struct theme *theme;
	enum glyphs glyphs;
};

/* Empty canvas of w x h blanks (both at least 1). */
void canvas_init(struct canvas *c, int w, int h, const struct theme *theme, enum glyphs glyphs);
void canvas_resize(struct canvas *c, int w, int h);
void canvas_clear(struct canvas *c);
void canvas_release(struct canvas *c);

/* A window on a canvas; pass it by value or const pointer, it owns nothing. */
struct draw {
	struct canvas *c;
	struct rect r;    /* where the window stands on the canvas (may hang over its edges) */
	struct rect clip; /* part of the canvas that may be written */
	int w, h;         /* = r.w, r.h, at least 0 */
	const struct theme *theme;
	enum glyphs glyphs;
};

struct draw draw_root(struct canvas *c);

/* The part of d at (x, y) of size w x h, clipped to d. */
struct draw draw_sub(const struct draw *d, int x, int y, int w, int h);

/*
 * Text in UTF-8.  Control characters and bad bytes are shown as ^X or \xNN, never
 * sent.  Returns the columns used.
 */
int draw_text(const struct draw *d, int x, int y, enum style st, const char *s);
int draw_printf(const struct draw *d, int x, int y, enum style st, const char *fmt, ...)
	PRINTF_LIKE(5, 6);

/* At most w columns; what does not fit ends with an ellipsis.  Returns the columns used. */
int draw_fit(const struct draw *d, int x, int y, int w, enum style st, const char *s);

/* The same, right-aligned in w columns. */
void draw_right(const struct draw *d, int x, int y, int w, enum style st, const char *s);

/* Columns that draw_text() would use. */
int draw_width(const char *s);

/* Rectangle filled with a character. */
void draw_fill(const struct draw *d, int x, int y, int w, int h, enum style st, uint32_t ch);

/* Gives cells another style and keeps their characters (a selected row). */
void draw_restyle(const struct draw *d, int x, int y, int w, int h, enum style st);

void draw_hline(const struct draw *d, int x, int y, int w, enum style st);
void draw_vline(const struct draw *d, int x, int y, int h, enum style st);

/* A frame around (x, y, w, h) with a title in its upper edge (NULL: none). */
void draw_box(const struct draw *d, int x, int y, int w, int h, enum style st, const char *title);

/* A bar of w columns filled to part (0 .. 1), with eighth blocks where the glyphs allow. */
void draw_bar(const struct draw *d, int x, int y, int w, double part, enum style st);

/* One raw cell: any code point and colours (pictures, braille). */
void draw_cell(
	const struct draw *d, int x, int y, uint32_t ch, uint32_t fg, uint32_t bg, unsigned attr);

/* One character in a style; returns its width. */
int draw_char(const struct draw *d, int x, int y, enum style st, uint32_t ch);

/* Parks the terminal's cursor here (the focused item; screen readers follow it). */
void draw_cursor(const struct draw *d, int x, int y);

/* The character for a role, by what the terminal can show ('>' or a triangle ...). */
enum glyph_role {
	GLYPH_ELLIPSIS,
	GLYPH_ARROW,  /* > between crumbs */
	GLYPH_FOLDED, /* closed tree node */
	GLYPH_UNFOLDED,
	GLYPH_BULLET,
	GLYPH_CHECK,
	GLYPH_CROSS,
	GLYPH_RUN,   /* running */
	GLYPH_PAUSE, /* waiting, interrupted */
	GLYPH_HLINE,
	GLYPH_VLINE,
	GLYPH_UP,
	GLYPH_DOWN,
	GLYPH_ROLES,
};
uint32_t draw_glyph(enum glyphs g, enum glyph_role role);

#endif
