#ifndef CORE_TRANSFORM_MONAI_H
#define CORE_TRANSFORM_MONAI_H

#include "core/transform/fields.h"
#include "core/volume/resample.h"

/*
 * What MONAI's dictionary transforms share.  An argument struct begins with struct
 * monai_keys, so that the callbacks of fields.h serve.  Lists that run along the keys
 * ("mode", "argmax") hold one value for all of them or one for each.
 */
struct monai_keys {
	struct strlist keys;
	bool allow_missing;
};

#define MONAI_KEYS_ARGS                                                               \
	{.name = "keys",                                                              \
		.type = ARG_STRLIST,                                                  \
		.offset = 0,                                                          \
		.flags = ARG_REQUIRED,                                                \
		.alias = "fields",                                                    \
		.help = "fields it is applied to, such as \"image\""},                \
	{                                                                             \
		.name = "allow_missing_keys", .type = ARG_BOOL,                       \
		.offset = offsetof(struct monai_keys, allow_missing), .def = "false", \
		.help = "skip fields that a case does not have"                       \
	}

#define MONAI_PROB_ARG(type_, def_)                                                              \
	{                                                                                        \
		.name = "prob", .type = ARG_FLOAT, .offset = offsetof(type_, prob), .def = def_, \
		.min = 0, .max = 1, .help = "probability that anything happens"                  \
	}

#define MONAI_MODE_ARG(type_, def_, help_)                                                         \
	{                                                                                          \
		.name = "mode", .type = ARG_STRLIST, .offset = offsetof(type_, mode), .def = def_, \
		.help = help_                                                                      \
	}

/* Names Python objects or their types: accepted, without effect.  why: one line. */
#define MONAI_IGNORED(name_, why_)                                                 \
	{                                                                          \
		.name = name_, .type = ARG_JSON, .flags = ARG_UNUSED, .help = why_ \
	}

/* The three spellings of a name, for aliases: NAME##D and NAME##Dict beside NAME##d. */
#define MONAI_ALIASES(name_)                  \
	(const char *const[])                 \
	{                                     \
		name_ "D", name_ "Dict", NULL \
	}

/* transform_ops.check: an empty list of keys is an error. */
void keyed_check(const void *args, const char *file, const char *path, struct problems *ps);

/* transform_ops.reads: the keys, unless they may be missing. */
void keyed_reads(const void *args, const char **names, int max, int *n);

/* An error row for the argument name. */
void keyed_fault(const char *file, const char *path, const char *name, const char *fix,
	struct problems *ps, const char *fmt, ...) PRINTF_LIKE(6, 7);

/* Faults of a list along the keys: its length, and names outside of known (NULL-terminated). */
void keyed_check_list(const struct monai_keys *k, const struct strlist *l, const char *name,
	const char *const *known, const char *file, const char *path, struct problems *ps);

/* Entry i of a list along the keys; NULL when the list is empty. */
const char *keyed_item(const struct strlist *l, int i);

/* "nearest" for key i, else linear. */
enum resample_mode keyed_mode(const struct strlist *mode, int i);

/* Key i of the case: 1 and the volume, 0 when it may be missing and is, -1 on an error. */
int keyed_key(const struct monai_keys *k, int i, struct sample *s, struct volume **v,
	struct err *err) MUST_CHECK;

/* Calls fn for every key; write: the volume is made writable first. */
int keyed_each(const struct monai_keys *k, struct sample *s, bool write,
	int (*fn)(struct volume *v, int i, const void *ctx, struct err *err), const void *ctx,
	struct err *err) MUST_CHECK;

/* Keys that the case has a field for.  Free the list's v only. */
struct strlist keyed_present(const struct monai_keys *k, struct sample *s);

/* All keys that are there must have one size, which goes to dim. */
int keyed_same_dim(
	const struct monai_keys *k, struct sample *s, int dim[3], struct err *err) MUST_CHECK;

/* The same box for all keys. */
int keyed_crop(const struct monai_keys *k, struct sample *s, const int start[3], const int size[3],
	struct err *err) MUST_CHECK;

/* A configured size: one number for all axes or one each; absent, 0 and below: all of dim. */
void keyed_size(const struct numlist *l, const int dim[3], int size[3]);

/* A value or list from JSON along the keys: entry i, def when absent. */
double keyed_number(const cJSON *v, int i, double def);
bool keyed_flag(const cJSON *v, int i, bool def);

/* A range written as x (-x ... x) or [lo, hi]; false when it is neither. */
bool keyed_range(const cJSON *v, double *lo, double *hi);

#endif
