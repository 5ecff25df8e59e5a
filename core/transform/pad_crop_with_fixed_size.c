/*
 * PadCropWithFixedSize: a fixed size about the middle, by cropping along the axes
 * that are longer and padding with zeros along those that are shorter.
 */
#include "core/transform/crop.h"
#include "core/transform/fields.h"

struct padcrop_args {
	struct strlist fields;
	int64_t size[3];
};

static const struct arg_def padcrop_defs[] = {
	FIELDS_ARG,
	{.name = "size",
		.type = ARG_INT3,
		.offset = offsetof(struct padcrop_args, size),
		.flags = ARG_REQUIRED,
		.min = 1,
		.max = 4096,
		.unit = "voxel",
		.help = "size of the crop along x, y, z; a smaller volume is padded with zeros"},
	ARG_END,
};

static int padcrop_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct padcrop_args *a = args;
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

const struct component component_pad_crop_with_fixed_size = {
	.name = "PadCropWithFixedSize",
	.kind = COMPONENT_TRANSFORM,
	.help = "crops or pads with zeros to a fixed size about the middle (the same as "
		"CropSubVolumeCenter)",
	.args = padcrop_defs,
	.args_size = sizeof(struct padcrop_args),
	.ops = &(const struct transform_ops){.apply = padcrop_apply,
		.flags = TRANSFORM_INVERTIBLE,
		.check = fields_check,
		.reads = fields_reads},
};
