/*
 * A disk that is full for a while, for LD_PRELOAD.
 *
 * Calls that would change something below the folder AXIAL_FAKE_DISK are counted
 * from 1.  Those from AXIAL_FAKE_FULL on, AXIAL_FAKE_FOR of them (0 or absent: for ever),
 * fail with ENOSPC; a write() that fails writes half of its bytes first, as a disk that
 * becomes full does.  AXIAL_FAKE_COUNT: a file that gets the number of calls at the end.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t fake_lock = PTHREAD_MUTEX_INITIALIZER;
static long fake_calls;

static long fake_env(const char *name)
{
	const char *v = getenv(name);

	return v ? atol(v) : 0;
}

static bool fake_below(const char *path)
{
	const char *dir = getenv("AXIAL_FAKE_DISK");

	return dir && !strncmp(path, dir, strlen(dir));
}

static bool fake_fd_below(int fd)
{
	char link[64], path[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return false;
	path[n] = '\0';
	return fake_below(path);
}

/* Counts a call; true when it has to fail. */
static bool fake_full(void)
{
	long first = fake_env("AXIAL_FAKE_FULL"), count = fake_env("AXIAL_FAKE_FOR"), n;

	pthread_mutex_lock(&fake_lock);
	n = ++fake_calls;
	pthread_mutex_unlock(&fake_lock);
	return first && n >= first && (!count || n < first + count);
}

static void *fake_real(const char *name)
{
	void *fn = dlsym(RTLD_NEXT, name);

	if (!fn)
		abort();
	return fn;
}

static int fake_fail(void)
{
	errno = ENOSPC;
	return -1;
}

ssize_t write(int fd, const void *data, size_t n)
{
	ssize_t (*real)(int, const void *, size_t);

	*(void **)&real = fake_real("write");
	if (fake_fd_below(fd) && fake_full()) {
		if (n > 1 && real(fd, data, n / 2) < 0)
			return -1;
		return fake_fail();
	}
	return real(fd, data, n);
}

int fsync(int fd)
{
	int (*real)(int);

	*(void **)&real = fake_real("fsync");
	return fake_fd_below(fd) && fake_full() ? fake_fail() : real(fd);
}

int rename(const char *from, const char *to)
{
	int (*real)(const char *, const char *);

	*(void **)&real = fake_real("rename");
	return fake_below(to) && fake_full() ? fake_fail() : real(from, to);
}

int link(const char *from, const char *to)
{
	int (*real)(const char *, const char *);

	*(void **)&real = fake_real("link");
	return fake_below(to) && fake_full() ? fake_fail() : real(from, to);
}

int open(const char *path, int flags, ...)
{
	int (*real)(const char *, int, ...);
	va_list ap;
	unsigned mode = 0;

	*(void **)&real = fake_real("open");
	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, unsigned);
		va_end(ap);
		if (fake_below(path) && fake_full())
			return fake_fail();
	}
	return real(path, flags, mode);
}

__attribute__((destructor)) static void fake_report(void)
{
	const char *path = getenv("AXIAL_FAKE_COUNT");
	FILE *f = path ? fopen(path, "w") : NULL;

	if (f) {
		fprintf(f, "%ld\n", fake_calls);
		fclose(f);
	}
}
