/*
 * SelectItemsd: forgets all fields but the keys.
 */
#include <string.h>

#include "core/transform/monai.h"

struct select_args {
	struct monai_keys k;
};

static const struct arg_def select_defs[] = {MONAI_KEYS_ARGS, ARG_END};

static int select_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct select_args *a = args;

	(void)rng;
	for (int i = 0; i < a->k.keys.n; i++)
		if (!sample_find(s, a->k.keys.v[i]) && !a->k.allow_missing)
			return err_set(err, ERR_DATA, "no field '%s' in case '%s'", a->k.keys.v[i],
				s->case_id);
	for (int i = s->n - 1; i >= 0; i--) {
		bool listed = false;

		for (int j = 0; j < a->k.keys.n; j++)
			listed = listed || sample_find(s, a->k.keys.v[j]) == &s->field[i];
		if (!listed)
			sample_remove(s, s->field[i].name);
	}
	return 0;
}

const struct component component_monai_select_items = {
	.name = "SelectItemsd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("SelectItems"),
	.help = "forgets all fields but the keys",
	.args = select_defs,
	.args_size = sizeof(struct select_args),
	.ops =
		&(const struct transform_ops){
			.apply = select_apply, .check = keyed_check, .reads = keyed_reads},
};
