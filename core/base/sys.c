/*
 * What axial needs of the operating system: clocks, paths, safe file writes,
 * locks, folders, memory figures.
 *
 * Files are replaced by temp + fsync + rename + fsync(folder); nothing in axial
 * writes a file that matters in any other way, apart from logs that only grow.
 */
#include "core/base/sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"

double sys_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

double sys_wall(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

void sys_iso_time(double wall, char out[32])
{
	time_t s = (time_t)wall;
	int ms = (int)((wall - (double)s) * 1000.0);
	struct tm tm;
	char day[24];

	gmtime_r(&s, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, 32, "%s.%03dZ", day, ms);
}

char *sys_join(const char *a, const char *b)
{
	size_t n = strlen(a);

	if (b[0] == '/' || !n)
		return mem_strdup(b);
	while (n > 1 && a[n - 1] == '/')
		n--;
	return mem_printf("%.*s%s%s", (int)n, a, a[n - 1] == '/' ? "" : "/", b);
}

const char *sys_basename(const char *path)
{
	const char *s = strrchr(path, '/');

	return s ? s + 1 : path;
}

bool sys_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool sys_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int sys_mkdirs(const char *path, struct err *err)
{
	char *p = mem_strdup(path);
	int rc = 0;

	for (char *s = p + 1; !rc && *s; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (mkdir(p, 0777) && errno != EEXIST)
			rc = err_sys(err, errno, "cannot make folder '%s'", p);
		*s = '/';
	}
	if (!rc && mkdir(p, 0777) && errno != EEXIST)
		rc = err_sys(err, errno, "cannot make folder '%s'", p);
	if (!rc && !sys_is_dir(p))
		rc = err_set(err, ERR_IO, "'%s' is in the way: it is not a folder", p);
	if (rc && err && err->code == ERR_NOINPUT)
		err->code = ERR_IO; /* it is output that has no place */
	free(p);
	return rc;
}

int sys_remove_tree(const char *path, struct err *err)
{
	struct stat st;
	char **names;
	int n, rc = 0;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : err_sys(err, errno, "cannot remove '%s'", path);
	if (!S_ISDIR(st.st_mode))
		return unlink(path) ? err_sys(err, errno, "cannot remove '%s'", path) : 0;
	n = sys_list_dir(path, &names, err);
	if (n < 0)
		return -1;
	for (int i = 0; !rc && i < n; i++) {
		char *sub = sys_join(path, names[i]);

		rc = sys_remove_tree(sub, err);
		free(sub);
	}
	sys_free_names(names, n);
	if (!rc && rmdir(path))
		rc = err_sys(err, errno, "cannot remove folder '%s'", path);
	return rc;
}

int sys_open_regular(const char *path, size_t max, size_t *size, struct err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_sys(err, errno, "cannot open '%s'", path);
	if (fstat(fd, &st))
		err_sys(err, errno, "cannot stat '%s'", path);
	else if (!S_ISREG(st.st_mode))
		err_set(err, ERR_DATA, "'%s' is not a regular file", path);
	else if ((uint64_t)st.st_size > max)
		err_set(err, ERR_DATA, "'%s' has %lld bytes, more than the %zu allowed", path,
			(long long)st.st_size, max);
	else {
		*size = (size_t)st.st_size;
		return fd;
	}
	close(fd);
	return -1;
}

int sys_read_file(const char *path, size_t max, struct buf *out, struct err *err)
{
	size_t size = 0, got = 0;
	char chunk[65536];
	int fd = sys_open_regular(path, max, &size, err);

	if (fd < 0)
		return -1;
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_sys(err, errno, "cannot read '%s'", path);
			close(fd);
			return -1;
		}
		if (!n || (got += (size_t)n) > max)
			break;
		buf_add(out, chunk, (size_t)n);
	}
	close(fd);
	buf_add(out, "", 0);
	return 0;
}

