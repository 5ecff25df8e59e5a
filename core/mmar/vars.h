#ifndef CORE_MMAR_VARS_H
#define CORE_MMAR_VARS_H

#include <stdbool.h>
#include "core/base/json.h"
#include "core/base/problem.h"

/*
 * The variables of a configuration: KEY -> bool, number, string, list or null.
 * Rightmost wins: MMAR_ROOT <- first-level values of the configuration (and
 * "determinism") <- environment.json <- --set KEY=VALUE.
 */
struct vars {
	cJSON *values;  /* an object; NULL while empty */
	cJSON *origins; /* KEY -> enum vars_origin */
};

enum vars_origin {
	VARS_NONE, /* not set */
	VARS_DEFAULT,
	VARS_CONFIG,
	VARS_ENV,
	VARS_SET,
};

struct vars_input {
	const char *mmar_root; /* absolute path */
	const cJSON *config;   /* may be NULL */
	const char *config_file;
	const cJSON *env; /* may be NULL */
	const char *env_file;
	const char *const *sets; /* "KEY=VALUE" */
	int nsets;
};

/*
 * Builds the table.  In environment.json and --set a key that begins with
 * "MMAR_" and is not empty is joined to the MMAR root (an absolute one stays).
 * Variables may use others ("{DATA_ROOT}/dataset.json"); a circle is an error
 * that shows its chain.  Faults become rows of ps; returns 0, or -1 when there
 * was one.  Call vars_release() in both cases.
 */
int vars_build(struct vars *v, const struct vars_input *in, struct problems *ps) MUST_CHECK;
void vars_release(struct vars *v);

/*
 * A --set value: whole number, number, bool (yes/no, true/false, on/off, t/f,
 * y/n), else string, tried in this order.  The caller frees with cJSON_Delete().
 */
cJSON *vars_parse_value(const char *text);

/*
 * Replaces every string inside tree, at any depth: "{KEY}" alone becomes the
 * variable's typed value (null, and a warning, when there is none); in a longer text each {KEY}
 * becomes its value as text (an unknown one is an error with JSON path and nearest known name),
 * "{{" and "}}" are literal braces.  path is the JSON path of tree ("" for the root).  Returns 0 or
 * -1.
 */
int vars_substitute(const struct vars *v, cJSON *tree, const char *file, const char *path,
	struct problems *ps) MUST_CHECK;

enum vars_origin vars_origin_of(const struct vars *v, const char *key);

/* The variable name nearest to a misspelt one, or NULL; stays owned by v. */
const char *vars_nearest(const struct vars *v, const char *key);

/* Sets key to text when there is no such variable. */
void vars_default(struct vars *v, const char *key, const char *text);

/* Values; def when absent or of another type.  Strings stay owned by v. */
const cJSON *vars_get(const struct vars *v, const char *key);
const char *vars_str(const struct vars *v, const char *key, const char *def);
double vars_num(const struct vars *v, const char *key, double def);
bool vars_bool(const struct vars *v, const char *key, bool def); /* 0 and 1 count as bool */

#endif
