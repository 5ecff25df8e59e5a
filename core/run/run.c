/*
 * The writing side of a run.
 *
 * Who writes is decided by the lock and the fence of fence.c; every event asks
 * the fence first.
 *
 * An event is one write() at the end of the file; after a power loss the next
 * writer cuts a torn end.  Events on which others depend (a checkpoint that is
 * named, a validation result, the end) are flushed before run_event() returns.
 * When the disk is full the training goes on: its events wait in memory.
 */
#include "core/run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/run/append.h"
#include "core/run/fence.h"
#include "core/run/tensorboard.h"

#ifndef AXIAL_VERSION
#define AXIAL_VERSION "unknown"
#endif

static const int RUN_NAME_MAX = 100;
static const size_t RUN_TAIL_MAX = 4u << 20;
static const size_t RUN_TB_WAITING_MAX = 4u << 20;

struct run {
	char *id, *dir;
	struct run_fence fence;
	struct run_append file; /* events.jsonl */
	int64_t seq;
	bool waiting, unflushed; /* told that events wait in memory, are not flushed */
	double t0;               /* monotonic seconds of opening */
	uint64_t seed;
	int64_t epochs, summary_interval;
	struct tensorboard *tb;
	struct event_lines lines;
	void (*sink)(void *ctx, const char *text);
	void *sink_ctx;
};

const char *run_id(const struct run *r)
{
	return r->id;
}

const char *run_dir(const struct run *r)
{
	return r->dir;
}

char *run_path_in(const char *dir, const char *file)
{
	return sys_join(dir, file);
}

char *run_path(const struct run *r, const char *file)
{
	return sys_join(r->dir, file);
}

void run_set_sink(struct run *r, void (*line)(void *ctx, const char *text), void *ctx)
{
	r->sink = line;
	r->sink_ctx = ctx;
}

static void run_free(struct run *r)
{
	tensorboard_close(r->tb);
	run_append_release(&r->file);
	run_fence_release(&r->fence);
	free(r->id);
	free(r->dir);
	free(r);
}

int run_check_fence(struct run *r, struct err *err)
{
	return run_fence_check(&r->fence, err);
}

static int run_take_lock(struct run *r, struct err *err)
{
	char *path = run_path(r, RUN_FILE_LOCK);
	int rc = run_fence_take(&r->fence, path, err);

	free(path);
	return rc;
}

/* --- making and opening --------------------------------------------------------------------- */

static int run_check_name(const char *name, struct err *err)
{
	bool bad =
		!name[0] || name[0] == '.' || name[0] == '-' || strlen(name) > (size_t)RUN_NAME_MAX;

	for (const unsigned char *c = (const unsigned char *)name; *c; c++)
		bad = bad || *c < 32 || *c == 127 || *c == '/';
	if (bad)
		return err_set(err, ERR_USAGE,
			"'%.120s' cannot be the name of a run: 1 to %d characters, no '/', no control "
			"characters, not beginning with '.' or '-'",
			name, RUN_NAME_MAX);
	return 0;
}

/* Makes the folder; a given name must be free, a name from the time gets a suffix. */
static int run_make_dir(struct run *r, const struct run_info *info, struct err *err)
{
	char stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	for (int i = 1;; i++) {
		free(r->id);
		free(r->dir);
		if (info->name)
			r->id = mem_strdup(info->name);
		else
			r->id = i == 1 ? mem_strdup(stamp) : mem_printf("%s-%d", stamp, i);
		r->dir = sys_join(info->ckpt_dir, r->id);
		if (!mkdir(r->dir, 0700))
			return 0;
		if (errno != EEXIST || i == 1000)
			return err_sys(err, errno, "cannot make run folder '%s'", r->dir);
		if (info->name)
			return err_set(err, ERR_USAGE,
				"run '%s' exists already in '%s' (resume it or choose another name)",
				info->name, info->ckpt_dir);
	}
}

static void run_add_str(cJSON *o, const char *key, const char *value)
{
	if (value)
		cJSON_AddStringToObject(o, key, value);
}

