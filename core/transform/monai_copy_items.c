/*
 * CopyItemsd: copies of fields under new names; voxels are shared until one is written.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/monai.h"

struct copy_items_args {
	struct monai_keys k;
	int64_t times;
	struct strlist names;
};

static const struct arg_def copy_items_defs[] = {
	MONAI_KEYS_ARGS,
	{"times", ARG_INT, offsetof(struct copy_items_args, times), .def = "1", .min = 1, .max = 16,
		.help = "copies of each key"},
	{"names", ARG_STRLIST, offsetof(struct copy_items_args, names), .flags = ARG_REQUIRED,
		.help = "new names: first copies of all keys, then second ones ..."},
	ARG_END,
};

static int copy_items_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct copy_items_args *a = args;
	int n = a->k.keys.n;

	(void)rng;
	for (int j = 0; j < a->names.n; j++) {
		struct volume *v;
		int have = keyed_key(&a->k, j % n, s, &v, err);

		if (have < 0)
			return -1;
		if (have && sample_find(s, a->names.v[j]))
			return err_set(err, ERR_DATA, "field '%s' is there already", a->names.v[j]);
		if (have && sample_set(s, a->names.v[j], volume_share(v), err))
			return -1;
	}
	return 0;
}

static void copy_items_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct copy_items_args *a = args;

	keyed_check(args, file, path, ps);
	if (a->names.n != a->k.keys.n * a->times)
		keyed_fault(file, path, "names", NULL, ps, "%d names for %d copies", a->names.n,
			(int)(a->k.keys.n * a->times));
}

static void copy_items_writes(const void *args, const char **names, int max, int *n)
{
	const struct copy_items_args *a = args;

	for (int i = 0; i < a->names.n; i++)
		fields_add_name(a->names.v[i], names, max, n);
}

const struct component component_monai_copy_items = {
	.name = "CopyItemsd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("CopyItems"),
	.help = "copies of fields under new names",
	.args = copy_items_defs,
	.args_size = sizeof(struct copy_items_args),
	.ops = &(const struct transform_ops){.apply = copy_items_apply,
		.check = copy_items_check,
		.reads = keyed_reads,
		.writes = copy_items_writes},
};
