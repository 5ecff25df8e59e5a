/*
 * Reading the files of fields.
 *
 * Several files of one field become channels in their order.  A field whose name
 * begins with "label" must hold whole numbers; and all fields of a case that come
 * from files must have the same size, because a label of another shape than its
 * image trains nonsense without any other sign of it.
 */
#include "core/transform/load.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

static bool load_is_label(const char *field)
{
	return !strncmp(field, "label", 5);
}

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

static struct volume *load_file(const char *path, int kind, bool label, struct err *err)
{
	enum image_kind k = kind == LOAD_BY_NAME ? image_file_kind(path) : (enum image_kind)kind;

	return image_file_read(path, k, label, err);
}

static struct volume *load_field(const struct sample_field *f, int kind, struct err *err)
{
	bool label = load_is_label(f->name);
	struct volume *v = load_file(f->file, kind, label, err);

	for (int i = 0; v && i < f->n_more; i++) {
		struct volume *more = load_file(f->more[i], kind, label, err);
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

int load_fields(const struct strlist *fields, int kind, struct sample *s, struct err *err)
{
	for (int i = 0; i < fields->n; i++) {
		struct sample_field *f = sample_find(s, fields->v[i]);

		/* The class of a case is no file: it came with the data list. */
		if (f && !f->file && f->vol && load_is_label(f->name))
			continue;
		if (!f || !f->file)
			return err_set(err, ERR_DATA, "case '%s' has no file for the field '%s'",
				s->case_id, fields->v[i]);
		volume_free(f->vol);
		f->vol = load_field(f, kind, err);
		if (!f->vol)
			return -1;
		if (load_is_label(f->name) && volume_check_label(f->vol, LOAD_MAX_LABEL, err))
			return -1;
		if (load_check_sizes(s, f, err))
			return -1;
	}
	return 0;
}
