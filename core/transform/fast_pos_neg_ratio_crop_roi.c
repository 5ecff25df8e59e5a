/*
 * FastPosNegRatioCropROI: a window around a foreground voxel with probability
 * pos / (pos + neg), else around a background voxel.
 *
 * The centre is uniform over the voxels of the chosen class; the window is then
 * moved inside the volume.  To pick one voxel of millions no index list is kept:
 * the voxels of the class are counted per plane (one fast pass over the label),
 * a rank is drawn, and only the plane that holds this rank is searched.
 */
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/transform/crop.h"
#include "core/transform/fields.h"

struct posneg_args {
	int64_t size[3];
	char *image_field, *label_field;
	bool deform, rotation, scale, fast_crop;
	double rotation_degree, scale_factor;
	double pos, neg;
	int64_t batch_size;
};

static const struct arg_def posneg_defs[] = {
	{.name = "size",
		.type = ARG_INT3,
		.offset = offsetof(struct posneg_args, size),
		.flags = ARG_REQUIRED,
		.min = 1,
		.max = 4096,
		.unit = "voxel",
		.help = "size of the crop along x, y, z; a smaller volume is padded with zeros"},
	{.name = "image_field",
		.type = ARG_STRING,
		.offset = offsetof(struct posneg_args, image_field),
		.def = "\"image\"",
		.help = "image to crop"},
	{.name = "label_field",
		.type = ARG_STRING,
		.offset = offsetof(struct posneg_args, label_field),
		.def = "\"label\"",
		.help = "label to crop; values above 0 are foreground"},
	{.name = "deform",
		.type = ARG_BOOL,
		.offset = offsetof(struct posneg_args, deform),
		.def = "false",
		.help = "elastic deformation (not built yet: only false)"},
	{.name = "rotation",
		.type = ARG_BOOL,
		.offset = offsetof(struct posneg_args, rotation),
		.def = "false",
		.help = "random rotation (not built yet: only false)"},
	{.name = "rotation_degree",
		.type = ARG_FLOAT,
		.offset = offsetof(struct posneg_args, rotation_degree),
		.def = "20",
		.min = 0,
		.max = 180,
		.unit = "degree",
		.help = "largest angle when rotation is true"},
	{.name = "scale",
		.type = ARG_BOOL,
		.offset = offsetof(struct posneg_args, scale),
		.def = "false",
		.help = "random scaling (not built yet: only false)"},
	{.name = "scale_factor",
		.type = ARG_FLOAT,
		.offset = offsetof(struct posneg_args, scale_factor),
		.def = "0.1",
		.min = 0,
		.max = 0.9,
		.help = "largest change of size when scale is true"},
	{.name = "pos",
		.type = ARG_FLOAT,
		.offset = offsetof(struct posneg_args, pos),
		.def = "1",
		.min = 0,
		.max = 1e6,
		.help = "weight of windows around foreground"},
	{.name = "neg",
		.type = ARG_FLOAT,
		.offset = offsetof(struct posneg_args, neg),
		.def = "1",
		.min = 0,
		.max = 1e6,
		.help = "weight of windows around background"},
	{.name = "fast_crop",
		.type = ARG_BOOL,
		.offset = offsetof(struct posneg_args, fast_crop),
		.def = "true",
		.flags = ARG_UNUSED,
		.help = "accepted; the crop never copies the whole volume"},
	{.name = "batch_size",
		.type = ARG_INT,
		.offset = offsetof(struct posneg_args, batch_size),
		.def = "1",
		.min = 1,
		.max = 4096,
		.help = "crops per volume (not built yet: only 1)"},
	ARG_END,
};

static size_t posneg_count(const float *x, size_t n, bool positive)
{
	size_t count = 0;

	/* 32-bit sums in short blocks: four times as many lanes as with size_t. */
	for (size_t i = 0; i < n; i += 4096) {
		size_t end = i + 4096 < n ? i + 4096 : n;
		int32_t some = 0;

		for (size_t k = i; k < end; k++)
			some += x[k] > 0.0f;
		count += (size_t)some;
	}
	return positive ? count : n - count;
}

/* Uniform in 0 ... n-1 for counts beyond 32 bits. */
static size_t posneg_rank(struct rng *rng, size_t n)
{
	uint64_t hi = rng_u32(rng), lo = rng_u32(rng);

	return (size_t)(((unsigned __int128)(hi << 32 | lo) * n) >> 64);
}

