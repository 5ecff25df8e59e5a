/*
 * The job table: queue, slots, and what must outlive the engine.
 *
 * One slot: a training takes the whole machine, a second one beside it would make
 * both slower than one after the other.  Jobs wait in the order of submission.
 *
 * jobs.json holds the table so that the next engine can tell what happened; the
 * runs themselves need nothing of it, their folders are the truth.  It is
 * replaced by rename but not flushed: it must survive the death of the engine,
 * not of the machine, and the loop must not wait for a disk.
 */
#include "core/engine/table.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/engine/ctl.h"
#include "core/run/scan.h"

static const int JOB_SLOTS = 1;
static const int JOB_KEEP = 100; /* ended jobs that stay in the list */

struct job {
	int64_t id;
	const struct job_kind *kind;
	enum job_state state;
	cJSON *args;  /* as submitted */
	void *parsed; /* as the kind's table says; NULL until it starts */
	char *run, *error;
	char *mmar, *config; /* for people; NULL when unknown */
	int code;
	bool resumable;
	double submitted, started, ended; /* wall seconds, NaN: not yet */
	cJSON *props;                     /* latest values of a job without a thread, or NULL */
	struct job_ctl *ctl;              /* while its thread lives */
	pthread_t thread;
};

static void job_free(struct job *j)
{
	if (j->parsed)
		args_release(j->kind->args, j->parsed);
	free(j->parsed);
	job_ctl_free(j->ctl);
	cJSON_Delete(j->args);
	cJSON_Delete(j->props);
	free(j->run);
	free(j->error);
	free(j->mmar);
	free(j->config);
	free(j);
}

static const struct job_kind *job_find_kind(const struct job_table *t, const char *name)
{
	const struct job_kind *k;

	for (int i = 0; (k = t->kinds ? t->kinds[i] : job_kind_at(i)) != NULL; i++)
		if (!strcmp(k->name, name))
			return k;
	return NULL;
}

static struct job *job_find(const struct job_table *t, int64_t id)
{
	for (int i = 0; i < t->n; i++)
		if (t->v[i]->id == id)
			return t->v[i];
	return NULL;
}

static void job_table_add(struct job_table *t, struct job *j)
{
	t->v = mem_realloc(t->v, (size_t)(t->n + 1) * sizeof(*t->v));
	t->v[t->n++] = j;
}

static void job_table_trim(struct job_table *t)
{
	for (int i = 0; i < t->n && t->n > JOB_KEEP; i++) {
		if (!job_state_final(t->v[i]->state))
			continue;
		job_free(t->v[i]);
		memmove(t->v + i, t->v + i + 1, (size_t)(--t->n - i) * sizeof(*t->v));
		i--;
	}
}

/* --- jobs.json ------------------------------------------------------------------------------ */

static void job_put_num(cJSON *o, const char *key, double v)
{
	if (isnan(v))
		cJSON_AddNullToObject(o, key);
	else
		cJSON_AddNumberToObject(o, key, v);
}

static cJSON *job_to_json(const struct job *j)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddNumberToObject(o, "id", (double)j->id);
	cJSON_AddStringToObject(o, "kind", j->kind->name);
	cJSON_AddStringToObject(o, "state", job_state_name(j->state));
	cJSON_AddItemToObject(o, "args", cJSON_Duplicate(j->args, true));
	job_put_num(o, "submitted", j->submitted);
	job_put_num(o, "started", j->started);
	job_put_num(o, "ended", j->ended);
	if (j->run)
		cJSON_AddStringToObject(o, "run", j->run);
	if (j->error)
		cJSON_AddStringToObject(o, "error", j->error);
	cJSON_AddNumberToObject(o, "code", j->code);
	cJSON_AddBoolToObject(o, "resumable", j->resumable);
	if (j->props)
		cJSON_AddItemToObject(o, "props", cJSON_Duplicate(j->props, true));
	return o;
}

static void job_table_save(const struct job_table *t)
{
	cJSON *root = cJSON_CreateObject(), *list;
	char *tmp = mem_printf("%s.tmp", t->file), *text;
	int fd;

	cJSON_AddNumberToObject(root, "next_id", (double)t->next_id);
	list = cJSON_AddArrayToObject(root, "jobs");
	for (int i = 0; i < t->n; i++)
		cJSON_AddItemToArray(list, job_to_json(t->v[i]));
	text = cJSON_Print(root);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || !text || sys_write_all(fd, text, strlen(text)) || rename(tmp, t->file))
		log_write(LOG_WARN, "cannot write '%s': %s", t->file, strerror(errno));
	if (fd >= 0)
		close(fd);
	cJSON_free(text);
	cJSON_Delete(root);
	free(tmp);
}

