#ifndef CORE_DATA_PIPELINE_ROWS_H
#define CORE_DATA_PIPELINE_ROWS_H

#include "core/data/pipeline.h"

/* Rows of the argument tables of the pipelines; macros because tables are constant. */
#define PIPELINE_AT(member) offsetof(struct pipeline_args, member)

extern const char *const pipeline_formats[];

/* clang-format off */
#define PIPELINE_ROWS_COMMON \
	{.name = "data_list_file_path", .type = ARG_STRING, .flags = ARG_REQUIRED, \
		.offset = PIPELINE_AT(data_list_file_path), \
		.help = "JSON data list in the form of the Medical Segmentation Decathlon"}, \
	{.name = "data_file_base_dir", .type = ARG_STRING, .offset = PIPELINE_AT(data_file_base_dir), \
		.help = "folder that the paths of the list are relative to; absent: the folder of the " \
			"list"}, \
	{.name = "data_list_key", .type = ARG_STRING, .offset = PIPELINE_AT(data_list_key), \
		.def = "\"training\"", .help = "which list of the file"}, \
	{.name = "output_crop_size", .type = ARG_INT3, .offset = PIPELINE_AT(output_crop_size), \
		.def = "[-1, -1, -1]", .min = -1, .max = 4096, .unit = "voxel", .flags = ARG_PAIR, \
		.help = "size after the transforms along x, y, z (two numbers: x, y and one slice); " \
			"needed for training"}, \
	{.name = "output_batch_size", .type = ARG_INT, .offset = PIPELINE_AT(output_batch_size), \
		.def = "10", .min = 0, .max = 4096, \
		.help = "samples per batch; with batched_by_transforms 0 or the batch_size of the " \
			"crop; with MergeBatchDims times the batch_size of the crop"}, \
	{.name = "batched_by_transforms", .type = ARG_BOOL, \
		.offset = PIPELINE_AT(batched_by_transforms), .def = "false", \
		.help = "the crops that a transform makes of one volume are the batch; an epoch has " \
			"as many steps as cases"}, \
	{.name = "output_image_channels", .type = ARG_INT, \
		.offset = PIPELINE_AT(output_image_channels), .def = "1", .min = 1, .max = 1024, \
		.help = "channels of the image after the transforms"}, \
	{.name = "output_image_dtype", .type = ARG_STRING, .offset = PIPELINE_AT(output_image_dtype), \
		.def = "\"float32\"", .flags = ARG_UNUSED, .help = "accepted; batches are float32"}, \
	{.name = "output_data_format", .type = ARG_CHOICE, .offset = PIPELINE_AT(output_data_format), \
		.def = "\"channels_first\"", .choices = pipeline_formats, .flags = ARG_UNUSED, \
		.help = "accepted; the layout in memory is the engine's choice"}, \
	{.name = "output_data_dims", .type = ARG_INT, .offset = PIPELINE_AT(output_data_dims), \
		.def = "3", .min = 2, .max = 3, \
		.help = "dimensions of space; with 2 the image is one slice"}, \
	{.name = "num_workers", .type = ARG_INT, .offset = PIPELINE_AT(num_workers), .def = "4", \
		.min = 0, .max = 256, \
		.help = "loader threads (0 counts as 1); the batches are the same for any number"}, \
	{.name = "prefetch_size", .type = ARG_INT, .offset = PIPELINE_AT(prefetch_size), .def = "4", \
		.min = 0, .max = 1024, \
		.help = "batches made ahead (0 counts as 1); each takes its memory"}, \
	{.name = "shuffle", .type = ARG_BOOL, .offset = PIPELINE_AT(shuffle), .def = "true", \
		.help = "a new order in every epoch (training only)"}, \
	{.name = "repeat", .type = ARG_BOOL, .offset = PIPELINE_AT(repeat), .def = "true", \
		.help = "go on with the next epoch (training only)"}, \
	{.name = "duplicate_count", .type = ARG_INT, .offset = PIPELINE_AT(duplicate_count), \
		.def = "1", .min = 1, .max = 10000, \
		.help = "how often each entry comes up in an epoch, each time with draws of its own"}, \
	{.name = "extra_inputs", .type = ARG_JSON, .offset = PIPELINE_AT(extra_inputs), \
		.help = "only null or an empty list: networks here take the field 'image'; further " \
			"inputs can be channels of it"}, \
	{.name = "items_per_category", .type = ARG_INTLIST, .offset = PIPELINE_AT(items_per_category), \
		.min = 0, .max = 1000000, \
		.help = "classification: an epoch has so many items of each category (one number " \
			"for all, or one each); a category is a class number, or a number of the " \
			"label that is not 0; its entries come up in a new order, each before one " \
			"comes up again (a choice made here, v3's rule is not published)"}, \
	{.name = "category_weights", .type = ARG_FLOATLIST, .offset = PIPELINE_AT(category_weights), \
		.min = 0, .max = 1e9, \
		.help = "classification: the category of each item is drawn with these weights, then " \
			"its next entry; the length of the epoch stays (or is the sum of " \
			"items_per_category)"}

#define PIPELINE_ROW_LABEL_CHANNELS \
	{.name = "output_label_channels", .type = ARG_INT, \
		.offset = PIPELINE_AT(output_label_channels), .def = "1", .min = 1, .max = 1024, \
		.help = "channels of the label after the transforms"}

#define PIPELINE_ROW_LABEL_FORMAT \
	{.name = "output_label_format", .type = ARG_INTLIST, \
		.offset = PIPELINE_AT(output_label_format), .min = 1, .max = 4096, \
		.help = "one number for each number of a label: 1 takes it as it is, K > 1 takes it " \
			"as a class and makes K channels of it (a choice made here, v3's form is " \
			"not published); absent: the label as the list has it"}

#define PIPELINE_ROW_CACHE_MB \
	{.name = "cache_mb", .type = ARG_FLOAT, .offset = PIPELINE_AT(cache_mb), .def = "512", \
		.min = 0, .max = 1e6, .unit = "MB", \
		.help = "memory for cases as the deterministic transforms leave them"}

#define PIPELINE_ROWS_SMART \
	{.name = "num_cache_objects", .type = ARG_INT, .offset = PIPELINE_AT(num_cache_objects), \
		.flags = ARG_REQUIRED, .min = 1, .max = 1000000, \
		.help = "cases in memory as the deterministic transforms leave them; an epoch uses " \
			"these only, so it has num_cache_objects / output_batch_size steps (the " \
			"last batch is filled up); with as many as the list has all are kept"}, \
	{.name = "replace_percent", .type = ARG_FLOAT, .offset = PIPELINE_AT(replace_percent), \
		.def = "0", .min = 0, .max = 100, \
		.help = "part of them that is exchanged after an epoch, rounded up (0.25; a value " \
			"above 1 is a percent: 25); the window runs over the list, with shuffle in " \
			"an order that the seed draws once; 0 in validation"}, \
	{.name = "cache_mb", .type = ARG_FLOAT, .offset = PIPELINE_AT(cache_mb), .def = "0", \
		.min = 0, .max = 1e6, .unit = "MB", \
		.help = "bound on the cache; 0: what is free but 512 MiB; cases beyond it are made " \
			"anew for each use, and a warning says so"}

#define PIPELINE_ROW_KERAS \
	{.name = "multiprocessing", .type = ARG_BOOL, .offset = PIPELINE_AT(multiprocessing), \
		.def = "false", .flags = ARG_UNUSED, \
		.help = "accepted; the workers are threads in either case"}
/* clang-format on */

/* The checks that all pipelines share. */
extern const struct pipeline_ops pipeline_common_ops;

#endif
