/*
 * Helpers of MONAI's dictionary transforms.
 */
#include "core/transform/monai.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/crop.h"

void keyed_fault(const char *file, const char *path, const char *name, const char *fix,
	struct problems *ps, const char *fmt, ...)
{
	char *at = mem_printf("%s.%s", path, name), text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, at, fix, "%s", text);
	free(at);
}

void keyed_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct monai_keys *k = args;

	if (!k->keys.n)
		keyed_fault(file, path, "keys", "name at least one, such as \"image\"", ps,
			"the list of keys is empty");
}

void keyed_reads(const void *args, const char **names, int max, int *n)
{
	const struct monai_keys *k = args;

	if (!k->allow_missing)
		fields_reads(args, names, max, n);
}

void keyed_check_list(const struct monai_keys *k, const struct strlist *l, const char *name,
	const char *const *known, const char *file, const char *path, struct problems *ps)
{
	if (l->n > 1 && l->n != k->keys.n)
		keyed_fault(file, path, name, "give one for all keys, or one for each", ps,
			"'%s' has %d entries for %d keys", name, l->n, k->keys.n);
	for (int i = 0; i < l->n; i++) {
		const char *near = problem_nearest(l->v[i], known);
		bool found = false;
		char *fix;

		for (int j = 0; known[j]; j++)
			found = found || !strcmp(known[j], l->v[i]);
		if (found)
			continue;
		fix = mem_printf(
			near ? "did you mean '%s'?" : "known: '%s' ...", near ? near : known[0]);
		keyed_fault(file, path, name, fix, ps, "'%s' has no choice '%s'", name, l->v[i]);
		free(fix);
	}
}

const char *keyed_item(const struct strlist *l, int i)
{
	return !l->n ? NULL : l->v[l->n == 1 || i >= l->n ? 0 : i];
}

enum resample_mode keyed_mode(const struct strlist *mode, int i)
{
	const char *s = keyed_item(mode, i);

	return s && !strcmp(s, "nearest") ? RESAMPLE_NEAREST : RESAMPLE_LINEAR;
}

int keyed_key(
	const struct monai_keys *k, int i, struct sample *s, struct volume **v, struct err *err)
{
	if (k->allow_missing && !sample_find(s, k->keys.v[i]))
		return 0;
	*v = sample_volume(s, k->keys.v[i], err);
	return *v ? 1 : -1;
}

int keyed_each(const struct monai_keys *k, struct sample *s, bool write,
	int (*fn)(struct volume *v, int i, const void *ctx, struct err *err), const void *ctx,
	struct err *err)
{
	for (int i = 0; i < k->keys.n; i++) {
		struct volume *v;
		int have = keyed_key(k, i, s, &v, err);

		if (have < 0 || (have && write && volume_make_writable(v, err)))
			return -1;
		if (have && fn(v, i, ctx, err))
			return err_wrap(err, "field '%s'", k->keys.v[i]);
	}
	return 0;
}

struct strlist keyed_present(const struct monai_keys *k, struct sample *s)
{
	struct strlist out = {mem_alloc((size_t)k->keys.n * sizeof(char *) + 1), 0};

	for (int i = 0; i < k->keys.n; i++)
		if (!k->allow_missing || sample_find(s, k->keys.v[i]))
			out.v[out.n++] = k->keys.v[i];
	return out;
}

int keyed_same_dim(const struct monai_keys *k, struct sample *s, int dim[3], struct err *err)
{
	struct strlist present = keyed_present(k, s);
	int rc = present.n ? fields_same_dim(&present, s, dim, err)
			   : err_set(err, ERR_DATA, "case '%s' has none of its fields", s->case_id);

	free(present.v);
	return rc;
}

struct keyed_box {
	const int *start, *size;
};

static int keyed_crop_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	const struct keyed_box *b = ctx;

	(void)i;
	return crop_box(v, b->start, b->size, err);
}

int keyed_crop(const struct monai_keys *k, struct sample *s, const int start[3], const int size[3],
	struct err *err)
{
	const struct keyed_box b = {start, size};

	return keyed_each(k, s, false, keyed_crop_one, &b, err);
}

void keyed_size(const struct numlist *l, const int dim[3], int size[3])
{
	for (int i = 0; i < 3; i++) {
		double n = l->n == 1 ? l->v[0] : i < l->n ? l->v[i] : 0;

		/* One number for a picture: its third axis is not one of space. */
		size[i] = n < 1 || (i == 2 && dim[2] == 1 && l->n < 3) ? dim[i] : (int)n;
	}
}

double keyed_number(const cJSON *v, int i, double def)
{
	if (cJSON_IsArray(v)) {
		int n = cJSON_GetArraySize(v);

		v = n ? cJSON_GetArrayItem(v, n == 1 || i >= n ? 0 : i) : NULL;
	}
	if (cJSON_IsBool(v))
		return cJSON_IsTrue(v);
	return cJSON_IsNumber(v) ? v->valuedouble : def;
}

bool keyed_flag(const cJSON *v, int i, bool def)
{
	return keyed_number(v, i, def) != 0;
}

bool keyed_range(const cJSON *v, double *lo, double *hi)
{
	if (cJSON_IsNumber(v)) {
		*hi = v->valuedouble < 0 ? -v->valuedouble : v->valuedouble;
		*lo = -*hi;
		return true;
	}
	if (cJSON_GetArraySize(v) != 2 || !cJSON_IsNumber(v->child) ||
		!cJSON_IsNumber(v->child->next))
		return false;
	*lo = v->child->valuedouble;
	*hi = v->child->next->valuedouble;
	if (*lo > *hi) {
		double t = *lo;

		*lo = *hi;
		*hi = t;
	}
	return true;
}
