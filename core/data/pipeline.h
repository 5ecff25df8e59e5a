#ifndef CORE_DATA_PIPELINE_H
#define CORE_DATA_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/component.h"
#include "core/data/datalist.h"
#include "core/transform/sample.h"

/*
 * An image pipeline turns a data list into batches (training) or whole samples
 * (validation): loader threads run the transforms ahead of the consumer.
 *
 * What comes out depends on list, transforms, seed, epoch and step alone: not on
 * num_workers, not on timing.  Every random transform draws from a stream of its
 * own, named by (seed, epoch, case, repeat of the case in the epoch, transform).
 */

/*
 * Arguments of all pipeline components; also what pipeline_new() takes.  A component has
 * rows for some of them, the others are 0.
 */
struct pipeline_args {
	char *data_list_file_path;
	char *data_file_base_dir;
	char *data_list_key;
	int64_t output_crop_size[3]; /* x, y, z voxels */
	int64_t output_batch_size;
	bool batched_by_transforms;
	int64_t output_image_channels;
	/* 0: classification, the label is numbers; how many is told by the list. */
	int64_t output_label_channels;
	char *output_image_dtype;
	int output_data_format; /* choice; the batch is channels-last in either case */
	int64_t output_data_dims;
	int64_t num_workers, prefetch_size;
	bool shuffle, repeat;
	int64_t duplicate_count;
	double cache_mb;           /* bound on what is kept of the deterministic prefix */
	int64_t num_cache_objects; /* Smart Cache: cases in the window; 0: no Smart Cache */
	double replace_percent;    /* part of them that an epoch exchanges; above 1: a percent */
	struct numlist output_label_format;
	struct numlist items_per_category, category_weights;
	cJSON *extra_inputs;
	bool multiprocessing;
};

/* replace_percent as a part of 1. */
double pipeline_replace_fraction(const struct pipeline_args *a);

/* Callbacks of COMPONENT_PIPELINE. */
struct pipeline_ops {
	/* Faults that concern several arguments, or features that are not there. */
	void (*check)(const void *args, const char *file, const char *path, struct problems *ps);
};

struct pipeline_config {
	const struct pipeline_args *args;       /* borrowed until pipeline_free() */
	const struct component_use *transforms; /* borrowed until pipeline_free() */
	int n_transforms;
	const struct datalist *list; /* borrowed; NULL: read as args say */
	uint64_t seed;
	/*
	 * Training: items shuffled (unless args say no), whole batches, epoch after epoch
	 * when args->repeat.  Otherwise: samples in list order, random transforms draw the
	 * same in every epoch, so that validations can be compared.
	 */
	bool training;
	/* Called on the consumer's thread when a case was quarantined.  May be NULL. */
	void (*warn)(void *ctx, const char *text);
	void *warn_ctx;
	bool keep_samples; /* training: batches come with their samples, see struct batch */
};

/* What a training batch is made of. */
struct pipeline_shape {
	int batch;          /* samples */
	int dim[3];         /* x, y, z of the image; z is 1 in two dimensions */
	int channels;       /* of the image */
	int label_dim[3];   /* x, y, z of the label: dim, or 1, 1, 1 in classification */
	int label_channels; /* numbers per voxel of the label */
};

/* A training batch; it belongs to the pipeline. */
struct batch {
	int n;              /* samples */
	int dim[3];         /* x, y, z */
	int channels;       /* of the image */
	int label_dim[3];   /* x, y, z of the label; 1, 1, 1 in classification */
	int label_channels; /* of the label, usually 1 */
	float *image;       /* [n][z][y][x][channels], 64-byte aligned */
	float *label;       /* [n][z][y][x][label_channels], sizes of label_dim */
	const char **case_ids;
	struct sample **samples; /* with keep_samples what each place was made of, else NULL */
	int64_t epoch, step;     /* step within the epoch, from 0 */
};

struct pipeline;

/*
 * Reads the list when there is none, allocates the batches (in training) and
 * starts no thread.  Nothing is loaded yet.
 */
struct pipeline *pipeline_new(const struct pipeline_config *config, struct err *err) MUST_CHECK;
void pipeline_free(struct pipeline *p); /* stops it first; NULL is fine */

/*
 * Steps per epoch: ceil(cases * duplicate_count / batch), where the cases are those of the
 * window with a Smart Cache, and a batch by transforms is one case; in validation the number
 * of samples.  The last batch of an epoch is filled up with the first items of
 * the same epoch's order, so that every batch has the same shape.
 */
int64_t pipeline_length(const struct pipeline *p);

/* The shape of its batches, which the training graph is built for. */
void pipeline_shape(const struct pipeline *p, struct pipeline_shape *out);
int pipeline_batch_size(const struct pipeline *p); /* samples per batch, crops counted */
const struct datalist *pipeline_list(const struct pipeline *p);

/*
 * Bytes that the batches and the prefix cache may take; a case in work is not counted, nor
 * fields other than image and label of samples that are kept.
 */
size_t pipeline_memory(const struct pipeline *p);

/*
 * Starts the loader threads at this place (epoch from 0; step within it), so the
 * next batch is exactly the one that an uninterrupted run would get there.  A
 * pipeline that runs is stopped first.
 */
int pipeline_start(
	struct pipeline *p, int64_t epoch, int64_t first_step, struct err *err) MUST_CHECK;

/*
 * The next batch in order, waiting for it.  Returns 1 and the batch, which stays
 * valid until the next call; 0 at the end of the epoch when args->repeat is false
 * (in training with repeat it goes on with the next epoch, loaded ahead, without a
 * gap); -1 on an error.
 */
int pipeline_next(struct pipeline *p, struct batch **batch, struct err *err) MUST_CHECK;

/*
 * Validation: the next sample in list order; the caller frees it.  Returns 1, 0
 * after the last one, -1 on an error.  Quarantined cases are left out.
 */
int pipeline_next_sample(struct pipeline *p, struct sample **sample, struct err *err) MUST_CHECK;

/*
 * Stops and joins the threads.  A thread that is inside a transform finishes that
 * one transform, nothing more.  pipeline_start() may follow.
 */
void pipeline_stop(struct pipeline *p);

/*
 * Makes a waiting pipeline_next() return at once with ERR_INTR; from any thread.
 * The pipeline can then only be stopped.
 */
void pipeline_cancel(struct pipeline *p);

struct pipeline_stats {
	double wait_seconds;      /* the consumer waited, since pipeline_new() */
	int64_t items;            /* samples delivered */
	int64_t cache_hits;       /* of loaded_items: with a cached prefix */
	size_t cache_bytes;       /* kept now */
	int cache_cases;          /* kept now */
	int64_t cache_objects;    /* Smart Cache: entries in the window; 0: none */
	int64_t cache_replace;    /* of them exchanged after an epoch */
	int quarantined;          /* cases left out */
	double load_seconds;      /* in the loader threads, summed */
	int64_t loaded_items;     /* cases that the loader threads made samples of */
	int64_t replaced;         /* cases made ahead by the replacement thread */
	int64_t overruns;         /* epochs that began before their replacements were there */
	double replace_lag;       /* seconds that they came late for the last epoch */
	double replace_lag_total; /* and for all */
};
void pipeline_stats(struct pipeline *p, struct pipeline_stats *out);

#endif
