#ifndef TUI_BRAILLE_H
#define TUI_BRAILLE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A canvas of dots that comes out as character cells.  How many dots a cell has
 * depends on the glyphs the terminal can show:
 *
 *     DOTS_BRAILLE  2 x 4   U+2800..U+28FF
 *     DOTS_BLOCK    1 x 2   half blocks, each half with its own colour
 *     DOTS_ASCII    1 x 3   ' - . and their sums
 *
 * Dots are addressed from the top left.  Every dot has a layer: in one cell the
 * highest layer is shown and hides the dots below it (a terminal cell has one
 * foreground colour, and mixing two curves in one cell shows neither).  In
 * DOTS_BLOCK that holds for each half by itself.
 */
enum dots_mode {
	DOTS_BRAILLE,
	DOTS_BLOCK,
	DOTS_ASCII,
};

/* What is to be printed in one cell.  ch is 0 where nothing was drawn. */
struct dots_cell {
	uint32_t ch; /* Unicode code point */
	int fg;      /* colour number as given when drawing, -1: none */
	int bg;      /* of the lower half in DOTS_BLOCK, -1: none */
};

struct dots {
	enum dots_mode mode;
	int cols, rows; /* cells */
	int w, h;       /* dots */
	struct dots_half *half;
};

/* Makes an empty canvas; sizes below 1 are taken as 1.  Release with dots_release(). */
void dots_init(struct dots *d, enum dots_mode mode, int cols, int rows);
void dots_release(struct dots *d);
void dots_clear(struct dots *d);

int dots_per_cell_x(enum dots_mode mode);
int dots_per_cell_y(enum dots_mode mode);

/* Sets one dot; outside the canvas: nothing.  layer 0..255, colour 0..255. */
void dots_point(struct dots *d, int x, int y, int layer, int colour);

/*
 * A straight line between two dots, both ends included, clipped to the canvas
 * before it is walked (a line to a far-away point costs no more than the canvas).
 */
void dots_line(struct dots *d, double x0, double y0, double x1, double y1, int layer, int colour);

/* A vertical run of dots, ends in either order. */
void dots_column(struct dots *d, int x, int y0, int y1, int layer, int colour);

struct dots_cell dots_get(const struct dots *d, int col, int row);

/*
 * The part v (0..1) of a bar that is n cells long, cell i of it: a code point in
 * eighth blocks (horizontal), or '#', '=', ' ' without Unicode.
 */
uint32_t dots_bar(double v, int n, int i, bool unicode);

/* The same for a vertical bar, cell i counted from the bottom. */
uint32_t dots_vbar(double v, int n, int i, bool unicode);

#endif
