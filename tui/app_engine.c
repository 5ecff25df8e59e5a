/*
 * The engine as the workbench sees it: a job table that replies and pushes change,
 * and requests that are sent and never waited for.
 *
 * The first frame is drawn before the engine is even looked for.  When the link goes,
 * what was known stays on the screen and the status line says so; when it comes back
 * the subscription is made again and everything waiting is told that it was lost.
 */
#include "tui/app_engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/run/scan.h"
#include "tui/app_state.h"

struct engine_wait {
	int64_t id;
	unsigned view;
	unsigned (*reply)(struct view *v, const cJSON *data, const char *error, void *ctx);
	void *ctx;
};

static void jobs_clear(struct app_engine *e)
{
	for (int i = 0; i < e->njobs; i++) {
		struct job_row *j = &e->jobs[i];

		free(j->kind);
		free(j->title);
		free(j->mmar);
		free(j->config);
		free(j->run);
		free(j->error);
	}
	free(e->jobs);
	e->jobs = NULL;
	e->njobs = 0;
}

static void job_read(struct job_row *j, const cJSON *o)
{
	const cJSON *props = cJSON_GetObjectItemCaseSensitive(o, "props");

	j->id = (int64_t)json_num(o, "id", 0);
	j->state = job_state_find(json_str(o, "state", ""));
	j->kind = mem_strdup(json_str(o, "kind", ""));
	j->title = mem_strdup(json_str(o, "title", ""));
	j->mmar = mem_strdup(json_str(o, "mmar", ""));
	j->config = mem_strdup(json_str(o, "config", ""));
	j->run = mem_strdup(json_str(o, "run", ""));
	j->error = mem_strdup(json_str(o, "error", ""));
	j->submitted = json_num(o, "submitted", NAN);
	j->started = json_num(o, "started", NAN);
	j->ended = json_num(o, "ended", NAN);
	j->resumable = json_bool(o, "resumable", false);
	j->step = json_num(props, "step", NAN);
	j->epoch = json_num(props, "epoch", NAN);
	j->epochs = json_num(props, "epochs", NAN);
	j->loss = json_num(props, "loss", NAN);
	j->best = json_num(props, "best", NAN);
	j->eta = json_num(props, "eta", NAN);
}

/* Shows the run of a job just started from here, unless the user went on to something else. */
static void follow(struct app *app)
{
	struct app_engine *e = &app->engine;

	for (int i = 0; e->follow && i < e->njobs; i++) {
		const struct job_row *j = &e->jobs[i];
		struct view *v = app_focus(app);

		if (j->id != e->follow)
			continue;
		if (job_state_final(j->state) || *j->run)
			e->follow = 0;
		if (j->state == JOB_FAILED)
			app_flash(app, FLASH_BAD, "job %d failed: %s", (int)j->id, j->error);
		else if (*j->run && v && v->id == e->follow_from && !app->overlay.ops &&
			 strcmp(v->ops->name, "run") != 0) /* resumed from there: it shows it */
			app_open(app, "run", j->run);
	}
}

void app_engine_set_jobs(struct app *app, const cJSON *list)
{
	struct app_engine *e = &app->engine;
	int n = cJSON_GetArraySize(list), i = 0;
	const cJSON *o;

	jobs_clear(e);
	e->jobs = mem_zalloc((size_t)(n ? n : 1) * sizeof(*e->jobs));
	e->njobs = n;
	/* The engine lists the oldest first, people want the newest. */
	cJSON_ArrayForEach (o, list)
		job_read(&e->jobs[n - 1 - i++], o);
	e->known = true;
	app->dirty_bg = true;
	app_event(app, APP_EVENT_JOBS, NULL);
	follow(app);
}

const struct job_row *app_jobs(const struct app *app, int *n, bool *known)
{
	*n = app->engine.njobs;
	if (known)
		*known = app->engine.known;
	return app->engine.jobs;
}

const struct job_row *app_job_of_run(const struct app *app, const char *run_dir)
{
	for (int i = 0; i < app->engine.njobs; i++)
		if (*run_dir && !strcmp(app->engine.jobs[i].run, run_dir))
			return &app->engine.jobs[i];
	return NULL;
}

int app_jobs_active(const struct app *app)
{
	int n = 0;

	for (int i = 0; i < app->engine.njobs; i++)
		n += !job_state_final(app->engine.jobs[i].state);
	return n;
}

enum engine_link app_link(const struct app *app)
{
	return app->engine.link;
}

const char *app_link_text(const struct app *app)
{
	if (!app->engine.client)
		return "no engine";
	switch (app->engine.link) {
	case ENGINE_READY:
		return "engine";
	case ENGINE_CONNECTING:
		return "connecting";
	case ENGINE_REFUSED:
		return "engine refused";
	default:
		return "no engine";
	}
}

/* ---- requests ---- */

static void say_no_engine(struct app *app)
{
	const struct engine_client *c = app->engine.client;

	if (!c)
		app_flash(app, FLASH_BAD, "this workbench was opened without an engine");
	else if (engine_client_stuck(c))
		app_flash(app, FLASH_BAD, "no engine: %s", engine_client_error(c));
	else
		app_flash(app, FLASH_BAD, "the engine does not answer; it is being started again");
}

int app_request(struct app *app, struct view *v, const char *req, cJSON *args,
	unsigned (*reply)(struct view *v, const cJSON *data, const char *error, void *ctx),
	void *ctx)
{
	struct app_engine *e = &app->engine;
	int64_t id = -1;

	if (e->client && e->link == ENGINE_READY)
		id = engine_client_send(e->client, req, args);
	else
		cJSON_Delete(args);
	if (id < 0) {
		say_no_engine(app);
		return -1;
	}
	e->waits = mem_realloc(e->waits, (size_t)(e->nwaits + 1) * sizeof(*e->waits));
	e->waits[e->nwaits++] = (struct engine_wait){id, v ? v->id : 0, reply, ctx};
	return 0;
}

