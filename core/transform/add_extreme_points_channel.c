/*
 * AddExtremePointsChannel: the extreme points of a label, each as a Gaussian blob,
 * become one more channel of the image, or a field of their own.
 *
 * As in MONAI: 1 at each point, blurred by sigma, divided by the largest value,
 * then scaled from 0 ... 1 to rescale_min ... rescale_max.  A blob is written only
 * where it is above 3e-4 (4 sigma), so the cost does not depend on the volume's size.
 */
#include <math.h>
#include <string.h>

#include "core/transform/extreme_points.h"
#include "core/transform/fields.h"

enum { BLOB_REACH = 256 };

struct points_args {
	char *image_field, *label_field, *dtype, *points_channel_field;
	double sigma, rescale_min, rescale_max;
	int64_t permutation;
};

static const struct arg_def points_defs[] = {
	{.name = "image_field",
		.type = ARG_STRING,
		.offset = offsetof(struct points_args, image_field),
		.flags = ARG_REQUIRED,
		.help = "image that gets one more channel"},
	{.name = "label_field",
		.type = ARG_STRING,
		.offset = offsetof(struct points_args, label_field),
		.flags = ARG_REQUIRED,
		.help = "label whose foreground (above 0) is looked at"},
	{.name = "dtype",
		.type = ARG_STRING,
		.offset = offsetof(struct points_args, dtype),
		.def = "\"float32\"",
		.flags = ARG_UNUSED,
		.help = "accepted; all voxels are float32"},
	{.name = "sigma",
		.type = ARG_FLOAT,
		.offset = offsetof(struct points_args, sigma),
		.def = "3",
		.min = 0.1,
		.max = 64,
		.unit = "voxel",
		.help = "standard deviation of a blob"},
	{.name = "permutation",
		.type = ARG_INT,
		.offset = offsetof(struct points_args, permutation),
		.def = "0",
		.min = 0,
		.max = 1024,
		.unit = "voxel",
		.alias = "pert",
		.help = "largest random move of a point along each axis"},
	{.name = "rescale_min",
		.type = ARG_FLOAT,
		.offset = offsetof(struct points_args, rescale_min),
		.def = "-1.0",
		.help = "value of the channel far from all points"},
	{.name = "rescale_max",
		.type = ARG_FLOAT,
		.offset = offsetof(struct points_args, rescale_max),
		.def = "1.0",
		.help = "largest value of the channel"},
	{.name = "points_channel_field",
		.type = ARG_STRING,
		.offset = offsetof(struct points_args, points_channel_field),
		.help = "field that the channel becomes; absent: it is added to the image"},
	ARG_END,
};

/* Adds a blob to a map of 0 and more. */
static void points_blob(float *map, const int dim[3], const int p[3], double sigma)
{
	int reach = (int)ceil(4 * sigma), lo[3], hi[3];
	float w[3][2 * BLOB_REACH + 1];

	for (int i = 0; i < 3; i++) {
		lo[i] = p[i] - reach < 0 ? 0 : p[i] - reach;
		hi[i] = p[i] + reach >= dim[i] ? dim[i] - 1 : p[i] + reach;
		for (int k = lo[i]; k <= hi[i]; k++)
			w[i][k - lo[i]] =
				(float)exp(-0.5 * (k - p[i]) * (k - p[i]) / (sigma * sigma));
	}
	for (int z = lo[2]; z <= hi[2]; z++)
		for (int y = lo[1]; y <= hi[1]; y++) {
			float *row =
				map + ((size_t)z * (size_t)dim[1] + (size_t)y) * (size_t)dim[0];
			float f = w[2][z - lo[2]] * w[1][y - lo[1]];

			for (int x = lo[0]; x <= hi[0]; x++)
				row[x] += f * w[0][x - lo[0]];
		}
}

static void points_draw(
	const struct points_args *a, const struct volume *label, struct rng *rng, float *map)
{
	size_t n = volume_voxels(label);
	float most = 0, scale, least = (float)a->rescale_min;
	int p[EXTREME_POINTS][3];

	memset(map, 0, n * sizeof(*map));
	if (extreme_points_find(label, rng, (int)a->permutation, p))
		for (int k = 0; k < EXTREME_POINTS; k++)
			points_blob(map, label->dim, p[k], a->sigma);
	for (size_t i = 0; i < n; i++)
		most = map[i] > most ? map[i] : most;
	scale = most > 0 ? (float)(a->rescale_max - a->rescale_min) / most : 0;
	for (size_t i = 0; i < n; i++)
		map[i] = map[i] * scale + least;
}

static int points_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct points_args *a = args;
	char *names[] = {a->image_field, a->label_field};
	struct strlist fields = {names, 2};
	struct volume *image, *label, *out;
	int dim[3], keep;
	size_t n;

	if (fields_same_dim(&fields, s, dim, err))
		return -1;
	image = sample_volume(s, a->image_field, err);
	label = sample_volume(s, a->label_field, err);
	if (!image || !label)
		return -1;
	n = volume_voxels(image);
	keep = a->points_channel_field ? 0 : image->channels;
	out = volume_new(keep + 1, dim, err);
	if (!out)
		return -1;
	memcpy(out->data, image->data, (size_t)keep * n * sizeof(*out->data));
	points_draw(a, label, rng, out->data + (size_t)keep * n);
	memcpy(out->affine, image->affine, sizeof(out->affine));
	out->original = image->original;
	if (a->points_channel_field)
		return sample_set(s, a->points_channel_field, out, err);
	out->nonfinite = image->nonfinite;
	volume_take(image, out);
	return 0;
}

static void points_reads(const void *args, const char **names, int max, int *n)
{
	const struct points_args *a = args;

	fields_add_name(a->image_field, names, max, n);
	fields_add_name(a->label_field, names, max, n);
}

static void points_writes(const void *args, const char **names, int max, int *n)
{
	fields_add_name(((const struct points_args *)args)->points_channel_field, names, max, n);
}

const struct component component_add_extreme_points_channel = {
	.name = "AddExtremePointsChannel",
	.kind = COMPONENT_TRANSFORM,
	.help = "one more channel with a Gaussian blob at each of the label's six extreme points; "
		"rescale_min everywhere where the label is empty",
	.args = points_defs,
	.args_size = sizeof(struct points_args),
	.ops = &(const struct transform_ops){.apply = points_apply,
		.flags = TRANSFORM_RANDOM,
		.reads = points_reads,
		.writes = points_writes},
};
