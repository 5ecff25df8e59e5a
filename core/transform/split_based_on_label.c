/*
 * SplitBasedOnLabel: one new field per name, the i-th being 1 where the label map
 * is i and 0 elsewhere.  Names beyond the labels that occur give empty masks.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/fields.h"

struct split_args {
	struct strlist label_names;
	char *field;
};

static const struct arg_def split_defs[] = {
	{.name = "field",
		.type = ARG_STRING,
		.offset = offsetof(struct split_args, field),
		.flags = ARG_REQUIRED,
		.help = "label map to split"},
	{.name = "label_names",
		.type = ARG_STRLIST,
		.offset = offsetof(struct split_args, label_names),
		.flags = ARG_REQUIRED,
		.help = "names of the new fields, for the labels 0, 1, 2 ..."},
	ARG_END,
};

static struct volume *split_mask(const struct volume *v, float label, struct err *err)
{
	size_t n = volume_voxels(v);
	struct volume *m = volume_new(1, v->dim, err);

	if (!m)
		return NULL;
	for (size_t i = 0; i < n; i++)
		m->data[i] = v->data[i] == label ? 1.0f : 0.0f;
	memcpy(m->affine, v->affine, sizeof(m->affine));
	m->original = v->original;
	m->file = v->file ? mem_strdup(v->file) : NULL;
	return m;
}

static int split_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct split_args *a = args;
	struct volume *v = sample_volume(s, a->field, err), *keep;
	int rc = 0;

	(void)rng;
	if (!v)
		return -1;
	if (v->channels != 1)
		return err_set(err, ERR_DATA,
			"field '%s' has %d channels, a label map has 1 (ArgmaxAcrossChannels comes "
			"first)",
			a->field, v->channels);
	keep = volume_share(v); /* a name of the list may be the field itself */
	for (int i = 0; !rc && i < a->label_names.n; i++) {
		struct volume *m = split_mask(keep, (float)i, err);

		rc = m ? sample_set(s, a->label_names.v[i], m, err) : -1;
	}
	volume_free(keep);
	return rc;
}

static void split_reads(const void *args, const char **names, int max, int *n)
{
	fields_add_name(((const struct split_args *)args)->field, names, max, n);
}

const struct component component_split_based_on_label = {
	.name = "SplitBasedOnLabel",
	.kind = COMPONENT_TRANSFORM,
	.help = "makes one 0/1 field per name, the i-th for label i",
	.args = split_defs,
	.args_size = sizeof(struct split_args),
	.ops = &(const struct transform_ops){.apply = split_apply,
		.check = fields_check,
		.reads = split_reads,
		.writes = fields_reads},
};
