/*
 * ConvertToMultiChannelBasedOnBratsClasses: the label map becomes three channels of
 * 0 and 1: tumour core, whole tumour, enhancing tumour, as in MONAI.
 */
#include "core/transform/brats.h"
#include "core/transform/fields.h"

struct to_brats_args {
	struct strlist fields;
};

static const struct arg_def to_brats_defs[] = {
	FIELDS_ARG,
	ARG_END,
};

static int to_brats_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct to_brats_args *a = args;

	(void)rng;
	for (int i = 0; i < a->fields.n; i++) {
		struct volume *v = sample_volume(s, a->fields.v[i], err), *out;

		if (!v)
			return -1;
		out = brats_channels(v, err);
		if (!out)
			return err_wrap(err, "field '%s'", a->fields.v[i]);
		volume_take(v, out);
	}
	return 0;
}

const struct component component_convert_to_multi_channel_based_on_brats_classes = {
	.name = "ConvertToMultiChannelBasedOnBratsClasses",
	.kind = COMPONENT_TRANSFORM,
	.help = "labels 1, 2, 4 of BraTS as three channels: tumour core (1 or 4), whole tumour (1, "
		"2 or 4), enhancing tumour (4)",
	.args = to_brats_defs,
	.args_size = sizeof(struct to_brats_args),
	.ops =
		&(const struct transform_ops){
			.apply = to_brats_apply, .check = fields_check, .reads = fields_reads},
};
