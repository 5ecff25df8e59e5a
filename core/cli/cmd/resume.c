/*
 * axial resume: goes on with a run that was interrupted or stopped, in the engine.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/cli/cli.h"
#include "core/cli/runref.h"
#include "core/engine/client.h"
#include "core/run/scan.h"

static int resume_submit(const char *dir, struct err *err)
{
	cJSON *o = cJSON_CreateObject(), *args, *job;

	cJSON_AddStringToObject(o, "kind", "train");
	args = cJSON_AddObjectToObject(o, "args");
	cJSON_AddStringToObject(args, "resume", dir);
	job = engine_call("submit", o, true, 15, err);
	if (!job)
		return -1;
	printf("job %.0f\n", json_num(job, "id", 0));
	cJSON_Delete(job);
	return 0;
}

static int resume_run(struct cmd_line *line, struct err *err)
{
	const char *word = cmd_arg(line, 0);
	struct run_item it;
	char *dir;
	int rc;

	if (!word)
		return err_set(err, ERR_USAGE, "say which run ('axial runs', 'axial jobs')");
	dir = runref_find(line, word, err);
	if (!dir)
		return -1;
	rc = run_item_read(&it, dir, err);
	if (!rc) {
		if (it.state == RUN_RUNNING)
			rc = err_set(err, ERR_LOCKED, "run '%s' is being trained by pid %lld on %s",
				it.id, (long long)it.pid, it.host);
		else if (it.state == RUN_DONE)
			rc = err_set(err, ERR_USAGE, "run '%s' is done, there is nothing to resume",
				it.id);
		else
			rc = resume_submit(dir, err);
		run_item_release(&it);
	}
	free(dir);
	return rc;
}

static const struct cmd_opt resume_opts[] = {
	{"mmar", 'm', CMD_VALUE, "DIR", "where a run given by name is (default: here)"},
	CMD_OPT_END,
};

const struct cmd cmd_resume = {
	.name = "resume",
	.args = "RUN|JOB",
	.summary = "go on with an interrupted or stopped run in the background",
	.help = "RUN is a run folder or a name below the MMAR's models; prints the number of the job.\n"
		"'axial train --resume' does the same in the foreground.",
	.opts = resume_opts,
	.run = resume_run,
};
