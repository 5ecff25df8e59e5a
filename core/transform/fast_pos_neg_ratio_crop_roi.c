/*
 * FastPosNegRatioCropROI: a window around a foreground voxel with probability
 * pos / (pos + neg), else around a background voxel.
 *
 * The centre is uniform over the voxels of the chosen class; the window is then
 * moved inside the volume.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/crop.h"
#include "core/transform/fields.h"
#include "core/transform/posneg.h"

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
		.help = "label to crop; values above 0 are foreground (of several channels: any but "
			"the first)"},
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
		.help = "crops per volume; with more than 1 each becomes a sample of its own"},
	ARG_END,
};

/* One crop of s around a centre drawn from p. */
static int posneg_crop(const struct posneg_args *a, const struct posneg *p, struct sample *s,
	struct rng *rng, struct err *err)
{
	char *names[] = {a->image_field, a->label_field};
	int size[3], centre[3], start[3];

	posneg_draw(p, a->pos, a->neg, rng, centre);
	crop_size(a->size, size);
	crop_clamp(centre, size, p->dim, start);
	for (int i = 0; i < 2; i++) {
		struct volume *v = sample_volume(s, names[i], err);

		if (!v || ((!i || strcmp(names[0], names[1])) && crop_box(v, start, size, err)))
			return -1;
	}
	return 0;
}

/* Crops s itself (out NULL, n 1), or makes out[0 .. n-1] of it. */
static int posneg_run(const struct posneg_args *a, struct sample *s, struct rng *rng, int n,
	struct sample **out, struct err *err)
{
	char *names[] = {a->image_field, a->label_field};
	struct strlist fields = {names, 2};
	struct volume *label;
	struct posneg p;
	int dim[3], rc = 0;

	if (fields_same_dim(&fields, s, dim, err))
		return -1;
	label = sample_volume(s, a->label_field, err);
	if (!label)
		return -1;
	label = volume_share(label); /* outlives a crop of s itself */
	posneg_open(&p, label, NULL);
	for (int i = 0; i < n && !rc; i++) {
		if (out)
			out[i] = sample_share(s);
		rc = posneg_crop(a, &p, out ? out[i] : s, rng, err);
	}
	posneg_close(&p);
	volume_free(label);
	return rc;
}

static int posneg_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	return posneg_run(args, s, rng, 1, NULL, err);
}

static int posneg_count(const void *args)
{
	return (int)((const struct posneg_args *)args)->batch_size;
}

static int posneg_split(const void *args, const struct sample *s, struct rng *rng,
	struct sample **out, struct err *err)
{
	struct sample *source = sample_share(s);
	int n = posneg_count(args), rc;

	memset(out, 0, (size_t)n * sizeof(*out));
	rc = posneg_run(args, source, rng, n, out, err);
	for (int i = 0; rc && i < n; i++) {
		sample_free(out[i]);
		out[i] = NULL;
	}
	sample_free(source);
	return rc;
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
		.count = posneg_count,
		.split = posneg_split,
		.check = posneg_check,
		.reads = posneg_reads},
};
