/*
 * Data lists in the form of the Medical Segmentation Decathlon:
 *     {"training": [{"image": "imagesTr/a.nii.gz", "label": "labelsTr/a.nii.gz"}, ...]}
 *
 * A list comes from outside, so it is not trusted: paths that leave the data
 * folder are refused by their text, before anything is opened.  Every fault of the
 * list is reported, not only the first, because people fix such lists by hand.
 *
 * In classification the label of a case is not a file but a number (its class) or a
 * list of numbers (one per class).
 *
 * A list may name a case several times; that is how the sample data of Clara Train
 * makes an epoch of 32 out of one file.  Entries with the same files know each
 * other (same_as), so that a case is loaded and kept once.
 */
#include "core/data/datalist.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/volume/image_file.h"

/* Where rows of problems come from: the list file and the place in it. */
struct datalist_ctx {
	const char *file, *base, *key;
	struct problems *ps;
	int errors;
};

static void PRINTF_LIKE(4, 5)
	datalist_fault(struct datalist_ctx *c, int i, const char *fix, const char *fmt, ...)
{
	char *path = i < 0 ? mem_strdup(c->key) : mem_printf("%s.#%d", c->key, i + 1);
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	problems_add(c->ps, PROBLEM_ERROR, ERR_DATA, c->file, path, fix, "%s", text);
	c->errors++;
	free(path);
}

/* True when ".." parts of a relative path would lead above where it starts. */
static bool datalist_escapes(const char *path)
{
	int depth = 0;

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.')
			depth--;
		else if (n > 0 && !(n == 1 && path[0] == '.'))
			depth++;
		if (depth < 0)
			return true;
		path += n;
		path += strspn(path, "/");
	}
	return false;
}

/* The part of an absolute path below base, or NULL when it does not lie there. */
static const char *datalist_below(const char *base, const char *path)
{
	char *real = realpath(base, NULL);
	size_t n = real ? strlen(real) : 0;
	const char *rest = NULL;

	while (n && real[n - 1] == '/')
		n--;
	if (real && !strncmp(real, path, n) && path[n] == '/')
		rest = path + n + strspn(path + n, "/");
	free(real);
	return rest;
}

/* Full path of a file of entry i, or NULL and a row. */
static char *datalist_path(struct datalist_ctx *c, int i, const char *what, const char *path)
{
	const char *rest = path[0] == '/' ? datalist_below(c->base, path) : path;
	size_t n = strlen(path);

	if (!n || path[n - 1] == '/') {
		datalist_fault(
			c, i, NULL, "%s of entry %d is '%s', a file is needed", what, i + 1, path);
		return NULL;
	}
	if (!rest || datalist_escapes(rest)) {
		datalist_fault(c, i, "paths are relative to data_file_base_dir and stay inside it",
			"%s '%s' is outside the data folder '%s'", what, path, c->base);
		return NULL;
	}
	return path[0] == '/' ? mem_strdup(path) : sys_join(c->base, path);
}

/* by_path: see datalist_entry.case_id. */
static char *datalist_case_id(const char *base, const char *path, bool by_path)
{
	const char *rest = path;
	size_t n = strlen(base);

	if (!by_path)
		return image_file_id(sys_basename(path));
	if (!strncmp(path, base, n) && (path[n] == '/' || (n && path[n - 1] == '/')))
		rest = path + n;
	else if (path[0] == '/' && datalist_below(base, path))
		rest = datalist_below(base, path);
	while (*rest == '/' || (rest[0] == '.' && rest[1] == '/'))
		rest++;
	return image_file_id(rest);
}

/* "label": 2 or [0, 1, 1]. */
static void datalist_add_values(
	struct datalist_ctx *c, int i, struct datalist_entry *e, const cJSON *label)
{
	int n = cJSON_IsNumber(label) ? 1 : cJSON_GetArraySize(label);
	const cJSON *x = cJSON_IsNumber(label) ? label : label->child;

