/*
 * FetchExtremePoints: the six extreme points of a label as a field of their own,
 * 3 x 6 x 1 values: x, y, z of each point.
 *
 * A sample holds only volumes, so points are a small one.  A client's clicks can be
 * put into the same field.
 */
#include "core/transform/extreme_points.h"
#include "core/transform/fields.h"

struct fetch_args {
	char *image_field, *label_field, *points;
};

static const struct arg_def fetch_defs[] = {
	{.name = "image_field",
		.type = ARG_STRING,
		.offset = offsetof(struct fetch_args, image_field),
		.def = "\"image\"",
		.help = "image that the points belong to; must have the label's size"},
	{.name = "label_field",
		.type = ARG_STRING,
		.offset = offsetof(struct fetch_args, label_field),
		.def = "\"label\"",
		.help = "label whose foreground (above 0) is looked at"},
	{.name = "points",
		.type = ARG_STRING,
		.offset = offsetof(struct fetch_args, points),
		.def = "\"points\"",
		.help = "field that is made: 3 x 6 x 1 values, x, y, z of the least and most x, y "
			"and z"},
	ARG_END,
};

static int fetch_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct fetch_args *a = args;
	char *names[] = {a->image_field, a->label_field};
	struct strlist fields = {names, 2};
	int dim[3], p[EXTREME_POINTS][3];
	struct volume *out;

	(void)rng;
	if (fields_same_dim(&fields, s, dim, err))
		return -1;
	if (!extreme_points_find(sample_volume(s, a->label_field, err), NULL, 0, p))
		return err_set(err, ERR_DATA, "'%s' has no foreground, so no extreme points",
			a->label_field);
	out = volume_new(1, (const int[3]){3, EXTREME_POINTS, 1}, err);
	if (!out)
		return -1;
	for (int i = 0; i < 3 * EXTREME_POINTS; i++)
		out->data[i] = (float)p[i / 3][i % 3];
	return sample_set(s, a->points, out, err);
}

static void fetch_reads(const void *args, const char **names, int max, int *n)
{
	const struct fetch_args *a = args;

	fields_add_name(a->image_field, names, max, n);
	fields_add_name(a->label_field, names, max, n);
}

static void fetch_writes(const void *args, const char **names, int max, int *n)
{
	fields_add_name(((const struct fetch_args *)args)->points, names, max, n);
}

const struct component component_fetch_extreme_points = {
	.name = "FetchExtremePoints",
	.kind = COMPONENT_TRANSFORM,
	.help = "the six extreme points of a label as a field of 3 x 6 x 1 values (x, y, z each)",
	.args = fetch_defs,
	.args_size = sizeof(struct fetch_args),
	.ops =
		&(const struct transform_ops){
			.apply = fetch_apply, .reads = fetch_reads, .writes = fetch_writes},
};
