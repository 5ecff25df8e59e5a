/*
 * ClassificationImagePipeline: batches of images with numbers as labels.
 */
#include "core/data/pipeline_rows.h"

static const struct arg_def defs[] = {
	PIPELINE_ROWS_COMMON,
	PIPELINE_ROW_LABEL_FORMAT,
	PIPELINE_ROW_CACHE_MB,
	ARG_END,
};

const struct component component_classification_image_pipeline = {
	.name = "ClassificationImagePipeline",
	.kind = COMPONENT_PIPELINE,
	.help = "the same for classification: labels of the data list are a number (the class) "
		"or a list of numbers (one per class)",
	.args = defs,
	.args_size = sizeof(struct pipeline_args),
	.ops = &pipeline_common_ops,
};
