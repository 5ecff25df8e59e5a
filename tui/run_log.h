#ifndef TUI_RUN_LOG_H
#define TUI_RUN_LOG_H

#include <stdbool.h>
#include "core/run/reader.h"
#include "tui/draw.h"

/* The log pane of a run: its progress lines, newest at the bottom, with search. */
struct run_log {
	int back;     /* lines between the bottom and the newest one; 0 follows */
	int seen;     /* notes at the last draw, to stay in place while new ones come */
	char *needle; /* what is searched for, NULL: nothing */
	int hit;      /* note that the search stands on, -1: none */
};

void run_log_init(struct run_log *l);
void run_log_release(struct run_log *l);

/* Moves towards older (positive) or newer lines; true when something changed. */
bool run_log_scroll(struct run_log *l, const struct run_reader *r, int lines);

/*
 * Searches for text (letters of either case match) from the newest line backwards;
 * NULL or "" ends the search.  Returns how many lines match.
 */
int run_log_search(struct run_log *l, const struct run_reader *r, const char *text);

/* The next older (dir -1) or newer (+1) match, around the ends; false when there is none. */
bool run_log_next(struct run_log *l, const struct run_reader *r, int dir);

void run_log_draw(const struct draw *d, struct run_log *l, const struct run_reader *r);

#endif
