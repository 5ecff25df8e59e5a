/*
 * The requests of the engine, one row and one small handler each.  They run on
 * the loop thread, so none reads a big file or waits for anything; what takes
 * time is a job.
 */
#include "core/engine/requests.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

#ifndef AXIAL_VERSION
#define AXIAL_VERSION "unknown"
#endif

struct job_id_args {
	int64_t job;
};

static const struct arg_def job_id_defs[] = {
	{"job", ARG_INT, offsetof(struct job_id_args, job), .flags = ARG_REQUIRED, .min = 1,
		.max = 1e15, .help = "number of the job"},
	ARG_END,
};

static cJSON *ping_run(
	struct engine *e, struct engine_peer *peer, const void *args, struct err *err)
{
	(void)e, (void)peer, (void)args, (void)err;
	return cJSON_CreateObject();
}

static const struct request_def request_ping = {
	.name = "ping",
	.method = "GET",
	.path = "/engine/ping",
	.help = "answers with nothing",
	.run = ping_run,
};

static cJSON *status_run(
	struct engine *e, struct engine_peer *peer, const void *args, struct err *err)
{
	cJSON *o = cJSON_CreateObject();

	(void)peer, (void)args, (void)err;
	cJSON_AddNumberToObject(o, "protocol", ENGINE_PROTOCOL);
	cJSON_AddStringToObject(o, "version", AXIAL_VERSION);
	cJSON_AddNumberToObject(o, "pid", (double)getpid());
	cJSON_AddStringToObject(o, "dir", e->dir);
	cJSON_AddNumberToObject(o, "uptime", floor(sys_now() - e->started));
	cJSON_AddNumberToObject(o, "rss", (double)sys_current_rss());
	cJSON_AddNumberToObject(o, "clients", e->npeers);
	cJSON_AddNumberToObject(o, "jobs", e->jobs.n);
	cJSON_AddNumberToObject(o, "active", job_table_active(&e->jobs));
	cJSON_AddBoolToObject(o, "stopping", e->stopping);
	return o;
}

static const struct request_def request_status = {
	.name = "status",
	.method = "GET",
	.path = "/engine/status",
	.help = "pid, version, uptime, memory, number of clients and jobs",
	.run = status_run,
};

static cJSON *jobs_run(
	struct engine *e, struct engine_peer *peer, const void *args, struct err *err)
{
	(void)peer, (void)args, (void)err;
	return job_table_json(&e->jobs);
}

static const struct request_def request_jobs = {
	.name = "jobs",
	.method = "GET",
	.path = "/jobs",
	.help = "the list of jobs, oldest first",
	.run = jobs_run,
};

static cJSON *props_run(
	struct engine *e, struct engine_peer *peer, const void *args, struct err *err)
{
	const struct job_id_args *a = args;
	cJSON *o = job_json(&e->jobs, a->job);

	(void)peer;
	if (!o)
		err_set(err, ERR_USAGE, "no job %lld", (long long)a->job);
	return o;
}

static const struct request_def request_props = {
	.name = "props",
	.method = "GET",
	.path = "/jobs/{job}",
	.help = "one job with its latest values",
	.args = job_id_defs,
	.args_size = sizeof(struct job_id_args),
	.run = props_run,
};

struct submit_args {
	char *kind;
	cJSON *args;
};

static const struct arg_def submit_defs[] = {
	{"kind", ARG_STRING, offsetof(struct submit_args, kind), .def = "\"train\"",
		.help = "kind of job"},
	{"args", ARG_JSON, offsetof(struct submit_args, args), .help = "arguments of that kind"},
	ARG_END,
};

static cJSON *submit_run(
	struct engine *e, struct engine_peer *peer, const void *args, struct err *err)
{
	const struct submit_args *a = args;
	int64_t id;

	(void)peer;
	if (e->stopping) {
		err_set(err, ERR_AGAIN, "the engine is stopping");
		return NULL;
	}
	id = job_submit(&e->jobs, a->kind, a->args, err);
	if (id < 0)
		return NULL;
	job_table_turn(&e->jobs, false);
	return job_json(&e->jobs, id);
}

static const struct request_def request_submit = {
	.name = "submit",
	.method = "POST",
	.path = "/jobs",
	.help = "queues a job and answers with it",
	.args = submit_defs,
	.args_size = sizeof(struct submit_args),
	.run = submit_run,
};

static cJSON *stop_run(
	struct engine *e, struct engine_peer *peer, const void *args, struct err *err)
{
	const struct job_id_args *a = args;

	(void)peer;
	if (job_stop(&e->jobs, a->job, err))
		return NULL;
	return job_json(&e->jobs, a->job);
}

