#ifndef CORE_BASE_PROBLEM_H
#define CORE_BASE_PROBLEM_H

#include "core/base/buf.h"
#include "core/base/err.h"

/*
 * What is wrong with a configuration or a data set: all of it at once, not only
 * the first fault.  Each row names the file, the JSON path inside it, the fault,
 * and where there is one the fix (nearest known name, allowed range).
 */
enum problem_level {
	PROBLEM_WARNING,
	PROBLEM_ERROR,
};

struct problem {
	enum problem_level level;
	int code;   /* exit code: ERR_DATA, ERR_NOINPUT ... */
	char *file; /* "config/config_train.json" */
	char *path; /* "train.pre_transforms.#3.args.probabilty", may be "" */
	char *text; /* "unknown argument 'probabilty' of AddGaussianNoise" */
	char *fix;  /* "did you mean 'probability'?", may be NULL */
};

struct problems {
	struct problem *v;
	int n;
};

/* fix may be NULL. Strings are copied. */
void problems_add(struct problems *ps, enum problem_level level, int code, const char *file,
	const char *path, const char *fix, const char *fmt, ...) PRINTF_LIKE(7, 8);

/* An error row made from err. */
void problems_add_err(
	struct problems *ps, const char *file, const char *path, const struct err *err);

int problems_errors(const struct problems *ps);   /* how many errors */
int problems_warnings(const struct problems *ps); /* how many warnings */

/* Exit code of the whole list: 0, or the code of the first error. */
int problems_code(const struct problems *ps);

/* One line per row: "FILE: PATH: error: TEXT (FIX)".  Control bytes are shown as ^X. */
void problems_format(const struct problems *ps, struct buf *out);

/* Sets err to the code and the formatted errors; returns -1 when there are errors, else 0. */
int problems_to_err(const struct problems *ps, struct err *err);

/* Copies the rows of from that into does not have yet. */
void problems_merge(struct problems *into, const struct problems *from);

void problems_release(struct problems *ps);

/*
 * The name in names (NULL-terminated) that is nearest to s by edit distance and
 * near enough to be a misspelling of it (distance at most a third of its length,
 * letter case not counted).  NULL when none is.
 */
const char *problem_nearest(const char *s, const char *const *names);

#endif
