/*
 * Helpers of transforms that work on a list of fields.
 */
#include "core/transform/fields.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

void fields_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct strlist *l = args;
	char *at;

	if (l->n)
		return;
	at = mem_printf("%s.fields", path);
	problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, at, "name at least one, such as \"image\"",
		"the list of fields is empty");
	free(at);
}

void fields_add_name(const char *name, const char **names, int max, int *n)
{
	if (name && *n < max)
		names[(*n)++] = name;
}

void fields_reads(const void *args, const char **names, int max, int *n)
{
	const struct strlist *l = args;

	for (int i = 0; i < l->n; i++)
		fields_add_name(l->v[i], names, max, n);
}

int fields_same_dim(const struct strlist *fields, struct sample *s, int dim[3], struct err *err)
{
	for (int i = 0; i < fields->n; i++) {
		struct volume *v = sample_volume(s, fields->v[i], err);

		if (!v)
			return -1;
		if (i && memcmp(v->dim, dim, sizeof(v->dim)))
			return err_set(err, ERR_DATA,
				"field '%s' has %d x %d x %d voxels, but '%s' has %d x %d x %d",
				fields->v[i], v->dim[0], v->dim[1], v->dim[2], fields->v[0], dim[0],
				dim[1], dim[2]);
		memcpy(dim, v->dim, sizeof(v->dim));
	}
	return 0;
}

int fields_each(const struct strlist *fields, struct sample *s,
	int (*fn)(struct volume *v, const void *ctx, struct err *err), const void *ctx,
	struct err *err)
{
	for (int i = 0; i < fields->n; i++) {
		struct volume *v = sample_volume(s, fields->v[i], err);

		if (!v || volume_make_writable(v, err))
			return -1;
		if (fn(v, ctx, err))
			return err_wrap(err, "field '%s'", fields->v[i]);
	}
	return 0;
}
