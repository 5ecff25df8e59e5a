/*
 * ClassificationKerasImagePipeline: batches of images with numbers as labels.  Keras' sequences of
 * v3 are the same thing here: threads of this program.
 */
#include "core/data/pipeline_rows.h"

static const struct arg_def defs[] = {
	PIPELINE_ROWS_COMMON,
	PIPELINE_ROW_LABEL_FORMAT,
	PIPELINE_ROW_CACHE_MB,
	PIPELINE_ROW_KERAS,
	ARG_END,
};

const struct component component_classification_keras_image_pipeline = {
	.name = "ClassificationKerasImagePipeline",
	.kind = COMPONENT_PIPELINE,
	.help = "as ClassificationImagePipeline (v3 built it on a Keras sequence, here it is "
		"the same code)",
	.args = defs,
	.args_size = sizeof(struct pipeline_args),
	.ops = &pipeline_common_ops,
};
