/*
 * axial runs: the runs of an MMAR, from their folders; needs no engine.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/json.h"
#include "core/cli/cli.h"
#include "core/cli/runref.h"
#include "core/run/scan.h"

static void runs_put(cJSON *o, const char *key, double v)
{
	if (isnan(v))
		cJSON_AddNullToObject(o, key);
	else
		cJSON_AddNumberToObject(o, key, v);
}

static cJSON *runs_json(const struct run_item *it)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "run", it->id);
	cJSON_AddStringToObject(o, "dir", it->dir);
	cJSON_AddStringToObject(o, "state", run_state_name(it->state));
	cJSON_AddBoolToObject(o, "resumable", it->resumable);
	runs_put(o, "started", it->started);
	runs_put(o, "last", it->last);
	runs_put(o, "epoch", it->epoch);
	runs_put(o, "epochs", it->epochs);
	runs_put(o, "step", it->step);
	runs_put(o, "loss", it->loss);
	if (it->key)
		cJSON_AddStringToObject(o, "key", it->key);
	runs_put(o, "best", it->best);
	runs_put(o, "best_epoch", it->best_epoch);
	if (it->config)
		cJSON_AddStringToObject(o, "config", it->config);
	if (it->reason)
		cJSON_AddStringToObject(o, "reason", it->reason);
	return o;
}

static void runs_cell(struct buf *row, double v, const char *fmt, int width)
{
	char text[32];

	snprintf(text, sizeof(text), isnan(v) ? "-" : fmt, v);
	buf_printf(row, "%*s ", width, text);
}

static void runs_print(const struct run_item *it)
{
	struct buf row = {0};
	char when[32] = "-";
	time_t t = isnan(it->started) ? 0 : (time_t)it->started;
	struct tm tm;

	if (t && localtime_r(&t, &tm) && !strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm))
		snprintf(when, sizeof(when), "-");
	buf_put_safe(&row, it->id);
	while (row.len < 24)
		buf_putc(&row, ' ');
	buf_printf(&row, " %-11s %-16s ", run_state_name(it->state), when);
	runs_cell(&row, it->epoch, "%.0f", 6);
	runs_cell(&row, it->epochs, "%.0f", 6);
	runs_cell(&row, it->loss, "%.4g", 9);
	runs_cell(&row, it->best, "%.4f", 8);
	runs_cell(&row, it->best_epoch, "%.0f", 6);
	if (it->key)
		buf_put_safe(&row, it->key);
	printf("%s\n", row.p);
	buf_reset(&row);
	if (it->reason)
		buf_put_safe(&row, it->reason);
	if (it->reason || (it->state == RUN_INTERRUPTED && it->resumable))
		printf("    %s%s\n", row.p ? row.p : "",
			it->resumable ? " ('axial resume RUN' goes on)" : "");
	buf_release(&row);
}

static int runs_run(struct cmd_line *line, struct err *err)
{
	const char *mmar = cmd_arg(line, 0) ? cmd_arg(line, 0) : cmd_value(line, "mmar", ".");
	char *dir = runref_ckpt_dir(mmar, err), *text;
	struct run_item *items;
	cJSON *list;
	int n;

	if (!dir)
		return -1;
	n = run_scan(dir, &items, err);
	if (n >= 0 && cmd_flag(line, "json")) {
		list = cJSON_CreateArray();
		for (int i = 0; i < n; i++)
			cJSON_AddItemToArray(list, runs_json(&items[i]));
		text = cJSON_Print(list);
		printf("%s\n", text ? text : "[]");
		cJSON_free(text);
		cJSON_Delete(list);
	} else if (n > 0) {
		printf("%-24s %-11s %-16s %6s %6s %9s %8s %6s %s\n", "run", "state", "started",
			"epoch", "of", "loss", "best", "at", "key metric");
		for (int i = 0; i < n; i++)
			runs_print(&items[i]);
	} else if (!n) {
		printf("no runs in %s\n", dir);
	}
	free(dir);
	run_items_free(items, n > 0 ? n : 0);
	return n < 0 ? -1 : 0;
}

static const struct cmd_opt runs_opts[] = {
	{"mmar", 'm', CMD_VALUE, "DIR", "folder of the MMAR (default: the current one)"},
	{"json", 'j', CMD_FLAG, NULL, "as JSON"},
	CMD_OPT_END,
};

const struct cmd cmd_runs = {
	.name = "runs",
	.args = "[MMAR]",
	.summary = "list the runs of an MMAR with state, loss and best metric",
	.opts = runs_opts,
	.run = runs_run,
};
