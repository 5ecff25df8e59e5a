/*
 * CropSubVolumeCenter: the window of fixed size in the middle of the volume.
 */
#include "core/transform/crop.h"
#include "core/transform/fields.h"

struct center_args {
	struct strlist fields;
	int64_t size[3];
};

static const struct arg_def center_defs[] = {
	FIELDS_ARG,
	{.name = "size",
		.type = ARG_INT3,
		.offset = offsetof(struct center_args, size),
		.flags = ARG_REQUIRED,
		.min = 1,
		.max = 4096,
		.unit = "voxel",
		.help = "size of the crop along x, y, z; a smaller volume is padded with zeros"},
	ARG_END,
};

static int center_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct center_args *a = args;
	int size[3];

	(void)rng;
	crop_size(a->size, size);
	for (int i = 0; i < a->fields.n; i++) {
		struct volume *v = sample_volume(s, a->fields.v[i], err);
		int start[3];

		if (!v)
			return -1;
		crop_clamp((const int[]){v->dim[0] / 2, v->dim[1] / 2, v->dim[2] / 2}, size, v->dim,
			start);
		if (crop_box(v, start, size, err))
			return -1;
	}
	return 0;
}

static const char *const center_aliases[] = {"PadCropWithFixedSize", NULL};

const struct component component_crop_sub_volume_center = {
	.name = "CropSubVolumeCenter",
	.kind = COMPONENT_TRANSFORM,
	.aliases = center_aliases,
	.help = "window of fixed size in the middle of the volume; pads with zeros where the "
		"volume is smaller",
	.args = center_defs,
	.args_size = sizeof(struct center_args),
	.ops = &(const struct transform_ops){.apply = center_apply,
		.flags = TRANSFORM_INVERTIBLE,
		.check = fields_check,
		.reads = fields_reads},
};
