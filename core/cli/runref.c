/*
 * How commands name runs and jobs.
 *
 * People know a run by the folder they see, by its name, or by the number of the
 * job that "axial jobs" shows; all three work wherever a run is asked for.
 */
#include "core/cli/runref.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/engine/client.h"
#include "core/mmar/mmar.h"
#include "core/run/run.h"

int64_t runref_job(const char *word)
{
	char *end;
	long long v = strtoll(word, &end, 10);

	return word[0] >= '1' && word[0] <= '9' && !*end && end - word < 10 ? v : 0;
}

cJSON *runref_call_job(const char *req, int64_t job, struct err *err)
{
	cJSON *args = cJSON_CreateObject();

	cJSON_AddNumberToObject(args, "job", (double)job);
	return engine_call(req, args, false, 10, err);
}

char *runref_ckpt_dir(const char *mmar, struct err *err)
{
	struct mmar_info info = {0};
	char *root = realpath(mmar, NULL), *dir = NULL;

	if (!root || !sys_is_dir(root)) {
		err_set(err, ERR_NOINPUT, "no folder '%s'", mmar);
	} else if (!mmar_is(root)) {
		/* Any folder of runs will do. */
		dir = mem_strdup(root);
	} else {
		if (!mmar_info_load(root, &info, NULL) && info.ckpt_dir)
			dir = mem_strdup(info.ckpt_dir);
		else
			dir = sys_join(root, "models");
		mmar_info_release(&info);
	}
	free(root);
	return dir;
}

/* dir when it is the folder of a run, absolute, else NULL. */
static char *runref_if_run(const char *dir)
{
	char *info = run_path_in(dir, RUN_FILE_INFO);
	char *real = sys_exists(info) ? realpath(dir, NULL) : NULL;

	free(info);
	return real;
}

static char *runref_of_job(int64_t id, struct err *err)
{
	cJSON *job = runref_call_job("props", id, err);
	const char *run = json_str(job, "run", NULL);
	char *dir = run ? mem_strdup(run) : NULL;

	if (job && !run)
		err_set(err, ERR_NOINPUT, "job %lld has no run folder (%s%s%s)", (long long)id,
			json_str(job, "state", "?"), json_str(job, "error", NULL) ? ": " : "",
			json_str(job, "error", ""));
	cJSON_Delete(job);
	return dir;
}

char *runref_find(const struct cmd_line *line, const char *word, struct err *err)
{
	char *dir = runref_if_run(word), *ckpt, *path;
	int64_t id = runref_job(word);

	if (dir)
		return dir;
	ckpt = runref_ckpt_dir(cmd_value(line, "mmar", "."), err);
	if (!ckpt)
		return NULL;
	path = sys_join(ckpt, word);
	dir = runref_if_run(path);
	free(path);
	if (!dir && id)
		dir = runref_of_job(id, err);
	else if (!dir)
		err_set(err, ERR_NOINPUT, "no run '%s' here or in '%s'", word, ckpt);
	free(ckpt);
	return dir;
}
