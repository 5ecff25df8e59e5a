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
 *
 * A loader frees the volumes of a case and asks for as much for the next.  So a few
 * freed blocks are kept with their pages; without that the kernel clears every
 * byte before the program writes it.
 */
#include "core/base/mem.h"

#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* gcc says so by a macro, clang by a feature. */
#ifdef __SANITIZE_ADDRESS__
#define MEM_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEM_SANITIZED
#endif
#endif

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

enum { MEM_KEPT = 8 };

/* Freed blocks that keep their pages. */
static struct { /* lint: global, shared by the loader threads */
	pthread_mutex_t lock;
	void *p[MEM_KEPT];
	size_t size[MEM_KEPT], total;
	int n;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The smallest kept block of at least size bytes, not more than a half larger; NULL: none. */
static void *mem_take_kept(size_t size)
{
	void *p = NULL;
	int best = -1;

	pthread_mutex_lock(&kept.lock);
	for (int i = 0; i < kept.n; i++)
		if (kept.size[i] >= size && kept.size[i] / 3 <= size / 2 &&
			(best < 0 || kept.size[i] < kept.size[best]))
			best = i;
	if (best >= 0) {
		p = kept.p[best];
		kept.total -= kept.size[best];
		kept.n--;
		kept.p[best] = kept.p[kept.n];
		kept.size[best] = kept.size[kept.n];
	}
	pthread_mutex_unlock(&kept.lock);
	return p;
}

void mem_drop_kept(void)
{
	void *p[MEM_KEPT];
	int n;

	pthread_mutex_lock(&kept.lock);
	n = kept.n;
	memcpy(p, kept.p, sizeof(p));
	kept.n = 0;
	kept.total = 0;
	pthread_mutex_unlock(&kept.lock);
	for (int i = 0; i < n; i++)
		free(p[i]);
}

void mem_free_big(void *p)
{
	size_t size = p ? malloc_usable_size(p) : 0;

#ifdef MEM_SANITIZED
	size = 0; /* a freed block must be seen as one */
#endif
	if (size < HUGE_PAGE / 2) {
		free(p);
		return;
	}
	pthread_mutex_lock(&kept.lock);
	if (kept.n < MEM_KEPT && kept.total + size <= MEM_KEPT_MAX) {
		kept.p[kept.n] = p;
		kept.size[kept.n++] = size;
		kept.total += size;
		p = NULL;
	}
	pthread_mutex_unlock(&kept.lock);
	free(p);
}

void *mem_try_big(size_t size, const char *what, struct err *err)
{
	bool huge = size >= HUGE_PAGE;
	size_t align = huge ? HUGE_PAGE : 64;
	void *p = size >= HUGE_PAGE / 2 ? mem_take_kept(size) : NULL;

	if (p)
		return p;
	if (posix_memalign(&p, align, size ? size : 64)) {
		mem_drop_kept();
		if (posix_memalign(&p, align, size ? size : 64)) {
			err_set(err, ERR_NOMEM, "out of memory: %s needs %.1f MiB", what,
				(double)size / (1024.0 * 1024.0));
			return NULL;
		}
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
