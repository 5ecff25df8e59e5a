/*
 * DeleteItemsd: forgets fields.
 */
#include "core/transform/monai.h"

struct delete_args {
	struct monai_keys k;
};

static const struct arg_def delete_defs[] = {
	MONAI_KEYS_ARGS,
	MONAI_IGNORED("sep", "accepted; fields are not nested"),
	MONAI_IGNORED("use_re", "accepted; names are taken literally"),
	ARG_END,
};

static int delete_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct delete_args *a = args;

	(void)rng, (void)err;
	for (int i = 0; i < a->k.keys.n; i++)
		sample_remove(s, a->k.keys.v[i]);
	return 0;
}

const struct component component_monai_delete_items = {
	.name = "DeleteItemsd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("DeleteItems"),
	.help = "forgets the fields of keys; those that are not there are no fault",
	.args = delete_defs,
	.args_size = sizeof(struct delete_args),
	.ops = &(const struct transform_ops){.apply = delete_apply, .check = keyed_check},
};
