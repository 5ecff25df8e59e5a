/*
 * Reading every case of a data list once, to know before the start what would
 * otherwise be found in the middle of a night: a label value that the network has no
 * class for, a file that was cut, the same scan under two names.
 */
#include "core/data/inspect.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/volume/affine.h"
#include "core/volume/image_file.h"

#define INSPECT_SAMPLE 200000 /* voxels that the percentiles are taken from */

struct inspect_at {
	const struct datalist *list;
	int entry;
	struct problems *ps;
};

static void PRINTF_LIKE(4, 5) inspect_say(
	const struct inspect_at *at, enum problem_level level, int code, const char *fmt, ...)
{
	char *path = mem_printf("%s.#%d", at->list->key, at->entry + 1);
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	problems_add(at->ps, level, code, at->list->file, path, NULL, "%s", text);
	free(path);
}

static int inspect_ascending(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* Values at 0.5 and 99.5 percent of up to INSPECT_SAMPLE voxels at equal distances. */
static void inspect_percentiles(const float *v, size_t n, struct inspect_case *c)
{
	size_t stride = n / INSPECT_SAMPLE + 1, m = 0;
	float *s = mem_alloc((n / stride + 1) * sizeof(*s));

	for (size_t i = 0; i < n; i += stride)
		s[m++] = v[i];
	qsort(s, m, sizeof(*s), inspect_ascending);
	c->low = m ? s[(size_t)(0.005 * (double)(m - 1))] : 0;
	c->high = m ? s[(size_t)(0.995 * (double)(m - 1))] : 0;
	free(s);
}

static void inspect_intensity(const struct volume *v, struct inspect_case *c)
{
	size_t n = volume_voxels(v) * (size_t)v->channels;
	double sum = 0, square = 0;

	c->min = n ? v->data[0] : 0;
	c->max = c->min;
	for (size_t i = 0; i < n; i++) {
		double x = v->data[i];

		c->min = fmin(c->min, x);
		c->max = fmax(c->max, x);
		sum += x;
		square += x * x;
	}
	c->mean = n ? sum / (double)n : 0;
	c->std = n ? sqrt(fmax(0, square / (double)n - c->mean * c->mean)) : 0;
	inspect_percentiles(v->data, n, c);
	c->image_crc = (uint32_t)crc32_z(0, (const void *)v->data, n * sizeof(*v->data));
	c->nonfinite += v->nonfinite;
}

static void inspect_warn_image(const struct inspect_at *at, const struct inspect_case *c)
{
	const char *id = at->list->v[at->entry].case_id;

	if (c->nonfinite)
		inspect_say(at, PROBLEM_WARNING, ERR_DATA,
			"case '%s': %zu voxels are NaN or infinite and count as 0", id,
			c->nonfinite);
	if (c->max <= c->min)
		inspect_say(at, PROBLEM_WARNING, ERR_DATA,
			"case '%s': every voxel of the image is %g", id, c->min);
}

static struct volume *inspect_read(
	const struct inspect_at *at, const char *file, bool label, struct inspect_case *c)
{
	struct err err = ERR_INIT;
	struct volume *v = image_file_read(file, image_file_kind(file), label, &err);

	if (v)
		c->bytes += volume_voxels(v) * (size_t)v->channels * sizeof(float);
	else
		inspect_say(at, PROBLEM_ERROR, err.code, "%s", err.msg);
	return v;
}

static bool inspect_image(const struct inspect_at *at, struct inspect_case *c)
{
	const struct datalist_entry *e = &at->list->v[at->entry];

	for (int i = 0; i < e->n_image; i++) {
		struct volume *v = inspect_read(at, e->image[i], false, c);

		if (!v)
			return false;
		c->channels += v->channels;
		if (i == 0) {
			memcpy(c->dim, v->dim, sizeof(c->dim));
			volume_spacing(v, c->spacing);
			affine_codes(v->affine, c->codes);
			inspect_intensity(v, c);
		}
		volume_free(v);
	}
	inspect_warn_image(at, c);
	return true;
}

static bool inspect_label(
	const struct inspect_at *at, const struct inspect_options *opt, struct inspect_case *c)
{
	const struct datalist_entry *e = &at->list->v[at->entry];
	struct volume *v = e->label ? inspect_read(at, e->label, true, c) : NULL;
	struct err err = ERR_INIT;
	int max = opt->classes > 1 ? opt->classes - 1 : opt->classes == 1 ? 1 : INSPECT_CLASSES - 1;
	size_t n, background;

	if (!v)
		return !e->label;
	if (v->channels == 1 && volume_check_label(v, max, &err)) {
		inspect_say(at, PROBLEM_ERROR, err.code, "case '%s': %s", e->case_id, err.msg);
		volume_free(v);
		return false;
	}
	n = v->channels == 1 ? volume_voxels(v) : 0;
	for (size_t i = 0; i < n; i++)
		if (v->data[i] < INSPECT_CLASSES)
			c->count[(int)v->data[i]]++;
	background = c->count[0];
	volume_free(v);
	if (n && background == n)
		inspect_say(at, PROBLEM_WARNING, ERR_DATA,
			"case '%s': the label '%s' is all background", e->case_id, e->label);
	return true;
}

int inspect_list(struct inspect *out, const struct datalist *list, const bool *skip,
	const struct inspect_options *opt, struct problems *ps)
{
	out->v = mem_zalloc((size_t)list->n * sizeof(*out->v) + 1);
	out->n = 0;
	for (int i = 0; i < list->n; i++) {
		const struct inspect_at at = {list, i, ps};
		struct inspect_case *c = &out->v[out->n];
		double start = sys_now();

		if (list->v[i].same_as != i || skip[i])
			continue;
		if (opt->progress && opt->progress(opt->ctx, i, list->n, list->v[i].case_id))
			return -1;
		c->entry = i;
		c->usable = inspect_image(&at, c);
		if (c->usable)
			c->usable = inspect_label(&at, opt, c);
		c->seconds = sys_now() - start;
		out->n++;
	}
	return 0;
}

void inspect_release(struct inspect *in)
{
	free(in->v);
	in->v = NULL;
	in->n = 0;
}

static int inspect_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double inspect_median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), inspect_doubles);
	return n ? v[n / 2] : 0;
}

