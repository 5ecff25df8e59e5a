/*
 * One case of an evaluation or an inference: transforms, masks, files.
 */
#include "core/train/case_io.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/transform/transform.h"
#include "core/volume/image_file.h"

int case_transform(const struct component_list *list, struct sample *s, struct err *err)
{
	for (int i = 0; i < list->n; i++) {
		struct rng r = transform_stream(0, 0, s->case_id, 0, &list->v[i]);

		if (transform_apply(&list->v[i], s, &r, err))
			return -1;
	}
	return 0;
}

#define CASE_READS 64

static void case_drop_name(struct strlist *fields, const char *name)
{
	int n = 0;

	for (int i = 0; i < fields->n; i++) {
		if (strcmp(fields->v[i], name))
			fields->v[n++] = fields->v[i];
		else
			free(fields->v[i]);
	}
	fields->n = n;
}

/* Takes "label" out of u's fields.  False: nothing of it is left. */
static bool case_unlabel(struct component_use *u)
{
	static const char *const rows[] = {"fields", "keys"};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct arg_def *d = u->c->args ? args_find(u->c->args, rows[i]) : NULL;
		struct strlist *fields;

		if (!d || d->type != ARG_STRLIST)
			continue;
		fields = (struct strlist *)((char *)u->args + d->offset);
		case_drop_name(fields, "label");
		return fields->n > 0;
	}
	return true;
}

static bool case_needs_label(const struct component_use *u)
{
	const struct transform_ops *ops = u->c->ops;
	const char *names[CASE_READS];
	int n = 0;

	if (ops->reads)
		ops->reads(u->args, names, CASE_READS, &n);
	for (int i = 0; i < n && i < CASE_READS; i++)
		if (names[i] && !strcmp(names[i], "label"))
			return true;
	return false;
}

void case_drop_label(struct component_list *list, struct buf *skipped)
{
	int n = 0;

	for (int i = 0; i < list->n; i++) {
		struct component_use u = list->v[i];
		bool left = case_unlabel(&u);

		if (left && !case_needs_label(&u)) {
			list->v[n++] = u;
			continue;
		}
		if (left)
			buf_printf(skipped, "%s%s", skipped->len ? ", " : "", u.c->name);
		component_use_release(&u);
	}
	list->n = n;
}

static int case_make_folder(const char *path, struct err *err)
{
	const char *base = sys_basename(path);
	char *dir = base == path ? NULL : mem_strndup(path, (size_t)(base - path));
	int rc = dir ? sys_mkdirs(dir, err) : 0;

	free(dir);
	return rc;
}

int case_write(struct sample *s, const char *field, const char *path, enum nifti_dtype type,
	enum resample_mode mode, struct err *err)
{
	struct volume *v = sample_volume(s, field, err), *image, *out;
	int rc;

	image = v ? sample_volume(s, "image", err) : NULL;
	if (!image)
		return -1;
	out = resample_to_grid(v, &image->original, mode, err);
	if (!out)
		return err_wrap(err, "case '%s', field '%s'", s->case_id, field);
	rc = case_make_folder(path, err) || nifti_write(path, out, type, err) ? -1 : 0;
	volume_free(out);
	return rc;
}

/* The label of voxel i of v. */
static float case_label(const struct volume *v, size_t n, size_t i, bool independent)
{
	float best = independent ? 0.5f : v->data[i];
	int at = independent ? 0 : 0;

	for (int c = independent ? 0 : 1; c < v->channels; c++) {
		float p = v->data[(size_t)c * n + i];

		if (p > best) {
			best = p;
			at = independent ? c + 1 : c;
		}
	}
	return (float)at;
}

int case_label_map(struct sample *s, const struct model *m, struct err *err)
{
	struct volume *v = sample_volume(s, "model", err), *out;
	bool independent = m->activation == LOSS_SIGMOID || m->classes == 1;
	size_t n;

	if (!v)
		return -1;
	if (v->channels != m->classes || (v->channels == 1 && m->classes != 1))
		return 0; /* a transform made something else of it */
	out = volume_new(1, v->dim, err);
	if (!out)
		return -1;
	memcpy(out->affine, v->affine, sizeof(out->affine));
	n = volume_voxels(v);
	for (size_t i = 0; i < n; i++)
		out->data[i] = case_label(v, n, i, independent);
	volume_take(v, out);
	return 0;
}

const float *case_classes(struct sample *s, int *n, struct err *err)
{
	const struct volume *v = sample_volume(s, "model", err);

	if (!v || volume_voxels(v) != 1)
		return NULL;
	*n = v->channels;
	return v->data;
}

int case_class(const float *p, int n, bool independent)
{
	int best = 0;

	if (n == 1)
		return independent ? p[0] > 0.5f : 0;
	for (int i = 1; i < n; i++)
		best = p[i] > p[best] ? i : best;
	return best;
}

char *case_name(const char *path)
{
	return image_file_id(sys_basename(path));
}

static void csv_comma(struct buf *b)
{
	if (b->len && b->p[b->len - 1] != '\n')
		buf_putc(b, ',');
}

void csv_text(struct buf *b, const char *s)
{
	csv_comma(b);
	if (!strpbrk(s, ",\"\r\n")) {
		buf_puts(b, s);
		return;
	}
	buf_putc(b, '"');
	for (; *s; s++) {
		if (*s == '"')
			buf_putc(b, '"');
		buf_putc(b, *s);
	}
	buf_putc(b, '"');
}

void csv_num(struct buf *b, double v)
{
	csv_comma(b);
	if (isfinite(v))
		buf_printf(b, "%.6f", v);
}

void csv_end(struct buf *b)
{
	buf_puts(b, "\r\n");
}
