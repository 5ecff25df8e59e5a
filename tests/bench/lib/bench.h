#ifndef TESTS_BENCH_LIB_BENCH_H
#define TESTS_BENCH_LIB_BENCH_H

#include <stdbool.h>
#include "core/base/err.h"
#include "tests/bench/lib/stats.h"

/* What was asked for, and the report that the sections fill. */
struct bench {
	bool tiny;        /* the smallest sizes: tests the program, measures nothing */
	bool no_peer;     /* ours alone */
	double seconds;   /* for each comparison of the step section */
	const char *nets; /* of the step section, comma-separated; NULL: all */
	cJSON *report;    /* figures by name at the top, details in objects */
	bool noisy;       /* some figures were taken beside other load */
};

/* A ratio ours against theirs that the report shows with its target. */
void bench_ratio(struct bench *b, const char *key, double ratio, double target);

/* A line of text, to the terminal and into the report. */
void bench_say(struct bench *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Notes others' part of a core during a measurement that could not be repeated. */
void bench_noisy(struct bench *b, const char *what, double others);

/* Is name one of the words of a list with commas?  Of NULL: yes. */
bool bench_chosen(const char *list, const char *name);

/* The sections: each adds an object of its name.  -1: our side failed. */
int section_step(struct bench *b, struct err *err) MUST_CHECK;
int section_data(struct bench *b, struct err *err) MUST_CHECK;

/* The members "*_ratio" of a report as a PNG of bars; no file when there is none. */
int report_plot(const char *path, const cJSON *report, struct err *err) MUST_CHECK;

#endif
