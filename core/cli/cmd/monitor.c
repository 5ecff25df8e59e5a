/*
 * axial monitor: one look at the machine, for scripts and for bug reports.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/mem.h"
#include "core/cli/cli.h"
#include "core/monitor/monitor.h"

static const double GIB = 1073741824.0;

/* "LABEL value unit", or "unknown"; never a 0 for what was not read. */
static void monitor_put(const char *label, double v, double scale, const char *fmt)
{
	printf(" %s ", label);
	if (isnan(v))
		printf("unknown");
	else
		printf(fmt, v / scale);
}

static void monitor_gpu(int i, const struct gpu_sample *g)
{
	struct buf name = {0};

	buf_put_safe(&name, g->valid & GPU_HAS_NAME ? g->name : "unknown");
	printf("gpu %d   %s:", i, name.p);
	monitor_put("use", g->util, 1, "%.0f %%,");
	monitor_put("memory", g->mem_used, GIB, "%.2f of");
	monitor_put("", g->mem_total, GIB, "%.2f GiB,");
	monitor_put("power", g->power, 1, "%.0f W,");
	monitor_put("temperature", g->temp, 1, "%.0f C,");
	monitor_put("clock", g->clock_sm, 1, "%.0f MHz");
	printf("\n");
	buf_release(&name);
}

static void monitor_print(const struct monitor_sample *s)
{
	printf("cpu    ");
	monitor_put("use", s->cpu, 1, "%.0f %%,");
	printf(" %d CPUs,", s->ncpu);
	monitor_put("load", s->load[0], 1, "%.2f");
	printf("\nmemory ");
	monitor_put("used", s->mem_used, GIB, "%.2f of");
	monitor_put("", s->mem_total, GIB, "%.2f GiB");
	printf("\ndisk   ");
	monitor_put("free", s->disk_free, GIB, "%.1f of");
	monitor_put("", s->disk_total, GIB, "%.1f GiB");
	printf("\ngpu     %s\n", s->gpu_note);
	for (int i = 0; i < s->ngpu; i++)
		monitor_gpu(i, &s->gpu[i]);
}

static int monitor_run(struct cmd_line *line, struct err *err)
{
	struct timespec nap = {.tv_nsec = 250 * 1000 * 1000};
	struct monitor *m = monitor_new(NULL);
	struct monitor_sample *s = mem_alloc(sizeof(*s));
	char *text;
	cJSON *o;
	int rc = 0;

	/* CPU and network are rates: two samples. */
	monitor_sample(m);
	nanosleep(&nap, NULL);
	monitor_sample(m);
	if (!monitor_latest(m, s)) {
		rc = err_set(err, ERR_IO, "no sample of this machine");
	} else if (cmd_flag(line, "json")) {
		o = monitor_json(s);
		text = cJSON_Print(o);
		printf("%s\n", text ? text : "{}");
		cJSON_free(text);
		cJSON_Delete(o);
	} else {
		monitor_print(s);
	}
	free(s);
	monitor_free(m);
	return rc;
}

static const struct cmd_opt monitor_opts[] = {
	{"json", 'j', CMD_FLAG, NULL, "as JSON"},
	CMD_OPT_END,
};

const struct cmd cmd_monitor = {
	.name = "monitor",
	.args = "",
	.summary = "show CPU, memory, disk and GPUs once",
	.opts = monitor_opts,
	.run = monitor_run,
};
