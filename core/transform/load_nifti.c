/*
 * LoadNifti: reads the file or files of each field.
 *
 * Several files of one field become channels in their order.  A field whose name
 * begins with "label" must hold whole numbers; and all fields of a case that come
 * from files must have the same size, because a label of another shape than its
 * image trains nonsense without any other sign of it.
 */
#include "core/transform/fields.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/volume/nifti.h"

struct load_args {
	struct strlist fields;
	bool as_closest_canonical;
};

static const struct arg_def load_defs[] = {
	FIELDS_ARG,
	{.name = "as_closest_canonical",
		.type = ARG_BOOL,
		.offset = offsetof(struct load_args, as_closest_canonical),
		.def = "false",
		.help = "reorient to RAS+ (not built yet: only false)"},
	ARG_END,
};

enum { LOAD_MAX_LABEL = 65535 };

/* Adds the channels of more, whose file is path, behind those of v. */
static struct volume *load_append(
	struct volume *v, struct volume *more, const char *path, struct err *err)
{
	size_t n = volume_voxels(v) * (size_t)v->channels;
	struct volume *both;

	if (memcmp(v->dim, more->dim, sizeof(v->dim))) {
		err_set(err, ERR_DATA,
			"channels differ in size: '%s' has %d x %d x %d voxels, but '%s' has %d x "
			"%d x %d",
			v->file, v->dim[0], v->dim[1], v->dim[2], path, more->dim[0], more->dim[1],
			more->dim[2]);
		return NULL;
	}
	both = volume_new(v->channels + more->channels, v->dim, err);
	if (!both)
		return NULL;
	memcpy(both->data, v->data, n * sizeof(*both->data));
	memcpy(both->data + n, more->data,
		volume_voxels(v) * (size_t)more->channels * sizeof(*both->data));
	memcpy(both->affine, v->affine, sizeof(both->affine));
	both->original = v->original;
	both->file = mem_strdup(v->file);
	both->nonfinite = v->nonfinite + more->nonfinite;
	return both;
}

static struct volume *load_field(const struct sample_field *f, struct err *err)
{
	struct volume *v = nifti_read(f->file, err);

	for (int i = 0; v && i < f->n_more; i++) {
		struct volume *more = nifti_read(f->more[i], err);
		struct volume *both = more ? load_append(v, more, f->more[i], err) : NULL;

		volume_free(more);
		volume_free(v);
		v = both;
	}
	return v;
}

/* All fields that were read from files have had one size. */
static int load_check_sizes(struct sample *s, const struct sample_field *f, struct err *err)
{
	const int *a = f->vol->original.dim;

	for (int i = 0; i < s->n; i++) {
		const struct volume *other = s->field[i].vol;
		const int *b;

		if (!other || !s->field[i].file || &s->field[i] == f)
			continue;
		b = other->original.dim;
		if (memcmp(a, b, 3 * sizeof(*a)))
			return err_set(err, ERR_DATA,
				"'%s' of case '%s' has %d x %d x %d voxels, but '%s' has %d x %d x "
				"%d",
				f->name, s->case_id, a[0], a[1], a[2], s->field[i].name, b[0], b[1],
				b[2]);
	}
	return 0;
}

static int load_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct load_args *a = args;

	(void)rng;
	for (int i = 0; i < a->fields.n; i++) {
		struct sample_field *f = sample_find(s, a->fields.v[i]);

		if (!f || !f->file)
			return err_set(err, ERR_DATA, "case '%s' has no file for the field '%s'",
				s->case_id, a->fields.v[i]);
		volume_free(f->vol);
		f->vol = load_field(f, err);
		if (!f->vol)
			return -1;
		if (!strncmp(f->name, "label", 5) &&
			volume_check_label(f->vol, LOAD_MAX_LABEL, err))
			return -1;
		if (load_check_sizes(s, f, err))
			return -1;
	}
	return 0;
}

static void load_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct load_args *a = args;

	fields_check(args, file, path, ps);
	if (a->as_closest_canonical) {
		char *at = mem_printf("%s.as_closest_canonical", path);

		problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, at, "set it to false",
			"LoadNifti cannot reorient yet");
		free(at);
	}
}

const struct component component_load_nifti = {
	.name = "LoadNifti",
	.kind = COMPONENT_TRANSFORM,
	.aliases = (const char *const[]){"LoadNiftid", "LoadImaged", NULL},
	.help = "reads the NIfTI file of each field; several files of one field become channels; "
		"label values must be whole",
	.args = load_defs,
	.args_size = sizeof(struct load_args),
	.ops =
		&(const struct transform_ops){
			.apply = load_apply, .check = load_check, .writes = fields_reads},
};
