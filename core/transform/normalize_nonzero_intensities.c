/*
 * NormalizeNonzeroIntensities: mean 0 and deviation 1 over the voxels that are not
 * zero, channel by channel.  Zeros stay zeros: in skull-stripped MR images they
 * are "no tissue" and would distort both figures.
 */
#include "core/transform/fields.h"
#include "core/transform/intensity.h"

struct normalize_args {
	struct strlist fields;
};

static const struct arg_def normalize_defs[] = {
	FIELDS_ARG,
	ARG_END,
};

static void normalize_channel(float *x, size_t n)
{
	double mean, deviation;

	if (intensity_moments(x, n, true, &mean, &deviation))
		intensity_center(
			x, n, true, (float)mean, deviation > 0 ? (float)(1.0 / deviation) : 1.0f);
}

static int normalize_volume(struct volume *v, const void *ctx, struct err *err)
{
	(void)ctx;
	(void)err;
	for (int c = 0; c < v->channels; c++)
		normalize_channel(v->data + (size_t)c * volume_voxels(v), volume_voxels(v));
	return 0;
}

static int normalize_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct normalize_args *a = args;

	(void)rng;
	return fields_each(&a->fields, s, normalize_volume, NULL, err);
}

const struct component component_normalize_nonzero_intensities = {
	.name = "NormalizeNonzeroIntensities",
	.kind = COMPONENT_TRANSFORM,
	.help = "(x - mean) / deviation over the voxels that are not zero, per channel; zeros "
		"stay zero; a constant channel becomes zero",
	.args = normalize_defs,
	.args_size = sizeof(struct normalize_args),
	.ops =
		&(const struct transform_ops){
			.apply = normalize_apply, .check = fields_check, .reads = fields_reads},
};
