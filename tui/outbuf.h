#ifndef TUI_OUTBUF_H
#define TUI_OUTBUF_H

#include <stddef.h>

/*
 * Where a stream of text and escape sequences may be cut: the least offset >= at
 * that lies between two whole characters or sequences (len when there is none).
 */
size_t outbuf_cut(const char *p, size_t len, size_t at);

#endif
