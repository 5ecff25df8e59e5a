/*
 * FindAllValidSlicesd (deepgrow): MONAI lists the slices that hold foreground here;
 * AddInitialSeedPointd finds them itself, so this only checks that the label is loaded.
 */
#include "core/transform/monai.h"

struct slices_args {
	char *label;
};

static const struct arg_def slices_defs[] = {
	{"label", ARG_STRING, offsetof(struct slices_args, label), .def = "\"label\"",
		.help = "field whose voxels above 0 are the object"},
	MONAI_IGNORED("sids", "accepted; no list of slices is kept"),
	ARG_END,
};

static int slices_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	(void)rng;
	return sample_volume(s, ((const struct slices_args *)args)->label, err) ? 0 : -1;
}

static void slices_reads(const void *args, const char **names, int max, int *n)
{
	fields_add_name(((const struct slices_args *)args)->label, names, max, n);
}

const struct component component_monai_find_all_valid_slices = {
	.name = "FindAllValidSlicesd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("FindAllValidSlices"),
	.help = "deepgrow: checks that the label is loaded; AddInitialSeedPointd looks for slices "
		"with foreground itself",
	.args = slices_defs,
	.args_size = sizeof(struct slices_args),
	.ops = &(const struct transform_ops){.apply = slices_apply, .reads = slices_reads},
};
