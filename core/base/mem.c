/*
 * Allocation policy.
 *
 * Tiny allocations (names, nodes, lists) abort when they fail: on Linux they do
 * not fail before the machine is lost, and checking thousands of them hides the
 * code.  Everything whose size comes from a file or from a network's shapes goes
 * through mem_try_big() and is an ordinary error.
 *
 * Large buffers ask for 2 MiB pages: the first touch of 34 MB in 4 KiB pages was
 * measured at 285 ms on a busy virtual machine, in huge pages at 2.4 ms.
 */
#include "core/base/mem.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

static void *mem_check(void *p)
{
	if (!p) {
		fputs("axial: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *mem_alloc(size_t size)
{
	return mem_check(malloc(size ? size : 1));
}

void *mem_zalloc(size_t size)
{
	return mem_check(calloc(1, size ? size : 1));
}

void *mem_realloc(void *p, size_t size)
{
	return mem_check(realloc(p, size ? size : 1));
}

char *mem_strdup(const char *s)
{
	return mem_check(strdup(s));
}

char *mem_strndup(const char *s, size_t n)
{
	return mem_check(strndup(s, n));
}

char *mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *s = NULL;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	return mem_check(s);
}

void *mem_try_big(size_t size, const char *what, struct err *err)
{
	void *p = NULL;
	bool huge = size >= HUGE_PAGE;

	if (posix_memalign(&p, huge ? HUGE_PAGE : 64, size ? size : 64)) {
		err_set(err, ERR_NOMEM, "out of memory: %s needs %.1f MiB", what,
			(double)size / (1024.0 * 1024.0));
		return NULL;
	}
	/* Advice only: where it is refused, small pages do. */
	if (huge)
		madvise(p, size, MADV_HUGEPAGE);
	return p;
}

int mem_mul(size_t a, size_t b, size_t *out)
{
	if (b && a > SIZE_MAX / b)
		return -1;
	*out = a * b;
	return 0;
}
