#ifndef CORE_TRAIN_TRAINER_H
#define CORE_TRAIN_TRAINER_H

#include "core/data/pipeline.h"
#include "core/mmar/config.h"
#include "core/run/run.h"
#include "core/train/checkpoint.h"
#include "core/train/learner.h"
#include "core/train/train.h"
#include "core/train/validator.h"

/* A best model that could not be written yet: no checkpoint is written before it. */
struct trainer_best {
	double metric;
	int64_t epoch;
	float *w, *s; /* weights and states; NULL: none waits */
};

/* A training in progress; shared by the files of this folder only. */
struct trainer {
	const struct train_options *opt;
	const struct train_hooks *hooks;
	struct train_config cfg;
	struct datalist *train_list, *valid_list;
	struct pipeline *train_pipe, *valid_pipe;
	struct model model;
	struct learner learner;
	struct validator validator;
	struct click_loop clicks; /* between a batch and its step; .it NULL: none */
	struct run *run;
	struct train_position pos;
	int64_t steps_per_epoch;
	double started;         /* monotonic time of the first step of this process */
	double last_checkpoint; /* monotonic time */
	double save_failed;     /* monotonic time of the last failed checkpoint; 0: none */
	int64_t saved_step;     /* of the newest checkpoint */
	struct trainer_best best;
	double epoch_started;
	struct pipeline_stats loader; /* at the end of the last epoch */
	cJSON *stats;                 /* train_stats.json under construction */
};

/*
 * Reads configuration and data lists and checks all of it; makes pipelines,
 * network and plan.  Writes nothing, apart from generated data (DATA_GENERATOR).
 */
int trainer_setup(struct trainer *t, struct err *err) MUST_CHECK;
void trainer_release(struct trainer *t);

/* Opens or creates the run folder and tells how the training is laid out. */
int trainer_open_run(struct trainer *t, struct err *err) MUST_CHECK;

/* The epochs, from t->pos on.  ERR_INTR when it was cancelled, after a checkpoint. */
int trainer_loop(struct trainer *t, struct err *err) MUST_CHECK;

/* Fine-tuning: weights from MMAR_CKPT, all or (MMAR_CKPT_PARTIAL) what fits.  Says what it did. */
int trainer_start_weights(struct trainer *t, struct err *err) MUST_CHECK;

/* One validation with its event; saves the best model. */
int trainer_validate(struct trainer *t, struct err *err) MUST_CHECK;

/*
 * A checkpoint with its event.  When the disk is full: a warning, and 0; the next is due
 * when trainer_checkpoint_retry() says so.
 */
int trainer_checkpoint(struct trainer *t, struct err *err) MUST_CHECK;
int trainer_checkpoint_now(struct trainer *t, struct err *err) MUST_CHECK; /* or ERR_IO */
bool trainer_checkpoint_retry(const struct trainer *t);

/* Writes the model as the best one, or keeps a copy that is written with the next checkpoint. */
int trainer_save_best(struct trainer *t, struct err *err) MUST_CHECK;
int trainer_save_waiting(struct trainer *t, struct err *err) MUST_CHECK; /* the copy, if any */
void trainer_best_release(struct trainer_best *b);

/* What the loader did in the epoch that ends: properties, and fields of its event. */
void trainer_loader_report(struct trainer *t, double *wait, struct buf *fields);

void trainer_say(const struct train_hooks *hooks, const char *fmt, ...) PRINTF_LIKE(2, 3);
void trainer_prop(const struct train_hooks *hooks, const char *name, double value);
bool trainer_cancelled(const struct train_hooks *hooks);

/*
 * Makes the data of a configuration that brings a generator (the phantom) when the
 * data list is not there yet.
 */
int train_generate(const struct config_generator *gen, const struct config_paths *paths,
	const struct train_hooks *hooks, struct err *err) MUST_CHECK;

#endif
