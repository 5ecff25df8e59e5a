/*
 * ThresholdValues: 1 where a value is at least the threshold, else 0, as MONAI's
 * AsDiscrete(threshold); makes masks of sigmoid scores.
 */
#include "core/transform/fields.h"

struct threshold_args {
	struct strlist fields;
	double threshold;
};

static const struct arg_def threshold_defs[] = {
	FIELDS_ARG,
	{.name = "threshold",
		.type = ARG_FLOAT,
		.offset = offsetof(struct threshold_args, threshold),
		.def = "0.5",
		.help = "least value that becomes 1"},
	ARG_END,
};

static int threshold_volume(struct volume *v, const void *ctx, struct err *err)
{
	size_t n = volume_voxels(v) * (size_t)v->channels;
	float least = *(const float *)ctx;

	(void)err;
	for (size_t i = 0; i < n; i++)
		v->data[i] = v->data[i] >= least ? 1.0f : 0.0f;
	return 0;
}

static int threshold_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct threshold_args *a = args;
	float least = (float)a->threshold;

	(void)rng;
	return fields_each(&a->fields, s, threshold_volume, &least, err);
}

const struct component component_threshold_values = {
	.name = "ThresholdValues",
	.kind = COMPONENT_TRANSFORM,
	.help = "1 where a value is at least the threshold, else 0",
	.args = threshold_defs,
	.args_size = sizeof(struct threshold_args),
	.ops =
		&(const struct transform_ops){
			.apply = threshold_apply, .check = fields_check, .reads = fields_reads},
};
