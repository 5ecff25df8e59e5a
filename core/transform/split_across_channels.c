/*
 * SplitAcrossChannels: one new field per channel.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/fields.h"

struct channels_args {
	struct strlist channel_names;
	char *field;
};

static const struct arg_def channels_defs[] = {
	{.name = "field",
		.type = ARG_STRING,
		.offset = offsetof(struct channels_args, field),
		.flags = ARG_REQUIRED,
		.help = "field to split"},
	{.name = "channel_names",
		.type = ARG_STRLIST,
		.offset = offsetof(struct channels_args, channel_names),
		.flags = ARG_REQUIRED,
		.help = "names of the new fields, one per channel"},
	ARG_END,
};

static int channels_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct channels_args *a = args;
	struct volume *v = sample_volume(s, a->field, err), *keep;
	size_t n;
	int rc = 0;

	(void)rng;
	if (!v)
		return -1;
	if (v->channels != a->channel_names.n)
		return err_set(err, ERR_DATA, "field '%s' has %d channels, but %d names are given",
			a->field, v->channels, a->channel_names.n);
	n = volume_voxels(v);
	keep = volume_share(v); /* a name of the list may be the field itself */
	for (int c = 0; !rc && c < keep->channels; c++) {
		struct volume *one = volume_new(1, keep->dim, err);

		if (!one) {
			rc = -1;
			break;
		}
		memcpy(one->data, keep->data + (size_t)c * n, n * sizeof(*one->data));
		memcpy(one->affine, keep->affine, sizeof(one->affine));
		one->original = keep->original;
		one->file = keep->file ? mem_strdup(keep->file) : NULL;
		rc = sample_set(s, a->channel_names.v[c], one, err);
	}
	volume_free(keep);
	return rc;
}

static void channels_reads(const void *args, const char **names, int max, int *n)
{
	fields_add_name(((const struct channels_args *)args)->field, names, max, n);
}

const struct component component_split_across_channels = {
	.name = "SplitAcrossChannels",
	.kind = COMPONENT_TRANSFORM,
	.help = "makes one field of every channel",
	.args = channels_defs,
	.args_size = sizeof(struct channels_args),
	.ops = &(const struct transform_ops){.apply = channels_apply,
		.check = fields_check,
		.reads = channels_reads,
		.writes = fields_reads},
};
