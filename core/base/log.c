/*
 * The diagnostic log of a process: a file that is appended line by line.
 *
 * It is one of the three places that may hold mutable globals (main, log, mem).
 * A terminal program must not print, and a daemon has nowhere to print to, so
 * there is no output to stderr here.
 */
#include "core/base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static FILE *log_file;
static enum log_level log_min;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

int log_open(const char *path, enum log_level min, struct err *err)
{
	FILE *f = fopen(path, "ae");

	if (!f)
		return err_sys(err, errno, "cannot open log file '%s'", path);
	setvbuf(f, NULL, _IOLBF, 0);
	pthread_mutex_lock(&log_lock);
	if (log_file)
		fclose(log_file);
	log_file = f;
	log_min = min;
	pthread_mutex_unlock(&log_lock);
	return 0;
}

void log_close(void)
{
	pthread_mutex_lock(&log_lock);
	if (log_file)
		fclose(log_file);
	log_file = NULL;
	pthread_mutex_unlock(&log_lock);
}

void log_write(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	struct timespec ts;
	struct tm tm;
	char stamp[32];
	va_list ap;

	pthread_mutex_lock(&log_lock);
	if (log_file && level >= log_min) {
		clock_gettime(CLOCK_REALTIME, &ts);
		localtime_r(&ts.tv_sec, &tm);
		strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", &tm);
		fprintf(log_file, "%s.%03ld [%d] %s: ", stamp, ts.tv_nsec / 1000000, (int)getpid(),
			names[level]);
		va_start(ap, fmt);
		vfprintf(log_file, fmt, ap);
		va_end(ap);
		fputc('\n', log_file);
	}
	pthread_mutex_unlock(&log_lock);
}