static char *job_copy(const char *s)
{
	return s ? mem_strdup(s) : NULL;
}

/* What is trained: said by the arguments, or by the run that goes on. */
static void job_describe(struct job *j)
{
	const char *resume = json_str(j->args, "resume", NULL);
	struct run_item it;

	j->mmar = job_copy(json_str(j->args, "mmar", NULL));
	j->config = job_copy(json_str(j->args, "config", NULL));
	if (!resume || run_item_read(&it, resume, NULL))
		return;
	if (!j->mmar)
		j->mmar = job_copy(it.mmar);
	if (!j->config)
		j->config = job_copy(it.config);
	run_item_release(&it);
}

/* A job that had a thread in another process: its run folder says how that ended. */
static void job_recover(struct job *j)
{
	struct run_item it;

	j->state = JOB_INTERRUPTED;
	j->ended = NAN;
	if (!j->run || run_item_read(&it, j->run, NULL)) {
		j->error = mem_strdup("the engine died before the run began");
		return;
	}
	j->resumable = it.resumable;
	j->ended = it.last;
	cJSON_Delete(j->props);
	j->props = cJSON_CreateObject();
	job_put_num(j->props, "epoch", it.epoch);
	job_put_num(j->props, "step", it.step);
	job_put_num(j->props, "loss", it.loss);
	if (it.state == RUN_DONE)
		j->state = JOB_DONE;
	else if (it.state == RUN_STOPPED)
		j->state = JOB_STOPPED;
	else if (it.state == RUN_FAILED)
		j->state = JOB_FAILED;
	if (it.state == RUN_INTERRUPTED || it.reason)
		j->error = mem_strdup(it.reason ? it.reason : "the engine died");
	run_item_release(&it);
}

static void job_table_load_one(struct job_table *t, const cJSON *o)
{
	const struct job_kind *kind = job_find_kind(t, json_str(o, "kind", ""));
	const cJSON *args = cJSON_GetObjectItemCaseSensitive(o, "args");
	struct job *j;

	if (!kind || json_num(o, "id", 0) < 1)
		return;
	j = mem_zalloc(sizeof(*j));
	j->id = (int64_t)json_num(o, "id", 0);
	j->kind = kind;
	j->state = job_state_find(json_str(o, "state", ""));
	j->args = args ? cJSON_Duplicate(args, true) : cJSON_CreateObject();
	j->run = job_copy(json_str(o, "run", NULL));
	j->props = cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(o, "props"), true);
	j->submitted = json_num(o, "submitted", NAN);
	j->started = json_num(o, "started", NAN);
	j->ended = json_num(o, "ended", NAN);
	j->code = (int)json_num(o, "code", 0);
	j->resumable = json_bool(o, "resumable", false);
	if (j->state == JOB_RUNNING || j->state == JOB_STOPPING)
		job_recover(j);
	else
		j->error = job_copy(json_str(o, "error", NULL));
	job_describe(j);
	job_table_add(t, j);
	if (t->next_id <= j->id)
		t->next_id = j->id + 1;
}

void job_table_init(
	struct job_table *t, const char *dir, int wake_fd, const struct job_kind *const *kinds)
{
	struct err err = ERR_INIT;
	const cJSON *o;
	cJSON *root;

	*t = (struct job_table){.kinds = kinds, .next_id = 1, .wake_fd = wake_fd};
	t->file = sys_join(dir, "jobs.json");
	if (!sys_exists(t->file))
		return;
	root = json_read(t->file, &err);
	if (!root) {
		char *aside = mem_printf("%s.damaged", t->file);

		log_write(LOG_WARN, "%s; put aside as '%s'", err.msg, aside);
		if (rename(t->file, aside))
			log_write(LOG_WARN, "cannot rename '%s'", t->file);
		free(aside);
		return;
	}
	t->next_id = (int64_t)json_num(root, "next_id", 1);
	cJSON_ArrayForEach (o, cJSON_GetObjectItemCaseSensitive(root, "jobs"))
		job_table_load_one(t, o);
	cJSON_Delete(root);
	job_table_save(t);
}

