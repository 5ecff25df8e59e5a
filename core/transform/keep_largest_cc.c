/*
 * KeepLargestCC: of each label only the largest connected component stays, the rest
 * becomes 0.
 *
 * A field of one channel is a label map; of several channels each is a mask of its
 * own (values above 0), where channel 0 counts as background unless it is listed.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/fields.h"
#include "core/volume/components.h"

enum { KEEP_LABELS = 256 };

struct keep_args {
	struct strlist fields;
	struct numlist applied_labels;
	bool independent;
	int64_t connectivity;
};

static const struct arg_def keep_defs[] = {
	FIELDS_ARG,
	{.name = "applied_labels",
		.type = ARG_INTLIST,
		.offset = offsetof(struct keep_args, applied_labels),
		.min = 0,
		.max = 65535,
		.help = "label values (or channels) that it is done for; none: all above 0"},
	{.name = "independent",
		.type = ARG_BOOL,
		.offset = offsetof(struct keep_args, independent),
		.def = "true",
		.help = "each label by itself; false: the listed labels of a label map together"},
	{.name = "connectivity",
		.type = ARG_INT,
		.offset = offsetof(struct keep_args, connectivity),
		.def = "26",
		.min = 1,
		.max = 26,
		.help = "6: voxels that share a face are connected; 26: an edge or corner too; "
			"MONAI's 1 and 3 mean the same"},
	ARG_END,
};

static bool keep_listed(const struct numlist *labels, int label)
{
	for (int i = 0; i < labels->n; i++)
		if ((int)labels->v[i] == label)
			return true;
	return !labels->n && label > 0;
}

/* Clears what is not in the largest component of the voxels between low and high. */
static int keep_range(float *x, const int dim[3], const struct numlist *labels, float low,
	float high, enum components_connectivity conn, struct err *err)
{
	size_t n = (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];
	uint8_t *mask = mem_try_big(n, "component mask", err), *all;
	int rc;

	if (!mask)
		return -1;
	all = mem_try_big(n, "component mask", err);
	if (!all) {
		free(mask);
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		mask[i] = x[i] > low && x[i] <= high && (!labels || keep_listed(labels, (int)x[i]));
	memcpy(all, mask, n);
	rc = components_keep_largest(mask, dim, conn, NULL, err);
	for (size_t i = 0; !rc && i < n; i++)
		x[i] = all[i] && !mask[i] ? 0.0f : x[i];
	free(mask);
	free(all);
	return rc;
}

/* The labels that occur; -1 when they are too many to be a label map. */
static int keep_occurring(
	const struct volume *v, const struct numlist *listed, float out[KEEP_LABELS])
{
	size_t n = volume_voxels(v);
	float last = 0;
	int count = 0;

	for (size_t i = 0; i < n; i++) {
		float x = v->data[i];
		int k = 0;

		if (x == last || !keep_listed(listed, (int)x))
			continue;
		last = x;
		while (k < count && out[k] != x)
			k++;
		if (k < count)
			continue;
		if (count == KEEP_LABELS)
			return -1;
		out[count++] = x;
	}
	return count;
}

static int keep_volume(struct volume *v, const void *ctx, struct err *err)
{
	const struct keep_args *a = ctx;
	enum components_connectivity conn =
		a->connectivity == 1 || a->connectivity == 6 ? COMPONENTS_6 : COMPONENTS_26;
	float labels[KEEP_LABELS];
	int n;

	if (v->channels > 1) {
		for (int c = 0; c < v->channels; c++)
			if (keep_listed(&a->applied_labels, c) &&
				keep_range(v->data + (size_t)c * volume_voxels(v), v->dim, NULL, 0,
					3e38f, conn, err))
				return -1;
		return 0;
	}
	if (!a->independent)
		return keep_range(v->data, v->dim, &a->applied_labels, 0, 3e38f, conn, err);
	n = keep_occurring(v, &a->applied_labels, labels);
	if (n < 0)
		return err_set(
			err, ERR_DATA, "more than %d different values, no label map", KEEP_LABELS);
	for (int i = 0; i < n; i++)
		if (keep_range(
			    v->data, v->dim, NULL, labels[i] - 0.5f, labels[i] + 0.5f, conn, err))
			return -1;
	return 0;
}

static int keep_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct keep_args *a = args;

	(void)rng;
	return fields_each(&a->fields, s, keep_volume, a, err);
}

static void keep_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct keep_args *a = args;
	char *at;

	fields_check(args, file, path, ps);
	if (a->connectivity == COMPONENTS_6 || a->connectivity == COMPONENTS_26 ||
		a->connectivity == 1 || a->connectivity == 3)
		return;
	at = mem_printf("%s.connectivity", path);
	problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, at, "6 or 26", "connectivity %d",
		(int)a->connectivity);
	free(at);
}

const struct component component_keep_largest_cc = {
	.name = "KeepLargestCC",
	.kind = COMPONENT_TRANSFORM,
	.aliases = (const char *const[]){"KeepLargestConnectedComponentd",
		"KeepLargestConnectedComponentD", "KeepLargestConnectedComponentDict", "LargestCCd",
		NULL},
	.help = "keeps the largest connected component of each label (one channel) or of each "
		"channel's voxels above 0, and clears the rest",
	.args = keep_defs,
	.args_size = sizeof(struct keep_args),
	.ops =
		&(const struct transform_ops){
			.apply = keep_apply, .check = keep_check, .reads = fields_reads},
};
