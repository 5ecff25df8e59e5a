/*
 * CropForegroundd: the smallest box around the voxels of one field that are above 0
 * (in any channel), with a margin, cut out of all keys alike.
 */
#include "core/transform/crop.h"
#include "core/transform/monai.h"

struct foreground_args {
	struct monai_keys k;
	char *source_key;
	int64_t margin[3], k_divisible[3];
};

static const struct arg_def foreground_defs[] = {
	MONAI_KEYS_ARGS,
	{"source_key", ARG_STRING, offsetof(struct foreground_args, source_key),
		.flags = ARG_REQUIRED, .help = "field whose voxels above 0 are the foreground"},
	{"margin", ARG_INT3, offsetof(struct foreground_args, margin), .def = "0", .min = 0,
		.max = 4096, .unit = "voxel",
		.help = "widens the box on every side, as far as the volume goes"},
	{"k_divisible", ARG_INT3, offsetof(struct foreground_args, k_divisible), .def = "1",
		.min = 1, .max = 1024,
		.help = "sizes become multiples of it, padded with zeros where needed"},
	MONAI_IGNORED("select_fn", "accepted; only x > 0"),
	MONAI_IGNORED("channel_indices", "accepted; only all channels"),
	MONAI_IGNORED("mode", "accepted; padding is zeros"),
	MONAI_IGNORED("start_coord_key", "accepted; the affine says where the box lies"),
	MONAI_IGNORED("end_coord_key", "accepted; likewise"),
	ARG_END,
};

static int foreground_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct foreground_args *a = args;
	const struct volume *v = sample_volume(s, a->source_key, err);
	int start[3], size[3], lo[3], hi[3], dim[3];

	(void)rng;
	if (!v || keyed_same_dim(&a->k, s, dim, err))
		return -1;
	if (!crop_foreground(v, lo, hi))
		return 0; /* nothing to crop around: the whole volume stays */
	for (int i = 0; i < 3; i++) {
		int m = (int)a->margin[i], k = (int)a->k_divisible[i];
		int from = lo[i] - m, to = hi[i] + m + 1, n;

		from = from < 0 ? 0 : from;
		to = to > v->dim[i] ? v->dim[i] : to;
		n = (to - from + k - 1) / k * k;
		start[i] = from - (n - (to - from)) / 2;
		size[i] = n;
	}
	return keyed_crop(&a->k, s, start, size, err);
}

static void foreground_reads(const void *args, const char **names, int max, int *n)
{
	const struct foreground_args *a = args;

	keyed_reads(args, names, max, n);
	fields_add_name(a->source_key, names, max, n);
}

const struct component component_monai_crop_foreground = {
	.name = "CropForegroundd",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("CropForeground"),
	.help = "cuts all keys to the box around the voxels of source_key that are above 0, with a "
		"margin; a volume without any stays whole",
	.args = foreground_defs,
	.args_size = sizeof(struct foreground_args),
	.ops = &(const struct transform_ops){.apply = foreground_apply,
		.flags = TRANSFORM_INVERTIBLE,
		.check = keyed_check,
		.reads = foreground_reads},
};
