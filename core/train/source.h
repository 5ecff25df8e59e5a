#ifndef CORE_TRAIN_SOURCE_H
#define CORE_TRAIN_SOURCE_H

#include "core/mmar/config.h"
#include "core/train/train.h"

/* Where a training comes from: the command line, or the record of the run that goes on. */
struct train_source {
	char *mmar, *config, *env; /* absolute MMAR folder; files as given or absolute */
	char **sets;
	int nsets;
	char *run_dir;  /* absolute; NULL: a new run */
	char *resolved; /* configuration that the run was started with; NULL: a new run */
	int threads;    /* that computed when the run was started; 0: a new run, or not known */
};

/*
 * Fills src from opt.  With opt->resume (a run folder, or a run's name below the
 * MMAR's models) what opt leaves out is taken from the run's run.json; --set words
 * of opt come after the recorded ones.  Call train_source_release() in any case.
 */
int train_source_init(
	struct train_source *src, const struct train_options *opt, struct err *err) MUST_CHECK;
void train_source_release(struct train_source *src);

/* The view of it that the configuration reader takes. */
struct config_source train_source_config(const struct train_source *src);

#endif