	e->label_value = mem_zalloc((size_t)n * sizeof(*e->label_value) + 1);
	e->n_label_value = n;
	if (!n)
		datalist_fault(c, i, NULL, "label of entry %d is an empty list", i + 1);
	for (int k = 0; k < n && x; k++, x = x->next) {
		if (!cJSON_IsNumber(x) || !isfinite(x->valuedouble) || x->valuedouble < 0) {
			datalist_fault(c, i, "numbers from 0, or a path",
				"label of entry %d holds %s", i + 1,
				cJSON_IsNumber(x) ? "a number below 0" : json_type_name(x));
			return;
		}
		e->label_value[k] = (float)x->valuedouble;
	}
}

static void datalist_add_image(
	struct datalist_ctx *c, int i, struct datalist_entry *e, const cJSON *image)
{
	char *path;

	if (!cJSON_IsString(image)) {
		datalist_fault(c, i, NULL, "image of entry %d is a %s, a path is needed", i + 1,
			json_type_name(image));
		return;
	}
	path = datalist_path(c, i, "image", image->valuestring);
	if (!path)
		return;
	e->image = mem_realloc(e->image, (size_t)(e->n_image + 1) * sizeof(*e->image));
	e->image[e->n_image++] = path;
}

static void datalist_entry_read(
	struct datalist_ctx *c, int i, struct datalist_entry *e, const cJSON *item)
{
	const cJSON *image = item, *label = NULL, *sub;

	if (cJSON_IsObject(item)) {
		image = cJSON_GetObjectItemCaseSensitive(item, "image");
		label = cJSON_GetObjectItemCaseSensitive(item, "label");
	}
	if (!image) {
		datalist_fault(c, i, NULL, "entry %d has no 'image'", i + 1);
		return;
	}
	if (cJSON_IsArray(image)) {
		cJSON_ArrayForEach (sub, image)
			datalist_add_image(c, i, e, sub);
		if (!cJSON_GetArraySize(image))
			datalist_fault(c, i, NULL, "entry %d has an empty list of images", i + 1);
	} else {
		datalist_add_image(c, i, e, image);
	}
	if (cJSON_IsString(label))
		e->label = datalist_path(c, i, "label", label->valuestring);
	else if (cJSON_IsNumber(label) || cJSON_IsArray(label))
		datalist_add_values(c, i, e, label);
	else if (label && !cJSON_IsNull(label))
		datalist_fault(c, i, NULL,
			"label of entry %d is a %s, a path or a number is needed", i + 1,
			json_type_name(label));
	if (e->n_image)
		e->case_id = datalist_case_id(c->base, e->image[0], e->n_label_value > 0);
}

/* "training, validation": the keys of the file that hold lists. */
static void datalist_no_key(struct datalist_ctx *c, const cJSON *root)
{
	struct buf keys = {0};
	const cJSON *item;
	char *fix;

	cJSON_ArrayForEach (item, root) {
		if (item->string && cJSON_IsArray(item))
			buf_printf(&keys, "%s'%s'", keys.len ? ", " : "", item->string);
	}
	fix = keys.len ? mem_printf("lists in it: %s", keys.p)
		       : mem_strdup("it has no list at all");
	datalist_fault(c, -1, fix, "no list '%s' in the data list", c->key);
	free(fix);
	buf_release(&keys);
}

static bool datalist_same_files(const struct datalist_entry *a, const struct datalist_entry *b)
{
	if (a->n_image != b->n_image || !a->label != !b->label ||
		a->n_label_value != b->n_label_value)
		return false;
	for (int i = 0; i < a->n_label_value; i++)
		if (a->label_value[i] != b->label_value[i])
			return false;
	for (int i = 0; i < a->n_image; i++)
		if (strcmp(a->image[i], b->image[i]))
			return false;
	return !a->label || !strcmp(a->label, b->label);
}

