#ifndef CORE_TRANSFORM_MONAI_H
#define CORE_TRANSFORM_MONAI_H

#include "core/transform/fields.h"

/*
 * What MONAI's dictionary transforms share.  An argument struct begins with struct
 * monai_keys, so that the callbacks of fields.h serve.  allow_missing_keys skips fields
 * that a case does not have.
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

/* Names Python objects or their types: accepted, without effect.  why: one line. */
#define MONAI_IGNORED(name_, why_)                                                 \
	{                                                                          \
		.name = name_, .type = ARG_JSON, .flags = ARG_UNUSED, .help = why_ \
	}

/* transform_ops.reads: the keys, unless they may be missing. */
void monai_reads(const void *args, const char **names, int max, int *n);

/* Keys that the case has a field for: all of them, or with allow_missing_keys the present ones.
 * Points into keys; free the list's v only. */
struct strlist monai_present(const struct monai_keys *k, struct sample *s);

#endif
