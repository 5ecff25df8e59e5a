/*
 * SegmentationKerasImagePipelineWithCache: batches of images with label maps.  A window of the list
 * stays in memory and moves on between epochs, see smart_cache.c.  Keras' sequences of v3 are the
 * same thing here: threads of this program.
 */
#include "core/data/pipeline_rows.h"

static const struct arg_def defs[] = {
	PIPELINE_ROWS_COMMON,
	PIPELINE_ROW_LABEL_CHANNELS,
	PIPELINE_ROWS_SMART,
	PIPELINE_ROW_KERAS,
	ARG_END,
};

const struct component component_segmentation_keras_image_pipeline_with_cache = {
	.name = "SegmentationKerasImagePipelineWithCache",
	.kind = COMPONENT_PIPELINE,
	.help = "as SegmentationImagePipelineWithCache (v3 built it on a Keras sequence, here "
		"it is the same code)",
	.args = defs,
	.args_size = sizeof(struct pipeline_args),
	.ops = &pipeline_common_ops,
};