static int run_write_info(struct run *r, const struct run_info *info, struct err *err)
{
	cJSON *o = cJSON_CreateObject(), *sets;
	char *path = run_path(r, RUN_FILE_INFO), host[128], when[32];
	int rc;

	run_host_name(host, sizeof(host));
	sys_iso_time(sys_wall(), when);
	cJSON_AddStringToObject(o, "run", r->id);
	cJSON_AddStringToObject(o, "program", "axial " AXIAL_VERSION);
	cJSON_AddStringToObject(o, "created", when);
	cJSON_AddNumberToObject(o, "created_wall", sys_wall());
	cJSON_AddStringToObject(o, "host", host);
	cJSON_AddNumberToObject(o, "pid", (double)getpid());
	run_add_str(o, "mmar", info->mmar);
	run_add_str(o, "config", info->config);
	run_add_str(o, "env", info->env);
	sets = cJSON_AddArrayToObject(o, "set");
	for (int i = 0; i < info->nsets; i++)
		cJSON_AddItemToArray(sets, cJSON_CreateString(info->sets[i]));
	run_add_str(o, "device", info->device);
	cJSON_AddNumberToObject(o, "threads", info->threads);
	cJSON_AddNumberToObject(o, "seed", (double)info->seed);
	cJSON_AddNumberToObject(o, "epochs", (double)info->epochs);
	cJSON_AddNumberToObject(o, "summary_interval", (double)info->summary_interval);
	run_add_str(o, "resolved", info->resolved);
	rc = json_write(path, o, err);
	cJSON_Delete(o);
	free(path);
	return rc;
}

/* The start of the last line that is a whole event, cutting what follows it; 0: no event. */
static int run_cut_torn(struct run *r, const char *path, struct err *err)
{
	struct stat st;
	size_t want, line, end;
	struct event ev;
	char *tail;
	ssize_t n;

	if (fstat(r->file.fd, &st))
		return err_sys(err, errno, "cannot stat '%s'", path);
	want = (uint64_t)st.st_size < RUN_TAIL_MAX ? (size_t)st.st_size : RUN_TAIL_MAX;
	r->file.size = st.st_size;
	r->seq = 0;
	tail = mem_alloc(want + 1);
	n = pread(r->file.fd, tail, want, st.st_size - (off_t)want);
	if (n != (ssize_t)want) {
		free(tail);
		return err_sys(err, n < 0 ? errno : EIO, "cannot read '%s'", path);
	}
	for (end = want; end > 0; end = line) {
		for (line = end - 1; line > 0 && tail[line - 1] != '\n'; line--)
			;
		if (tail[end - 1] == '\n' && !event_parse(tail + line, end - 1 - line, &ev)) {
			r->seq = ev.seq;
			event_release(&ev);
			break;
		}
	}
	free(tail);
	if (end < want && !r->seq && want == RUN_TAIL_MAX)
		return err_set(
			err, ERR_DATA, "'%s' ends with %zu bytes that are no events", path, want);
	r->file.size = st.st_size - (off_t)(want - end);
	if (end < want && ftruncate(r->file.fd, r->file.size))
		return err_sys(err, errno, "cannot cut the torn end of '%s'", path);
	if (end < want)
		log_write(LOG_WARN, "%s: cut a torn end of %zu bytes", path, want - end);
	return 0;
}

static int run_open_events(struct run *r, struct err *err)
{
	char *path = run_path(r, RUN_FILE_EVENTS);
	int rc = 0;

	r->file.dir = r->dir;
	r->file.fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (r->file.fd < 0)
		rc = err_sys(err, errno, "cannot open '%s'", path);
	if (!rc)
		rc = run_cut_torn(r, path, err);
	if (!rc)
		rc = sys_flush_dir(r->dir, err);
	free(path);
	return rc;
}

static struct run *run_alloc(void)
{
	struct run *r = mem_zalloc(sizeof(*r));

	r->fence.fd = r->file.fd = -1;
	r->t0 = sys_now();
	return r;
}

/* TensorBoard is a convenience: without its file the training goes on. */
static void run_open_tensorboard(struct run *r)
{
	struct err err = ERR_INIT;

	if (r->summary_interval <= 0)
		return;
	r->tb = tensorboard_open(r->dir, &err);
	if (!r->tb)
		log_write(LOG_WARN, "%s: no TensorBoard file: %s", r->dir, err.msg);
}

struct run *run_create(const struct run_info *info, struct err *err)
{
	struct run *r;

