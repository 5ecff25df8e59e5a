/*
 * RestoreOriginalShape: puts a field (a prediction) back on the grid that the file
 * of another field had, through both affines; so resampling, crops, padding and
 * flips are all undone.
 *
 * A prediction has the grid of the image that it was made from, also when its own
 * affine was never set: where the sizes agree, src_field's affine is used.
 */
#include <string.h>

#include "core/transform/fields.h"
#include "core/volume/resample.h"

struct restore_args {
	char *field, *src_field;
	bool is_label;
};

static const struct arg_def restore_defs[] = {
	{.name = "field",
		.type = ARG_STRING,
		.offset = offsetof(struct restore_args, field),
		.flags = ARG_REQUIRED,
		.help = "what is put back, such as \"model\""},
	{.name = "src_field",
		.type = ARG_STRING,
		.offset = offsetof(struct restore_args, src_field),
		.flags = ARG_REQUIRED,
		.help = "field whose file had the wanted size, such as \"image\""},
	{.name = "is_label",
		.type = ARG_BOOL,
		.offset = offsetof(struct restore_args, is_label),
		.def = "false",
		.help = "nearest voxel instead of trilinear interpolation"},
	ARG_END,
};

static int restore_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct restore_args *a = args;
	struct volume *v = sample_volume(s, a->field, err), *out;
	struct volume *src = sample_volume(s, a->src_field, err);

	(void)rng;
	if (!v || !src)
		return -1;
	if (src->original.dim[0] < 1)
		return err_set(err, ERR_DATA,
			"field '%s' was not read from a file, its original size is not known",
			a->src_field);
	if (!memcmp(v->dim, src->dim, sizeof(v->dim)))
		memcpy(v->affine, src->affine, sizeof(v->affine));
	out = resample_to_grid(
		v, &src->original, a->is_label ? RESAMPLE_NEAREST : RESAMPLE_LINEAR, err);
	if (!out)
		return err_wrap(err, "field '%s'", a->field);
	out->original = src->original;
	return sample_set(s, a->field, out, err);
}

static void restore_reads(const void *args, const char **names, int max, int *n)
{
	const struct restore_args *a = args;

	fields_add_name(a->field, names, max, n);
	fields_add_name(a->src_field, names, max, n);
}

const struct component component_restore_original_shape = {
	.name = "RestoreOriginalShape",
	.kind = COMPONENT_TRANSFORM,
	.help = "puts a field back on the grid that the file of src_field had: undoes resampling, "
		"crops, padding and flips through the affines; 0 outside of what the field covers",
	.args = restore_defs,
	.args_size = sizeof(struct restore_args),
	.ops = &(const struct transform_ops){.apply = restore_apply,
		.flags = TRANSFORM_INVERTIBLE,
		.reads = restore_reads},
};
