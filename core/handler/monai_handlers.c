/*
 * Handlers that Clara v4 configurations name and whose work the engine does anyway, or
 * that the reader of v4 takes apart (core/mmar/v4.c).  They are in the table so that
 * such a configuration reads, and a misspelt name is found.
 */
#include "core/handler/handler.h"

static void nothing_epoch(const void *args, const struct handler_epoch *e, struct buf *out)
{
	(void)args, (void)e, (void)out;
}

static const struct handler_ops nothing_ops = {.epoch = nothing_epoch};

#define NOTHING(name_, why_)                                                       \
	{                                                                          \
		.name = name_, .type = ARG_JSON, .flags = ARG_UNUSED, .help = why_ \
	}

static const struct arg_def loader_defs[] = {
	NOTHING("load_path", "weights to start from, when the handler is not disabled"),
	NOTHING("load_dict", "accepted; the model's weights are loaded"),
	NOTHING("name", "accepted; without effect"),
	NOTHING("map_location", "accepted; without effect"),
	NOTHING("strict", "accepted; MMAR_CKPT_PARTIAL decides"),
	ARG_END,
};

const struct component component_v4_checkpoint_loader = {
	.name = "CheckpointLoader",
	.kind = COMPONENT_HANDLER,
	.help = "v4: the weights of load_path (a .safetensors file) are where a training starts",
	.args = loader_defs,
	.args_size = 0,
	.ops = &nothing_ops,
};

const struct component component_v4_checkpoint_saver = {
	.name = "CheckpointSaver",
	.kind = COMPONENT_HANDLER,
	.help = "v4: nothing to do, a run always saves its checkpoint, the best and the final model",
	.ops = &nothing_ops,
};

const struct component component_v4_lr_schedule = {
	.name = "LrScheduleHandler",
	.kind = COMPONENT_HANDLER,
	.help = "v4: nothing to do, the learning-rate policy is applied in every step",
	.ops = &nothing_ops,
};

const struct component component_v4_metrics_saver = {
	.name = "MetricsSaver",
	.kind = COMPONENT_HANDLER,
	.help = "v4: in a validation configuration its save_dir becomes the report_path of the "
		"metrics; in a training nothing, the events hold them",
	.ops = &nothing_ops,
};

const struct component component_v4_tensorboard_stats = {
	.name = "TensorBoardStatsHandler",
	.kind = COMPONENT_HANDLER,
	.aliases = (const char *const[]){"TensorBoardImageHandler", NULL},
	.help = "v4: nothing to do, a run always writes its TensorBoard file",
	.ops = &nothing_ops,
};

const struct component component_v4_validation = {
	.name = "ValidationHandler",
	.kind = COMPONENT_HANDLER,
	.help = "v4: its interval is num_training_epoch_per_valid",
	.ops = &nothing_ops,
};

const struct component component_v4_deepgrow_stats = {
	.name = "DeepgrowStatsHandler",
	.kind = COMPONENT_HANDLER,
	.help = "v4: nothing to do, validation events hold the Dice, also after each click",
	.ops = &nothing_ops,
};
