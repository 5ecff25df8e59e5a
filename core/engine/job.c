/*
 * What the thread of a job and the loop share.
 *
 * Two atomics carry the frequent traffic: the cancel flag towards the job, the
 * dirty flag towards the loop.  Setting a property wakes the loop only when it was
 * clean, so a job that reports a thousand steps per second costs the loop ten
 * wake-ups.  Texts and property values change under a mutex that is held for
 * copies only.
 */
#include "core/engine/job.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/engine/ctl.h"

#define JOB(name) extern const struct job_kind job_kind_##name;
#include "core/engine/jobs.def"
#undef JOB

static const struct job_kind *const job_kinds[] = {
#define JOB(name) &job_kind_##name,
#include "core/engine/jobs.def"
#undef JOB
	NULL,
};

static const char *const job_state_names[] = {
	[JOB_QUEUED] = "queued",
	[JOB_RUNNING] = "running",
	[JOB_STOPPING] = "stopping",
	[JOB_DONE] = "done",
	[JOB_FAILED] = "failed",
	[JOB_STOPPED] = "stopped",
	[JOB_INTERRUPTED] = "interrupted",
};

const struct job_kind *job_kind_at(int i)
{
	return i < (int)ARRAY_SIZE(job_kinds) ? job_kinds[i] : NULL;
}

const char *job_state_name(enum job_state state)
{
	return job_state_names[state];
}

enum job_state job_state_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(job_state_names); i++)
		if (!strcmp(job_state_names[i], name))
			return (enum job_state)i;
	return JOB_INTERRUPTED;
}

bool job_state_final(enum job_state state)
{
	return state >= JOB_DONE;
}

struct job_ctl *job_ctl_new(int wake_fd, atomic_bool *dirty)
{
	struct job_ctl *ctl = mem_zalloc(sizeof(*ctl));

	pthread_mutex_init(&ctl->lock, NULL);
	ctl->wake_fd = wake_fd;
	ctl->dirty = dirty;
	return ctl;
}

void job_ctl_free(struct job_ctl *ctl)
{
	if (!ctl)
		return;
	pthread_mutex_destroy(&ctl->lock);
	free(ctl->run_dir);
	free(ctl);
}

void job_ctl_wake(struct job_ctl *ctl)
{
	uint64_t one = 1;

	/* A full counter means that the loop has been woken already. */
	if (!atomic_exchange(ctl->dirty, true) && write(ctl->wake_fd, &one, sizeof(one)) < 0)
		return;
}

bool job_cancelled(struct job_ctl *ctl)
{
	return atomic_load(&ctl->cancel);
}

void job_prop(struct job_ctl *ctl, const char *name, double value)
{
	int i;

	pthread_mutex_lock(&ctl->lock);
	for (i = 0; i < ctl->nprops; i++)
		if (!strcmp(ctl->props[i].name, name))
			break;
	if (i == ctl->nprops && i < JOB_PROPS && strlen(name) < sizeof(ctl->props[i].name)) {
		memcpy(ctl->props[i].name, name, strlen(name) + 1);
		ctl->nprops++;
	}
	if (i < ctl->nprops)
		ctl->props[i].value = value;
	pthread_mutex_unlock(&ctl->lock);
	job_ctl_wake(ctl);
}

void job_run_started(struct job_ctl *ctl, const char *run_dir)
{
	pthread_mutex_lock(&ctl->lock);
	free(ctl->run_dir);
	ctl->run_dir = mem_strdup(run_dir);
	pthread_mutex_unlock(&ctl->lock);
	job_ctl_wake(ctl);
}

void job_line(struct job_ctl *ctl, const char *text)
{
	log_write(LOG_INFO, "job %lld: %s", (long long)ctl->id, text);
}
