/*
 * CopyProperties: gives volumes the position or the origin of another one, so
 * that what was predicted lies where the image lies when it is written.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/fields.h"

struct copy_args {
	struct strlist fields;
	char *from_field;
	struct strlist properties;
};

static const struct arg_def copy_defs[] = {
	FIELDS_ARG,
	{.name = "from_field",
		.type = ARG_STRING,
		.offset = offsetof(struct copy_args, from_field),
		.flags = ARG_REQUIRED,
		.help = "field whose properties are copied"},
	{.name = "properties",
		.type = ARG_STRLIST,
		.offset = offsetof(struct copy_args, properties),
		.flags = ARG_REQUIRED,
		.help = "any of affine, original_affine, original_shape, filename"},
	ARG_END,
};

static void copy_affine(struct volume *to, const struct volume *from)
{
	memcpy(to->affine, from->affine, sizeof(to->affine));
}

static void copy_original_affine(struct volume *to, const struct volume *from)
{
	memcpy(to->original.affine, from->original.affine, sizeof(to->original.affine));
}

static void copy_original_shape(struct volume *to, const struct volume *from)
{
	memcpy(to->original.dim, from->original.dim, sizeof(to->original.dim));
}

static void copy_filename(struct volume *to, const struct volume *from)
{
	char *file = from->file ? mem_strdup(from->file) : NULL;

	free(to->file);
	to->file = file;
}

/* One row per name, so that the check and the work know the same ones. */
static const struct copy_property {
	const char *name;
	void (*copy)(struct volume *to, const struct volume *from);
} copy_properties[] = {
	{"affine", copy_affine},
	{"original_affine", copy_original_affine},
	{"original_shape", copy_original_shape},
	{"filename", copy_filename},
};

static const struct copy_property *copy_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(copy_properties); i++)
		if (!strcmp(copy_properties[i].name, name))
			return &copy_properties[i];
	return NULL;
}

static int copy_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct copy_args *a = args;
	const struct volume *from = sample_volume(s, a->from_field, err);

	(void)rng;
	if (!from)
		return -1;
	for (int i = 0; i < a->fields.n; i++) {
		struct volume *to = sample_volume(s, a->fields.v[i], err);

		if (!to)
			return -1;
		for (int k = 0; k < a->properties.n; k++) {
			const struct copy_property *p = copy_find(a->properties.v[k]);

			if (!p)
				return err_set(
					err, ERR_DATA, "no property '%s'", a->properties.v[k]);
			p->copy(to, from);
		}
	}
	return 0;
}

static void copy_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct copy_args *a = args;
	const char *names[ARRAY_SIZE(copy_properties) + 1] = {NULL};

	fields_check(args, file, path, ps);
	for (size_t i = 0; i < ARRAY_SIZE(copy_properties); i++)
		names[i] = copy_properties[i].name;
	for (int k = 0; k < a->properties.n; k++) {
		const char *near = problem_nearest(a->properties.v[k], names);
		char *at, *fix;

		if (copy_find(a->properties.v[k]))
			continue;
		at = mem_printf("%s.properties", path);
		fix = near ? mem_printf("did you mean '%s'?", near)
			   : mem_strdup("known: affine, original_affine, original_shape, filename");
		problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, at, fix, "no property '%s'",
			a->properties.v[k]);
		free(fix);
		free(at);
	}
}

static void copy_reads(const void *args, const char **names, int max, int *n)
{
	fields_reads(args, names, max, n);
	fields_add_name(((const struct copy_args *)args)->from_field, names, max, n);
}

const struct component component_copy_properties = {
	.name = "CopyProperties",
	.kind = COMPONENT_TRANSFORM,
	.help = "copies affine, original_affine, original_shape or filename from one field to "
		"others",
	.args = copy_defs,
	.args_size = sizeof(struct copy_args),
	.ops =
		&(const struct transform_ops){
			.apply = copy_apply, .check = copy_check, .reads = copy_reads},
};
