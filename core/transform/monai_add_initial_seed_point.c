/*
 * AddInitialSeedPointd (deepgrow): the first clicks of an annotator, as the field
 * guidance (clicks.h).
 *
 * As MONAI has it: when there is a list of slices (FindAllValidSlicesd), one of them is
 * drawn; in it, and in an image of one slice, every connected region of the object gets a
 * click, up to connected_regions of them.  Without a list a volume gets one click.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/clicks.h"
#include "core/transform/monai.h"
#include "core/volume/components.h"

struct seed_args {
	char *label, *guidance, *sids;
	int64_t regions;
};

static const struct arg_def seed_defs[] = {
	{"label", ARG_STRING, offsetof(struct seed_args, label), .def = "\"label\"",
		.help = "field whose voxels above 0.5 are the object"},
	{"guidance", ARG_STRING, offsetof(struct seed_args, guidance), .def = "\"guidance\"",
		.help = "field that gets the clicks"},
	{"sids", ARG_STRING, offsetof(struct seed_args, sids), .def = "\"sids\"",
		.help = "field of slices that one is drawn of; when absent, a click anywhere"},
	MONAI_IGNORED("sid", "accepted; the slice is always drawn"),
	{"connected_regions", ARG_INT, offsetof(struct seed_args, regions), .def = "5", .min = 1,
		.max = 1024, .help = "regions of a slice that get a click, at most"},
	ARG_END,
};

/* Clicks into the first regions of a plane (or the whole of a volume, region 0). */
static int seed_regions(const unsigned char *mask, const int dim[3], int64_t regions,
	struct rng *rng, float *clicks, struct err *err)
{
	size_t n = (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];
	int32_t *region = mem_alloc(n * sizeof(*region));
	unsigned char *one = mem_alloc(n);
	int count = components_label(mask, dim, COMPONENTS_26, region, err);

	for (int r = 1; r <= count && r <= regions; r++) {
		long at;

		for (size_t i = 0; i < n; i++)
			one[i] = region[i] == r;
		at = clicks_draw(one, dim, rng);
		if (at >= 0)
			clicks[at] = 1;
	}
	free(region);
	free(one);
	return count < 0 ? -1 : 0;
}

/* The slice to click in, -1 for the whole volume, -2 for none (a list of no slice). */
static int seed_slice(
	const struct seed_args *a, const struct volume *label, struct sample *s, struct rng *rng)
{
	const struct sample_field *f = sample_find(s, a->sids);
	uint32_t word = rng_u32(rng);
	size_t n, k;
	float z;

	if (label->dim[2] == 1)
		return 0;
	if (!f || !f->vol)
		return -1;
	n = volume_voxels(f->vol);
	k = (size_t)((uint64_t)word * n >> 32);
	z = f->vol->data[k];
	return z >= 0 && z < (float)label->dim[2] ? (int)z : -2;
}

static int seed_click(const struct seed_args *a, const struct volume *label, int z, struct rng *rng,
	float *clicks, struct err *err)
{
	size_t plane = (size_t)label->dim[0] * (size_t)label->dim[1];
	size_t n = z < 0 ? volume_voxels(label) : plane, first = z < 0 ? 0 : (size_t)z * plane;
	const int dim[3] = {label->dim[0], label->dim[1], z < 0 ? label->dim[2] : 1};
	unsigned char *mask = mem_alloc(n);
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		mask[i] = label->data[first + i] > 0.5f;
	if (z < 0) {
		long at = clicks_draw(mask, dim, rng);

		if (at >= 0)
			clicks[at] = 1;
	} else {
		rc = seed_regions(mask, dim, a->regions, rng, clicks + first, err);
	}
	free(mask);
	return rc;
}

static int seed_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct seed_args *a = args;
	const struct volume *label = sample_volume(s, a->label, err);
	struct volume *out;
	int z;

	if (!label)
		return -1;
	if (label->channels != 1)
		return err_set(err, ERR_DATA, "'%s' has %d channels, clicks need one", a->label,
			label->channels);
	out = volume_new(2, label->dim, err);
	if (!out)
		return -1;
	memset(out->data, 0, 2 * volume_voxels(out) * sizeof(float));
	memcpy(out->affine, label->affine, sizeof(out->affine));
	z = seed_slice(a, label, s, rng);
	if (z == -2) {
		volume_free(out);
		return err_set(err, ERR_DATA, "'%s' names a slice that '%s' does not have", a->sids,
			a->label);
	}
	if (seed_click(a, label, z, rng, out->data, err)) {
		volume_free(out);
		return -1;
	}
	return sample_set(s, a->guidance, out, err);
}

static void seed_reads(const void *args, const char **names, int max, int *n)
{
	fields_add_name(((const struct seed_args *)args)->label, names, max, n);
}

static void seed_writes(const void *args, const char **names, int max, int *n)
{
	fields_add_name(((const struct seed_args *)args)->guidance, names, max, n);
}

const struct component component_monai_add_initial_seed_point = {
	.name = "AddInitialSeedPointd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("AddInitialSeedPoint"),
	.help = "deepgrow: the first clicks inside the object: one in each connected region of a "
		"random slice of sids, or one in the volume; weight exp(distance to the border) - 1; "
		"none where there is no object",
	.args = seed_defs,
	.args_size = sizeof(struct seed_args),
	.ops = &(const struct transform_ops){.apply = seed_apply,
		.flags = TRANSFORM_RANDOM,
		.reads = seed_reads,
		.writes = seed_writes},
};
