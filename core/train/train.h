#ifndef CORE_TRAIN_TRAIN_H
#define CORE_TRAIN_TRAIN_H

#include <stdbool.h>
#include "core/base/err.h"

/* What to train: the flags of v3's train program. Strings are borrowed. */
struct train_options {
	const char *mmar;        /* -m: folder of the MMAR */
	const char *config;      /* -c: relative to it; NULL: config/config_train.json */
	const char *env;         /* -e: relative to it; NULL: config/environment.json */
	const char *const *sets; /* --set KEY=VALUE */
	int nsets;
	const char *run_name; /* name of the run folder; NULL: from the time */
	const char *
		resume; /* folder or name of a run to go on with, "": the newest; NULL: a new run */
	const char *device;     /* "cpu" or "auto"; NULL: "auto" */
	bool write_train_stats; /* write train_stats.json */
};

/* How a training talks to whoever started it.  Every callback may be NULL. */
struct train_hooks {
	void *ctx;
	/* Asked between steps: true stops the training after a checkpoint. */
	bool (*cancelled)(void *ctx);
	/* Latest value of a property ("step", "loss", "eta"): overwritten, never queued. */
	void (*prop)(void *ctx, const char *name, double value);
	/* One line of progress for people, without newline. */
	void (*line)(void *ctx, const char *text);
	/* The run folder exists now (its events can be followed). */
	void (*run_started)(void *ctx, const char *run_dir);
};

/*
 * Trains to the end.  Returns 0, or -1: ERR_DATA / ERR_NOINPUT for a bad
 * configuration or data set (all problems in one message, nothing written),
 * ERR_LOCKED when the run is in use, ERR_IO, ERR_NOMEM, and ERR_INTR when it was
 * cancelled (a checkpoint has been written then).
 */
int train_run(const struct train_options *opt, const struct train_hooks *hooks,
	struct err *err) MUST_CHECK;

/*
 * Evaluates a trained model with config_validation.json: metrics with their
 * results files (do_validation) and written volumes (output_infer_result).
 */
int evaluate_run(const struct train_options *opt, const struct train_hooks *hooks,
	struct err *err) MUST_CHECK;

#endif
