/*
 * SegmentationImagePipeline: batches of images with label maps.
 */
#include "core/data/pipeline_rows.h"

static const struct arg_def defs[] = {
	PIPELINE_ROWS_COMMON,
	PIPELINE_ROW_LABEL_CHANNELS,
	PIPELINE_ROW_CACHE_MB,
	ARG_END,
};

const struct component component_segmentation_image_pipeline = {
	.name = "SegmentationImagePipeline",
	.kind = COMPONENT_PIPELINE,
	.help = "loader threads that run the transforms over a data list and make batches; the "
		"last batch of an epoch is filled up from its first items",
	.args = defs,
	.args_size = sizeof(struct pipeline_args),
	.ops = &pipeline_common_ops,
};
