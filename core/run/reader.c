/*
 * Reading a run that somebody else is writing.
 *
 * The file only grows while its writer lives, in whole lines; so reading is: take
 * the bytes behind the offset, split them at line feeds, leave the rest for the
 * next time.  A resume makes the points behind its step void (the killed process
 * was ahead of its last checkpoint), they are cut from the series and come again.
 * If the file became shorter than what was read, a writer cut a damaged end; then
 * everything is read anew, which is simple and cannot be half right.
 */
#include "core/run/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/run/run.h"

static const size_t READER_CHUNK = 256u << 10;
static const size_t READER_LINE_MAX = 4u << 20;

static void reader_forget(struct run_reader *r)
{
	for (int i = 0; i < r->nseries; i++) {
		free(r->series[i].name);
		free(r->series[i].v);
	}
	for (int i = 0; i < r->nnotes; i++)
		free(r->notes[i].text);
	free(r->series);
	free(r->notes);
	free(r->key);
	free(r->end_state);
	free(r->end_reason);
	if (r->fd >= 0)
		close(r->fd);
}

static void reader_init(struct run_reader *r, char *dir)
{
	*r = (struct run_reader){.dir = dir, .fd = -1};
	r->started = r->last_time = r->epoch = r->epochs = r->step = NAN;
	r->steps_per_epoch = r->loss = r->lr = r->best = r->best_epoch = NAN;
	r->step_rate = r->peak_rss = NAN;
	r->epoch_seconds = r->loader_wait = NAN;
	r->cache_bytes = r->cache_hits = r->replace_lag = NAN;
}

void run_reader_init(struct run_reader *r, const char *dir)
{
	reader_init(r, mem_strdup(dir));
}

void run_reader_release(struct run_reader *r)
{
	reader_forget(r);
	free(r->dir);
	reader_init(r, NULL);
}

static void reader_restart(struct run_reader *r)
{
	char *dir = r->dir;

	reader_forget(r);
	reader_init(r, dir);
}

const struct run_series *run_reader_series(
	const struct run_reader *r, enum event_kind kind, const char *name)
{
	for (int i = 0; i < r->nseries; i++)
		if (r->series[i].kind == kind && !strcmp(r->series[i].name, name))
			return &r->series[i];
	return NULL;
}

static struct run_series *reader_series(
	struct run_reader *r, enum event_kind kind, const char *name)
{
	struct run_series *s = (struct run_series *)run_reader_series(r, kind, name);

	if (s)
		return s;
	r->series = mem_realloc(r->series, (size_t)(r->nseries + 1) * sizeof(*r->series));
	s = &r->series[r->nseries++];
	*s = (struct run_series){.kind = kind, .name = mem_strdup(name)};
	return s;
}

static void reader_add_point(struct run_series *s, const struct run_point *p)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 64;
		s->v = mem_realloc(s->v, (size_t)s->cap * sizeof(*s->v));
	}
	s->v[s->n++] = *p;
}

static void reader_take_points(struct run_reader *r, const struct event *ev)
{
	struct run_point p = {
		.step = event_get(ev, "step"), .epoch = event_get(ev, "epoch"), .time = ev->time};
	const cJSON *f;

	if (ev->kind == EVENT_STEP && r->steps_per_epoch > 0)
		p.epoch = p.step / r->steps_per_epoch;
	cJSON_ArrayForEach (f, ev->obj) {
		if (!(cJSON_IsNumber(f) || cJSON_IsNull(f)) || !event_is_series(f->string))
			continue;
		p.value = cJSON_IsNumber(f) ? f->valuedouble : (double)NAN;
		reader_add_point(reader_series(r, ev->kind, f->string), &p);
	}
}

static void reader_cut_points(struct run_reader *r, double step)
{
	for (int i = 0; i < r->nseries; i++) {
		struct run_series *s = &r->series[i];

		while (s->n && s->v[s->n - 1].step > step)
			s->n--;
	}
}

static void reader_set(double *to, const struct event *ev, const char *field)
{
	double v = event_get(ev, field);

	if (!isnan(v))
		*to = v;
}

static void reader_set_str(char **to, const struct event *ev, const char *field)
{
	const char *v = event_get_str(ev, field, NULL);

	free(*to);
	*to = v ? mem_strdup(v) : NULL;
}

