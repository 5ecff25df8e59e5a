#ifndef TUI_TERM_H
#define TUI_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include "core/base/err.h"
#include "tui/draw.h"
#include "tui/theme.h"

/* The terminal: set up and put back, frames out, bytes in.  One per process. */
struct term;

struct term_options {
	enum color_mode colors;
	enum glyphs glyphs;
	const char *theme; /* name, NULL: guess */
	bool no_mouse;
};

/*
 * Takes over the terminal on standard input.  Refused with one line that says what
 * to set (ERR_USAGE) when it is none, or cannot place the cursor.
 */
struct term *term_open(const struct term_options *opt, struct err *err) MUST_CHECK;

/* Gives the terminal back as it was and frees t.  NULL is fine. */
void term_close(struct term *t);

int term_fd(const struct term *t); /* to poll */

/* Reads what is there: > 0 bytes, 0 nothing now, -1 the terminal is gone. */
int term_read(struct term *t, void *buf, size_t size);

/* The size now; also tells curses. */
void term_size(struct term *t, int *w, int *h);

/* True while bytes of the last frame wait for the line: draw nothing then. */
bool term_busy(const struct term *t);

/* Writes what the line takes now.  -1: the terminal is gone. */
int term_pump(struct term *t) MUST_CHECK;

/* Sends the difference between c and what is shown.  Only when not busy. */
void term_draw(struct term *t, const struct canvas *c);

/* Forgets what is shown: the next frame is drawn whole. */
void term_invalidate(struct term *t);

/* Adds raw bytes after the frame (OSC 52). */
void term_send(struct term *t, const void *data, size_t len);

void term_mouse(struct term *t, bool on);
bool term_has_mouse(const struct term *t);

/* Gives the terminal back, stops the process group, and takes the terminal again on SIGCONT. */
void term_suspend(struct term *t);

/* Sets the modes again after a SIGCONT that came from outside. */
void term_resume(struct term *t);

enum color_mode term_colors(const struct term *t);
enum glyphs term_glyphs(const struct term *t);
const struct theme *term_theme(const struct term *t);

#endif