void job_table_release(struct job_table *t)
{
	for (int i = 0; i < t->n; i++)
		job_free(t->v[i]);
	free(t->v);
	free(t->file);
}

/* --- life of a job -------------------------------------------------------------------------- */

static int job_parse_args(struct job *j, struct err *err)
{
	struct problems ps = {0};
	int rc = 0;

	if (!j->kind->args)
		return 0;
	j->parsed = mem_zalloc(j->kind->args_size);
	if (args_parse(j->kind->args, j->args, j->parsed, j->kind->name, "submit", "args", &ps))
		rc = problems_to_err(&ps, err);
	problems_release(&ps);
	return rc;
}

int64_t job_submit(struct job_table *t, const char *kind, const cJSON *args, struct err *err)
{
	static const char *const paths[] = {"mmar", "resume", NULL};
	const struct job_kind *k = job_find_kind(t, kind);
	struct job *j;

	if (!k)
		return err_set(err, ERR_USAGE, "no kind of job '%s'", kind);
	for (int i = 0; paths[i]; i++) {
		const char *p = json_str(args, paths[i], NULL);

		if (p && p[0] != '/')
			return err_set(err, ERR_USAGE,
				"'%s': '%s' is relative, the engine needs an absolute path",
				paths[i], p);
		if (p && !sys_is_dir(p))
			return err_set(err, ERR_NOINPUT, "'%s': no folder '%s'", paths[i], p);
	}
	j = mem_zalloc(sizeof(*j));
	j->kind = k;
	j->state = JOB_QUEUED;
	j->args = args ? cJSON_Duplicate(args, true) : cJSON_CreateObject();
	j->submitted = sys_wall();
	j->started = j->ended = NAN;
	if (job_parse_args(j, err)) {
		job_free(j);
		return -1;
	}
	job_describe(j);
	j->id = t->next_id++;
	job_table_add(t, j);
	job_table_trim(t);
	job_table_save(t);
	atomic_store(&t->dirty, true);
	return j->id;
}

static void job_end(struct job *j, enum job_state state, int code, const char *error)
{
	j->state = state;
	j->code = code;
	j->ended = sys_wall();
	if (error) {
		free(j->error);
		j->error = mem_strdup(error);
	}
}

int job_stop(struct job_table *t, int64_t id, struct err *err)
{
	struct job *j = job_find(t, id);

	if (!j)
		return err_set(err, ERR_USAGE, "no job %lld", (long long)id);
	if (j->state == JOB_QUEUED) {
		job_end(j, JOB_STOPPED, ERR_INTR, "stopped before it began");
	} else if (j->state == JOB_RUNNING) {
		j->state = JOB_STOPPING;
		atomic_store(&j->ctl->cancel, true);
	} else if (j->state != JOB_STOPPING) {
		return err_set(err, ERR_USAGE, "job %lld is not running, it is %s", (long long)id,
			job_state_name(j->state));
	}
	job_table_save(t);
	atomic_store(&t->dirty, true);
	return 0;
}

void job_stop_all(struct job_table *t)
{
	for (int i = 0; i < t->n; i++)
		if (!job_state_final(t->v[i]->state) && job_stop(t, t->v[i]->id, NULL))
			log_write(LOG_WARN, "cannot stop job %lld", (long long)t->v[i]->id);
}

static void *job_thread(void *arg)
{
	struct job *j = arg;
	struct err err = ERR_INIT;
	int rc = j->kind->run(j->ctl, j->parsed, &err);

	pthread_mutex_lock(&j->ctl->lock);
	j->ctl->rc = rc;
	j->ctl->err = err;
	j->ctl->finished = true;
	pthread_mutex_unlock(&j->ctl->lock);
	job_ctl_wake(j->ctl);
	return NULL;
}

static void job_start(struct job_table *t, struct job *j)
{
	struct err err = ERR_INIT;
	int rc;

	j->started = sys_wall();
	if (!j->parsed && job_parse_args(j, &err)) {
		job_end(j, JOB_FAILED, err.code, err.msg);
		return;
	}
	j->ctl = job_ctl_new(t->wake_fd, &t->dirty);
	j->ctl->id = j->id;
	j->state = JOB_RUNNING;
	rc = pthread_create(&j->thread, NULL, job_thread, j);
	if (rc) {
		job_ctl_free(j->ctl);
		j->ctl = NULL;
		err_sys(&err, rc, "cannot start a thread");
		job_end(j, JOB_FAILED, err.code, err.msg);
		return;
	}
	log_write(LOG_INFO, "job %lld started", (long long)j->id);
}

