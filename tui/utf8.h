#ifndef TUI_UTF8_H
#define TUI_UTF8_H

#include <stdint.h>

/* Reads one code point from s; returns the bytes used, 0 at the end.  A bad byte gives
 * *cp = 0xFFFD and 1. */
int utf8_next(const char *s, uint32_t *cp);

/* Writes cp as UTF-8 and a NUL into out; returns the bytes without NUL. */
int utf8_put(char out[5], uint32_t cp);

/* Columns of a code point: 0, 1 or 2; -1 for control characters. */
int utf8_columns(uint32_t cp);

#endif