int sys_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int sys_writer_begin(struct sys_writer *w, const char *path, struct err *err)
{
	w->path = mem_strdup(path);
	w->tmp = mem_printf("%s.tmp-%d", path, (int)getpid());
	w->fd = open(w->tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (w->fd >= 0)
		return 0;
	err_sys(err, errno, "cannot write '%s'", path);
	if (err && err->code == ERR_NOINPUT)
		err->code = ERR_IO;
	free(w->path);
	free(w->tmp);
	w->path = w->tmp = NULL;
	return -1;
}

int sys_writer_add(struct sys_writer *w, const void *data, size_t len, struct err *err)
{
	int e;

	if (!sys_write_all(w->fd, data, len))
		return 0;
	e = errno ? errno : EIO; /* before the next call changes it */
	return err_sys(err, e, "cannot write '%s' (%llu bytes free)", w->path,
		(unsigned long long)sys_free_space(w->path));
}

int sys_flush_dir(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return err_sys(err, errno, "cannot open folder '%s'", path);
	rc = fsync(fd) ? err_sys(err, errno, "cannot flush folder '%s'", path) : 0;
	close(fd);
	return rc;
}

static int sys_flush_parent(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? mem_strndup(path, (size_t)(slash - path) + (slash == path))
			  : mem_strdup(".");
	int rc = sys_flush_dir(dir, err);

	free(dir);
	return rc;
}

int sys_writer_commit(struct sys_writer *w, struct err *err)
{
	int rc = 0;

	if (fsync(w->fd))
		rc = err_sys(err, errno, "cannot flush '%s'", w->path);
	if (close(w->fd) && !rc)
		rc = err_sys(err, errno, "cannot close '%s'", w->path);
	w->fd = -1;
	if (!rc && rename(w->tmp, w->path))
		rc = err_sys(err, errno, "cannot rename to '%s'", w->path);
	if (!rc)
		rc = sys_flush_parent(w->path, err);
	if (rc) {
		sys_writer_abort(w);
		return -1;
	}
	free(w->path);
	free(w->tmp);
	w->path = w->tmp = NULL;
	return 0;
}

void sys_writer_abort(struct sys_writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	if (w->tmp)
		unlink(w->tmp);
	free(w->path);
	free(w->tmp);
	w->path = w->tmp = NULL;
}

int sys_write_file(const char *path, const void *data, size_t len, struct err *err)
{
	struct sys_writer w;

	if (sys_writer_begin(&w, path, err))
		return -1;
	if (sys_writer_add(&w, data, len, err)) {
		sys_writer_abort(&w);
		return -1;
	}
	return sys_writer_commit(&w, err);
}

/* Twice: sys_is_locked() of another process may hold the lock for an instant. */
static int sys_flock(int fd)
{
	const struct timespec pause = {.tv_nsec = 20000000};

	if (!flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	nanosleep(&pause, NULL);
	return flock(fd, LOCK_EX | LOCK_NB);
}

int sys_lock(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666), e;

	if (fd < 0)
		return err_sys(err, errno, "cannot open lock '%s'", path);
	if (!sys_flock(fd))
		return fd;
	e = errno;
	close(fd);
	if (e == EWOULDBLOCK)
		return err_set(err, ERR_LOCKED, "'%s' is locked by another process", path);
	return err_sys(err, e, "cannot lock '%s'", path);
}

bool sys_is_locked(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool locked;

	if (fd < 0)
		return false;
	locked = flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
	close(fd);
	return locked;
}

static int sys_name_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int sys_list_dir(const char *path, char ***names, struct err *err)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char **list = NULL;
	int n = 0, cap = 0;

	*names = NULL;
	if (!d)
		return err_sys(err, errno, "cannot list '%s'", path);
	while ((e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (n == cap) {
			cap = cap ? 2 * cap : 64;
			list = mem_realloc(list, (size_t)cap * sizeof(*list));
		}
		list[n++] = mem_strdup(e->d_name);
	}
	closedir(d);
	if (n)
		qsort(list, (size_t)n, sizeof(*list), sys_name_order);
	*names = list;
	return n;
}

void sys_free_names(char **names, int n)
{
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

int sys_cpu_count(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
}

size_t sys_peak_rss(void)
{
	struct rusage ru;

	return getrusage(RUSAGE_SELF, &ru) ? 0 : (size_t)ru.ru_maxrss * 1024;
}

size_t sys_current_rss(void)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f) {
		if (fscanf(f, "%*s %ld", &pages) != 1)
			pages = 0;
		fclose(f);
	}
	return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* The number behind key in a small text file of the kernel, or -1. */
static double sys_file_number(const char *path, const char *key)
{
	char line[256];
	double found = -1;
	FILE *f = fopen(path, "re");

	while (f && found < 0 && fgets(line, sizeof(line), f)) {
		size_t n = strlen(key);
		char *end;
		double x;

		if (strncmp(line, key, n))
			continue;
		x = strtod(line + n, &end);
		if (end != line + n)
			found = x;
	}
	if (f)
		fclose(f);
	return found;
}

size_t sys_available_memory(void)
{
	double free_bytes = 1024 * sys_file_number("/proc/meminfo", "MemAvailable:");
	double limit = sys_file_number("/sys/fs/cgroup/memory.max", "");
	double used = sys_file_number("/sys/fs/cgroup/memory.current", "");
	double cache = sys_file_number("/sys/fs/cgroup/memory.stat", "inactive_file ");

	if (free_bytes < 0)
		return 0;
	/* A container may have less than the machine; its page cache can be given back. */
	if (limit > 0 && used >= 0 && limit - used + (cache > 0 ? cache : 0) < free_bytes)
		free_bytes = limit - used + (cache > 0 ? cache : 0);
	return free_bytes > 0 ? (size_t)free_bytes : 1;
}

uint64_t sys_free_space(const char *path)
{
	struct statvfs sv;
	const char *slash = strrchr(path, '/');
	char *dir;
	int rc = statvfs(path, &sv);

	if (rc) {
		dir = slash ? mem_strndup(path, (size_t)(slash - path) + (slash == path))
			    : mem_strdup(".");
		rc = statvfs(dir, &sv);
		free(dir);
	}
	return rc ? 0 : (uint64_t)sv.f_bavail * sv.f_frsize;
}

void sys_thread_background(void)
{
	struct sched_param p = {0};

	pthread_setschedparam(pthread_self(), SCHED_BATCH, &p);
	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 10);
}
