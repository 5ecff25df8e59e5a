#ifndef TUI_TERMINFO_H
#define TUI_TERMINFO_H

#include <stdint.h>
#include "tui/theme.h"

/*
 * The terminfo entry to use instead of TERM=name for the wanted colours; may set
 * TERMINFO in the environment of this process.  Returns name or a static string.
 */
const char *terminfo_pick(const char *name, enum color_mode colors);

/* A colour as the direct-colour entries want it. */
int terminfo_direct(uint32_t color);

#endif
