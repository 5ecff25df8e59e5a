/*
 * ConvertToMultiChannelBasedOnLabel: a label map becomes one channel of 0 and 1 per
 * label value (one-hot when the values cover all that occur).
 */
#include <string.h>

#include "core/transform/fields.h"

struct multi_args {
	struct strlist fields;
	struct numlist labels;
};

static const struct arg_def multi_defs[] = {
	FIELDS_ARG,
	{.name = "labels",
		.type = ARG_INTLIST,
		.offset = offsetof(struct multi_args, labels),
		.flags = ARG_REQUIRED,
		.min = 0,
		.max = 65535,
		.help = "label values, one channel each, in this order: [0, 1, 2]"},
	ARG_END,
};

static int multi_volume(struct volume *v, const struct numlist *labels, struct err *err)
{
	size_t n = volume_voxels(v);
	struct volume *out;

	if (v->channels != 1)
		return err_set(err, ERR_DATA, "a label map has 1 channel, found %d", v->channels);
	out = volume_new(labels->n, v->dim, err);
	if (!out)
		return -1;
	for (int c = 0; c < labels->n; c++) {
		float label = (float)labels->v[c], *to = out->data + (size_t)c * n;

		for (size_t i = 0; i < n; i++)
			to[i] = v->data[i] == label ? 1.0f : 0.0f;
	}
	memcpy(out->affine, v->affine, sizeof(out->affine));
	volume_take(v, out);
	return 0;
}

static int multi_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct multi_args *a = args;

	(void)rng;
	for (int i = 0; i < a->fields.n; i++) {
		struct volume *v = sample_volume(s, a->fields.v[i], err);

		if (!v || multi_volume(v, &a->labels, err))
			return err_wrap(err, "field '%s'", a->fields.v[i]);
	}
	return 0;
}

const struct component component_convert_to_multi_channel_based_on_label = {
	.name = "ConvertToMultiChannelBasedOnLabel",
	.kind = COMPONENT_TRANSFORM,
	.help = "a label map as one channel of 0 and 1 per listed value",
	.args = multi_defs,
	.args_size = sizeof(struct multi_args),
	.ops =
		&(const struct transform_ops){
			.apply = multi_apply, .check = fields_check, .reads = fields_reads},
};