	if (info->name && run_check_name(info->name, err))
		return NULL;
	if (sys_mkdirs(info->ckpt_dir, err))
		return NULL;
	r = run_alloc();
	r->seed = info->seed;
	r->epochs = info->epochs;
	r->summary_interval = info->summary_interval;
	if (run_make_dir(r, info, err)) {
		run_free(r);
		return NULL;
	}
	if (run_take_lock(r, err) || run_write_info(r, info, err) || run_open_events(r, err) ||
		sys_flush_dir(info->ckpt_dir, err)) {
		if (sys_remove_tree(r->dir, NULL))
			log_write(LOG_WARN, "cannot remove '%s'", r->dir);
		run_free(r);
		return NULL;
	}
	run_open_tensorboard(r);
	return r;
}

/* A count that somebody may have edited. */
static int64_t run_whole(const cJSON *info, const char *key)
{
	double v = json_num(info, key, 0);

	return v > 0 && v < 9e18 ? (int64_t)v : 0;
}

struct run *run_open_resume(const char *dir, struct err *err)
{
	struct run *r = run_alloc();
	char *path = run_path_in(dir, RUN_FILE_INFO);
	cJSON *info = json_read(path, err);
	size_t n = strlen(dir);

	free(path);
	while (n > 1 && dir[n - 1] == '/')
		n--;
	r->dir = mem_strndup(dir, n);
	r->id = mem_strdup(sys_basename(r->dir));
	if (!info) {
		err_wrap(err, "'%s' is no run that can be resumed", dir);
		run_free(r);
		return NULL;
	}
	r->seed = (uint64_t)run_whole(info, "seed");
	r->epochs = run_whole(info, "epochs");
	r->summary_interval = run_whole(info, "summary_interval");
	cJSON_Delete(info);
	if (run_take_lock(r, err) || run_open_events(r, err)) {
		run_free(r);
		return NULL;
	}
	run_open_tensorboard(r);
	return r;
}

/* --- events --------------------------------------------------------------------------------- */

static bool run_event_durable(enum event_kind kind)
{
	return kind == EVENT_START || kind == EVENT_RESUME || kind == EVENT_VALIDATION ||
	       kind == EVENT_CHECKPOINT || kind == EVENT_END;
}

/* Who runs this, for start and resume. */
static void run_add_origin(const struct run *r, enum event_kind kind, struct buf *line)
{
	char host[128];

	run_host_name(host, sizeof(host));
	event_str(line, "run", r->id);
	event_str(line, "program", "axial " AXIAL_VERSION);
	event_str(line, "host", host);
	event_int(line, "pid", getpid());
	event_int(line, "fence", r->fence.nr);
	if (kind == EVENT_START) {
		event_int(line, "seed", (int64_t)r->seed);
		event_int(line, "epochs", r->epochs);
	}
}

static void run_feed_tensorboard(struct run *r, const struct event *ev)
{
	static const char *const prefix[EVENT_KINDS] = {
		[EVENT_STEP] = "train", [EVENT_EPOCH] = "epoch", [EVENT_VALIDATION] = "val"};
	int64_t step = (int64_t)json_num(ev->obj, "step", 0);
	struct err err = ERR_INIT;
	const cJSON *f;

	if (ev->kind == EVENT_RESUME)
		tensorboard_restart(r->tb, ev->time, step + 1);
	if (ev->kind >= EVENT_KINDS || !prefix[ev->kind] ||
		(ev->kind == EVENT_STEP && step % r->summary_interval))
		return;
	cJSON_ArrayForEach (f, ev->obj) {
		char *tag;

		if (!cJSON_IsNumber(f) || !event_is_series(f->string))
			continue;
		tag = mem_printf("%s/%s", prefix[ev->kind], f->string);
		tensorboard_scalar(r->tb, tag, ev->time, step, (float)f->valuedouble);
		free(tag);
	}
	if (ev->kind != EVENT_STEP && tensorboard_flush(r->tb, &err) &&
		tensorboard_waiting(r->tb) > RUN_TB_WAITING_MAX) {
		log_write(LOG_WARN, "%s: TensorBoard file given up: %s", r->dir, err.msg);
		tensorboard_close(r->tb);
		r->tb = NULL;
	}
}

static void run_tell(struct run *r, const struct buf *line)
{
	struct buf text = {0};
	struct event ev;

	if ((!r->sink && !r->tb) || event_parse(line->p, line->len - 1, &ev))
		return;
	if (r->tb)
		run_feed_tensorboard(r, &ev);
	if (r->sink && event_line(&r->lines, &ev, &text))
		r->sink(r->sink_ctx, text.p);
	buf_release(&text);
	event_release(&ev);
}

