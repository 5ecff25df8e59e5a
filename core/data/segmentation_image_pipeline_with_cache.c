/*
 * SegmentationImagePipelineWithCache: batches of images with label maps.  A window of the list
 * stays in memory and moves on between epochs, see smart_cache.c.
 */
#include "core/data/pipeline_rows.h"

static const struct arg_def defs[] = {
	PIPELINE_ROWS_COMMON,
	PIPELINE_ROW_LABEL_CHANNELS,
	PIPELINE_ROWS_SMART,
	ARG_END,
};

const struct component component_segmentation_image_pipeline_with_cache = {
	.name = "SegmentationImagePipelineWithCache",
	.kind = COMPONENT_PIPELINE,
	.help = "as SegmentationImagePipeline, with a window of num_cache_objects cases in "
		"memory after the longest deterministic run of transforms; a thread makes "
		"replace_percent of them for the next epoch meanwhile",
	.args = defs,
	.args_size = sizeof(struct pipeline_args),
	.ops = &pipeline_common_ops,
};
