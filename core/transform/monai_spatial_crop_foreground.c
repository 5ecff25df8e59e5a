/*
 * SpatialCropForegroundd (deepgrow): the box around the foreground of one field when that
 * is as large as spatial_size along some axis, else a window of spatial_size around
 * its middle.
 */
#include "core/transform/crop.h"
#include "core/transform/monai.h"

struct crop_fore_args {
	struct monai_keys k;
	char *source_key;
	struct numlist spatial_size;
	int64_t margin[3];
};

static const struct arg_def crop_fore_defs[] = {
	MONAI_KEYS_ARGS,
	{"source_key", ARG_STRING, offsetof(struct crop_fore_args, source_key),
		.flags = ARG_REQUIRED, .help = "field whose voxels above 0 are the foreground"},
	{"spatial_size", ARG_INTLIST, offsetof(struct crop_fore_args, spatial_size),
		.flags = ARG_REQUIRED, .min = 1, .max = 4096, .unit = "voxel",
		.help = "smallest window; one that does not fit is moved inside and cut"},
	{"margin", ARG_INT3, offsetof(struct crop_fore_args, margin), .def = "0", .min = 0,
		.max = 4096, .unit = "voxel", .help = "widens the box on every side"},
	MONAI_IGNORED("select_fn", "accepted; only x > 0"),
	MONAI_IGNORED("channel_indices", "accepted; only all channels"),
	MONAI_IGNORED("meta_keys", "accepted; the affine says where the box lies"),
	MONAI_IGNORED("meta_key_postfix", "accepted; likewise"),
	MONAI_IGNORED("start_coord_key", "accepted; likewise"),
	MONAI_IGNORED("end_coord_key", "accepted; likewise"),
	MONAI_IGNORED("original_shape_key", "accepted; likewise"),
	MONAI_IGNORED("cropped_shape_key", "accepted; likewise"),
	ARG_END,
};

static int crop_fore_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct crop_fore_args *a = args;
	const struct volume *v = sample_volume(s, a->source_key, err);
	int dim[3], lo[3], hi[3], size[3], start[3], centre[3];
	bool small = true;

	(void)rng;
	if (!v || keyed_same_dim(&a->k, s, dim, err))
		return -1;
	keyed_size(&a->spatial_size, dim, size);
	if (!crop_foreground(v, lo, hi))
		for (int i = 0; i < 3; i++) {
			lo[i] = 0;
			hi[i] = dim[i] - 1;
		}
	for (int i = 0; i < 3; i++) {
		lo[i] = lo[i] < a->margin[i] ? 0 : lo[i] - (int)a->margin[i];
		hi[i] += (int)a->margin[i];
		hi[i] = hi[i] > dim[i] - 1 ? dim[i] - 1 : hi[i];
		centre[i] = (lo[i] + hi[i] + 1) / 2;
		small = small && hi[i] - lo[i] + 1 < size[i];
	}
	for (int i = 0; i < 3; i++) {
		size[i] = !small ? hi[i] - lo[i] + 1 : size[i] > dim[i] ? dim[i] : size[i];
		start[i] = lo[i];
	}
	if (small)
		crop_clamp(centre, size, dim, start);
	return keyed_crop(&a->k, s, start, size, err);
}

static void crop_fore_reads(const void *args, const char **names, int max, int *n)
{
	keyed_reads(args, names, max, n);
	fields_add_name(((const struct crop_fore_args *)args)->source_key, names, max, n);
}

const struct component component_monai_spatial_crop_foreground = {
	.name = "SpatialCropForegroundd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("SpatialCropForeground"),
	.help = "deepgrow: a window of spatial_size around the foreground, or the box around it where "
		"that is not smaller",
	.args = crop_fore_defs,
	.args_size = sizeof(struct crop_fore_args),
	.ops = &(const struct transform_ops){.apply = crop_fore_apply,
		.flags = TRANSFORM_INVERTIBLE,
		.check = keyed_check,
		.reads = crop_fore_reads},
};
