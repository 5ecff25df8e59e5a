#ifndef CORE_ENGINE_JOB_H
#define CORE_ENGINE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include "core/base/args.h"
#include "core/base/err.h"

/*
 * Jobs of the engine.  A kind of job (training, later search and annotation) is
 * one const struct job_kind and one row in jobs.def.  Its run() is called on a
 * thread of its own and talks to the engine through struct job_ctl only.
 */
enum job_state {
	JOB_QUEUED,
	JOB_RUNNING,
	JOB_STOPPING, /* asked to stop, still writing its checkpoint */
	JOB_DONE,
	JOB_FAILED,
	JOB_STOPPED,     /* ended by request, with a checkpoint */
	JOB_INTERRUPTED, /* its engine died; resumable when a checkpoint is there */
};

struct job_ctl; /* the job's end of the line to the engine */

struct job_kind {
	const char *name; /* "train" */
	const char *help;
	const struct arg_def *args; /* of the submit request */
	size_t args_size;
	/*
	 * Does the work.  0: done.  -1 with ERR_INTR: stopped as asked, state saved.
	 * -1 with another code: failed.  args as parsed by the table.
	 */
	int (*run)(struct job_ctl *ctl, const void *args, struct err *err);
};

/* True once the job should save its state and return; ask at every step. Any thread. */
bool job_cancelled(struct job_ctl *ctl);

/* Sets a latest value ("step", "loss", "eta"); at most JOB_PROPS names. Any thread. */
#define JOB_PROPS 32
void job_prop(struct job_ctl *ctl, const char *name, double value);

/* Tells which run folder the job writes. */
void job_run_started(struct job_ctl *ctl, const char *run_dir);

/* A line for the engine's log. */
void job_line(struct job_ctl *ctl, const char *text);

/* "queued", "running", ... */
const char *job_state_name(enum job_state state);
enum job_state job_state_find(const char *name);

/* True for the states in which a job will never run again by itself. */
bool job_state_final(enum job_state state);

/* The kinds this program has, NULL at the end. */
const struct job_kind *job_kind_at(int i);

#endif