/* One row for all cases that differ in the same way. */
struct inspect_odd {
	int n, first; /* first: index into the cases */
};

static void inspect_odd_add(struct inspect_odd *odd, int i)
{
	if (!odd->n++)
		odd->first = i;
}

static void PRINTF_LIKE(4, 5) inspect_odd_say(const struct inspect *in, const struct inspect_at *at,
	const struct inspect_odd *odd, const char *fmt, ...)
{
	const struct inspect_at own = {at->list, in->v[odd->first].entry, at->ps};
	char text[ERR_MSG_MAX];
	va_list ap;

	if (!odd->n)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	inspect_say(&own, PROBLEM_WARNING, ERR_DATA, "%d of %d cases, the first is '%s': %s",
		odd->n, in->n, at->list->v[own.entry].case_id, text);
}

static bool inspect_odd_spacing(const struct inspect_case *c, const double spacing[3])
{
	for (int k = 0; k < 3; k++)
		if (c->spacing[k] > 4 * spacing[k] || c->spacing[k] * 4 < spacing[k])
			return true;
	return false;
}

/* Medians of spacing and of the span of intensities, of the usable cases; the first of them. */
static int inspect_usual(const struct inspect *in, double spacing[3], double *span)
{
	double *v = mem_alloc((size_t)(in->n + 1) * sizeof(*v));
	int first = 0, n = 0;

	while (first < in->n && !in->v[first].usable)
		first++;
	for (int k = 0; k < 3; k++, n = 0) {
		for (int i = first; i < in->n; i++)
			if (in->v[i].usable)
				v[n++] = in->v[i].spacing[k];
		spacing[k] = inspect_median(v, n);
	}
	for (int i = first; i < in->n; i++)
		if (in->v[i].usable)
			v[n++] = in->v[i].high - in->v[i].low;
	*span = inspect_median(v, n);
	free(v);
	return first;
}

void inspect_compare(const struct inspect *in, const struct datalist *list, struct problems *ps)
{
	const struct inspect_at at = {list, 0, ps};
	struct inspect_odd grid = {0}, axes = {0}, values = {0};
	double spacing[3], span;
	int first = inspect_usual(in, spacing, &span);

	for (int i = first; i < in->n; i++) {
		const struct inspect_case *c = &in->v[i];
		double own = c->high - c->low;

		if (!c->usable)
			continue;
		if (inspect_odd_spacing(c, spacing))
			inspect_odd_add(&grid, i);
		if (strcmp(c->codes, in->v[first].codes))
			inspect_odd_add(&axes, i);
		if (span > 0 && (own > 20 * span || own * 20 < span))
			inspect_odd_add(&values, i);
	}
	inspect_odd_say(in, &at, &grid, "voxel sizes unlike the usual %.3g x %.3g x %.3g mm",
		spacing[0], spacing[1], spacing[2]);
	inspect_odd_say(in, &at, &axes, "the axes run towards %s, those of case '%s' towards %s",
		in->v[axes.first].codes, first < in->n ? list->v[in->v[first].entry].case_id : "",
		first < in->n ? in->v[first].codes : "");
	inspect_odd_say(in, &at, &values, "intensities from %g to %g, the usual span is about %g",
		in->v[values.first].low, in->v[values.first].high, span);
}

static bool inspect_equal(const struct inspect_case *a, const struct inspect_case *b)
{
	return a->usable && b->usable && a->image_crc == b->image_crc && a->mean == b->mean &&
	       !memcmp(a->dim, b->dim, sizeof(a->dim));
}

void inspect_copies(
	const struct inspect *in, const struct datalist *list, bool *drop, struct problems *ps)
{
	for (int i = 1; i < in->n; i++) {
		const struct inspect_at at = {list, in->v[i].entry, ps};
		int k = 0;

		while (k < i && !inspect_equal(&in->v[k], &in->v[i]))
			k++;
		if (k == i)
			continue;
		drop[at.entry] = true;
		inspect_say(&at, PROBLEM_WARNING, ERR_DATA,
			"case '%s' is the image of case '%s' under another name",
			list->v[at.entry].case_id, list->v[in->v[k].entry].case_id);
	}
}

void inspect_leaks(const struct inspect *training, const struct datalist *training_list,
	const struct inspect *validation, const struct datalist *validation_list, bool *drop,
	struct problems *ps)
{
	for (int i = 0; i < training->n; i++) {
		const struct inspect_at at = {training_list, training->v[i].entry, ps};
		int k = 0;

		while (k < validation->n && !inspect_equal(&validation->v[k], &training->v[i]))
			k++;
		if (k == validation->n)
			continue;
		drop[at.entry] = true;
		inspect_say(&at, PROBLEM_WARNING, ERR_DATA,
			"training case '%s' is validation case '%s': its score says nothing about "
			"new cases",
			training_list->v[at.entry].case_id,
			validation_list->v[validation->v[k].entry].case_id);
	}
}
