#ifndef CORE_BASE_MEM_H
#define CORE_BASE_MEM_H

#include <stddef.h>
#include "core/base/err.h"

/*
 * Small allocations: they abort the process when there is no memory, so callers
 * need not check.  Free what they return with free().
 */
void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);
void *mem_realloc(void *p, size_t size);
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n);
char *mem_printf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/*
 * Large allocations (volumes, arenas): an ordinary error when there is no
 * memory.  64-byte aligned, from 2 MiB on in huge pages; contents undefined.
 * Free with free().  what: the name put into the message.
 */
void *mem_try_big(size_t size, const char *what, struct err *err) MUST_CHECK;

/* Checked product: 0 when a * b fits in size_t and is stored in *out, else -1. */
int mem_mul(size_t a, size_t b, size_t *out) MUST_CHECK;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
