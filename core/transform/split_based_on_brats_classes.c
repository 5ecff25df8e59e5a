/*
 * SplitBasedOnBratsClasses: three new fields of 0 and 1 out of a label map: tumour
 * core, whole tumour, enhancing tumour.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/brats.h"
#include "core/transform/fields.h"

struct split_brats_args {
	struct strlist label_names;
	char *field;
};

static const struct arg_def split_brats_defs[] = {
	{.name = "field",
		.type = ARG_STRING,
		.offset = offsetof(struct split_brats_args, field),
		.flags = ARG_REQUIRED,
		.help = "label map with the values 0, 1, 2 and 4"},
	{.name = "label_names",
		.type = ARG_STRLIST,
		.offset = offsetof(struct split_brats_args, label_names),
		.flags = ARG_REQUIRED,
		.help = "names of the new fields: tumour core, whole tumour, enhancing tumour"},
	ARG_END,
};

static int split_brats_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct split_brats_args *a = args;
	struct volume *v = sample_volume(s, a->field, err), *all;
	int rc = 0;

	(void)rng;
	if (!v)
		return -1;
	all = brats_channels(v, err);
	if (!all)
		return err_wrap(err, "field '%s'", a->field);
	for (int c = 0; !rc && c < BRATS_CLASSES; c++) {
		size_t n = volume_voxels(all);
		struct volume *one = volume_new(1, all->dim, err);

		if (one) {
			memcpy(one->data, all->data + (size_t)c * n, n * sizeof(*one->data));
			memcpy(one->affine, all->affine, sizeof(one->affine));
			one->original = all->original;
		}
		rc = one ? sample_set(s, a->label_names.v[c], one, err) : -1;
	}
	volume_free(all);
	return rc;
}

static void split_brats_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct split_brats_args *a = args;
	char *at;

	if (a->label_names.n == BRATS_CLASSES)
		return;
	at = mem_printf("%s.label_names", path);
	problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, at,
		"name tumour core, whole tumour and enhancing tumour", "%d names for 3 classes",
		a->label_names.n);
	free(at);
}

static void split_brats_reads(const void *args, const char **names, int max, int *n)
{
	fields_add_name(((const struct split_brats_args *)args)->field, names, max, n);
}

const struct component component_split_based_on_brats_classes = {
	.name = "SplitBasedOnBratsClasses",
	.kind = COMPONENT_TRANSFORM,
	.help = "three 0/1 fields out of the labels 1, 2, 4 of BraTS: tumour core (1 or 4), whole "
		"tumour (1, 2 or 4), enhancing tumour (4)",
	.args = split_brats_defs,
	.args_size = sizeof(struct split_brats_args),
	.ops = &(const struct transform_ops){.apply = split_brats_apply,
		.check = split_brats_check,
		.reads = split_brats_reads,
		.writes = fields_reads},
};