static void answer(struct app *app, int64_t id, const cJSON *data, const char *error)
{
	struct app_engine *e = &app->engine;

	for (int i = 0; i < e->nwaits; i++) {
		struct engine_wait w = e->waits[i];
		struct view *v;

		if (w.id != id)
			continue;
		e->waits[i] = e->waits[--e->nwaits];
		v = app_view(app, w.view);
		if (v && w.reply)
			app_result(app, v, w.reply(v, data, error, w.ctx));
		else if (error)
			app_flash(app, FLASH_BAD, "%s", error);
		return;
	}
	if (error)
		app_flash(app, FLASH_BAD, "%s", error);
}

static unsigned submitted(struct view *v, const cJSON *data, const char *error, void *ctx)
{
	struct app_engine *e = &v->app->engine;

	(void)ctx;
	if (error)
		app_flash(v->app, FLASH_BAD, "%s", error);
	if (error)
		return VIEW_REDRAW;
	e->follow = (int64_t)json_num(data, "id", 0);
	e->follow_from = v->id;
	app_flash(v->app, FLASH_GOOD, "job %d submitted", (int)e->follow);
	follow(v->app);
	return VIEW_REDRAW;
}

static void submit(struct app *app, struct view *v, cJSON *args)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "kind", "train");
	cJSON_AddItemToObject(o, "args", args);
	app_request(app, v, "submit", o, submitted, NULL);
}

void app_train(struct app *app, struct view *v, const char *mmar, const char *config)
{
	cJSON *args = cJSON_CreateObject();

	cJSON_AddStringToObject(args, "mmar", mmar);
	if (config)
		cJSON_AddStringToObject(args, "config", config);
	submit(app, v, args);
}

void app_resume(struct app *app, struct view *v, const char *run_dir)
{
	cJSON *args = cJSON_CreateObject();

	cJSON_AddStringToObject(args, "resume", run_dir);
	submit(app, v, args);
}

void app_resume_newest(struct app *app, struct view *v, const struct run_item *runs, int n)
{
	for (int i = 0; i < n; i++)
		if (runs[i].resumable) {
			app_resume(app, v, runs[i].dir);
			return;
		}
	app_flash(app, FLASH_INFO, "no run of this archive can be resumed");
}

static unsigned stopped(struct view *v, const cJSON *data, const char *error, void *ctx)
{
	(void)data, (void)ctx;
	if (error)
		app_flash(v->app, FLASH_BAD, "%s", error);
	else
		app_flash(v->app, FLASH_INFO, "stopping after a checkpoint");
	return VIEW_HANDLED;
}

void app_stop(struct app *app, struct view *v, int64_t job)
{
	cJSON *args = cJSON_CreateObject();

	cJSON_AddNumberToObject(args, "job", (double)job);
	app_request(app, v, "stop", args, stopped, NULL);
}

/* ---- the loop's side ---- */

void app_engine_start(struct app *app, bool start)
{
	app->engine.client = engine_client_new(start);
	app->engine.generation = -1;
}

void app_engine_stop(struct app *app)
{
	engine_client_free(app->engine.client);
	app->engine.client = NULL;
	jobs_clear(&app->engine);
	free(app->engine.waits);
	app->engine.waits = NULL;
	app->engine.nwaits = 0;
}

static void lost(struct app *app)
{
	while (app->engine.nwaits)
		answer(app, app->engine.waits[0].id, NULL, "the connection to the engine was lost");
}

static void message(struct app *app, const cJSON *m)
{
	const cJSON *data = cJSON_GetObjectItemCaseSensitive(m, "data");
	bool ok = json_bool(m, "ok", false);
	int64_t id = (int64_t)json_num(m, "id", -1);

	if (!strcmp(json_str(m, "push", ""), "jobs")) {
		app_engine_set_jobs(app, data);
		return;
	}
	if (id >= 0 && id == app->engine.subscription) {
		app->engine.subscription = -1;
		if (ok)
			app_engine_set_jobs(app, data);
		return;
	}
	if (id >= 0)
		answer(app, id, data,
			ok ? NULL : json_str(m, "error", "the engine refused without a reason"));
}

void app_engine_step(struct app *app)
{
	struct app_engine *e = &app->engine;
	enum engine_link link;
	cJSON *m;

	if (!e->client)
		return;
	engine_client_step(e->client);
	while ((m = engine_client_next(e->client))) {
		message(app, m);
		cJSON_Delete(m);
	}
	link = engine_client_state(e->client);
	if (link == ENGINE_READY && e->generation != engine_client_generation(e->client)) {
		lost(app);
		e->generation = engine_client_generation(e->client);
		e->link = link;
		e->subscription = engine_client_send(e->client, "subscribe", NULL);
		app->dirty_bg = true;
		app_event(app, APP_EVENT_ENGINE, NULL);
	}
	if (link == e->link)
		return;
	if (e->link == ENGINE_READY)
		lost(app);
	e->link = link;
	app->dirty_bg = true;
	if (link == ENGINE_REFUSED)
		app_flash(app, FLASH_BAD, "%s", engine_client_error(e->client));
	app_event(app, APP_EVENT_ENGINE, NULL);
}

int app_engine_fd(const struct app *app, short *events)
{
	*events = 0;
	return app->engine.client ? engine_client_fd(app->engine.client, events) : -1;
}

double app_engine_wait(const struct app *app)
{
	return app->engine.client ? engine_client_wait(app->engine.client) : 3600;
}
