/*
 * ConcatItemsd: the channels of several fields, one behind the other, as one field.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/monai.h"

struct concat_args {
	struct monai_keys k;
	char *name;
	int64_t dim;
};

static const struct arg_def concat_defs[] = {
	MONAI_KEYS_ARGS,
	{"name", ARG_STRING, offsetof(struct concat_args, name), .flags = ARG_REQUIRED,
		.help = "field that gets the channels; may be one of the keys"},
	{"dim", ARG_INT, offsetof(struct concat_args, dim), .def = "0", .min = 0, .max = 3,
		.help = "only 0: channels"},
	ARG_END,
};

static int concat_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct concat_args *a = args;
	struct volume *first = NULL, *out;
	int dim[3], channels = 0;
	size_t at = 0;

	(void)rng;
	if (keyed_same_dim(&a->k, s, dim, err))
		return -1;
	for (int i = 0; i < a->k.keys.n; i++) {
		struct volume *v;
		int have = keyed_key(&a->k, i, s, &v, err);

		if (have < 0)
			return -1;
		channels += have ? v->channels : 0;
		first = have && !first ? v : first;
	}
	out = volume_new(channels, dim, err);
	if (!out)
		return -1;
	for (int i = 0; i < a->k.keys.n; i++) {
		struct volume *v;
		size_t n;

		if (keyed_key(&a->k, i, s, &v, err) != 1)
			continue;
		n = volume_voxels(v) * (size_t)v->channels;
		memcpy(out->data + at, v->data, n * sizeof(float));
		at += n;
	}
	memcpy(out->affine, first->affine, sizeof(out->affine));
	out->original = first->original;
	out->file = first->file ? mem_strdup(first->file) : NULL;
	return sample_set(s, a->name, out, err);
}

static void concat_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct concat_args *a = args;

	keyed_check(args, file, path, ps);
	if (a->dim)
		keyed_fault(file, path, "dim", "set it to 0", ps,
			"fields are joined along channels only");
}

static void concat_writes(const void *args, const char **names, int max, int *n)
{
	fields_add_name(((const struct concat_args *)args)->name, names, max, n);
}

const struct component component_monai_concat_items = {
	.name = "ConcatItemsd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("ConcatItems"),
	.help = "the channels of the keys, one behind the other, as the field name",
	.args = concat_defs,
	.args_size = sizeof(struct concat_args),
	.ops = &(const struct transform_ops){.apply = concat_apply,
		.check = concat_check,
		.reads = keyed_reads,
		.writes = concat_writes},
};
