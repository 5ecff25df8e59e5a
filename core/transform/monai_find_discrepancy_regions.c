/*
 * FindDiscrepancyRegionsd (deepgrow): where prediction and label differ, as a field of
 * two channels: object that was missed, background that was taken.
 */
#include <string.h>

#include "core/transform/monai.h"

struct discrepancy_args {
	char *label, *pred, *discrepancy;
};

static const struct arg_def discrepancy_defs[] = {
	{"label", ARG_STRING, offsetof(struct discrepancy_args, label), .def = "\"label\"",
		.help = "the truth: voxels above 0.5"},
	{"pred", ARG_STRING, offsetof(struct discrepancy_args, pred), .def = "\"pred\"",
		.help = "the prediction: voxels above 0.5"},
	{"discrepancy", ARG_STRING, offsetof(struct discrepancy_args, discrepancy),
		.def = "\"discrepancy\"", .help = "field that is made"},
	MONAI_IGNORED("batched", "accepted; each case by itself"),
	ARG_END,
};

static int discrepancy_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct discrepancy_args *a = args;
	const struct volume *label = sample_volume(s, a->label, err);
	const struct volume *pred = label ? sample_volume(s, a->pred, err) : NULL;
	struct volume *out;
	size_t n;

	(void)rng;
	if (!pred)
		return -1;
	if (memcmp(label->dim, pred->dim, sizeof(label->dim)))
		return err_set(err, ERR_DATA, "'%s' and '%s' differ in size", a->label, a->pred);
	if (label->channels != 1 || pred->channels != 1)
		return err_set(err, ERR_DATA,
			"'%s' has %d channels and '%s' %d, clicks need one of each (a sigmoid, no "
			"softmax)",
			a->label, label->channels, a->pred, pred->channels);
	out = volume_new(2, label->dim, err);
	if (!out)
		return -1;
	n = volume_voxels(label);
	for (size_t i = 0; i < n; i++) {
		bool truth = label->data[i] > 0.5f, found = pred->data[i] > 0.5f;

		out->data[i] = truth && !found;
		out->data[n + i] = found && !truth;
	}
	memcpy(out->affine, label->affine, sizeof(out->affine));
	return sample_set(s, a->discrepancy, out, err);
}

static void discrepancy_reads(const void *args, const char **names, int max, int *n)
{
	fields_add_name(((const struct discrepancy_args *)args)->label, names, max, n);
	fields_add_name(((const struct discrepancy_args *)args)->pred, names, max, n);
}

static void discrepancy_writes(const void *args, const char **names, int max, int *n)
{
	fields_add_name(((const struct discrepancy_args *)args)->discrepancy, names, max, n);
}

const struct component component_monai_find_discrepancy_regions = {
	.name = "FindDiscrepancyRegionsd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("FindDiscrepancyRegions"),
	.help = "deepgrow: a field of two channels, object that the prediction missed and background "
		"that it took (both above 0.5)",
	.args = discrepancy_defs,
	.args_size = sizeof(struct discrepancy_args),
	.ops = &(const struct transform_ops){.apply = discrepancy_apply,
		.reads = discrepancy_reads,
		.writes = discrepancy_writes},
};
