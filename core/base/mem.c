/*
 * Allocation policy.
 *
 * Tiny allocations (names, nodes, lists) abort when they fail: on Linux they do
 * not fail before the machine is lost, and checking thousands of them hides the
 * code.  Everything whose size comes from a file or from a network's shapes goes
 * through mem_try_big() and is an ordinary error.
 */
#include "core/base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

	if (posix_memalign(&p, 64, size ? size : 64)) {
		err_set(err, ERR_NOMEM, "out of memory: %s needs %.1f MiB", what,
			(double)size / (1024.0 * 1024.0));
		return NULL;
	}
	return p;
}

int mem_mul(size_t a, size_t b, size_t *out)
{
	if (b && a > SIZE_MAX / b)
		return -1;
	*out = a * b;
	return 0;
}
