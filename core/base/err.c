/*
 * Errors: one struct, filled where the fault is known, carried upward by value.
 *
 * The codes are the documented exit codes, so main() needs no translation.
 * Messages are bounded; a message that is too long is cut and ends in "...",
 * never overflows.  Nothing here allocates: an error about memory must be
 * reportable when there is none.
 */
#include "core/base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void err_vformat(char *out, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(out, size, fmt, ap);

	if (n >= (int)size)
		memcpy(out + size - 4, "...", 4);
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	err->code = code;
	va_start(ap, fmt);
	err_vformat(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return -1;
}

int err_code_of_errno(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
		return ERR_NOINPUT;
	case ENOMEM:
		return ERR_NOMEM;
	case EAGAIN:
	case EBUSY:
		return ERR_AGAIN;
	case EINTR:
		return ERR_INTR;
	default:
		return ERR_IO;
	}
}

int err_sys(struct err *err, int errnum, const char *fmt, ...)
{
	va_list ap;
	char text[ERR_MSG_MAX];

	if (!err)
		return -1;
	va_start(ap, fmt);
	err_vformat(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(err, err_code_of_errno(errnum), "%s: %s", text, strerror(errnum));
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	va_list ap;
	char text[ERR_MSG_MAX], old[ERR_MSG_MAX];

	if (!err)
		return -1;
	va_start(ap, fmt);
	err_vformat(text, sizeof(text), fmt, ap);
	va_end(ap);
	memcpy(old, err->msg, sizeof(old));
	return err_set(err, err->code, "%s: %s", text, old);
}

void err_clear(struct err *err)
{
	err->code = ERR_NONE;
	err->msg[0] = '\0';
}
