#ifndef CORE_RUN_READER_H
#define CORE_RUN_READER_H

#include <stdbool.h>
#include <stdint.h>
#include "core/base/err.h"
#include "core/run/events.h"

/*
 * Follows the events of a run, whoever writes them.  No lock, no engine: a file
 * and an offset.  Everything here is read from the same line format that
 * events.h describes.
 */
struct run_point {
	double step;
	double epoch; /* fractional for step events when the epoch length is known */
	double time;  /* wall seconds */
	double value; /* NaN where the run logged a number that is not finite */
};

struct run_series {
	enum event_kind kind; /* EVENT_STEP, EVENT_EPOCH or EVENT_VALIDATION */
	char *name;           /* "loss", "lr", "mean_dice" ... */
	struct run_point *v;
	int n, cap;
};

/* A progress line of the run's log. */
struct run_note {
	int64_t seq;
	double time;
	enum event_kind kind;
	char *text; /* safe to show */
};

struct run_reader {
	char *dir;
	int64_t offset; /* bytes of events.jsonl that were understood */
	int64_t seq;    /* last sequence number */
	int64_t bad;    /* lines that were no events, and gaps of seq */
	struct run_series *series;
	int nseries;
	struct run_note *notes;
	int nnotes, notes_cap;

	/* latest values; NaN: not known yet */
	double started, last_time; /* wall seconds of the first and the last event */
	double epoch, epochs, step, steps_per_epoch, loss, lr, best, best_epoch;
	double step_rate;                            /* steps per second, smoothed */
	double peak_rss;                             /* bytes, of the process that ended the run */
	double epoch_seconds, loader_wait;           /* of the last epoch */
	double cache_bytes, cache_hits, replace_lag; /* with a Smart Cache: at its end */
	char *key;                                   /* name of the key metric, NULL */
	char *end_state;  /* "done" ..., NULL while there is no end event */
	char *end_reason; /* may be NULL */
	int end_code;     /* exit code of the end event */

	struct event_lines lines;
	int fd;
};

/* The files need not exist yet.  Free with run_reader_release(). */
void run_reader_init(struct run_reader *r, const char *dir);
void run_reader_release(struct run_reader *r);

/*
 * Reads new events, at most about max_bytes of them (0: all).  Returns how many
 * were taken, 0 when there is nothing new; -1 on a read error.  A torn last line
 * is left for the next call.  When the file was cut or replaced it starts again
 * from nothing.  more (may be NULL) is set when max_bytes stopped it.
 */
int run_reader_poll(struct run_reader *r, size_t max_bytes, bool *more, struct err *err) MUST_CHECK;

/* The series of a kind and name, or NULL while no such point was logged. */
const struct run_series *run_reader_series(
	const struct run_reader *r, enum event_kind kind, const char *name);

/* Seconds until the last epoch ends, from the step rate; NaN when it cannot be known. */
double run_reader_eta(const struct run_reader *r);

#endif