/* The voxel of this rank among the foreground (or background) voxels of label. */
static void posneg_find(
	const struct volume *label, const size_t *planes, bool positive, size_t rank, int centre[3])
{
	size_t nx = (size_t)label->dim[0], plane = nx * (size_t)label->dim[1], i = 0;
	const float *x;
	int z = 0;

	while (rank >= planes[z])
		rank -= planes[z++];
	x = label->data + (size_t)z * plane;
	while (i < plane && ((x[i] > 0.0f) != positive || rank-- > 0))
		i++;
	centre[0] = (int)(i % nx);
	centre[1] = (int)(i / nx);
	centre[2] = z;
}

static void posneg_centre(
	const struct posneg_args *a, const struct volume *label, struct rng *rng, int centre[3])
{
	size_t plane = (size_t)label->dim[0] * (size_t)label->dim[1], total = 0;
	size_t *planes = mem_alloc((size_t)label->dim[2] * sizeof(*planes));
	bool positive = rng_uniform(rng) * (a->pos + a->neg) < a->pos;

	for (int z = 0; z < label->dim[2]; z++) {
		planes[z] = posneg_count(label->data + (size_t)z * plane, plane, positive);
		total += planes[z];
	}
	if (!total) {
		/* A class that does not occur: the other one has all voxels. */
		positive = !positive;
		for (int z = 0; z < label->dim[2]; z++)
			planes[z] = plane;
		total = plane * (size_t)label->dim[2];
	}
	posneg_find(label, planes, positive, posneg_rank(rng, total), centre);
	free(planes);
}

static int posneg_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct posneg_args *a = args;
	char *names[] = {a->image_field, a->label_field};
	struct strlist fields = {names, 2};
	int dim[3], size[3], centre[3], start[3];
	struct volume *image, *label;

	if (fields_same_dim(&fields, s, dim, err))
		return -1;
	image = sample_volume(s, a->image_field, err);
	label = sample_volume(s, a->label_field, err);
	if (!image || !label)
		return -1;
	if (label->channels != 1)
		return err_set(err, ERR_DATA, "label '%s' has %d channels, 1 is needed",
			a->label_field, label->channels);
	posneg_centre(a, label, rng, centre);
	crop_size(a->size, size);
	crop_clamp(centre, size, dim, start);
	if (crop_box(image, start, size, err))
		return -1;
	return image == label ? 0 : crop_box(label, start, size, err);
}

static void posneg_refuse(const char *file, const char *path, const char *name, const char *fix,
	const char *what, struct problems *ps)
{
	char *at = mem_printf("%s.%s", path, name);

	problems_add(
		ps, PROBLEM_ERROR, ERR_DATA, file, at, fix, "FastPosNegRatioCropROI: %s", what);
	free(at);
}

static void posneg_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct posneg_args *a = args;
	static const char off[] = "set it to false";

	if (a->deform)
		posneg_refuse(file, path, "deform", off, "deformation is not built yet", ps);
	if (a->rotation)
		posneg_refuse(file, path, "rotation", off, "rotation is not built yet", ps);
	if (a->scale)
		posneg_refuse(file, path, "scale", off, "scaling is not built yet", ps);
	if (a->batch_size != 1)
		posneg_refuse(file, path, "batch_size", "set it to 1",
			"several crops per volume are not built yet", ps);
	if (a->pos + a->neg <= 0)
		posneg_refuse(file, path, "pos", NULL, "pos and neg cannot both be 0", ps);
}

static void posneg_reads(const void *args, const char **names, int max, int *n)
{
	const struct posneg_args *a = args;

	fields_add_name(a->image_field, names, max, n);
	fields_add_name(a->label_field, names, max, n);
}

const struct component component_fast_pos_neg_ratio_crop_roi = {
	.name = "FastPosNegRatioCropROI",
	.kind = COMPONENT_TRANSFORM,
	.help = "window around a foreground voxel with probability pos / (pos + neg), else around "
		"a background voxel, moved inside the volume; pads with zeros where that is smaller",
	.args = posneg_defs,
	.args_size = sizeof(struct posneg_args),
	.ops = &(const struct transform_ops){.apply = posneg_apply,
		.flags = TRANSFORM_RANDOM,
		.check = posneg_check,
		.reads = posneg_reads},
};
