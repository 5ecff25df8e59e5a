/*
 * A sample: one case on its way through the transforms.
 *
 * Fields are few (image, label, and in evaluation one per class), so a small
 * array with linear search is all that is needed.  Volumes are counted and
 * shared, which makes a copy of a sample cheap: voxels are copied only by a
 * transform that writes to them.
 */
#include "core/transform/sample.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"

struct sample *sample_new(const char *case_id)
{
	struct sample *s = mem_zalloc(sizeof(*s));

	s->case_id = mem_strdup(case_id);
	return s;
}

static void sample_field_release(struct sample_field *f)
{
	free(f->name);
	free(f->file);
	for (int k = 0; k < f->n_more; k++)
		free(f->more[k]);
	free(f->more);
	volume_free(f->vol);
}

void sample_free(struct sample *s)
{
	if (!s)
		return;
	for (int i = 0; i < s->n; i++)
		sample_field_release(&s->field[i]);
	free(s->case_id);
	free(s);
}

struct sample *sample_share(const struct sample *s)
{
	struct sample *copy = sample_new(s->case_id);

	for (int i = 0; i < s->n; i++) {
		const struct sample_field *f = &s->field[i];
		struct sample_field *to = &copy->field[copy->n++];

		to->name = mem_strdup(f->name);
		to->file = f->file ? mem_strdup(f->file) : NULL;
		to->n_more = f->n_more;
		to->more = f->n_more ? mem_alloc((size_t)f->n_more * sizeof(*to->more)) : NULL;
		for (int k = 0; k < f->n_more; k++)
			to->more[k] = mem_strdup(f->more[k]);
		to->vol = f->vol ? volume_share(f->vol) : NULL;
	}
	return copy;
}

struct sample_field *sample_find(struct sample *s, const char *name)
{
	for (int i = 0; i < s->n; i++)
		if (!strcmp(s->field[i].name, name))
			return &s->field[i];
	return strcmp(name, "pred") ? NULL : sample_find(s, "model");
}

void sample_remove(struct sample *s, const char *name)
{
	struct sample_field *f = sample_find(s, name);

	if (!f)
		return;
	sample_field_release(f);
	memmove(f, f + 1, (size_t)(&s->field[--s->n] - f) * sizeof(*f));
}

/* Names of the fields for a message: 'image', 'label'. */
static void sample_names(const struct sample *s, struct buf *out)
{
	for (int i = 0; i < s->n; i++)
		buf_printf(out, "%s'%s'", i ? ", " : "", s->field[i].name);
	if (!s->n)
		buf_puts(out, "none");
}

struct volume *sample_volume(struct sample *s, const char *name, struct err *err)
{
	struct sample_field *f = sample_find(s, name);
	struct buf names = {0};

	if (f && f->vol)
		return f->vol;
	if (f) {
		err_set(err, ERR_DATA, "field '%s' of case '%s' is not loaded yet", name,
			s->case_id);
		return NULL;
	}
	sample_names(s, &names);
	err_set(err, ERR_DATA, "no field '%s' in case '%s' (fields: %s)", name, s->case_id,
		names.p);
	buf_release(&names);
	return NULL;
}

static struct sample_field *sample_field_add(struct sample *s, const char *name, struct err *err)
{
	struct sample_field *f = sample_find(s, name);

	if (f)
		return f;
	if (s->n == SAMPLE_FIELDS) {
		err_set(err, ERR_DATA, "no room for field '%s' in case '%s': more than %d fields",
			name, s->case_id, SAMPLE_FIELDS);
		return NULL;
	}
	f = &s->field[s->n++];
	f->name = mem_strdup(name);
	return f;
}

int sample_set(struct sample *s, const char *name, struct volume *vol, struct err *err)
{
	struct sample_field *f = sample_field_add(s, name, err);

	if (!f) {
		volume_free(vol);
		return -1;
	}
	volume_free(f->vol);
	f->vol = vol;
	return 0;
}

int sample_add_file(struct sample *s, const char *name, const char *file, struct err *err)
{
	struct sample_field *f = sample_field_add(s, name, err);

	if (!f)
		return -1;
	if (!f->file) {
		f->file = mem_strdup(file);
		return 0;
	}
	f->more = mem_realloc(f->more, (size_t)(f->n_more + 1) * sizeof(*f->more));
	f->more[f->n_more++] = mem_strdup(file);
	return 0;
}
