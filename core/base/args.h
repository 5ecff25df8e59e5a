#ifndef CORE_BASE_ARGS_H
#define CORE_BASE_ARGS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/buf.h"
#include "core/base/problem.h"

/*
 * Typed arguments.  One row per argument drives JSON parsing, --help, the man
 * page and the forms of the workbench.  A table ends with ARG_END.
 *
 *   struct crop_args { int64_t size[3]; struct strlist fields; double prob; };
 *   static const struct arg_def crop_arg_defs[] = {
 *     { "size", ARG_INT3, offsetof(struct crop_args, size), .flags = ARG_REQUIRED,
 *       .min = 1, .max = 4096, .unit = "voxel", .help = "size of the crop" },
 *     ARG_END };
 */
enum arg_type {
	ARG_BOOL,      /* bool */
	ARG_INT,       /* int64_t */
	ARG_FLOAT,     /* double */
	ARG_STRING,    /* char *, NULL when absent and without default */
	ARG_CHOICE,    /* int: index into choices */
	ARG_INT3,      /* int64_t[3]; a single number stands for all three */
	ARG_FLOAT3,    /* double[3]; likewise */
	ARG_STRLIST,   /* struct strlist; "a", "a,b" or ["a","b"] */
	ARG_INTLIST,   /* struct numlist of whole numbers; 3, "1,2,3" or [1,2,3] */
	ARG_FLOATLIST, /* struct numlist; likewise */
	ARG_JSON,      /* cJSON *: a copy of whatever stands there, NULL when absent; with
			  ARG_UNUSED nothing is stored, so that it needs no place */
};

enum arg_flags {
	ARG_REQUIRED = 1 << 0, /* an error when absent */
	ARG_UNUSED = 1 << 1,   /* accepted for compatibility, has no effect here */
	ARG_PAIR = 1 << 2,     /* of ARG_INT3, ARG_FLOAT3: two numbers are x and y, z is then 1 */
};

struct strlist {
	char **v;
	int n;
};

struct numlist {
	double *v;
	int n;
};

struct arg_def {
	const char *name;
	enum arg_type type;
	size_t offset;
	const char *def; /* default as JSON text ("0.5", "[1,1,1]", "\"x\""); NULL: zero */
	double min, max; /* allowed range of each number; not checked when min == max */
	const char *const *choices; /* ARG_CHOICE, NULL-terminated */
	const char *unit;           /* "mm", "voxel", "HU" ... may be NULL */
	const char *help;           /* one line */
	unsigned flags;
	const char *alias; /* second accepted spelling (MONAI's), may be NULL */
};

#define ARG_END              \
	{                    \
		.name = NULL \
	}

/*
 * Fills out (zeroed by the caller, size as the table expects) from the JSON
 * object obj (NULL: all defaults).  Every fault becomes a row in ps with file and
 * "path.name"; parsing goes on.  A key that no row knows is an error when it
 * looks like a misspelt row, else a warning; keys that begin with "_" are
 * comments.  owner: what the arguments belong to, for messages ("AddGaussianNoise").
 * Returns 0, or -1 when it added an error.  Call args_release() in both cases.
 */
int args_parse(const struct arg_def *defs, const cJSON *obj, void *out, const char *owner,
	const char *file, const char *path, struct problems *ps) MUST_CHECK;

/* Frees what args_parse() allocated inside out (not out). */
void args_release(const struct arg_def *defs, void *out);

/* Help text: one aligned line per argument with type, default, range and unit. */
void args_help(const struct arg_def *defs, struct buf *out);

/* "bool", "whole number", "number", "string", "3 numbers" ... */
const char *arg_type_name(enum arg_type type);

/* Looks up a row by name or alias; NULL when there is none. */
const struct arg_def *args_find(const struct arg_def *defs, const char *name);

#endif
