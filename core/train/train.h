#ifndef CORE_TRAIN_TRAIN_H
#define CORE_TRAIN_TRAIN_H

#include <stdbool.h>
#include "core/base/err.h"

/* One training: what the command line, or a job of the engine, asks for. */
struct train_options {
	const char *mmar, *config, *env;
	const char *const *sets;
	int nsets;
	const char *run_name; /* NULL: from the time */
	const char *resume;   /* run folder to go on with; NULL: a new run */
	const char *device;   /* NULL: as configured */
	bool write_train_stats;
};

/* What the trainer tells while it runs; every callback may be NULL. */
struct train_hooks {
	void *ctx;
	bool (*cancelled)(void *ctx);
	void (*prop)(void *ctx, const char *name, double value);
	void (*line)(void *ctx, const char *text);
	void (*run_started)(void *ctx, const char *run_dir);
};

/* Trains.  -1 with ERR_INTR when cancelled after a checkpoint. */
int train_run(const struct train_options *opt, const struct train_hooks *hooks,
	struct err *err) MUST_CHECK;

#endif