static const struct request_def request_stop = {
	.name = "stop",
	.method = "POST",
	.path = "/jobs/{job}/stop",
	.help = "asks a job to save its state and end",
	.args = job_id_defs,
	.args_size = sizeof(struct job_id_args),
	.run = stop_run,
};

static cJSON *subscribe_run(
	struct engine *e, struct engine_peer *peer, const void *args, struct err *err)
{
	(void)args, (void)err;
	peer->subscribed = true;
	return job_table_json(&e->jobs);
}

static const struct request_def request_subscribe = {
	.name = "subscribe",
	.method = "GET",
	.path = "/jobs/stream",
	.help = "answers with the list of jobs and pushes it whenever it changes",
	.run = subscribe_run,
};

static cJSON *monitor_run(
	struct engine *e, struct engine_peer *peer, const void *args, struct err *err)
{
	cJSON *o = e->opt->monitor ? e->opt->monitor(e->opt->monitor_ctx) : NULL;

	(void)peer, (void)args;
	if (!o)
		err_set(err, ERR_AGAIN, "the engine has no sample of the machine yet");
	return o;
}

static const struct request_def request_monitor = {
	.name = "monitor",
	.method = "GET",
	.path = "/monitor",
	.help = "CPU, memory, disk, network and GPUs as last sampled",
	.run = monitor_run,
};

struct shutdown_args {
	bool now;
};

static const struct arg_def shutdown_defs[] = {
	{"now", ARG_BOOL, offsetof(struct shutdown_args, now),
		.help = "do not wait for checkpoints: running jobs become interrupted"},
	ARG_END,
};

static cJSON *shutdown_run(
	struct engine *e, struct engine_peer *peer, const void *args, struct err *err)
{
	const struct shutdown_args *a = args;
	cJSON *o = cJSON_CreateObject();

	(void)peer, (void)err;
	engine_stop(e, a->now);
	cJSON_AddNumberToObject(o, "pid", (double)getpid());
	cJSON_AddNumberToObject(o, "active", job_table_active(&e->jobs));
	return o;
}

static const struct request_def request_shutdown = {
	.name = "shutdown",
	.method = "POST",
	.path = "/engine/shutdown",
	.help = "stops all jobs after a checkpoint, then the engine",
	.args = shutdown_defs,
	.args_size = sizeof(struct shutdown_args),
	.run = shutdown_run,
};

static const struct request_def *const request_table[] = {
#define REQUEST(name) &request_##name,
#include "core/engine/requests.def"
#undef REQUEST
	NULL,
};

const struct request_def *request_at(int i)
{
	return request_table[i];
}

static const struct request_def *request_find(const char *name, struct err *err)
{
	const char *names[64], *near;
	int n = 0;

	for (; request_table[n] && n < 63; n++) {
		if (!strcmp(request_table[n]->name, name))
			return request_table[n];
		names[n] = request_table[n]->name;
	}
	names[n] = NULL;
	near = problem_nearest(name, names);
	err_set(err, ERR_PROTO, "no request '%.60s'%s%s%s", name, near ? " (did you mean '" : "",
		near ? near : "", near ? "'?)" : "");
	return NULL;
}

static cJSON *request_run(
	struct engine *e, struct engine_peer *peer, const cJSON *msg, struct err *err)
{
	const struct request_def *def = request_find(json_str(msg, "req", ""), err);
	struct problems ps = {0};
	cJSON *data = NULL;
	void *args;

	if (!def)
		return NULL;
	if (!def->args)
		return def->run(e, peer, NULL, err);
	args = mem_zalloc(def->args_size);
	if (args_parse(def->args, cJSON_GetObjectItemCaseSensitive(msg, "args"), args, def->name,
		    "request", "args", &ps))
		problems_to_err(&ps, err);
	else
		data = def->run(e, peer, args, err);
	args_release(def->args, args);
	free(args);
	problems_release(&ps);
	return data;
}

void request_handle(struct engine *e, struct engine_peer *peer, const struct buf *line)
{
	struct err err = ERR_INIT;
	cJSON *msg = json_parse(line->p ? line->p : "", line->len, "request", &err);
	cJSON *data = NULL, *reply = cJSON_CreateObject();

	if (msg)
		data = request_run(e, peer, msg, &err);
	cJSON_AddNumberToObject(reply, "id", json_num(msg, "id", 0));
	cJSON_AddBoolToObject(reply, "ok", data != NULL);
	if (data) {
		cJSON_AddItemToObject(reply, "data", data);
	} else {
		cJSON_AddNumberToObject(reply, "code", err.code);
		cJSON_AddStringToObject(reply, "error", err.msg);
	}
	conn_put_json(&peer->conn, reply);
	cJSON_Delete(reply);
	cJSON_Delete(msg);
}
