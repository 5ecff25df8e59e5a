#ifndef CORE_TRANSFORM_FIELDS_H
#define CORE_TRANSFORM_FIELDS_H

#include "core/transform/transform.h"

/*
 * What the transforms with an argument "fields" share.  Such an argument struct
 * begins with the list, so that these functions serve as callbacks of them all.
 */
#define FIELDS_ARG                                                                         \
	{                                                                                  \
		.name = "fields", .type = ARG_STRLIST, .offset = 0, .flags = ARG_REQUIRED, \
		.alias = "keys", .help = "fields it is applied to, such as \"image\""      \
	}

/* transform_ops.check: an empty list is an error. */
void fields_check(const void *args, const char *file, const char *path, struct problems *ps);

/* transform_ops.reads */
void fields_reads(const void *args, const char **names, int max, int *n);

/* Appends one name, unless there is no room. */
void fields_add_name(const char *name, const char **names, int max, int *n);

/* All fields must be loaded and have the size of the first, which goes to dim. */
int fields_same_dim(
	const struct strlist *fields, struct sample *s, int dim[3], struct err *err) MUST_CHECK;

/* Calls fn for the volume of every field, made writable; stops at the first error. */
int fields_each(const struct strlist *fields, struct sample *s,
	int (*fn)(struct volume *v, const void *ctx, struct err *err), const void *ctx,
	struct err *err) MUST_CHECK;

#endif
