/*
 * AddInitialSeedPointd (deepgrow): the first click of an annotator, as the field
 * guidance (clicks.h).  A slice along z that holds foreground is drawn, then a voxel in
 * it, deep inside the object more probable.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/clicks.h"
#include "core/transform/monai.h"

struct seed_args {
	char *label, *guidance;
};

static const struct arg_def seed_defs[] = {
	{"label", ARG_STRING, offsetof(struct seed_args, label), .def = "\"label\"",
		.help = "field whose voxels above 0 are the object"},
	{"guidance", ARG_STRING, offsetof(struct seed_args, guidance), .def = "\"guidance\"",
		.help = "field that gets the click"},
	MONAI_IGNORED("sids", "accepted; slices with foreground are found here"),
	MONAI_IGNORED("sid", "accepted; likewise"),
	MONAI_IGNORED("connected_regions", "accepted; one click"),
	ARG_END,
};

/* A slice with foreground, all equally likely; -1: there is none. */
static int seed_slice(const struct volume *label, struct rng *rng)
{
	size_t plane = (size_t)label->dim[0] * (size_t)label->dim[1];
	uint32_t word = rng_u32(rng);
	int count = 0, *with = mem_alloc((size_t)label->dim[2] * sizeof(*with)), out;

	for (int z = 0; z < label->dim[2]; z++) {
		const float *x = label->data + (size_t)z * plane;
		size_t i = 0;

		while (i < plane && !(x[i] > 0))
			i++;
		if (i < plane)
			with[count++] = z;
	}
	out = count ? with[(uint64_t)word * (uint64_t)count >> 32] : -1;
	free(with);
	return out;
}

static int seed_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct seed_args *a = args;
	const struct volume *label = sample_volume(s, a->label, err);
	struct volume *out = label ? volume_new(2, label->dim, err) : NULL;
	int z;

	if (!out)
		return -1;
	memset(out->data, 0, 2 * volume_voxels(out) * sizeof(float));
	memcpy(out->affine, label->affine, sizeof(out->affine));
	z = seed_slice(label, rng);
	if (z >= 0) {
		size_t plane = (size_t)label->dim[0] * (size_t)label->dim[1];
		const int dim[3] = {label->dim[0], label->dim[1], 1};
		unsigned char *mask = mem_alloc(plane);
		long at;

		for (size_t i = 0; i < plane; i++)
			mask[i] = label->data[(size_t)z * plane + i] > 0;
		at = clicks_draw(mask, dim, rng);
		if (at >= 0)
			out->data[(size_t)z * plane + (size_t)at] = 1;
		free(mask);
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
	.help = "deepgrow: a click inside the object, in a random slice that holds some of it, "
		"weight exp(distance to the border) - 1; none where there is no object",
	.args = seed_defs,
	.args_size = sizeof(struct seed_args),
	.ops = &(const struct transform_ops){.apply = seed_apply,
		.flags = TRANSFORM_RANDOM,
		.reads = seed_reads,
		.writes = seed_writes},
};
