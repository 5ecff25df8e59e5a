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

/*
 * Gives a block of mem_try_big() back.  Blocks from 1 MiB on are kept, up to MEM_KEPT_MAX
 * bytes in all, and serve later calls of mem_try_big() of about their size: their
 * pages are there already.  NULL is fine.
 */
void mem_free_big(void *p);
#define MEM_KEPT_MAX ((size_t)512 << 20)

/* Returns the kept blocks to the system: when a job is over. */
void mem_drop_kept(void);

/* Checked product: 0 when a * b fits in size_t and is stored in *out, else -1. */
int mem_mul(size_t a, size_t b, size_t *out) MUST_CHECK;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
