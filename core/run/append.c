/*
 * Appending to events.jsonl.
 *
 * A line is one write() at the end of the file.  When the disk is full, what arrived
 * of it is cut off again, so that the file always ends with whole lines while its
 * writer lives.
 */
#include <errno.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/sys.h"
#include "core/run/append.h"
#include "core/run/run.h"

static const size_t APPEND_KEPT_MAX = 8u << 20;

void run_append_release(struct run_append *a)
{
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
	buf_release(&a->kept);
}

static int append_bytes(struct run_append *a, const char *p, size_t len, struct err *err)
{
	size_t left = len;

	while (left) {
		ssize_t n = write(a->fd, p, left);
		int e = errno;

		if (n < 0 && e == EINTR)
			continue;
		if (n <= 0) {
			if (ftruncate(a->fd, a->size))
				log_write(LOG_ERROR, "%s: cannot cut a torn event", a->dir);
			return err_sys(err, n < 0 ? e : ENOSPC,
				"cannot append to '%s/%s' (%llu bytes free)", a->dir,
				RUN_FILE_EVENTS, (unsigned long long)sys_free_space(a->dir));
		}
		p += n;
		left -= (size_t)n;
	}
	a->size += (int64_t)len;
	return 0;
}

int run_append_line(struct run_append *a, const struct buf *line, struct err *err)
{
	if (a->kept.len && append_bytes(a, a->kept.p, a->kept.len, err))
		return -1;
	buf_release(&a->kept);
	return append_bytes(a, line->p, line->len, err);
}

int run_append_flush(struct run_append *a, struct err *err)
{
	if (fsync(a->fd))
		return err_sys(err, errno, "cannot flush '%s/%s'", a->dir, RUN_FILE_EVENTS);
	return 0;
}

bool run_append_keep(struct run_append *a, const struct buf *line)
{
	if (a->kept.len + line->len > APPEND_KEPT_MAX) {
		a->lost++;
		return false;
	}
	buf_add(&a->kept, line->p, line->len);
	a->kept_lines++;
	return true;
}
