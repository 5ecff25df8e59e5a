/*
 * CropByPosNegRatio: batch_size windows of one volume, around foreground voxels
 * (label above 0) with probability pos / (pos + neg), else around background that is
 * not empty space: label 0 where the first field is above 0 (MONAI's image_key with
 * image_threshold 0).
 */
#include "core/transform/batch_crop.h"

static int crop_ratio_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	return batch_crop_apply(args, s, true, rng, err);
}

static int crop_ratio_split(const void *args, const struct sample *s, struct rng *rng,
	struct sample **out, struct err *err)
{
	return batch_crop_split(args, s, true, rng, out, err);
}

const struct component component_crop_by_pos_neg_ratio = {
	.name = "CropByPosNegRatio",
	.kind = COMPONENT_TRANSFORM,
	.help = "batch_size windows per volume: around a foreground voxel with probability pos / (pos + neg), else around a background voxel where the first field is above 0",
	.args = batch_crop_defs,
	.args_size = sizeof(struct batch_crop_args),
	.ops = &(const struct transform_ops){.apply = crop_ratio_apply,
		.flags = TRANSFORM_RANDOM | TRANSFORM_INVERTIBLE,
		.count = batch_crop_count,
		.split = crop_ratio_split,
		.check = batch_crop_check,
		.reads = batch_crop_reads},
};
