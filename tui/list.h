#ifndef TUI_LIST_H
#define TUI_LIST_H

#include <stdbool.h>
#include "tui/bindings.h"
#include "tui/draw.h"
#include "tui/input.h"

/* The cursor of a scrolling list.  Zero-initialise. */
struct list {
	int n;   /* rows */
	int cur; /* under the cursor */
	int top; /* first row shown */
	int h;   /* rows shown in the last frame */
};

/* Sets the row count and keeps the cursor inside. */
void list_set(struct list *l, int n);

/* Handles up, down, pages, first and last; true when the action was one of these. */
bool list_move(struct list *l, enum action a);

/* Wheel and click (y from the first row); true when taken.  *again: the row was under the cursor
 * already. */
bool list_mouse(struct list *l, const struct input *in, int first_y, bool *again);

/* Scrolls so that the cursor is seen in h rows. */
void list_show(struct list *l, int h);

/* A scroll mark in column x, rows y .. y + h - 1, when the list is longer than h. */
void list_draw_scroll(const struct list *l, const struct draw *d, int x, int y, int h);

#endif
