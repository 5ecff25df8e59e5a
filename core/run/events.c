/*
 * Events: the line format, and the plain text that people read.
 *
 * A line is built by hand rather than through a cJSON tree: a step event is
 * written thousands of times, its shape is fixed, and numbers must be the
 * shortest text that reads back as the same double (a resumed run is compared
 * bit for bit with an uninterrupted one).  Reading goes through the strict
 * parser, so that a damaged line is found and not half understood.
 *
 * The same formatter serves a training in the foreground, "axial attach" and the
 * log of the workbench: it works from the event alone and thins step events by
 * the time inside the events, so all three show the same lines.
 */
#include "core/run/events.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double STEP_SECONDS = 2.0;
static const double EVENT_SEQ_MAX = 9007199254740992.0; /* 2^53: a double counts so far */

static const char *const event_names[EVENT_KINDS + 1] = {
	[EVENT_START] = "start",
	[EVENT_RESUME] = "resume",
	[EVENT_STEP] = "step",
	[EVENT_EPOCH] = "epoch",
	[EVENT_VALIDATION] = "validation",
	[EVENT_CHECKPOINT] = "checkpoint",
	[EVENT_LOG] = "log",
	[EVENT_END] = "end",
	[EVENT_KINDS] = "unknown",
};

/* Numeric fields that place a point or sum up; they are no series of their own. */
static const char *const event_not_series[] = {
	"seq", "t", "step", "epoch", "epochs", "best", "best_epoch", NULL};

const char *event_kind_name(enum event_kind kind)
{
	return event_names[kind];
}

enum event_kind event_kind_find(const char *name)
{
	int k;

	for (k = 0; k < EVENT_KINDS; k++)
		if (!strcmp(event_names[k], name))
			break;
	return (enum event_kind)k;
}

bool event_is_series(const char *field)
{
	for (int i = 0; event_not_series[i]; i++)
		if (!strcmp(event_not_series[i], field))
			return false;
	return true;
}

static void event_key(struct buf *fields, const char *key)
{
	buf_putc(fields, ',');
	json_quote(fields, key);
	buf_putc(fields, ':');
}

void event_num(struct buf *fields, const char *key, double value)
{
	event_key(fields, key);
	json_add_num(fields, value);
}

void event_int(struct buf *fields, const char *key, int64_t value)
{
	event_key(fields, key);
	buf_printf(fields, "%lld", (long long)value);
}

void event_bool(struct buf *fields, const char *key, bool value)
{
	event_key(fields, key);
	buf_puts(fields, value ? "true" : "false");
}

void event_str(struct buf *fields, const char *key, const char *value)
{
	event_key(fields, key);
	json_quote(fields, value);
}

void event_nums(struct buf *fields, const char *key, const double *values, int n)
{
	event_key(fields, key);
	buf_putc(fields, '[');
	for (int i = 0; i < n; i++) {
		if (i)
			buf_putc(fields, ',');
		json_add_num(fields, values[i]);
	}
	buf_putc(fields, ']');
}

int event_parse(const char *line, size_t len, struct event *ev)
{
	const char *kind;
	double seq;

	ev->obj = json_parse(line, len, "event", NULL);
	kind = json_str(ev->obj, "kind", NULL);
	seq = json_num(ev->obj, "seq", 0);
	if (!cJSON_IsObject(ev->obj) || !kind || !(seq >= 1 && seq <= EVENT_SEQ_MAX)) {
		event_release(ev);
		return -1;
	}
	ev->seq = (int64_t)seq;
	ev->time = json_num(ev->obj, "t", NAN);
	ev->kind = event_kind_find(kind);
	return 0;
}

void event_release(struct event *ev)
{
	cJSON_Delete(ev->obj);
	ev->obj = NULL;
}

double event_get(const struct event *ev, const char *key)
{
	return json_num(ev->obj, key, NAN);
}

const char *event_get_str(const struct event *ev, const char *key, const char *def)
{
	return json_str(ev->obj, key, def);
}