static void reader_take_latest(struct run_reader *r, const struct event *ev)
{
	if (isnan(r->started))
		r->started = ev->time;
	r->last_time = ev->time;
	reader_set(&r->epoch, ev, "epoch");
	reader_set(&r->step, ev, "step");
	switch (ev->kind) {
	case EVENT_START:
		reader_set(&r->steps_per_epoch, ev, "steps_per_epoch");
		reader_set(&r->epochs, ev, "epochs");
		break;
	case EVENT_EPOCH:
		reader_set(&r->epochs, ev, "epochs");
		reader_set(&r->epoch_seconds, ev, "seconds");
		reader_set(&r->loader_wait, ev, "loader_wait");
		reader_set(&r->cache_bytes, ev, "cache_bytes");
		reader_set(&r->cache_hits, ev, "cache_hits");
		reader_set(&r->replace_lag, ev, "replace_lag");
		break;
	case EVENT_STEP:
		r->loss = event_get(ev, "loss");
		reader_set(&r->lr, ev, "lr");
		break;
	case EVENT_VALIDATION:
		reader_set(&r->best, ev, "best");
		reader_set(&r->best_epoch, ev, "best_epoch");
		if (event_get_str(ev, "key", NULL))
			reader_set_str(&r->key, ev, "key");
		break;
	case EVENT_RESUME:
		free(r->end_state);
		free(r->end_reason);
		r->end_state = r->end_reason = NULL;
		reader_cut_points(r, event_get(ev, "step"));
		break;
	case EVENT_END:
		reader_set_str(&r->end_state, ev, "state");
		reader_set_str(&r->end_reason, ev, "reason");
		r->end_code = (int)json_num(ev->obj, "code", 0);
		reader_set(&r->peak_rss, ev, "peak_rss");
		break;
	default:
		break;
	}
}

static void reader_take_note(struct run_reader *r, const struct event *ev)
{
	struct buf text = {0};

	if (!event_line(&r->lines, ev, &text)) {
		buf_release(&text);
		return;
	}
	r->step_rate = r->lines.rate > 0 ? r->lines.rate : (double)NAN;
	if (r->nnotes == r->notes_cap) {
		r->notes_cap = r->notes_cap ? 2 * r->notes_cap : 64;
		r->notes = mem_realloc(r->notes, (size_t)r->notes_cap * sizeof(*r->notes));
	}
	r->notes[r->nnotes++] = (struct run_note){ev->seq, ev->time, ev->kind, buf_detach(&text)};
}

static void reader_take_line(struct run_reader *r, const char *line, size_t len)
{
	struct event ev;

	if (event_parse(line, len, &ev)) {
		r->bad++;
		return;
	}
	if (ev.seq != r->seq + 1)
		r->bad++;
	r->seq = ev.seq;
	reader_take_latest(r, &ev);
	if (ev.kind == EVENT_STEP || ev.kind == EVENT_EPOCH || ev.kind == EVENT_VALIDATION)
		reader_take_points(r, &ev);
	reader_take_note(r, &ev);
	event_release(&ev);
}

/* Takes the whole lines of data; returns how many bytes they had. */
static size_t reader_take_lines(
	struct run_reader *r, const char *data, size_t len, size_t max, int *taken)
{
	size_t at = 0;

	while (at < len && (!max || at < max)) {
		const char *nl = memchr(data + at, '\n', len - at);

		if (!nl)
			break;
		reader_take_line(r, data + at, (size_t)(nl - data) - at);
		at = (size_t)(nl - data) + 1;
		++*taken;
	}
	return at;
}

/* Opens the file, or opens it again when it was cut or replaced.  0: nothing there yet. */
static int reader_open(struct run_reader *r, off_t *size, struct err *err)
{
	char *path = run_path_in(r->dir, RUN_FILE_EVENTS);
	struct stat st, there;
	int rc = 1;

	if (r->fd >= 0 && (fstat(r->fd, &st) || stat(path, &there) || st.st_ino != there.st_ino ||
				  st.st_dev != there.st_dev || st.st_size < r->offset))
		reader_restart(r);
	if (r->fd < 0)
		r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (r->fd < 0)
		rc = errno == ENOENT ? 0 : err_sys(err, errno, "cannot open '%s'", path);
	else if (fstat(r->fd, &st))
		rc = err_sys(err, errno, "cannot stat '%s'", path);
	else if (!S_ISREG(st.st_mode))
		rc = err_set(err, ERR_DATA, "'%s' is not a regular file", path);
	else
		*size = st.st_size;
	free(path);
	return rc;
}

int run_reader_poll(struct run_reader *r, size_t max_bytes, bool *more, struct err *err)
{
	off_t size = 0;
	int rc = reader_open(r, &size, err), taken = 0;
	size_t cap = READER_CHUNK, done = 0;
	char *data;

	if (more)
		*more = false;
	if (rc <= 0)
		return rc;
	data = mem_alloc(cap);
	while (r->offset < size && (!max_bytes || done < max_bytes)) {
		ssize_t n = pread(r->fd, data, cap, (off_t)r->offset);
		size_t used;

		if (n < 0) {
			free(data);
			return err_sys(err, errno, "cannot read the events of '%s'", r->dir);
		}
		used = reader_take_lines(
			r, data, (size_t)n, max_bytes ? max_bytes - done : 0, &taken);
		if (!used && (size_t)n == cap && cap < READER_LINE_MAX) {
			cap *= 4;
			data = mem_realloc(data, cap);
			continue;
		}
		if (!used && (size_t)n == cap) {
			r->bad++;
			used = (size_t)n;
		}
		if (!used)
			break;
		r->offset += (int64_t)used;
		done += used;
	}
	free(data);
	if (more && max_bytes && done >= max_bytes && r->offset < size)
		*more = true;
	return taken;
}

double run_reader_eta(const struct run_reader *r)
{
	double left = r->epochs * r->steps_per_epoch - r->step;

	if (r->end_state || !(r->step_rate > 0) || isnan(left) || left < 0)
		return NAN;
	return left / r->step_rate;
}
