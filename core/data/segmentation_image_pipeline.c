/*
 * SegmentationImagePipeline: the arguments of the pipeline as v3 configurations
 * write them, and what of them is not built yet.
 *
 * SegmentationImagePipelineWithCache is in the table so that a configuration that
 * asks for it gets a plain answer and not "unknown name": its moving cache is not
 * built, while the plain pipeline already keeps what fits into cache_mb.
 */
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/data/pipeline.h"

static const char *const pipeline_formats[] = {"channels_first", "channels_last", NULL};

/* The rows that both pipelines share; a macro because tables are constant. */
#define PIPELINE_ARGS                                                                             \
	{.name = "data_list_file_path",                                                           \
		.type = ARG_STRING,                                                               \
		.offset = offsetof(struct pipeline_args, data_list_file_path),                    \
		.flags = ARG_REQUIRED,                                                            \
		.help = "JSON data list in the form of the Medical Segmentation Decathlon"},      \
		{.name = "data_file_base_dir",                                                    \
			.type = ARG_STRING,                                                       \
			.offset = offsetof(struct pipeline_args, data_file_base_dir),             \
			.help = "folder that the paths of the list are relative to; absent: the " \
				"folder of the list"},                                            \
		{.name = "data_list_key",                                                         \
			.type = ARG_STRING,                                                       \
			.offset = offsetof(struct pipeline_args, data_list_key),                  \
			.def = "\"training\"",                                                    \
			.help = "which list of the file"},                                        \
		{.name = "output_crop_size",                                                      \
			.type = ARG_INT3,                                                         \
			.offset = offsetof(struct pipeline_args, output_crop_size),               \
			.def = "[-1, -1, -1]",                                                    \
			.min = -1,                                                                \
			.max = 4096,                                                              \
			.unit = "voxel",                                                          \
			.help = "size after the transforms along x, y, z; needed for training"},  \
		{.name = "output_batch_size",                                                     \
			.type = ARG_INT,                                                          \
			.offset = offsetof(struct pipeline_args, output_batch_size),              \
			.def = "10",                                                              \
			.min = 1,                                                                 \
			.max = 4096,                                                              \
			.help = "samples per batch"},                                             \
		{.name = "batched_by_transforms",                                                 \
			.type = ARG_BOOL,                                                         \
			.offset = offsetof(struct pipeline_args, batched_by_transforms),          \
			.def = "false",                                                           \
			.help = "the crops of one volume are the batch (not built yet: only "     \
				"false)"},                                                        \
		{.name = "output_image_channels",                                                 \
			.type = ARG_INT,                                                          \
			.offset = offsetof(struct pipeline_args, output_image_channels),          \
			.def = "1",                                                               \
			.min = 1,                                                                 \
			.max = 1024,                                                              \
			.help = "channels of the image after the transforms"},                    \
		{.name = "output_label_channels",                                                 \
			.type = ARG_INT,                                                          \
			.offset = offsetof(struct pipeline_args, output_label_channels),          \
			.def = "1",                                                               \
			.min = 1,                                                                 \
			.max = 1024,                                                              \
			.help = "channels of the label after the transforms"},                    \
		{.name = "output_data_format",                                                    \
			.type = ARG_CHOICE,                                                       \
			.offset = offsetof(struct pipeline_args, output_data_format),             \
			.def = "\"channels_first\"",                                              \
			.choices = pipeline_formats,                                              \
			.flags = ARG_UNUSED,                                                      \
			.help = "accepted; the layout in memory is the engine's choice"},         \
		{.name = "output_data_dims",                                                      \
			.type = ARG_INT,                                                          \
			.offset = offsetof(struct pipeline_args, output_data_dims),               \
			.def = "3",                                                               \
			.min = 2,                                                                 \
			.max = 3,                                                                 \
			.help = "dimensions of space (2 is not built yet: only 3)"},              \
		{.name = "num_workers",                                                           \
			.type = ARG_INT,                                                          \
			.offset = offsetof(struct pipeline_args, num_workers),                    \
			.def = "4",                                                               \
			.min = 0,                                                                 \
			.max = 256,                                                               \
			.help = "loader threads (0 counts as 1)"},                                \
		{.name = "prefetch_size",                                                         \
			.type = ARG_INT,                                                          \
			.offset = offsetof(struct pipeline_args, prefetch_size),                  \
			.def = "4",                                                               \
			.min = 0,                                                                 \
			.max = 1024,                                                              \
			.help = "batches made ahead (0 counts as 1); each takes its memory"},     \
		{.name = "shuffle",                                                               \
			.type = ARG_BOOL,                                                         \
			.offset = offsetof(struct pipeline_args, shuffle),                        \
			.def = "true",                                                            \
			.help = "a new order in every epoch (training only)"},                    \
		{.name = "repeat",                                                                \
			.type = ARG_BOOL,                                                         \
			.offset = offsetof(struct pipeline_args, repeat),                         \
			.def = "true",                                                            \
			.help = "go on with the next epoch (training only)"},                     \
		{.name = "duplicate_count",                                                       \
			.type = ARG_INT,                                                          \
			.offset = offsetof(struct pipeline_args, duplicate_count),                \
			.def = "1",                                                               \
			.min = 1,                                                                 \
			.max = 10000,                                                             \
			.help = "how often each entry comes up in an epoch"},                     \
	{                                                                                         \
		.name = "cache_mb", .type = ARG_FLOAT,                                            \
		.offset = offsetof(struct pipeline_args, cache_mb), .def = "512", .min = 0,       \
		.max = 1e6, .unit = "MB",                                                         \
		.help = "memory for cases as the deterministic transforms leave them"             \
	}

