/*
 * axial stop: asks a job to save its state and end.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/cli/cli.h"
#include "core/cli/runref.h"
#include "core/engine/client.h"
#include "core/engine/job.h"

/* The only job that runs or waits, 0 when there is none; several are an error. */
static int64_t stop_only_job(struct err *err)
{
	cJSON *list = engine_call("jobs", NULL, false, 10, err);
	const cJSON *job;
	int64_t id = 0;
	int n = 0;

	if (!list)
		return -1;
	cJSON_ArrayForEach (job, list) {
		if (job_state_final(job_state_find(json_str(job, "state", ""))))
			continue;
		id = (int64_t)json_num(job, "id", 0);
		n++;
	}
	cJSON_Delete(list);
	if (n == 1)
		return id;
	if (!n)
		return err_set(err, ERR_USAGE, "no job is running");
	return err_set(err, ERR_USAGE, "%d jobs are active, say which ('axial jobs')", n);
}

static int stop_wait(int64_t id, struct err *err)
{
	struct timespec nap = {.tv_nsec = 200 * 1000 * 1000};

	for (;;) {
		cJSON *job = runref_call_job("props", id, err);
		char state[32];

		if (!job)
			return -1;
		snprintf(state, sizeof(state), "%s", json_str(job, "state", ""));
		cJSON_Delete(job);
		if (job_state_final(job_state_find(state))) {
			printf("job %lld is %s\n", (long long)id, state);
			return 0;
		}
		nanosleep(&nap, NULL);
	}
}

static int stop_run(struct cmd_line *line, struct err *err)
{
	const char *word = cmd_arg(line, 0);
	int64_t id = word ? runref_job(word) : stop_only_job(err);
	cJSON *job;

	if (id < 0)
		return -1;
	if (!id)
		return err_set(
			err, ERR_USAGE, "'%s' is no number of a job, see 'axial jobs'", word);
	job = runref_call_job("stop", id, err);
	if (!job)
		return -1;
	if (!cmd_flag(line, "wait"))
		printf("job %lld is %s\n", (long long)id, json_str(job, "state", "?"));
	cJSON_Delete(job);
	return cmd_flag(line, "wait") ? stop_wait(id, err) : 0;
}

static const struct cmd_opt stop_opts[] = {
	{"wait", 'w', CMD_FLAG, NULL, "return when it has ended"},
	CMD_OPT_END,
};

const struct cmd cmd_stop = {
	.name = "stop",
	.args = "[JOB]",
	.summary = "stop a job after a checkpoint",
	.help = "JOB may be left out when only one is running or waiting.  'axial resume JOB' goes on.",
	.opts = stop_opts,
	.run = stop_run,
};
