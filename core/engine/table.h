#ifndef CORE_ENGINE_TABLE_H
#define CORE_ENGINE_TABLE_H

#include <stdatomic.h>
#include "core/base/json.h"
#include "core/engine/job.h"

/* The jobs of this engine.  Used by the loop thread only, apart from dirty. */
struct job;

struct job_table {
	const struct job_kind *const *kinds; /* NULL: jobs.def */
	struct job **v;                      /* oldest first */
	int n;
	int64_t next_id;
	char *file; /* jobs.json */
	int wake_fd;
	atomic_bool dirty; /* something changed since the last push */
};

/*
 * Reads the jobs that an earlier engine left: those that were running are
 * interrupted now, those that were waiting wait again.  A damaged file is put
 * aside and said in the log.
 */
void job_table_init(
	struct job_table *t, const char *dir, int wake_fd, const struct job_kind *const *kinds);
void job_table_release(struct job_table *t); /* no job may be running */

/* Queues a job; returns its id or -1.  args is copied. */
int64_t job_submit(
	struct job_table *t, const char *kind, const cJSON *args, struct err *err) MUST_CHECK;

/* A queued job ends at once, a running one is asked to; asking again changes nothing. */
int job_stop(struct job_table *t, int64_t id, struct err *err) MUST_CHECK;
void job_stop_all(struct job_table *t);

/* Collects ended threads, starts what fits the slots (unless stopping). True when states changed.
 */
bool job_table_turn(struct job_table *t, bool stopping);

int job_table_active(const struct job_table *t); /* queued, running or stopping */
int job_table_live(const struct job_table *t);   /* with a thread */

/* The JOB objects of client.h; the caller deletes. NULL when there is no such id. */
cJSON *job_json(struct job_table *t, int64_t id);
cJSON *job_table_json(struct job_table *t);

#endif
