/*
 * RepeatChannel: every channel several times in a row, for a network that was made
 * for more channels than the image has.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/fields.h"

struct repeat_args {
	struct strlist fields;
	int64_t repeat_times;
};

static const struct arg_def repeat_defs[] = {
	FIELDS_ARG,
	{.name = "repeat_times",
		.type = ARG_INT,
		.offset = offsetof(struct repeat_args, repeat_times),
		.flags = ARG_REQUIRED,
		.min = 1,
		.max = 64,
		.alias = "repeats",
		.help = "how often each channel appears"},
	ARG_END,
};

static int repeat_volume(struct volume *v, int times, struct err *err)
{
	size_t n = volume_voxels(v);
	struct volume *out = volume_new(v->channels * times, v->dim, err);

	if (!out)
		return -1;
	for (int c = 0; c < out->channels; c++)
		memcpy(out->data + (size_t)c * n, v->data + (size_t)(c / times) * n,
			n * sizeof(*v->data));
	memcpy(out->affine, v->affine, sizeof(out->affine));
	out->nonfinite = v->nonfinite;
	volume_take(v, out);
	return 0;
}

static int repeat_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct repeat_args *a = args;

	(void)rng;
	for (int i = 0; i < a->fields.n; i++) {
		struct volume *v = sample_volume(s, a->fields.v[i], err);

		if (!v || repeat_volume(v, (int)a->repeat_times, err))
			return err_wrap(err, "field '%s'", a->fields.v[i]);
	}
	return 0;
}

const struct component component_repeat_channel = {
	.name = "RepeatChannel",
	.kind = COMPONENT_TRANSFORM,
	.help = "repeats every channel repeat_times in a row",
	.args = repeat_defs,
	.args_size = sizeof(struct repeat_args),
	.ops =
		&(const struct transform_ops){
			.apply = repeat_apply, .check = fields_check, .reads = fields_reads},
};
