#ifndef CORE_RUN_SCAN_H
#define CORE_RUN_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include "core/base/err.h"

/* What the run folders say, without reading whole event files. */
enum run_state {
	RUN_RUNNING,     /* the lock is held */
	RUN_DONE,        /* end event: done */
	RUN_FAILED,      /* end event: failed */
	RUN_STOPPED,     /* end event: stopped after a checkpoint */
	RUN_INTERRUPTED, /* no end event and nobody holds the lock */
};

struct run_item {
	char *id, *dir;
	enum run_state state;
	bool resumable; /* not running, not done, and a checkpoint is there */
	double started; /* wall seconds; NaN when unknown, as all numbers below */
	double last;    /* time of the last event */
	double epoch, epochs, step, loss, best, best_epoch;
	int64_t pid; /* of the last holder, 0: unknown */
	char *key;   /* name of the key metric, NULL */
	char *host, *mmar, *config, *device;
	char *reason; /* why it failed or stopped, NULL */
};

/* "running", "done", "failed", "stopped", "interrupted" */
const char *run_state_name(enum run_state state);

/* Fills one item from a run folder.  ERR_NOINPUT when it is no run folder. */
int run_item_read(struct run_item *item, const char *dir, struct err *err) MUST_CHECK;
void run_item_release(struct run_item *item);

/*
 * All runs in ckpt_dir and in its subfolders that are no runs (id "trn_base/RUN"),
 * newest first.  Returns the count, 0 for a missing folder,
 * or -1.  Free with run_items_free().
 */
int run_scan(const char *ckpt_dir, struct run_item **items, struct err *err) MUST_CHECK;
void run_items_free(struct run_item *items, int n);

#endif
