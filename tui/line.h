#ifndef TUI_LINE_H
#define TUI_LINE_H

#include <stdbool.h>
#include "core/base/buf.h"
#include "tui/draw.h"
#include "tui/input.h"

/* A line of text being edited.  Zero-initialise. */
struct line {
	struct buf text; /* UTF-8; line_text() for a string */
	size_t at;       /* the cursor, in bytes */
};

const char *line_text(const struct line *l);
void line_set(struct line *l, const char *text); /* cursor to the end */
void line_release(struct line *l);

/*
 * Editing keys: characters, paste (first line of it), Left Right Home End, ^A ^E, BS
 * Del, ^U (all before the cursor), ^K (all after it), ^W (a word).  Returns true when
 * the key was taken; *changed is set when the text changed.
 */
bool line_key(struct line *l, const struct input *in, bool *changed);

/* Draws it into w columns, scrolled so that the cursor is seen, and parks the cursor. */
void line_draw(const struct line *l, const struct draw *d, int x, int y, int w, enum style st);

#endif
