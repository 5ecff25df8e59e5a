/*
 * CropByPosNegRatioLabelOnly: batch_size windows of one volume, chosen by the
 * label alone: the values of the image have no say in where background is.
 */
#include "core/transform/batch_crop.h"

static int label_ratio_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	return batch_crop_apply(args, s, false, rng, err);
}

static int label_ratio_split(const void *args, const struct sample *s, struct rng *rng,
	struct sample **out, struct err *err)
{
	return batch_crop_split(args, s, false, rng, out, err);
}

const struct component component_crop_by_pos_neg_ratio_label_only = {
	.name = "CropByPosNegRatioLabelOnly",
	.kind = COMPONENT_TRANSFORM,
	.help = "batch_size windows per volume, chosen by the label alone: around a foreground voxel with probability pos / (pos + neg), else around any background voxel",
	.args = batch_crop_defs,
	.args_size = sizeof(struct batch_crop_args),
	.ops = &(const struct transform_ops){.apply = label_ratio_apply,
		.flags = TRANSFORM_RANDOM | TRANSFORM_INVERTIBLE,
		.count = batch_crop_count,
		.split = label_ratio_split,
		.check = batch_crop_check,
		.reads = batch_crop_reads},
};
