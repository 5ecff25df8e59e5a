#ifndef CORE_RUN_RUN_H
#define CORE_RUN_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/run/events.h"

/*
 * A run: one training, one folder <mmar>/<MMAR_CKPT_DIR>/<run id>.  The folder is
 * the truth; every process that shows a run reads the files.
 *
 *   run.json      what was asked for: mmar, config, env, --set, seed, resolved configuration ...
 *   run.lock      held (flock) while somebody trains; holds fence, pid and host of the holder
 *   events.jsonl  what happened, see events.h
 *   model.safetensors, model_final.safetensors, checkpoint.safetensors, train_stats.json
 *   events.out.tfevents.*  the same scalars for TensorBoard
 */
#define RUN_FILE_INFO       "run.json"
#define RUN_FILE_LOCK       "run.lock"
#define RUN_FILE_EVENTS     "events.jsonl"
#define RUN_FILE_MODEL      "model.safetensors"       /* best by key metric */
#define RUN_FILE_FINAL      "model_final.safetensors" /* after the last epoch */
#define RUN_FILE_CHECKPOINT "checkpoint.safetensors"  /* weights, optimizer, random state */
/* The checkpoint before it, should it be damaged. */
#define RUN_FILE_CHECKPOINT_PREV "checkpoint.prev.safetensors"
#define RUN_FILE_STATS           "train_stats.json"

struct run; /* a run that this process writes */

/* What run_create() needs to know; everything is copied. Optional texts may be NULL. */
struct run_info {
	const char *ckpt_dir; /* folder of the runs, made when missing */
	const char *name;     /* run id; NULL: from the time, "20261124-101530" */
	const char *mmar, *config, *env;
	const char *const *sets; /* the --set K=V words */
	int nsets;
	const char *device;
	int threads;          /* that compute */
	const char *resolved; /* configuration after variables and --set, as text */
	uint64_t seed;
	int64_t epochs;           /* planned, 0: unknown */
	int64_t summary_interval; /* TensorBoard point every N steps; 0: no TensorBoard file */
};

/*
 * Makes a run folder (0700), run.json and the lock.  Errors: ERR_USAGE for a bad
 * or taken name, ERR_IO ... from the file system.  The caller ends it with run_close().
 */
struct run *run_create(const struct run_info *info, struct err *err) MUST_CHECK;

/*
 * Opens a run to go on with it: takes the lock (ERR_LOCKED names pid and host of
 * the holder), raises the fence, cuts a torn last line, continues seq.
 */
struct run *run_open_resume(const char *dir, struct err *err) MUST_CHECK;

const char *run_id(const struct run *r);
const char *run_dir(const struct run *r);

/* Path of a file in the run folder; the caller frees. */
char *run_path(const struct run *r, const char *file);
char *run_path_in(const char *dir, const char *file);

/*
 * Appends one event; fields may be NULL.  One write() per line; validation,
 * checkpoint, start, resume and end are flushed to the disk before it returns.
 * ERR_AGAIN when another process has taken over the run (fence).  When the file
 * cannot be written, events but start, resume and end (ERR_IO) wait in memory and are
 * written with the first one that can be; the sink is told.  From one thread at a time.
 */
int run_event(
	struct run *r, enum event_kind kind, const struct buf *fields, struct err *err) MUST_CHECK;

/* A log event; level "info", "warning", "error". */
int run_log(struct run *r, const char *level, const char *text, struct err *err) MUST_CHECK;

/* 0 while this process still owns the run; ERR_AGAIN otherwise.  Ask before a file is replaced. */
int run_check_fence(struct run *r, struct err *err) MUST_CHECK;

/* Plain progress lines of all later events go to line(). */
void run_set_sink(struct run *r, void (*line)(void *ctx, const char *text), void *ctx);

/* Writes train_stats.json. */
int run_write_stats(struct run *r, const cJSON *stats, struct err *err) MUST_CHECK;

/*
 * Appends the end event (state "done", "failed" or "stopped"; reason may be NULL;
 * code: exit code), releases the lock and frees r.  The run is freed in any case.
 */
int run_close(
	struct run *r, const char *state, const char *reason, int code, struct err *err) MUST_CHECK;

/* Frees r without an end event: the run stays behind as interrupted. */
void run_abandon(struct run *r);

#endif
