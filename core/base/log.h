#ifndef CORE_BASE_LOG_H
#define CORE_BASE_LOG_H

#include "core/base/err.h"

enum log_level {
	LOG_DEBUG,
	LOG_INFO,
	LOG_WARN,
	LOG_ERROR,
};

/*
 * Diagnostics go to one file, never to the terminal.  Without log_open() they
 * are dropped.  log_open(NULL) closes the file.  Safe from any thread.
 */
int log_open(const char *path, enum log_level min, struct err *err) MUST_CHECK;
void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
void log_close(void);

#endif
