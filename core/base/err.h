#ifndef CORE_BASE_ERR_H
#define CORE_BASE_ERR_H

#include <stdarg.h>

/*
 * One error: a code, which is also the exit code of the program, and a message
 * with its chain of context.  It is filled once, where the fault is known;
 * callers may put context in front of it with err_wrap().
 */
enum err_code {
	ERR_NONE = 0,
	ERR_NOMEM = 12,    /* out of memory */
	ERR_USAGE = 64,    /* wrong command line */
	ERR_DATA = 65,     /* bad data or configuration */
	ERR_NOINPUT = 66,  /* an input file is missing */
	ERR_NODEVICE = 69, /* no such compute device */
	ERR_LOCKED = 73,   /* somebody else holds the run or the socket */
	ERR_IO = 74,       /* reading or writing failed */
	ERR_AGAIN = 75,    /* busy, try again */
	ERR_PROTO = 76,    /* TLS or protocol fault */
	ERR_INTR = 130,    /* interrupted by the user */
};

#define ERR_MSG_MAX 2048

struct err {
	int code;
	char msg[ERR_MSG_MAX];
};

#define ERR_INIT          \
	{                 \
		.code = 0 \
	}

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(a, b) __attribute__((format(printf, a, b)))

/*
 * Sets code and message; lower case, no full stop, the subject in 'quotes'.
 * err may be NULL.  Always returns -1, so that "return err_set(...)" reads well.
 */
int err_set(struct err *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same from an errno value: appends its text and picks the code from it. */
int err_sys(struct err *err, int errnum, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts "context: " in front of the message that err already holds.  Returns -1. */
int err_wrap(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Forgets the error. */
void err_clear(struct err *err);

/* The exit code that stands for an errno value (ENOENT: 66, ENOSPC: 74 ...). */
int err_code_of_errno(int errnum);

#endif
