/*
 * ScaleShiftIntensity: x * (1 + s) + t with s uniform in [-scale, scale] and t in
 * [-shift, shift], one draw for all voxels of a field.
 */
#include "core/transform/fields.h"

struct scale_shift_args {
	struct strlist fields;
	double scale, shift;
};

static const struct arg_def scale_shift_defs[] = {
	FIELDS_ARG,
	{.name = "scale",
		.type = ARG_FLOAT,
		.offset = offsetof(struct scale_shift_args, scale),
		.def = "0.1",
		.min = 0,
		.max = 1e6,
		.help = "largest relative change"},
	{.name = "shift",
		.type = ARG_FLOAT,
		.offset = offsetof(struct scale_shift_args, shift),
		.def = "0.1",
		.min = 0,
		.max = 1e6,
		.help = "largest offset, in units of the image at this place"},
	ARG_END,
};

static int scale_shift_volume(struct volume *v, const void *ctx, struct err *err)
{
	const float *k = ctx;
	size_t n = volume_voxels(v) * (size_t)v->channels;

	(void)err;
	for (size_t i = 0; i < n; i++)
		v->data[i] = v->data[i] * k[0] + k[1];
	return 0;
}

static int scale_shift_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct scale_shift_args *a = args;

	for (int i = 0; i < a->fields.n; i++) {
		struct strlist one = {&a->fields.v[i], 1};
		float k[2];

		k[0] = (float)(1.0 + rng_range(rng, -a->scale, a->scale));
		k[1] = (float)rng_range(rng, -a->shift, a->shift);
		if (fields_each(&one, s, scale_shift_volume, k, err))
			return -1;
	}
	return 0;
}

const struct component component_scale_shift_intensity = {
	.name = "ScaleShiftIntensity",
	.kind = COMPONENT_TRANSFORM,
	.help = "x * (1 + s) + t, s uniform in [-scale, scale], t uniform in [-shift, shift]",
	.args = scale_shift_defs,
	.args_size = sizeof(struct scale_shift_args),
	.ops = &(const struct transform_ops){.apply = scale_shift_apply,
		.flags = TRANSFORM_RANDOM,
		.check = fields_check,
		.reads = fields_reads},
};