static int datalist_by_id(const void *a, const void *b)
{
	const struct datalist_entry *x = *(const struct datalist_entry *const *)a;
	const struct datalist_entry *y = *(const struct datalist_entry *const *)b;
	int d = strcmp(x->case_id, y->case_id);

	return d ? d : (x > y) - (x < y);
}

/* Entries sorted by case id, then by place; the caller frees. */
static struct datalist_entry **datalist_sorted(const struct datalist *l)
{
	struct datalist_entry **v = mem_alloc((size_t)l->n * sizeof(*v));

	for (int i = 0; i < l->n; i++)
		v[i] = &l->v[i];
	qsort(v, (size_t)l->n, sizeof(*v), datalist_by_id);
	return v;
}

/* Fills repeat, same_as and unique; two different cases of one name are an error. */
static void datalist_link(struct datalist_ctx *c, struct datalist *l)
{
	struct datalist_entry **v = datalist_sorted(l);
	int first = 0, repeats = 0;

	for (int i = 0; i < l->n; i++) {
		if (strcmp(v[i]->case_id, v[first]->case_id))
			first = i;
		v[i]->repeat = i - first;
		v[i]->same_as = (int)(v[first] - l->v);
		repeats += i != first;
		if (i != first && !datalist_same_files(v[i], v[first]))
			datalist_fault(c, (int)(v[i] - l->v),
				"give the files of different cases different names",
				"entries %d and %d have different %s but the same name '%s'",
				(int)(v[first] - l->v) + 1, (int)(v[i] - l->v) + 1,
				v[i]->n_label_value ? "files or labels" : "files", v[i]->case_id);
	}
	l->unique = l->n - repeats;
	free(v);
	if (repeats)
		problems_add(c->ps, PROBLEM_WARNING, ERR_DATA, c->file, c->key, NULL,
			"%d of %d entries repeat a case that is listed already", repeats, l->n);
}

static void datalist_warn_labels(struct datalist_ctx *c, const struct datalist *l)
{
	int without = 0, first = -1;

	for (int i = 0; i < l->n; i++) {
		if (l->v[i].label || l->v[i].label_value)
			continue;
		first = first < 0 ? i : first;
		without++;
	}
	if (without && without < l->n)
		problems_add(c->ps, PROBLEM_WARNING, ERR_DATA, c->file, c->key, NULL,
			"%d of %d entries have no label, the first is '%s'", without, l->n,
			l->v[first].case_id);
}

/* All labels are files or all are the same count of numbers. */
static void datalist_same_kind(struct datalist_ctx *c, struct datalist *l)
{
	const struct datalist_entry *first = NULL;

	for (int i = 0; i < l->n; i++) {
		const struct datalist_entry *e = &l->v[i];

		if (!e->label && !e->label_value)
			continue;
		first = first ? first : e;
		if (!e->label != !first->label)
			datalist_fault(c, i, "a list is for segmentation or for classification",
				"label of entry %d is %s, but that of entry %d is %s", i + 1,
				e->label ? "a path" : "a number", (int)(first - l->v) + 1,
				first->label ? "a path" : "a number");
		else if (e->n_label_value != first->n_label_value)
			datalist_fault(c, i, NULL,
				"label of entry %d is %d numbers, but that of entry %d is %d",
				i + 1, e->n_label_value, (int)(first - l->v) + 1,
				first->n_label_value);
	}
	l->label_values = first ? first->n_label_value : 0;
}

