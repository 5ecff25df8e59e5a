/*
 * axial engine: the process that trains in the background.
 *
 * Without options it starts one and waits until it answers.  --foreground is the
 * engine itself: what the background process executes, and what a service
 * manager would run.  This file also joins the engine and the monitor, which do
 * not know each other.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/cli/cli.h"
#include "core/engine/client.h"
#include "core/engine/engine.h"
#include "core/engine/place.h"
#include "core/engine/requests.h"
#include "core/monitor/monitor.h"

static const double IDLE_DEFAULT = 600;
static const off_t LOG_LONG = 8 << 20;

static cJSON *engine_monitor(void *ctx)
{
	struct monitor_sample *s = mem_alloc(sizeof(*s));
	cJSON *o = monitor_latest(ctx, s) ? monitor_json(s) : NULL;

	free(s);
	return o;
}

/* Opens engine.log; one that has grown long is put aside first. */
static int engine_open_log(struct err *err)
{
	char *dir = engine_runtime_dir(err), *path, *old;
	struct stat st;
	int rc = 0;

	if (!dir)
		return -1;
	path = sys_join(dir, "engine.log");
	old = sys_join(dir, "engine.log.old");
	if (!stat(path, &st) && st.st_size > LOG_LONG && rename(path, old))
		rc = err_sys(err, errno, "cannot rename '%s'", path);
	if (!rc)
		rc = log_open(path, LOG_INFO, err);
	free(old);
	free(path);
	free(dir);
	return rc;
}

static int engine_foreground(struct cmd_line *line, struct err *err)
{
	const char *idle = cmd_value(line, "idle", NULL);
	struct engine_options opt = {.idle_s = IDLE_DEFAULT, .monitor = engine_monitor};
	int rc = engine_open_log(err);
	char *end;

	if (idle)
		opt.idle_s = strtod(idle, &end);
	if (!rc && idle && (*end || end == idle || !(opt.idle_s >= 0)))
		rc = err_set(err, ERR_USAGE, "option '--idle': '%s' is no number of seconds", idle);
	if (!rc) {
		opt.monitor_ctx = monitor_new(NULL);
		rc = monitor_start(opt.monitor_ctx, 1.0, err);
	}
	if (!rc)
		rc = engine_serve(&opt, err);
	monitor_free(opt.monitor_ctx);
	log_close();
	return rc;
}

static int engine_print_status(struct cmd_line *line, struct err *err)
{
	cJSON *s = engine_call("status", NULL, false, 10, err);
	struct buf up = {0};

	if (!s)
		return -1;
	if (cmd_flag(line, "json")) {
		char *text = cJSON_Print(s);

		printf("%s\n", text ? text : "{}");
		cJSON_free(text);
	} else {
		buf_printf(&up, "%.0f s", json_num(s, "uptime", 0));
		printf("engine %s runs: pid %.0f, up %s, memory %.1f MB, clients %.0f, active jobs "
		       "%.0f of %.0f%s\nfolder %s\n",
			json_str(s, "version", "?"), json_num(s, "pid", 0), up.p,
			json_num(s, "rss", 0) / 1e6, json_num(s, "clients", 0),
			json_num(s, "active", 0), json_num(s, "jobs", 0),
			json_bool(s, "stopping", false) ? ", stopping" : "",
			json_str(s, "dir", "?"));
	}
	buf_release(&up);
	cJSON_Delete(s);
	return 0;
}

/* Waits until nobody holds the engine's lock. */
static int engine_wait_gone(struct err *err)
{
	struct timespec nap = {.tv_nsec = 50 * 1000 * 1000};
	char *dir = engine_runtime_dir(err), *lock;

	if (!dir)
		return -1;
	lock = sys_join(dir, "engine.lock");
	while (sys_is_locked(lock))
		nanosleep(&nap, NULL);
	free(lock);
	free(dir);
	return 0;
}

static int engine_stop_cmd(struct cmd_line *line, struct err *err)
{
	cJSON *args = cJSON_CreateObject(), *reply;
	int rc;

	cJSON_AddBoolToObject(args, "now", cmd_flag(line, "now"));
	reply = engine_call("shutdown", args, false, 10, err);
	if (!reply)
		return -1;
	if (json_num(reply, "active", 0) > 0 && !cmd_flag(line, "now")) {
		printf("waiting for the checkpoint of the running job\n");
		fflush(stdout);
	}
	rc = engine_wait_gone(err);
	if (!rc)
		printf("engine stopped (pid %.0f)\n", json_num(reply, "pid", 0));
	cJSON_Delete(reply);
	return rc;
}

static int engine_print_requests(void)
{
	for (int i = 0; request_at(i); i++) {
		const struct request_def *r = request_at(i);
		struct buf b = {0};

		args_help(r->args, &b);
		printf("%-10s %-5s %-20s %s\n%s", r->name, r->method, r->path, r->help,
			b.p ? b.p : "");
		buf_release(&b);
	}
	return 0;
}

static int engine_start_cmd(struct err *err)
{
	cJSON *s = engine_call("status", NULL, true, 15, err);

	if (!s)
		return -1;
	printf("engine runs (pid %.0f)\n", json_num(s, "pid", 0));
	cJSON_Delete(s);
	return 0;
}

static int engine_run(struct cmd_line *line, struct err *err)
{
	if (cmd_flag(line, "foreground"))
		return engine_foreground(line, err);
	if (cmd_flag(line, "status"))
		return engine_print_status(line, err);
	if (cmd_flag(line, "stop"))
		return engine_stop_cmd(line, err);
	if (cmd_flag(line, "requests"))
		return engine_print_requests();
	return engine_start_cmd(err);
}

static const struct cmd_opt engine_opts[] = {
	{"status", 's', CMD_FLAG, NULL, "tell whether it runs (exit code 75 when not)"},
	{"json", 'j', CMD_FLAG, NULL, "with --status: as JSON"},
	{"stop", 0, CMD_FLAG, NULL, "stop all jobs after a checkpoint, then the engine"},
	{"now", 0, CMD_FLAG, NULL, "with --stop: do not wait; running jobs can be resumed"},
	{"foreground", 'f', CMD_FLAG, NULL, "be the engine, in this process"},
	{"idle", 0, CMD_VALUE, "SECONDS",
		"with --foreground: end after so long without jobs and clients (600; 0: never)"},
	{"requests", 0, CMD_FLAG, NULL, "list what the socket understands"},
	CMD_OPT_END,
};

const struct cmd cmd_engine = {
	.name = "engine",
	.args = "",
	.summary = "start, look at or stop the process that trains in the background",
	.help = "The engine runs jobs apart from any terminal: closing it, or losing the line, does not\n"
		"stop them.  It is started when needed and ends after ten idle minutes.  Its folder is\n"
		"$AXIAL_RUNTIME_DIR, else /tmp/axial-UID.",
	.opts = engine_opts,
	.run = engine_run,
};
