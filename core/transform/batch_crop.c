/*
 * Crops by the ratio of foreground and background that make several samples of
 * one: the volume is read, scaled and searched once and gives batch_size windows.
 *
 * Clara's batches_to_gen_at_once let the crop look up centres for many batches
 * ahead.  Here one pass over the label counts the voxels per plane and every
 * window costs one plane more, so there is nothing to gain by looking ahead, and
 * what a case gives must not depend on what was made before it.
 */
#include "core/transform/batch_crop.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/crop.h"
#include "core/transform/fields.h"
#include "core/transform/posneg.h"

const struct arg_def batch_crop_defs[] = {
	FIELDS_ARG,
	{.name = "label_field",
		.type = ARG_STRING,
		.offset = offsetof(struct batch_crop_args, label_field),
		.def = "\"label\"",
		.alias = "label_key",
		.help = "label that says where foreground is (above 0); cropped too"},
	{.name = "size",
		.type = ARG_INT3,
		.offset = offsetof(struct batch_crop_args, size),
		.flags = ARG_REQUIRED,
		.min = 1,
		.max = 4096,
		.unit = "voxel",
		.help = "size of each crop along x, y, z; a smaller volume is padded with zeros"},
	{.name = "pos",
		.type = ARG_FLOAT,
		.offset = offsetof(struct batch_crop_args, pos),
		.def = "1",
		.min = 0,
		.max = 1e6,
		.help = "weight of windows around foreground"},
	{.name = "neg",
		.type = ARG_FLOAT,
		.offset = offsetof(struct batch_crop_args, neg),
		.def = "1",
		.min = 0,
		.max = 1e6,
		.help = "weight of windows around background"},
	{.name = "batch_size",
		.type = ARG_INT,
		.offset = offsetof(struct batch_crop_args, batch_size),
		.def = "1",
		.min = 1,
		.max = 4096,
		.help = "crops per volume; each becomes a sample of its own"},
	{.name = "batches_to_gen_at_once",
		.type = ARG_INT,
		.offset = offsetof(struct batch_crop_args, batches_to_gen_at_once),
		.def = "1",
		.min = 1,
		.max = 1000000,
		.flags = ARG_UNUSED,
		.help = "accepted: crops that Clara made ahead; does not change any result"},
	ARG_END,
};

int batch_crop_count(const void *args)
{
	return (int)((const struct batch_crop_args *)args)->batch_size;
}

void batch_crop_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct batch_crop_args *a = args;
	char *at;

	fields_check(args, file, path, ps);
	if (a->pos + a->neg > 0)
		return;
	at = mem_printf("%s.pos", path);
	problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, at, NULL, "pos and neg cannot both be 0");
	free(at);
}

void batch_crop_reads(const void *args, const char **names, int max, int *n)
{
	const struct batch_crop_args *a = args;

	fields_reads(args, names, max, n);
	fields_add_name(a->label_field, names, max, n);
}

static bool batch_crop_lists_label(const struct batch_crop_args *a)
{
	for (int i = 0; i < a->fields.n; i++)
		if (!strcmp(a->fields.v[i], a->label_field))
			return true;
	return false;
}

static int batch_crop_one(const struct batch_crop_args *a, struct sample *s, const int centre[3],
	const int dim[3], struct err *err)
{
	bool listed = batch_crop_lists_label(a);
	int size[3], start[3];

	crop_size(a->size, size);
	crop_clamp(centre, size, dim, start);
	for (int i = 0; i < a->fields.n + !listed; i++) {
		const char *name = i < a->fields.n ? a->fields.v[i] : a->label_field;
		struct volume *v = sample_volume(s, name, err);

		if (!v || crop_box(v, start, size, err))
			return -1;
	}
	return 0;
}

/* Crops s itself (out NULL, n 1), or makes out[0 .. n-1] of it. */
static int batch_crop_run(const struct batch_crop_args *a, struct sample *s, bool within,
	struct rng *rng, int n, struct sample **out, struct err *err)
{
	struct volume *label = sample_volume(s, a->label_field, err), *image;
	struct posneg p;
	int dim[3], rc = 0;

	if (!label || fields_same_dim(&a->fields, s, dim, err))
		return -1;
	image = sample_volume(s, a->fields.v[0], err);
	if (!image)
		return -1;
	if (memcmp(label->dim, dim, sizeof(dim)))
		return err_set(err, ERR_DATA,
			"label '%s' has %d x %d x %d voxels, but '%s' has %d x %d x %d",
			a->label_field, label->dim[0], label->dim[1], label->dim[2], a->fields.v[0],
			dim[0], dim[1], dim[2]);
	/* The scanned voxels must outlive a crop of s itself. */
	label = volume_share(label);
	image = volume_share(image);
	posneg_open(&p, label, within ? image : NULL);
	for (int i = 0; i < n && !rc; i++) {
		int centre[3];

		if (out)
			out[i] = sample_share(s);
		posneg_draw(&p, a->pos, a->neg, rng, centre);
		rc = batch_crop_one(a, out ? out[i] : s, centre, dim, err);
	}
	posneg_close(&p);
	volume_free(label);
	volume_free(image);
	return rc;
}

int batch_crop_apply(const struct batch_crop_args *a, struct sample *s, bool within,
	struct rng *rng, struct err *err)
{
	return batch_crop_run(a, s, within, rng, 1, NULL, err);
}

int batch_crop_split(const struct batch_crop_args *a, const struct sample *s, bool within,
	struct rng *rng, struct sample **out, struct err *err)
{
	struct sample *source = sample_share(s);
	int n = batch_crop_count(a), rc;

	memset(out, 0, (size_t)n * sizeof(*out));
	rc = batch_crop_run(a, source, within, rng, n, out, err);
	for (int i = 0; rc && i < n; i++) {
		sample_free(out[i]);
		out[i] = NULL;
	}
	sample_free(source);
	return rc;
}