static struct datalist *datalist_parse(struct datalist_ctx *c, const cJSON *root)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, c->key), *item;
	struct datalist *l;
	int i = 0;

	if (!cJSON_IsArray(list)) {
		datalist_no_key(c, root);
		return NULL;
	}
	l = mem_zalloc(sizeof(*l));
	l->file = mem_strdup(c->file);
	l->key = mem_strdup(c->key);
	l->n = cJSON_GetArraySize(list);
	l->v = mem_zalloc((size_t)l->n * sizeof(*l->v) + 1);
	if (!l->n)
		datalist_fault(c, -1, NULL, "the list '%s' is empty", c->key);
	cJSON_ArrayForEach (item, list) {
		datalist_entry_read(c, i, &l->v[i], item);
		i++;
	}
	if (!c->errors)
		datalist_same_kind(c, l);
	if (!c->errors)
		datalist_link(c, l);
	if (!c->errors)
		datalist_warn_labels(c, l);
	if (!c->errors)
		return l;
	datalist_free(l);
	return NULL;
}

struct datalist *datalist_read(
	const char *file, const char *base_dir, const char *key, struct problems *ps)
{
	size_t folder = (size_t)(sys_basename(file) - file);
	char *base = base_dir && base_dir[0] ? mem_strdup(base_dir)
		     : folder                ? mem_strndup(file, folder)
					     : mem_strdup(".");
	struct datalist_ctx c = {file, base, key, ps, 0};
	struct err err = ERR_INIT;
	cJSON *root = json_read(file, &err);
	struct datalist *l = NULL;

	if (root)
		l = datalist_parse(&c, root);
	else
		problems_add_err(ps, file, "", &err);
	cJSON_Delete(root);
	free(base);
	return l;
}

void datalist_free(struct datalist *l)
{
	if (!l)
		return;
	for (int i = 0; i < l->n; i++) {
		struct datalist_entry *e = &l->v[i];

		for (int k = 0; k < e->n_image; k++)
			free(e->image[k]);
		free(e->image);
		free(e->label);
		free(e->label_value);
		free(e->case_id);
	}
	free(l->v);
	free(l->file);
	free(l->key);
	free(l);
}

static int datalist_set_values(struct sample *s, const struct datalist_entry *e, struct err *err)
{
	struct volume *v = volume_new(e->n_label_value, (const int[]){1, 1, 1}, err);

	if (!v)
		return -1;
	memcpy(v->data, e->label_value, (size_t)e->n_label_value * sizeof(*v->data));
	return sample_set(s, "label", v, err);
}

struct sample *datalist_sample(const struct datalist *l, int i, struct err *err)
{
	const struct datalist_entry *e = &l->v[i];
	struct sample *s = sample_new(e->case_id);
	int rc = 0;

	for (int k = 0; !rc && k < e->n_image; k++)
		rc = sample_add_file(s, "image", e->image[k], err);
	if (!rc && e->label)
		rc = sample_add_file(s, "label", e->label, err);
	if (!rc && e->label_value)
		rc = datalist_set_values(s, e, err);
	if (!rc)
		return s;
	sample_free(s);
	return NULL;
}

static const struct datalist_entry *datalist_lookup(
	struct datalist_entry *const *sorted, int n, const char *case_id)
{
	for (int lo = 0, hi = n - 1; lo <= hi;) {
		int mid = lo + (hi - lo) / 2, d = strcmp(sorted[mid]->case_id, case_id);

		if (!d)
			return sorted[mid];
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid - 1;
	}
	return NULL;
}

void datalist_check_leak(
	const struct datalist *training, const struct datalist *validation, struct problems *ps)
{
	struct datalist_entry **t = datalist_sorted(training);
	const struct datalist_entry *first = NULL;
	int n = 0;

	for (int i = 0; i < validation->n; i++) {
		const struct datalist_entry *e = &validation->v[i], *hit;

		if (e->same_as != i)
			continue;
		hit = datalist_lookup(t, training->n, e->case_id);
		if (!hit || strcmp(hit->image[0], e->image[0]))
			continue;
		first = first ? first : e;
		n++;
	}
	free(t);
	if (first)
		problems_add(ps, PROBLEM_WARNING, ERR_DATA, validation->file, validation->key,
			"scores of these cases say nothing about new ones",
			"%d of %d validation cases are training cases too, the first is '%s'", n,
			validation->unique, first->case_id);
}
