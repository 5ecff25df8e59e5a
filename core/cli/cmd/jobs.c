/*
 * axial jobs: what the engine is doing, has done, and was doing when it died.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/cli/cli.h"
#include "core/engine/client.h"
#include "core/engine/place.h"

/* "2026-11-24 10:15", local time; "-" when unknown. */
static void jobs_time(const cJSON *job, const char *key, char out[32])
{
	double t = json_num(job, key, NAN);
	time_t s = isnan(t) ? 0 : (time_t)t;
	struct tm tm;

	if (!s || !localtime_r(&s, &tm) || !strftime(out, 32, "%Y-%m-%d %H:%M", &tm))
		snprintf(out, 32, "-");
}

static void jobs_cell(struct buf *row, const char *text, int width)
{
	struct buf safe = {0};

	buf_put_safe(&safe, text);
	buf_printf(row, "%-*s ", width, safe.p ? safe.p : "");
	buf_release(&safe);
}

static void jobs_number(struct buf *row, const cJSON *props, const char *key, const char *fmt)
{
	double v = json_num(props, key, NAN);
	char text[32];

	snprintf(text, sizeof(text), isnan(v) ? "-" : fmt[0] == 'd' ? "%.0f" : "%.4g", v);
	buf_printf(row, "%8s ", text);
}

/* Why a job failed may be a whole list of faults. */
static void jobs_print_error(const cJSON *job)
{
	const char *s = json_str(job, "error", NULL), *nl;

	for (; s; s = nl ? nl + 1 : NULL) {
		struct buf row = {0};
		char *line;

		nl = strchr(s, '\n');
		line = mem_strndup(s, nl ? (size_t)(nl - s) : strlen(s));
		buf_put_safe(&row, line);
		if (!nl && json_bool(job, "resumable", false))
			buf_puts(&row, " ('axial resume JOB' goes on)");
		printf("     %s\n", row.p ? row.p : "");
		buf_release(&row);
		free(line);
	}
}

static void jobs_print(const cJSON *list)
{
	const cJSON *job;

	if (!cJSON_GetArraySize(list)) {
		printf("no jobs\n");
		return;
	}
	printf("%4s %-11s %-26s %-18s %-16s %8s %8s %8s\n", "job", "state", "mmar", "run",
		"started", "epoch", "step", "loss");
	cJSON_ArrayForEach (job, list) {
		const cJSON *props = cJSON_GetObjectItemCaseSensitive(job, "props");
		struct buf row = {0};
		char started[32];

		jobs_time(job, "started", started);
		buf_printf(&row, "%4.0f ", json_num(job, "id", 0));
		jobs_cell(&row, json_str(job, "state", "?"), 11);
		jobs_cell(&row, json_str(job, "title", ""), 26);
		jobs_cell(&row, sys_basename(json_str(job, "run", "-")), 18);
		jobs_cell(&row, started, 16);
		jobs_number(&row, props, "epoch", "d");
		jobs_number(&row, props, "step", "d");
		jobs_number(&row, props, "loss", "g");
		printf("%s\n", row.p);
		jobs_print_error(job);
		buf_release(&row);
	}
}

/* An engine is started only when an earlier one left jobs to tell about. */
static bool jobs_left_behind(void)
{
	char *dir = engine_runtime_dir(NULL), *path = dir ? sys_join(dir, "jobs.json") : NULL;
	bool there = path && sys_exists(path);

	free(path);
	free(dir);
	return there;
}

static int jobs_run(struct cmd_line *line, struct err *err)
{
	cJSON *list = engine_call("jobs", NULL, jobs_left_behind(), 15, err);
	char *text;

	if (!list && err->code == ERR_AGAIN && !jobs_left_behind()) {
		printf(cmd_flag(line, "json") ? "[]\n" : "no jobs, and no engine is running\n");
		return 0;
	}
	if (!list)
		return -1;
	if (cmd_flag(line, "json")) {
		text = cJSON_Print(list);
		printf("%s\n", text ? text : "[]");
		cJSON_free(text);
	} else {
		jobs_print(list);
	}
	cJSON_Delete(list);
	return 0;
}

static const struct cmd_opt jobs_opts[] = {
	{"json", 'j', CMD_FLAG, NULL, "as JSON, with all that is known"},
	CMD_OPT_END,
};

const struct cmd cmd_jobs = {
	.name = "jobs",
	.args = "",
	.summary = "list the jobs of the engine",
	.opts = jobs_opts,
	.run = jobs_run,
};
