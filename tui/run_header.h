#ifndef TUI_RUN_HEADER_H
#define TUI_RUN_HEADER_H

#include "tui/run_model.h"

/*
 * The numbers of a run on the rows of d: state, epoch, step, rate, time left, best
 * metric, loss ...; the most important first, what does not fit is left out.
 * silent_min: minutes without an event while it should run, 0: none.
 */
void run_header_draw(const struct draw *d, const struct run_model *m, int silent_min);

/* Rows that the header needs in a view of w x h cells. */
int run_header_rows(const struct run_model *m, int silent_min, int w, int h);

#endif
