#ifndef TUI_APP_ENGINE_H
#define TUI_APP_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/base/json.h"
#include "core/engine/client.h"
#include "core/engine/job.h"

struct app;
struct view;

/* A row of the engine's job table, as last heard.  Numbers are NaN while unknown. */
struct job_row {
	int64_t id;
	enum job_state state;
	char *kind, *title, *mmar, *config, *run, *error; /* "" when absent */
	double submitted, started, ended;                 /* wall seconds */
	bool resumable;
	double step, epoch, epochs, loss, best, eta;
};

/* The model of the engine that views draw from. */
struct app_engine {
	struct engine_client *client; /* NULL: switched off */
	struct job_row *jobs;
	int njobs;
	bool known; /* the table was heard at least once */
	int generation;
	int64_t subscription; /* id of the request under way */
	enum engine_link link;
	int64_t follow;       /* job whose run is opened as soon as it has one, 0: none */
	unsigned follow_from; /* only while this view has the keyboard */
	struct engine_wait *waits;
	int nwaits;
};

/* The jobs, newest first; *known (may be NULL) tells whether the engine has spoken yet. */
const struct job_row *app_jobs(const struct app *app, int *n, bool *known);

/* The job that writes this run folder, or NULL. */
const struct job_row *app_job_of_run(const struct app *app, const char *run_dir);

/* How many jobs are queued, running or stopping. */
int app_jobs_active(const struct app *app);

enum engine_link app_link(const struct app *app);
const char *app_link_text(const struct app *app); /* "engine", "no engine", "connecting" ... */

/*
 * Sends a request; args may be NULL and is consumed.  reply (may be NULL) is called on
 * the UI thread with "data" (borrowed, may be NULL) or with what went wrong (error not
 * NULL), if v is still open.  Without a connection it flashes and returns -1.
 */
int app_request(struct app *app, struct view *v, const char *req, cJSON *args,
	unsigned (*reply)(struct view *v, const cJSON *data, const char *error, void *ctx),
	void *ctx);

/* Common requests; results and faults are flashed. */
void app_train(struct app *app, struct view *v, const char *mmar, const char *config);
void app_resume(struct app *app, struct view *v, const char *run_dir);
void app_stop(struct app *app, struct view *v, int64_t job);

/* Resumes the first of these runs (newest first) that can be. */
struct run_item;
void app_resume_newest(struct app *app, struct view *v, const struct run_item *runs, int n);

/* For the loop. */
void app_engine_start(struct app *app, bool start);
void app_engine_stop(struct app *app);
void app_engine_step(struct app *app);
int app_engine_fd(const struct app *app, short *events);
double app_engine_wait(const struct app *app);

/* Replaces the job table from a JSON list (also what tests use). */
void app_engine_set_jobs(struct app *app, const cJSON *list);

#endif
