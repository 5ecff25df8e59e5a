/*
 * ThresholdIntensityd: keeps values above (or below) a threshold, the others become cval.
 */
#include "core/transform/monai.h"

struct threshold_args {
	struct monai_keys k;
	double threshold, cval;
	bool above;
};

static const struct arg_def threshold_defs[] = {
	MONAI_KEYS_ARGS,
	{"threshold", ARG_FLOAT, offsetof(struct threshold_args, threshold), .flags = ARG_REQUIRED,
		.help = "the threshold"},
	{"above", ARG_BOOL, offsetof(struct threshold_args, above), .def = "true",
		.help = "keep what is above it; false: below"},
	{"cval", ARG_FLOAT, offsetof(struct threshold_args, cval), .def = "0",
		.help = "what the others become"},
	ARG_END,
};

static int threshold_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	const struct threshold_args *a = ctx;
	size_t n = volume_voxels(v) * (size_t)v->channels;
	float t = (float)a->threshold, c = (float)a->cval;

	(void)i, (void)err;
	for (size_t k = 0; k < n; k++) {
		bool keep = a->above ? v->data[k] > t : v->data[k] < t;

		v->data[k] = keep ? v->data[k] : c;
	}
	return 0;
}

static int threshold_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct threshold_args *a = args;

	(void)rng;
	return keyed_each(&a->k, s, true, threshold_one, a, err);
}

const struct component component_monai_threshold_intensity = {
	.name = "ThresholdIntensityd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("ThresholdIntensity"),
	.help = "keeps values above threshold (above false: below), the others become cval",
	.args = threshold_defs,
	.args_size = sizeof(struct threshold_args),
	.ops =
		&(const struct transform_ops){
			.apply = threshold_apply, .check = keyed_check, .reads = keyed_reads},
};
