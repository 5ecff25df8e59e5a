#ifndef TUI_SIGNALS_H
#define TUI_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>
#include "core/base/err.h"

/*
 * Signals of the workbench, turned into bytes of a pipe that the loop polls.  Crashes
 * put the terminal back first.
 */

/* Installs the handlers; returns the fd to poll, or -1. */
int signals_open(struct err *err) MUST_CHECK;
void signals_close(void);

/* A bit per signal that came since the last call: 1u << SIGWINCH ... */
unsigned signals_take(void);

/* What a crash writes to fd, and the modes it restores.  len 0: nothing to restore. */
void signals_set_restore(int fd, const struct termios *saved, const void *seq, size_t len);

/* Default action for SIGTSTP (true) or our handler (false). */
void signals_default_stop(bool on);

#endif
