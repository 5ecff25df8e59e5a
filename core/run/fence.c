/*
 * Who may write a run.
 *
 * The lock is flock on run.lock, which the kernel drops when its holder dies,
 * however it dies: there are no stale locks to clean up.  Where that is not
 * enough (a shared file system whose locks were lost, a copy that slept through a
 * take-over) the fence decides: every holder writes a text with a higher number
 * into the lock file and compares before each write; one whose text is gone, or
 * whose file was replaced, stops with ERR_AGAIN and touches nothing any more.
 */
#include "core/run/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

#define FENCE_MAX 512

void run_host_name(char *out, size_t cap)
{
	if (gethostname(out, cap))
		snprintf(out, cap, "localhost");
	out[cap - 1] = '\0';
}

/* Reads the lock file through fd into text; the number behind "fence " or 0. */
static int64_t fence_read(int fd, char text[FENCE_MAX])
{
	ssize_t n = pread(fd, text, FENCE_MAX - 1, 0);
	long long nr = 0;

	text[n > 0 ? n : 0] = '\0';
	if (sscanf(text, "fence %lld", &nr) != 1)
		nr = 0;
	return nr;
}

int64_t run_fence_holder(const char *path, char *host, size_t cap)
{
	char text[FENCE_MAX], name[128] = "";
	long long pid = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	snprintf(host, cap, "?");
	if (fd < 0)
		return 0;
	fence_read(fd, text);
	close(fd);
	if (sscanf(text, "fence %*d pid %lld host %127s", &pid, name) != 2)
		return 0;
	snprintf(host, cap, "%s", name);
	return pid;
}

/*
 * Whoever looks whether a run is alive holds a shared lock for an instant, so a
 * refusal counts only when it lasts.
 */
static int fence_lock(const char *path, struct err *err)
{
	struct timespec nap = {.tv_nsec = 10 * 1000 * 1000};
	struct err why = ERR_INIT;
	char host[128];
	int64_t pid;
	int fd = -1;

	for (int i = 0; i < 20; i++) {
		fd = sys_lock(path, &why);
		if (fd >= 0)
			return fd;
		if (why.code != ERR_LOCKED)
			return err_set(err, why.code, "%s", why.msg);
		nanosleep(&nap, NULL);
	}
	pid = run_fence_holder(path, host, sizeof(host));
	return err_set(err, ERR_LOCKED, "'%s': the run is being trained by pid %lld on %s", path,
		(long long)pid, host);
}

int run_fence_take(struct run_fence *f, const char *path, struct err *err)
{
	char text[FENCE_MAX], host[128];
	size_t len;

	*f = (struct run_fence){.fd = fence_lock(path, err)};
	if (f->fd < 0)
		return -1;
	run_host_name(host, sizeof(host));
	f->path = mem_strdup(path);
	f->nr = fence_read(f->fd, text) + 1;
	f->text = mem_printf("fence %lld pid %d host %s since %.6f\n", (long long)f->nr,
		(int)getpid(), host, sys_wall());
	len = strlen(f->text);
	if (ftruncate(f->fd, 0) || pwrite(f->fd, f->text, len, 0) != (ssize_t)len || fsync(f->fd))
		return err_sys(err, errno ? errno : EIO, "cannot write '%s'", path);
	return 0;
}

int run_fence_check(const struct run_fence *f, struct err *err)
{
	char text[FENCE_MAX] = "";
	struct stat mine, there;
	bool same;

	same = !fstat(f->fd, &mine) && !stat(f->path, &there) && mine.st_dev == there.st_dev &&
	       mine.st_ino == there.st_ino;
	if (same)
		fence_read(f->fd, text);
	if (!same || strcmp(text, f->text))
		return err_set(
			err, ERR_AGAIN, "'%s': the run was taken over by another process", f->path);
	return 0;
}

void run_fence_release(struct run_fence *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	free(f->text);
	*f = (struct run_fence){.fd = -1};
}
