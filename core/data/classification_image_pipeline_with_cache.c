/*
 * ClassificationImagePipelineWithCache: batches of images with numbers as labels.  A window of the
 * list stays in memory and moves on between epochs, see smart_cache.c.
 */
#include "core/data/pipeline_rows.h"

static const struct arg_def defs[] = {
	PIPELINE_ROWS_COMMON,
	PIPELINE_ROW_LABEL_FORMAT,
	PIPELINE_ROWS_SMART,
	ARG_END,
};

const struct component component_classification_image_pipeline_with_cache = {
	.name = "ClassificationImagePipelineWithCache",
	.kind = COMPONENT_PIPELINE,
	.help = "as ClassificationImagePipeline, with a window of num_cache_objects cases in "
		"memory after the longest deterministic run of transforms; a thread makes "
		"replace_percent of them for the next epoch meanwhile",
	.args = defs,
	.args_size = sizeof(struct pipeline_args),
	.ops = &pipeline_common_ops,
};