void event_add_duration(struct buf *out, double seconds)
{
	long long s = seconds > 0 && seconds < 1e12 ? (long long)(seconds + 0.5) : 0;

	if (s >= 3600)
		buf_printf(out, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
	else
		buf_printf(out, "%lld:%02lld", s / 60, s % 60);
}

/* Adds label and the field, when it is there; fmt: 'd' whole, 'M' bytes as MiB, 'g' else. */
static void line_num(
	struct buf *out, const struct event *ev, const char *key, const char *label, char fmt)
{
	double v = event_get(ev, key);

	if (cJSON_GetObjectItemCaseSensitive(ev->obj, key) == NULL)
		return;
	buf_printf(out, "%s", label);
	if (isnan(v))
		buf_puts(out, "nan");
	else if (fmt == 'd')
		buf_printf(out, "%.0f", v);
	else if (fmt == 'M')
		buf_printf(out, "%.1f MiB", v / 1048576);
	else
		buf_printf(out, "%.6g", v);
}

/* "epoch 3/40" */
static void line_epoch(struct buf *out, const struct event_lines *st, const struct event *ev)
{
	line_num(out, ev, "epoch", "epoch ", 'd');
	if (st->epochs > 0)
		buf_printf(out, "/%.0f", st->epochs);
}

/* Every further numeric field, as ", name value". */
static void line_rest(struct buf *out, const struct event *ev, const char *const *but)
{
	const cJSON *f;

	cJSON_ArrayForEach (f, ev->obj) {
		bool skip = !event_is_series(f->string);

		for (int i = 0; but && but[i]; i++)
			skip = skip || !strcmp(but[i], f->string);
		if (skip || !(cJSON_IsNumber(f) || cJSON_IsNull(f)))
			continue;
		buf_puts(out, ", ");
		buf_put_safe(out, f->string);
		line_num(out, ev, f->string, " ", 'g');
	}
}

static void line_start(struct event_lines *st, const struct event *ev, struct buf *out)
{
	double epochs = event_get(ev, "epochs"), spe = event_get(ev, "steps_per_epoch");

	st->epochs = epochs > 0 ? epochs : 0;
	st->steps_per_epoch = spe > 0 ? spe : 0;
	st->last_step_time = st->last_step = st->rate = 0;
	buf_puts(out, "run ");
	buf_put_safe(out, event_get_str(ev, "run", "?"));
	line_num(out, ev, "epochs", ": epochs ", 'd');
	line_num(out, ev, "steps_per_epoch", ", steps per epoch ", 'd');
	line_num(out, ev, "params", ", parameters ", 'd');
	line_num(out, ev, "arena_bytes", ", arena planned ", 'M');
	line_num(out, ev, "seed", ", seed ", 'd');
	line_num(out, ev, "pid", ", pid ", 'd');
	buf_puts(out, " on ");
	buf_put_safe(out, event_get_str(ev, "host", "?"));
}

static void line_resume(struct event_lines *st, const struct event *ev, struct buf *out)
{
	st->last_step_time = st->last_step = st->rate = 0;
	buf_puts(out, "resumed");
	line_num(out, ev, "epoch", " after epoch ", 'd');
	line_num(out, ev, "step", ", step ", 'd');
	line_num(out, ev, "pid", ", pid ", 'd');
}

/* Keeps the step rate; true when this step is to be shown. */
static bool line_step_due(struct event_lines *st, const struct event *ev, double step)
{
	double dt = ev->time - st->last_step_time, rate;

	if (st->last_step_time > 0 && step > st->last_step && dt >= 0 && dt < STEP_SECONDS)
		return false;
	if (st->last_step_time > 0 && step > st->last_step && dt > 0) {
		rate = (step - st->last_step) / dt;
		st->rate = st->rate > 0 ? 0.7 * st->rate + 0.3 * rate : rate;
	}
	st->last_step_time = ev->time;
	st->last_step = step;
	return true;
}

static bool line_step(struct event_lines *st, const struct event *ev, struct buf *out)
{
	double step = event_get(ev, "step"), left;

	if (!line_step_due(st, ev, step))
		return false;
	line_epoch(out, st, ev);
	line_num(out, ev, "step", " step ", 'd');
	line_rest(out, ev, NULL);
	if (st->rate > 0)
		buf_printf(out, ", %.3g steps/s", st->rate);
	left = st->epochs * st->steps_per_epoch - step;
	if (st->rate > 0 && left > 0) {
		buf_puts(out, ", left ");
		event_add_duration(out, left / st->rate);
	}
	return true;
}

static void line_validation(struct event_lines *st, const struct event *ev, struct buf *out)
{
	static const char *const but[] = {"seconds", NULL};

	buf_puts(out, "validation ");
	line_epoch(out, st, ev);
	line_rest(out, ev, but);
	line_num(out, ev, "best", ", best ", 'g');
	line_num(out, ev, "best_epoch", " at epoch ", 'd');
	line_num(out, ev, "seconds", ", seconds ", 'g');
	if (json_bool(ev->obj, "is_best", false))
		buf_puts(out, " (new best)");
}

static void line_end(const struct event *ev, struct buf *out)
{
	const char *reason = event_get_str(ev, "reason", NULL);
	double seconds = event_get(ev, "seconds");

	buf_put_safe(out, event_get_str(ev, "state", "ended"));
	if (!isnan(seconds)) {
		buf_puts(out, " after ");
		event_add_duration(out, seconds);
	}
	line_num(out, ev, "peak_rss", ", peak memory ", 'M');
	if (reason) {
		buf_puts(out, ": ");
		buf_put_safe(out, reason);
	}
}

bool event_line(struct event_lines *st, const struct event *ev, struct buf *out)
{
	switch (ev->kind) {
	case EVENT_START:
		line_start(st, ev, out);
		return true;
	case EVENT_RESUME:
		line_resume(st, ev, out);
		return true;
	case EVENT_STEP:
		return line_step(st, ev, out);
	case EVENT_EPOCH:
		line_epoch(out, st, ev);
		buf_puts(out, " ended");
		line_rest(out, ev, NULL);
		return true;
	case EVENT_VALIDATION:
		line_validation(st, ev, out);
		return true;
	case EVENT_CHECKPOINT:
		buf_puts(out, "checkpoint ");
		buf_put_safe(out, event_get_str(ev, "file", ""));
		line_num(out, ev, "epoch", " at epoch ", 'd');
		return true;
	case EVENT_LOG:
		if (strcmp(event_get_str(ev, "level", "info"), "info")) {
			buf_put_safe(out, event_get_str(ev, "level", ""));
			buf_puts(out, ": ");
		}
		buf_put_safe(out, event_get_str(ev, "text", ""));
		return true;
	case EVENT_END:
		line_end(ev, out);
		return true;
	default:
		return false;
	}
}