/* Start, resume and end are worthless in memory. */
static bool run_event_can_wait(enum event_kind kind)
{
	return kind != EVENT_START && kind != EVENT_RESUME && kind != EVENT_END;
}

static void run_say(const struct run *r, const char *text)
{
	log_write(LOG_WARN, "%s", text);
	if (r->sink)
		r->sink(r->sink_ctx, text);
}

/* Says once that events wait. */
static void run_say_waiting(struct run *r, bool *told, const struct err *why, const char *what)
{
	char *text = *told ? NULL : mem_printf("warning    %s: %s", why->msg, what);

	if (text)
		run_say(r, text);
	*told = true;
	free(text);
}

/* Writes the line or keeps it; 1: it is lost. */
static int run_put(struct run *r, enum event_kind kind, const struct buf *line, struct err *err)
{
	if (run_append_line(&r->file, line, err)) {
		if (!run_event_can_wait(kind) || err->code != ERR_IO)
			return -1;
		run_say_waiting(r, &r->waiting, err, "events wait in memory, the run goes on");
		err_clear(err);
		return run_append_keep(&r->file, line) ? 0 : 1;
	}
	if (!run_event_durable(kind) || !run_append_flush(&r->file, err)) {
		r->unflushed = run_event_durable(kind) ? false : r->unflushed;
		return 0;
	}
	if (!run_event_can_wait(kind)) {
		r->seq++; /* the line is in the file, only not for certain on the disk */
		return -1;
	}
	run_say_waiting(r, &r->unflushed, err, "a power loss may take events, the run goes on");
	err_clear(err);
	return 0;
}

/* After a time in which events waited: says how many, as an event. */
static int run_caught_up(struct run *r, struct err *err)
{
	long long kept = (long long)r->file.kept_lines, lost = (long long)r->file.lost;
	char *text;
	int rc;

	if (!r->waiting || r->file.kept.len)
		return 0;
	r->waiting = false;
	r->file.kept_lines = r->file.lost = 0;
	text = mem_printf("'%s' can be written again: %lld events had waited, %lld are lost",
		RUN_FILE_EVENTS, kept, lost);
	rc = run_log(r, "warning", text, err);
	free(text);
	return rc;
}

int run_event(struct run *r, enum event_kind kind, const struct buf *fields, struct err *err)
{
	struct buf line = {0};
	int rc;

	if (run_check_fence(r, err))
		return -1;
	buf_printf(&line, "{\"seq\":%lld,\"t\":%.3f,\"kind\":\"%s\"", (long long)r->seq + 1,
		sys_wall(), event_kind_name(kind));
	if (kind == EVENT_START || kind == EVENT_RESUME)
		run_add_origin(r, kind, &line);
	if (fields && fields->len)
		buf_add(&line, fields->p, fields->len);
	buf_puts(&line, "}\n");
	rc = run_put(r, kind, &line, err);
	if (!rc)
		r->seq++;
	if (rc >= 0)
		run_tell(r, &line);
	buf_release(&line);
	if (rc < 0)
		return -1;
	return kind == EVENT_END ? 0 : run_caught_up(r, err);
}

int run_log(struct run *r, const char *level, const char *text, struct err *err)
{
	struct buf f = {0};
	int rc;

	event_str(&f, "level", level);
	event_str(&f, "text", text);
	rc = run_event(r, EVENT_LOG, &f, err);
	buf_release(&f);
	return rc;
}

int run_write_stats(struct run *r, const cJSON *stats, struct err *err)
{
	char *path;
	int rc;

	if (run_check_fence(r, err))
		return -1;
	path = run_path(r, RUN_FILE_STATS);
	rc = json_write(path, stats, err);
	free(path);
	return rc;
}

int run_close(struct run *r, const char *state, const char *reason, int code, struct err *err)
{
	struct buf f = {0};
	int rc;

	event_str(&f, "state", state);
	if (reason)
		event_str(&f, "reason", reason);
	event_int(&f, "code", code);
	event_num(&f, "seconds", floor((sys_now() - r->t0) * 1000) / 1000);
	event_int(&f, "peak_rss", (int64_t)sys_peak_rss());
	rc = run_event(r, EVENT_END, &f, err);
	buf_release(&f);
	run_free(r);
	return rc;
}

void run_abandon(struct run *r)
{
	if (r)
		run_free(r);
}
