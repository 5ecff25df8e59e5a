#ifndef CORE_ENGINE_CTL_H
#define CORE_ENGINE_CTL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include "core/engine/job.h"

/*
 * Shared by the thread of a job and the loop.  Everything below lock is read and
 * written under it.  Inside the engine only; jobs use job.h.
 */
struct job_value {
	char name[32];
	double value;
};

struct job_ctl {
	int64_t id;
	int wake_fd; /* eventfd of the loop */
	atomic_bool *dirty;
	atomic_bool cancel;

	pthread_mutex_t lock;
	struct job_value props[JOB_PROPS];
	int nprops;
	char *run_dir;
	bool finished; /* rc and err are final; the thread is about to end */
	int rc;
	struct err err;
};

struct job_ctl *job_ctl_new(int wake_fd, atomic_bool *dirty);
void job_ctl_free(struct job_ctl *ctl);

/* Marks the table dirty and wakes the loop if it was clean. */
void job_ctl_wake(struct job_ctl *ctl);

#endif
