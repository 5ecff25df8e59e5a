/*
 * EnsureChannelFirstd and its relatives: nothing to do here, because a volume always
 * has its channels slowest.  It does check that the fields are loaded.
 */
#include "core/transform/monai.h"

struct channel_first_args {
	struct monai_keys k;
};

static const struct arg_def channel_first_defs[] = {
	MONAI_KEYS_ARGS,
	MONAI_IGNORED("meta_keys", "accepted; a volume carries its affine and file name"),
	MONAI_IGNORED("meta_key_postfix", "accepted; likewise"),
	MONAI_IGNORED("strict_check", "accepted; where channels lie is always known"),
	MONAI_IGNORED("channel_dim", "accepted; likewise"),
	ARG_END,
};

static int channel_first_one(struct volume *v, int i, const void *ctx, struct err *err)
{
	(void)v, (void)i, (void)ctx, (void)err;
	return 0;
}

static int channel_first_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct channel_first_args *a = args;

	(void)rng;
	return keyed_each(&a->k, s, false, channel_first_one, NULL, err);
}

const struct component component_monai_ensure_channel_first = {
	.name = "EnsureChannelFirstd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = (const char *const[]){"EnsureChannelFirstD", "EnsureChannelFirstDict",
		"AddChanneld", "AddChannelD", "AddChannelDict", "AsChannelFirstd",
		"AsChannelFirstD", "AsChannelFirstDict", "AsChannelLastd", "AsChannelLastD",
		"AsChannelLastDict", NULL},
	.help = "a channel axis before space: volumes always have one, so this only checks that "
		"the fields are loaded",
	.args = channel_first_defs,
	.args_size = sizeof(struct channel_first_args),
	.ops =
		&(const struct transform_ops){
			.apply = channel_first_apply, .check = keyed_check, .reads = keyed_reads},
};
