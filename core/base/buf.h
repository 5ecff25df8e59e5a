#ifndef CORE_BASE_BUF_H
#define CORE_BASE_BUF_H

#include <stddef.h>
#include "core/base/err.h"

/*
 * A growable byte buffer that is always NUL-terminated.  Zero-initialise it
 * (struct buf b = {0}) or use buf_reset().  p is NULL until something is added.
 */
struct buf {
	char *p;
	size_t len;
	size_t cap;
};

void buf_add(struct buf *b, const void *data, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Adds s with every control byte shown as ^X or \xNN: for text that came from files. */
void buf_put_safe(struct buf *b, const char *s);

/* Drops the first n bytes. */
void buf_consume(struct buf *b, size_t n);

/* Sets the length to 0 and keeps the memory. */
void buf_reset(struct buf *b);

/* Frees the memory; the buffer can be used again. */
void buf_release(struct buf *b);

/* Hands the string (never NULL) to the caller, who frees it; the buffer is empty then. */
char *buf_detach(struct buf *b);

#endif