static const struct arg_def pipeline_defs[] = {PIPELINE_ARGS, ARG_END};

static void pipeline_refuse(const char *file, const char *path, const char *name, const char *fix,
	const char *what, struct problems *ps)
{
	char *at = mem_printf("%s.%s", path, name);

	problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, at, fix, "%s", what);
	free(at);
}

static void pipeline_check(
	const void *args, const char *file, const char *path, struct problems *ps)
{
	const struct pipeline_args *a = args;

	if (a->batched_by_transforms)
		pipeline_refuse(file, path, "batched_by_transforms", "set it to false",
			"batches made by one transform are not built yet", ps);
	if (a->output_data_dims != 3)
		pipeline_refuse(file, path, "output_data_dims", "only 3",
			"images of 2 dimensions are not built yet", ps);
	for (int i = 0; i < 3; i++) {
		if (a->output_crop_size[i])
			continue;
		pipeline_refuse(file, path, "output_crop_size", NULL,
			"a size of 0 voxels is impossible", ps);
		break;
	}
}

const struct component component_segmentation_image_pipeline = {
	.name = "SegmentationImagePipeline",
	.kind = COMPONENT_PIPELINE,
	.help = "loader threads that run the transforms over a data list and make batches; the "
		"last batch of an epoch is filled up from its first items",
	.args = pipeline_defs,
	.args_size = sizeof(struct pipeline_args),
	.ops = &(const struct pipeline_ops){.check = pipeline_check},
};

/* The arguments of the pipeline with a moving cache: known, and refused as a whole. */
struct cached_args {
	struct pipeline_args plain;
	int64_t num_cache_objects;
	double replace_percent;
};

static const struct arg_def cached_defs[] = {
	PIPELINE_ARGS,
	{.name = "num_cache_objects",
		.type = ARG_INT,
		.offset = offsetof(struct cached_args, num_cache_objects),
		.help = "cases in the cache"},
	{.name = "replace_percent",
		.type = ARG_FLOAT,
		.offset = offsetof(struct cached_args, replace_percent),
		.min = 0,
		.max = 1,
		.help = "part of the cache that is replaced after an epoch"},
	ARG_END,
};

static void cached_check(const void *args, const char *file, const char *path, struct problems *ps)
{
	(void)args;
	problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, path,
		"use SegmentationImagePipeline, which keeps what fits into cache_mb",
		"SegmentationImagePipelineWithCache is not built yet");
}

const struct component component_segmentation_image_pipeline_with_cache = {
	.name = "SegmentationImagePipelineWithCache",
	.kind = COMPONENT_PIPELINE,
	.help = "not built yet, a configuration that names it is refused; "
		"SegmentationImagePipeline keeps what fits into cache_mb",
	.args = cached_defs,
	.args_size = sizeof(struct cached_args),
	.ops = &(const struct pipeline_ops){.check = cached_check},
};
