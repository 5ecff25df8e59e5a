#ifndef TUI_WORKBENCH_H
#define TUI_WORKBENCH_H

#include <stdbool.h>
#include "tui/term.h"

/* True when the command line opens the workbench: nothing, folders, or its options. */
bool workbench_handles(int argc, char **argv);

/* axial [OPTION...] [DIR...]: runs it; returns the exit code. */
int workbench_main(int argc, char **argv);

/* One option about the terminal.  1: taken; 0: none of these; -1: with a bad value. */
int workbench_term_option(struct term_options *opt, const char *arg);

/* Runs with one view and nothing else (no engine); returns the exit code. */
int workbench_show(const struct term_options *term, const char *view, const char *arg);

#endif
