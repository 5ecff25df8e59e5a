/*
 * FastPosNegRatioCropROI: a window around a foreground voxel with probability
 * pos / (pos + neg), else around a background voxel.
 *
 * The centre is uniform over the voxels of the chosen class; the window is then
 * moved inside the volume.
 *
 * With rotation, scale or deform the window looks at the volume through one mapping
 * about its middle: only the window is computed, and what turns in at its corners
 * comes from the volume around it.  Beyond the volume all is 0, as with padding.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/crop.h"
#include "core/transform/posneg.h"
#include "core/transform/random_warp.h"

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
		.help = "elastic deformation: control points every quarter of the window, each "
			"moved by up to a quarter of their distance"},
	{.name = "rotation",
		.type = ARG_BOOL,
		.offset = offsetof(struct posneg_args, rotation),
		.def = "false",
		.help = "random rotation about each axis through the middle of the window"},
	{.name = "rotation_degree",
		.type = ARG_FLOAT,
		.offset = offsetof(struct posneg_args, rotation_degree),
		.def = "20",
		.min = 0,
		.max = 180,
		.unit = "degree",
		.help = "largest angle about each axis when rotation is true"},
	{.name = "scale",
		.type = ARG_BOOL,
		.offset = offsetof(struct posneg_args, scale),
		.def = "false",
		.help = "random factor per axis"},
	{.name = "scale_factor",
		.type = ARG_FLOAT,
		.offset = offsetof(struct posneg_args, scale_factor),
		.def = "0.1",
		.min = 0,
		.max = 0.9,
		.help = "factor in 1 - scale_factor ... 1 + scale_factor when scale is true"},
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

/* Deformation of the window: distance of control points / its size, and their displacement. */
static const double posneg_gap = 0.25, posneg_strength = 0.25;

static void posneg_ranges(const struct posneg_args *a, struct random_warp *r)
{
	*r = (struct random_warp){.deform = a->deform ? posneg_strength : 0};
	for (int i = 0; i < 3; i++) {
		r->degree[i] = a->rotation ? a->rotation_degree : 0;
		r->scale[i] = a->scale ? a->scale_factor : 0;
		r->spacing[i] = (double)a->size[i] * posneg_gap;
	}
}

/* One crop of s around a centre drawn from p. */
static int posneg_crop(const struct posneg_args *a, const struct posneg *p, struct sample *s,
	struct rng *rng, struct err *err)
{
	char *names[] = {a->image_field, a->label_field};
	bool warped = a->deform || a->rotation || a->scale;
	int size[3], centre[3], start[3], rc = 0;
	struct random_warp ranges;
	struct warp w = {0};

	posneg_draw(p, a->pos, a->neg, rng, centre);
	crop_size(a->size, size);
	crop_clamp(centre, size, p->dim, start);
	if (warped) {
		posneg_ranges(a, &ranges);
		random_warp_draw(&ranges, sample_volume(s, names[0], err), start, size, rng, &w);
	}
	for (int i = 0; i < 2 && !rc; i++) {
		struct volume *v = sample_volume(s, names[i], err);

		if (i && !strcmp(names[0], names[1]))
			break;
		rc = warped ? random_warp_volume(v, start, size, &w, i > 0, WARP_ZEROS, err)
			    : crop_box(v, start, size, err);
	}
	warp_release(&w);
	return rc;
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

static void posneg_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct posneg_args *a = args;
	char *at;

	if (a->pos + a->neg > 0)
		return;
	at = mem_printf("%s.pos", path);
	problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, at, NULL, "pos and neg cannot both be 0");
	free(at);
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
		"a background voxel, moved inside the volume; pads with zeros where that is smaller; rotation, scale and "
		"deform turn the window about its middle (image trilinear, label nearest)",
	.args = posneg_defs,
	.args_size = sizeof(struct posneg_args),
	.ops = &(const struct transform_ops){.apply = posneg_apply,
		.flags = TRANSFORM_RANDOM,
		.count = posneg_count,
		.split = posneg_split,
		.check = posneg_check,
		.reads = posneg_reads},
};
