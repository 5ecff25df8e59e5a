#ifndef CORE_BASE_SYS_H
#define CORE_BASE_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/buf.h"
#include "core/base/err.h"

/* Clocks: monotonic seconds for intervals and time-outs; wall seconds since 1970 for people. */
double sys_now(void);
double sys_wall(void);

/* Text "YYYY-mm-ddTHH:MM:SS.mmmZ" of a wall time, in UTC. */
void sys_iso_time(double wall, char out[32]);

/* Joins a and b with one '/'; an absolute b replaces a (as os.path.join).  The caller frees. */
char *sys_join(const char *a, const char *b);

/* Last part of a path (a pointer into it). */
const char *sys_basename(const char *path);

bool sys_exists(const char *path);
bool sys_is_dir(const char *path);

/* Makes a folder and its parents (mode 0777 and umask).  An existing folder is fine. */
int sys_mkdirs(const char *path, struct err *err) MUST_CHECK;

/* Removes a file or a whole folder.  A missing one is fine.  Never follows links. */
int sys_remove_tree(const char *path, struct err *err) MUST_CHECK;

/*
 * Opens a regular file for reading without ever waiting (a FIFO or device is refused,
 * ERR_DATA) and tells its size, at most max.  Returns an fd, or -1.
 */
int sys_open_regular(const char *path, size_t max, size_t *size, struct err *err) MUST_CHECK;

/*
 * Appends the contents of a regular file to out.  A file above max bytes, a
 * folder, FIFO or device is refused (ERR_DATA); a missing file is ERR_NOINPUT.
 */
int sys_read_file(const char *path, size_t max, struct buf *out, struct err *err) MUST_CHECK;

/*
 * Replaces a file so that a crash leaves the old or the new contents, never a
 * mixture: temporary file beside it, write, fsync, rename, fsync of the folder.
 */
int sys_write_file(const char *path, const void *data, size_t len, struct err *err) MUST_CHECK;

/* The same in parts, for big files: begin, write ..., then commit or abort. */
struct sys_writer {
	int fd;
	char *path, *tmp;
};
int sys_writer_begin(struct sys_writer *w, const char *path, struct err *err) MUST_CHECK;
int sys_writer_add(struct sys_writer *w, const void *data, size_t len, struct err *err) MUST_CHECK;
int sys_writer_commit(struct sys_writer *w, struct err *err) MUST_CHECK;
void sys_writer_abort(struct sys_writer *w);

/* Flushes a folder: names that were made, changed or removed in it survive a power loss. */
int sys_flush_dir(const char *path, struct err *err) MUST_CHECK;

/* Writes all of data to fd, through EINTR and short writes. */
int sys_write_all(int fd, const void *data, size_t len) MUST_CHECK;

/*
 * Takes an exclusive lock on path (created when needed).  Returns an fd that
 * holds the lock until closed, or -1: ERR_LOCKED when another process has it.
 * The kernel drops the lock when the holder dies, however it dies.
 */
int sys_lock(const char *path, struct err *err) MUST_CHECK;

/* True when another process holds the lock of path. */
bool sys_is_locked(const char *path);

/*
 * Sorted names in a folder without "." and ".." (free each and the list with
 * sys_free_names).  Returns the count, or -1.
 */
int sys_list_dir(const char *path, char ***names, struct err *err) MUST_CHECK;
void sys_free_names(char **names, int n);

int sys_cpu_count(void);                   /* CPUs this process may run on */
size_t sys_peak_rss(void);                 /* peak resident set, bytes */
size_t sys_current_rss(void);              /* resident set now, bytes */
size_t sys_available_memory(void);         /* bytes that can be had without swapping, 0: unknown */
uint64_t sys_free_space(const char *path); /* bytes free for this user, 0 when unknown */

/* Makes the calling thread give way to compute threads (SCHED_BATCH and nice +10). */
void sys_thread_background(void);

#endif
