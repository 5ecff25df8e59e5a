/*
 * What is wrong with the arguments of a pipeline before any data is looked at.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/pipeline_rows.h"

const char *const pipeline_formats[] = {"channels_first", "channels_last", NULL};

struct check_at {
	const char *file, *path;
	struct problems *ps;
};

static void PRINTF_LIKE(5, 6) check_add(const struct check_at *c, enum problem_level level,
	const char *name, const char *fix, const char *fmt, ...)
{
	char *at = mem_printf("%s.%s", c->path, name);
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	problems_add(c->ps, level, ERR_DATA, c->file, at, fix, "%s", text);
	free(at);
}

static void check_size(const struct check_at *c, const struct pipeline_args *a)
{
	const int64_t *d = a->output_crop_size;

	for (int i = 0; i < 3; i++) {
		if (d[i])
			continue;
		check_add(c, PROBLEM_ERROR, "output_crop_size", NULL,
			"a size of 0 voxels is impossible");
		return;
	}
	if (a->output_data_dims == 2 && d[2] > 1)
		check_add(c, PROBLEM_ERROR, "output_crop_size",
			"give two numbers, or 1 as the third",
			"output_data_dims is 2, but the size along z is %lld", (long long)d[2]);
}

static void check_categories(const struct check_at *c, const struct pipeline_args *a)
{
	bool classify = a->output_label_channels == 0;

	if (a->items_per_category.n && !classify)
		check_add(c, PROBLEM_ERROR, "items_per_category", "leave it out",
			"categories are the classes of a classification, a segmentation has none");
	if (a->category_weights.n && !classify)
		check_add(c, PROBLEM_ERROR, "category_weights", "leave it out",
			"categories are the classes of a classification, a segmentation has none");
	if ((a->items_per_category.n || a->category_weights.n) && a->duplicate_count > 1)
		check_add(c, PROBLEM_WARNING, "duplicate_count", NULL,
			a->items_per_category.n
				? "it has no effect beside items_per_category"
				: "it multiplies the items of an epoch, category_weights draws them");
}

static void check_smart(const struct check_at *c, const struct pipeline_args *a)
{
	if (!a->num_cache_objects)
		return;
	if (a->replace_percent > 1)
		check_add(c, PROBLEM_WARNING, "replace_percent", "write the fraction",
			"%g is taken as a percent, that is %g of the cache", a->replace_percent,
			pipeline_replace_fraction(a));
	if (a->output_batch_size > 0 && !a->batched_by_transforms &&
		a->num_cache_objects * a->duplicate_count % a->output_batch_size)
		check_add(c, PROBLEM_WARNING, "num_cache_objects",
			"the last batch of an epoch is filled up with its first items",
			"%lld cases do not divide into batches of %lld",
			(long long)(a->num_cache_objects * a->duplicate_count),
			(long long)a->output_batch_size);
}

static void pipeline_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct pipeline_args *a = args;
	const struct check_at c = {file, path, ps};
	const cJSON *extra = a->extra_inputs;

	check_size(&c, a);
	check_categories(&c, a);
	check_smart(&c, a);
	if (a->output_batch_size < 1 && !a->batched_by_transforms)
		check_add(&c, PROBLEM_ERROR, "output_batch_size", "use 1 or more",
			"a batch of 0 samples needs batched_by_transforms");
	if (extra && !cJSON_IsNull(extra) &&
		!(cJSON_IsArray(extra) && !cJSON_GetArraySize(extra)) &&
		!(cJSON_IsObject(extra) && !extra->child))
		check_add(&c, PROBLEM_ERROR, "extra_inputs", "make them channels of 'image'",
			"networks here take one input, the field 'image'");
}

const struct pipeline_ops pipeline_common_ops = {.check = pipeline_check};