/* A run that goes on under a new job is no longer offered under the old one. */
static void job_take_over(struct job_table *t, const struct job *j)
{
	for (int i = 0; i < t->n; i++)
		if (t->v[i] != j && t->v[i]->run && j->run && !strcmp(t->v[i]->run, j->run))
			t->v[i]->resumable = false;
}

static cJSON *job_props(struct job_ctl *ctl)
{
	cJSON *props = cJSON_CreateObject();

	pthread_mutex_lock(&ctl->lock);
	for (int i = 0; i < ctl->nprops; i++) {
		double v = ctl->props[i].value;

		job_put_num(props, ctl->props[i].name, isfinite(v) ? v : (double)NAN);
	}
	pthread_mutex_unlock(&ctl->lock);
	return props;
}

/* Copies what the thread told; true when the job changed for the list on disk. */
static bool job_harvest(struct job *j)
{
	struct job_ctl *ctl = j->ctl;
	bool finished, news = false;

	pthread_mutex_lock(&ctl->lock);
	finished = ctl->finished;
	if (ctl->run_dir && (!j->run || strcmp(j->run, ctl->run_dir))) {
		free(j->run);
		j->run = mem_strdup(ctl->run_dir);
		news = true;
	}
	pthread_mutex_unlock(&ctl->lock);
	if (!finished)
		return news;
	pthread_join(j->thread, NULL);
	j->props = job_props(ctl);
	if (!ctl->rc)
		job_end(j, JOB_DONE, 0, NULL);
	else if (ctl->err.code == ERR_INTR)
		job_end(j, JOB_STOPPED, ERR_INTR, NULL);
	else
		job_end(j, JOB_FAILED, ctl->err.code, ctl->err.msg);
	if (j->run && ctl->rc) {
		struct run_item it;

		if (!run_item_read(&it, j->run, NULL)) {
			j->resumable = it.resumable;
			run_item_release(&it);
		}
	}
	log_write(LOG_INFO, "job %lld %s%s%s", (long long)j->id, job_state_name(j->state),
		j->error ? ": " : "", j->error ? j->error : "");
	job_ctl_free(ctl);
	j->ctl = NULL;
	return true;
}

bool job_table_turn(struct job_table *t, bool stopping)
{
	bool news = false;
	int live = 0;

	for (int i = 0; i < t->n; i++) {
		if (t->v[i]->ctl && job_harvest(t->v[i])) {
			job_take_over(t, t->v[i]);
			news = true;
		}
		live += t->v[i]->ctl != NULL;
	}
	for (int i = 0; i < t->n && live < JOB_SLOTS && !stopping; i++) {
		if (t->v[i]->state != JOB_QUEUED)
			continue;
		job_start(t, t->v[i]);
		live += t->v[i]->ctl != NULL;
		news = true;
	}
	if (news) {
		job_table_save(t);
		atomic_store(&t->dirty, true);
	}
	return news;
}

int job_table_active(const struct job_table *t)
{
	int n = 0;

	for (int i = 0; i < t->n; i++)
		n += !job_state_final(t->v[i]->state);
	return n;
}

int job_table_live(const struct job_table *t)
{
	int n = 0;

	for (int i = 0; i < t->n; i++)
		n += t->v[i]->ctl != NULL;
	return n;
}

/* --- what clients see ----------------------------------------------------------------------- */

static cJSON *job_public(struct job *j)
{
	cJSON *o = job_to_json(j);

	cJSON_DeleteItemFromObjectCaseSensitive(o, "args");
	cJSON_AddStringToObject(o, "title", j->mmar ? sys_basename(j->mmar) : "");
	if (j->mmar)
		cJSON_AddStringToObject(o, "mmar", j->mmar);
	if (j->config)
		cJSON_AddStringToObject(o, "config", j->config);
	if (j->ctl)
		cJSON_AddItemToObject(o, "props", job_props(j->ctl));
	else if (!j->props)
		cJSON_AddObjectToObject(o, "props");
	return o;
}

cJSON *job_json(struct job_table *t, int64_t id)
{
	struct job *j = job_find(t, id);

	return j ? job_public(j) : NULL;
}

cJSON *job_table_json(struct job_table *t)
{
	cJSON *list = cJSON_CreateArray();

	for (int i = 0; i < t->n; i++)
		cJSON_AddItemToArray(list, job_public(t->v[i]));
	return list;
}
