/*
 * ArgmaxAcrossChannels: the number of the channel with the largest value, voxel by
 * voxel; the first one where values are equal.  Scores become a label map.
 */
#include <string.h>

#include "core/transform/fields.h"

struct argmax_args {
	struct strlist fields;
};

static const struct arg_def argmax_defs[] = {
	FIELDS_ARG,
	ARG_END,
};

static int argmax_field(struct volume *v, struct err *err)
{
	size_t n = volume_voxels(v);
	struct volume *out;

	if (v->channels < 2)
		return err_set(
			err, ERR_DATA, "argmax needs 2 or more channels, found %d", v->channels);
	out = volume_new(1, v->dim, err);
	if (!out)
		return -1;
	memcpy(out->affine, v->affine, sizeof(out->affine));
	for (size_t i = 0; i < n; i++) {
		float best = v->data[i], at = 0;

		for (int c = 1; c < v->channels; c++) {
			float x = v->data[(size_t)c * n + i];

			if (x > best) {
				best = x;
				at = (float)c;
			}
		}
		out->data[i] = at;
	}
	volume_take(v, out);
	return 0;
}

static int argmax_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct argmax_args *a = args;

	(void)rng;
	for (int i = 0; i < a->fields.n; i++) {
		struct volume *v = sample_volume(s, a->fields.v[i], err);

		if (!v)
			return -1;
		if (argmax_field(v, err))
			return err_wrap(err, "field '%s'", a->fields.v[i]);
	}
	return 0;
}

const struct component component_argmax_across_channels = {
	.name = "ArgmaxAcrossChannels",
	.kind = COMPONENT_TRANSFORM,
	.help = "number of the channel with the largest value (the first of equal ones)",
	.args = argmax_defs,
	.args_size = sizeof(struct argmax_args),
	.ops =
		&(const struct transform_ops){
			.apply = argmax_apply, .check = fields_check, .reads = fields_reads},
};
