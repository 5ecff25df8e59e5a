#ifndef TUI_RUN_STATUS_H
#define TUI_RUN_STATUS_H

#include "core/engine/job.h"
#include "core/run/scan.h"
#include "tui/draw.h"

/* How states look everywhere: a mark, a word and a style, never a colour alone. */
enum style run_state_style(enum run_state s);
uint32_t run_state_mark(enum glyphs g, enum run_state s);
enum style job_state_style(enum job_state s);
uint32_t job_state_mark(enum glyphs g, enum job_state s);

#endif
