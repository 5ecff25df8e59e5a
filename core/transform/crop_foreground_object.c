/*
 * CropForegroundObject: the box around the foreground of a label, with a margin and
 * a random change of its sides, resampled to a fixed size.
 *
 * What interactive models train on: a box that a user would draw around an organ.
 */
#include "core/transform/crop.h"
#include "core/transform/rescale.h"

struct object_args {
	char *image_field, *label_field;
	int64_t size[3], pad[3], pert[3];
	bool foreground_only, keep_classes;
};

static const struct arg_def object_defs[] = {
	{.name = "size",
		.type = ARG_INT3,
		.offset = offsetof(struct object_args, size),
		.def = "0",
		.min = 0,
		.max = 4096,
		.unit = "voxel",
		.help = "the box is resampled to this size along x, y, z; 0: it keeps its own"},
	{.name = "image_field",
		.type = ARG_STRING,
		.offset = offsetof(struct object_args, image_field),
		.def = "\"image\"",
		.help = "image to crop"},
	{.name = "label_field",
		.type = ARG_STRING,
		.offset = offsetof(struct object_args, label_field),
		.def = "\"label\"",
		.help = "label to crop; values above 0 are foreground"},
	{.name = "pad",
		.type = ARG_INT3,
		.offset = offsetof(struct object_args, pad),
		.def = "0",
		.min = 0,
		.max = 1024,
		.unit = "voxel",
		.help = "margin on every side of the box along x, y, z"},
	{.name = "pert",
		.type = ARG_INT3,
		.offset = offsetof(struct object_args, pert),
		.def = "0",
		.min = 0,
		.max = 1024,
		.unit = "voxel",
		.help = "largest random change of each side of the box"},
	{.name = "foreground_only",
		.type = ARG_BOOL,
		.offset = offsetof(struct object_args, foreground_only),
		.def = "true",
		.help = "false: the whole volume instead of the box"},
	{.name = "keep_classes",
		.type = ARG_BOOL,
		.offset = offsetof(struct object_args, keep_classes),
		.def = "false",
		.help = "false: all foreground of the label becomes 1"},
	ARG_END,
};

/* First and last plane of the foreground along each axis; false: there is none. */
static bool object_box(const struct volume *v, int lo[3], int hi[3])
{
	const float *p = v->data;

	for (int i = 0; i < 3; i++) {
		lo[i] = v->dim[i];
		hi[i] = -1;
	}
	for (int z = 0; z < v->dim[2]; z++)
		for (int y = 0; y < v->dim[1]; y++, p += v->dim[0]) {
			int at[3] = {0, y, z}, first = 0, last = v->dim[0] - 1;

			while (first <= last && !(p[first] > 0))
				first++;
			if (first > last)
				continue;
			while (!(p[last] > 0))
				last--;
			lo[0] = first < lo[0] ? first : lo[0];
			hi[0] = last > hi[0] ? last : hi[0];
			for (int i = 1; i < 3; i++) {
				lo[i] = at[i] < lo[i] ? at[i] : lo[i];
				hi[i] = at[i] > hi[i] ? at[i] : hi[i];
			}
		}
	return hi[0] >= 0;
}

static int object_pert(struct rng *rng, int64_t most)
{
	return (int)rng_below(rng, (uint32_t)(2 * most + 1)) - (int)most;
}

/* Where the crop begins and how large it is; the whole volume when there is no foreground. */
static void object_place(const struct object_args *a, const struct volume *label, struct rng *rng,
	int start[3], int size[3])
{
	int lo[3], hi[3];
	bool found = object_box(label, lo, hi) && a->foreground_only;

	for (int i = 0; i < 3; i++) {
		int last = label->dim[i] - 1, by[2];

		by[0] = object_pert(rng, a->pert[i]);
		by[1] = object_pert(rng, a->pert[i]);
		lo[i] = found ? lo[i] - (int)a->pad[i] + by[0] : 0;
		hi[i] = found ? hi[i] + (int)a->pad[i] + by[1] : last;
		lo[i] = lo[i] < 0 ? 0 : lo[i] > last ? last : lo[i];
		hi[i] = hi[i] > last ? last : hi[i] < lo[i] ? lo[i] : hi[i];
		start[i] = lo[i];
		size[i] = hi[i] - lo[i] + 1;
	}
}

static int object_field(const struct object_args *a, struct sample *s, const char *name,
	bool is_label, const int start[3], const int size[3], struct err *err)
{
	struct volume *v = sample_volume(s, name, err);
	int dim[3];

	if (!v || crop_box(v, start, size, err))
		return -1;
	for (int i = 0; i < 3; i++)
		dim[i] = a->size[i] ? (int)a->size[i] : size[i];
	return rescale_field(s, name, dim, is_label, err);
}

static int object_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct object_args *a = args;
	char *names[] = {a->image_field, a->label_field};
	struct strlist fields = {names, 2};
	int dim[3], start[3], size[3];
	struct volume *label;
	size_t n;

	if (fields_same_dim(&fields, s, dim, err))
		return -1;
	label = sample_volume(s, a->label_field, err);
	if (!label)
		return -1;
	object_place(a, label, rng, start, size);
	for (int i = 0; i < 2; i++)
		if (object_field(a, s, names[i], i > 0, start, size, err))
			return -1;
	label = sample_volume(s, a->label_field, err);
	if (a->keep_classes)
		return 0;
	if (!label || volume_make_writable(label, err))
		return -1;
	n = volume_voxels(label) * (size_t)label->channels;
	for (size_t i = 0; i < n; i++)
		label->data[i] = label->data[i] > 0 ? 1.0f : 0.0f;
	return 0;
}

static void object_reads(const void *args, const char **names, int max, int *n)
{
	const struct object_args *a = args;

	fields_add_name(a->image_field, names, max, n);
	fields_add_name(a->label_field, names, max, n);
}

const struct component component_crop_foreground_object = {
	.name = "CropForegroundObject",
	.kind = COMPONENT_TRANSFORM,
	.help = "box around the label's foreground with a margin and random sides, resampled to "
		"size; the whole volume where there is no foreground",
	.args = object_defs,
	.args_size = sizeof(struct object_args),
	.ops = &(const struct transform_ops){.apply = object_apply,
		.flags = TRANSFORM_RANDOM | TRANSFORM_INVERTIBLE,
		.reads = object_reads},
};
