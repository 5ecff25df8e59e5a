/*
 * Values of parsed arguments by name.  Checks across components ask for "roi_size"
 * or "num_classes" without knowing the structs behind: the argument table says
 * where the value lies.
 */
#include <string.h>

#include "core/mmar/reader.h"

static const void *use_at(const struct component_use *u, const char *name, enum arg_type type)
{
	const struct arg_def *d = u->c ? args_find(u->c->args, name) : NULL;

	return d && d->type == type ? (const char *)u->args + d->offset : NULL;
}

double use_number(const struct component_use *u, const char *name, double def)
{
	const int64_t *i = use_at(u, name, ARG_INT);
	const double *f = use_at(u, name, ARG_FLOAT);

	return i ? (double)*i : f ? *f : def;
}

bool use_flag(const struct component_use *u, const char *name, bool def)
{
	const bool *b = use_at(u, name, ARG_BOOL);

	return b ? *b : def;
}

const char *use_string(const struct component_use *u, const char *name)
{
	char *const *s = use_at(u, name, ARG_STRING);

	return s ? *s : NULL;
}

bool use_int3(const struct component_use *u, const char *name, int64_t out[3])
{
	const int64_t *v = use_at(u, name, ARG_INT3);

	if (v)
		memcpy(out, v, 3 * sizeof(*out));
	return v != NULL;
}

const struct strlist *use_strings(const struct component_use *u, const char *name)
{
	return use_at(u, name, ARG_STRLIST);
}

const struct numlist *use_numbers(const struct component_use *u, const char *name)
{
	return use_at(u, name, ARG_INTLIST);
}
