/*
 * RandCropByPosNegLabeld: num_samples windows of one volume, each around a foreground
 * voxel (label above 0) with probability pos / (pos + neg), else around a background
 * voxel, where image_key is above image_threshold when one is named.
 *
 * The drawing is that of v3's FastPosNegRatioCropROI and CropByPosNegRatio (posneg.h).
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/crop.h"
#include "core/transform/monai.h"
#include "core/transform/posneg.h"

struct crop_label_args {
	struct monai_keys k;
	char *label_key, *image_key;
	struct numlist spatial_size;
	double pos, neg, image_threshold;
	int64_t num_samples;
};

static const struct arg_def crop_label_defs[] = {
	MONAI_KEYS_ARGS,
	{"label_key", ARG_STRING, offsetof(struct crop_label_args, label_key),
		.flags = ARG_REQUIRED,
		.help = "field whose voxels above 0 are foreground; of several channels any but "
			"the first"},
	{"spatial_size", ARG_INTLIST, offsetof(struct crop_label_args, spatial_size),
		.flags = ARG_REQUIRED, .min = -1, .max = 4096, .unit = "voxel",
		.help = "size of a window; -1: all of that axis; a smaller volume is padded with "
			"zeros"},
	{"pos", ARG_FLOAT, offsetof(struct crop_label_args, pos), .def = "1", .min = 0, .max = 1e6,
		.help = "weight of windows around foreground"},
	{"neg", ARG_FLOAT, offsetof(struct crop_label_args, neg), .def = "1", .min = 0, .max = 1e6,
		.help = "weight of windows around background"},
	{"num_samples", ARG_INT, offsetof(struct crop_label_args, num_samples), .def = "1",
		.min = 1, .max = 4096, .help = "windows per volume; they go into one batch"},
	{"image_key", ARG_STRING, offsetof(struct crop_label_args, image_key),
		.help = "background counts only where this field is above image_threshold"},
	{"image_threshold", ARG_FLOAT, offsetof(struct crop_label_args, image_threshold),
		.def = "0", .help = "see image_key"},
	MONAI_IGNORED("fg_indices_key", "accepted; voxels are counted anew, without index lists"),
	MONAI_IGNORED("bg_indices_key", "accepted; likewise"),
	MONAI_IGNORED("allow_smaller", "accepted; a smaller volume is padded with zeros"),
	MONAI_IGNORED("meta_keys", "accepted; a volume carries its affine"),
	MONAI_IGNORED("meta_key_postfix", "accepted; likewise"),
	ARG_END,
};

/* What is above the threshold, as a volume above 0; the caller frees. */
static struct volume *crop_label_valid(
	const struct volume *image, double threshold, struct err *err)
{
	size_t n = volume_voxels(image);
	struct volume *out;

	if (threshold == 0)
		return volume_share(image);
	out = volume_new(1, image->dim, err);
	for (size_t i = 0; out && i < n; i++)
		out->data[i] = image->data[i] > (float)threshold ? 1.0f : 0.0f;
	return out;
}

/* Draws the centres: n times three numbers, to be freed by the caller; size is filled. */
static int *crop_label_draw(const struct crop_label_args *a, struct sample *s, int n,
	struct rng *rng, int dim[3], int size[3], struct err *err)
{
	struct volume *label = sample_volume(s, a->label_key, err), *image = NULL;
	struct posneg p;
	int *centres;

	if (!label || keyed_same_dim(&a->k, s, dim, err))
		return NULL;
	if (a->image_key) {
		const struct volume *v = sample_volume(s, a->image_key, err);

		if (v && memcmp(v->dim, label->dim, sizeof(v->dim)))
			err_set(err, ERR_DATA, "'%s' and '%s' differ in size", a->image_key,
				a->label_key);
		else
			image = v ? crop_label_valid(v, a->image_threshold, err) : NULL;
		if (!image)
			return NULL;
	}
	if (memcmp(label->dim, dim, sizeof(label->dim))) {
		err_set(err, ERR_DATA, "'%s' differs in size from the fields to crop",
			a->label_key);
		volume_free(image);
		return NULL;
	}
	keyed_size(&a->spatial_size, dim, size);
	centres = mem_alloc((size_t)n * 3 * sizeof(*centres));
	posneg_open(&p, label, image);
	for (int i = 0; i < n; i++)
		posneg_draw(&p, a->pos, a->neg, rng, centres + 3 * i);
	posneg_close(&p);
	volume_free(image);
	return centres;
}

static int crop_label_at(const struct crop_label_args *a, struct sample *s, const int centre[3],
	const int size[3], const int dim[3], struct err *err)
{
	int start[3];

	crop_clamp(centre, size, dim, start);
	return keyed_crop(&a->k, s, start, size, err);
}

static int crop_label_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct crop_label_args *a = args;
	int dim[3], size[3], rc, *centres = crop_label_draw(a, s, 1, rng, dim, size, err);

	rc = centres ? crop_label_at(a, s, centres, size, dim, err) : -1;
	free(centres);
	return rc;
}

static int crop_label_count(const void *args)
{
	return (int)((const struct crop_label_args *)args)->num_samples;
}

static int crop_label_split(const void *args, const struct sample *s, struct rng *rng,
	struct sample **out, struct err *err)
{
	const struct crop_label_args *a = args;
	int n = crop_label_count(args), dim[3], size[3], rc = 0;
	struct sample *whole = sample_share(s);
	int *centres = crop_label_draw(a, whole, n, rng, dim, size, err);

	for (int i = 0; i < n; i++)
		out[i] = NULL;
	for (int i = 0; centres && !rc && i < n; i++) {
		out[i] = sample_share(whole);
		rc = crop_label_at(a, out[i], centres + 3 * i, size, dim, err);
	}
	for (int i = 0; rc && i < n; i++) {
		sample_free(out[i]);
		out[i] = NULL;
	}
	rc = centres ? rc : -1;
	free(centres);
	sample_free(whole);
	return rc;
}

static void crop_label_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct crop_label_args *a = args;

	keyed_check(args, file, path, ps);
	if (a->pos + a->neg <= 0)
		keyed_fault(file, path, "pos", NULL, ps, "pos and neg cannot both be 0");
	if (a->spatial_size.n > 3)
		keyed_fault(file, path, "spatial_size", NULL, ps, "%d sizes for 3 axes",
			a->spatial_size.n);
}

static void crop_label_reads(const void *args, const char **names, int max, int *n)
{
	const struct crop_label_args *a = args;

	keyed_reads(args, names, max, n);
	fields_add_name(a->label_key, names, max, n);
	fields_add_name(a->image_key, names, max, n);
}

const struct component component_monai_rand_crop_by_pos_neg_label = {
	.name = "RandCropByPosNegLabeld",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("RandCropByPosNegLabel"),
	.help = "num_samples windows per volume, each around a foreground voxel with probability "
		"pos / (pos + neg), else around a background voxel, moved inside the volume",
	.args = crop_label_defs,
	.args_size = sizeof(struct crop_label_args),
	.ops = &(const struct transform_ops){.apply = crop_label_apply,
		.flags = TRANSFORM_RANDOM,
		.count = crop_label_count,
		.split = crop_label_split,
		.check = crop_label_check,
		.reads = crop_label_reads},
};
