#ifndef CORE_RUN_EVENTS_H
#define CORE_RUN_EVENTS_H

#include <stdbool.h>
#include <stdint.h>
#include "core/base/buf.h"
#include "core/base/json.h"

/*
 * The events of a run: one JSON object per line of events.jsonl,
 *
 *   {"seq":12,"t":1764000000.123,"kind":"step","step":12,"epoch":1,"loss":0.41,"lr":0.001}
 *
 * seq counts 1, 2, 3 ... over the whole life of the run, resumes included; t is
 * wall time in seconds since 1970.  Events are appended and never changed.  A
 * number that is not finite is written as null and read as NaN.
 *
 * Fields by kind (all numbers; further numeric fields of step, epoch and
 * validation become series of their own):
 *   start       run, program, host (text), pid, seed, epochs, steps_per_epoch, params, arena_bytes
 *   resume      epoch, step: where training goes on; later points were lost with the old process
 *   step        step (from 1, over the run), epoch (from 1), loss, lr
 *   epoch       epoch, epochs, step, loss (mean), lr, seconds
 *   validation  epoch, step, the metrics by name, and seconds; click_dice (list): mean Dice after
 *               0, 1 ... clicks, where they are simulated; key (text): name of the key metric,
 *               best, best_epoch (best key metric so far), is_best (bool)
 *   checkpoint  epoch, step, file (text, relative to the run folder)
 *   log         text, level ("info", "warning", "error")
 *   end         state ("done", "failed", "stopped"), reason (text, may be absent), code (exit
 * code), seconds, peak_rss (bytes)
 */
enum event_kind {
	EVENT_START,
	EVENT_RESUME,
	EVENT_STEP,
	EVENT_EPOCH,
	EVENT_VALIDATION,
	EVENT_CHECKPOINT,
	EVENT_LOG,
	EVENT_END,
	EVENT_KINDS, /* also: a kind that this version does not know */
};

const char *event_kind_name(enum event_kind kind);
enum event_kind event_kind_find(const char *name);

/* False for the numeric fields that only place a point (step, epoch, t ...) or sum up (best). */
bool event_is_series(const char *field);

/* Adds "m:ss" or "h:mm:ss". */
void event_add_duration(struct buf *out, double seconds);

/*
 * Fields of an event under construction: text that goes between the braces.
 * Zero-initialise a struct buf, add fields, hand it to run_event(), release it.
 */
void event_num(struct buf *fields, const char *key, double value);
void event_int(struct buf *fields, const char *key, int64_t value);
void event_bool(struct buf *fields, const char *key, bool value);
void event_str(struct buf *fields, const char *key, const char *value);
void event_nums(struct buf *fields, const char *key, const double *values, int n);

/* One parsed event. obj is owned: event_release(). */
struct event {
	int64_t seq;
	double time;
	enum event_kind kind;
	cJSON *obj;
};

/* Parses one line (without its line feed).  Returns 0, or -1 when it is no event. */
int event_parse(const char *line, size_t len, struct event *ev) MUST_CHECK;
void event_release(struct event *ev);

/* Number or text of a field; NaN or def when absent. */
double event_get(const struct event *ev, const char *key);
const char *event_get_str(const struct event *ev, const char *key, const char *def);

/*
 * Plain progress lines, the same for a training in the foreground, for "axial
 * attach" and for the log of the workbench.  Step events are thinned to one per
 * STEP_SECONDS of event time.  Zero-initialise the state.  True when out got a
 * line (without line feed, control bytes shown as ^X).
 */
struct event_lines {
	double last_step_time;
	double last_step;
	double rate;            /* steps per second, smoothed */
	double steps_per_epoch; /* from the start event */
	double epochs;
};
bool event_line(struct event_lines *state, const struct event *ev, struct buf *out);

#endif
