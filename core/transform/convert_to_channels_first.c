/*
 * ConvertToChannelsFirst: nothing to do here, because a volume always has its
 * channels slowest.  It stays a transform so that configurations run unchanged;
 * it does check that the fields are loaded.
 */
#include "core/transform/fields.h"

struct channels_args {
	struct strlist fields;
};

static const struct arg_def channels_defs[] = {
	FIELDS_ARG,
	ARG_END,
};

static int channels_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct channels_args *a = args;

	(void)rng;
	for (int i = 0; i < a->fields.n; i++)
		if (!sample_volume(s, a->fields.v[i], err))
			return -1;
	return 0;
}

const struct component component_convert_to_channels_first = {
	.name = "ConvertToChannelsFirst",
	.kind = COMPONENT_TRANSFORM,
	.help = "channels before space, with a channel for plain volumes: volumes are kept so "
		"already, so this only checks that the fields are loaded",
	.args = channels_defs,
	.args_size = sizeof(struct channels_args),
	.ops =
		&(const struct transform_ops){
			.apply = channels_apply, .check = fields_check, .reads = fields_reads},
};
