#ifndef TESTS_BENCH_LIB_STATS_H
#define TESTS_BENCH_LIB_STATS_H

#include <cjson/cJSON.h>

/* Measured values of one thing. */
struct samples {
	double *v;
	int n, cap;
};

void samples_add(struct samples *s, double value);
void samples_release(struct samples *s);

/* Sorts v, and gives the middle one (the upper of two). */
double values_median(double *v, int n);

/* The value below which the part q (0 .. 1) of the samples lies; NaN when there is none. */
double samples_at(const struct samples *s, double q);

/* {"median": , "p10": , "p90": , "n": } */
cJSON *samples_json(const struct samples *s);

/* The member of an object, as a number; null where the value is not finite. */
void report_number(cJSON *obj, const char *key, double value);

#endif
