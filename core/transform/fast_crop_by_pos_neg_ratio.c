/*
 * FastCropByPosNegRatio: batch_size windows of one volume, around foreground
 * voxels (label above 0) with probability pos / (pos + neg), else around background
 * voxels wherever they are.
 */
#include "core/transform/batch_crop.h"

static int fast_ratio_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	return batch_crop_apply(args, s, false, rng, err);
}

static int fast_ratio_split(const void *args, const struct sample *s, struct rng *rng,
	struct sample **out, struct err *err)
{
	return batch_crop_split(args, s, false, rng, out, err);
}

const struct component component_fast_crop_by_pos_neg_ratio = {
	.name = "FastCropByPosNegRatio",
	.kind = COMPONENT_TRANSFORM,
	.help = "batch_size windows per volume: around a foreground voxel with probability pos / (pos + neg), else around any background voxel",
	.args = batch_crop_defs,
	.args_size = sizeof(struct batch_crop_args),
	.ops = &(const struct transform_ops){.apply = fast_ratio_apply,
		.flags = TRANSFORM_RANDOM | TRANSFORM_INVERTIBLE,
		.count = batch_crop_count,
		.split = fast_ratio_split,
		.check = batch_crop_check,
		.reads = batch_crop_reads},
};
