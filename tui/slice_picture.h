#ifndef TUI_SLICE_PICTURE_H
#define TUI_SLICE_PICTURE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/volume/slice.h"
#include "tui/draw.h"

/*
 * A slice as character cells: half blocks (two square pixels a cell) where the
 * terminal has colours and block characters, coloured blanks where it has colours
 * only, a ramp of ASCII characters where it has neither.
 */
struct slice_picture {
	const struct slice_map *map;
	const uint8_t *grey;       /* map->width * map->height */
	const uint8_t *label;      /* the same size, NULL: no overlay */
	double zoom;               /* 1: the whole slice fits */
	double centre_x, centre_y; /* picture pixel to keep in the middle when zoomed */
	bool outline;              /* only the edges of labels */
	double opacity;            /* of filled labels, 0..1 */
	bool rgb;                  /* 24-bit colours rather than the 256-colour palette */
	bool cross;                /* mark the pixel (cross_x, cross_y) by two lines */
	int cross_x, cross_y;
};

/* Where the picture's pixels come to lie in an area of cols x rows cells. */
struct slice_fit {
	double x0, y0;  /* picture position (in pixels) of the area's upper left corner */
	double per_col; /* picture pixels per cell column and per cell row */
	double per_row;
};

/*
 * Millimetres are kept square: a cell counts as twice as high as wide.  The
 * picture is centred when it is smaller than the area and never leaves a gap on one
 * side only when it is larger.
 */
void slice_fit(const struct slice_picture *p, int cols, int rows, struct slice_fit *fit);

/* The picture pixel under the middle of a cell; may lie outside of the picture. */
void slice_fit_pixel(const struct slice_fit *fit, int col, int row, int *x, int *y);

/* Draws into the whole of d. */
void slice_picture_draw(const struct draw *d, const struct slice_picture *p);

/* Colour of a label (1..): Okabe and Ito's order, from orange. */
uint32_t slice_label_rgb(int label);

/* The same in the 256-colour palette. */
int slice_label_index(int label);

/* The character that stands for a label where there are no colours: 1-9, a-z. */
char slice_label_char(int label);

/* Index of the 256-colour palette for a grey level: 26 levels, none of the cube's colours. */
int slice_grey_index(int grey);

#endif
