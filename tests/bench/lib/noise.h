#ifndef TESTS_BENCH_LIB_NOISE_H
#define TESTS_BENCH_LIB_NOISE_H

#include <stdbool.h>
#include <sys/types.h>

/* A measurement is repeated when others took more than this part of one core. */
extern const double NOISE_LIMIT;

/*
 * Seconds that all CPUs have worked since boot, from the text of /proc/stat with ticks of
 * 1 / hz seconds; time stolen by the host counts.  -1: not such a text.
 */
double noise_busy(const char *stat, long hz);

/* Seconds of CPU time in the text of /proc/PID/stat, with those of its ended children; or -1. */
double noise_process(const char *stat, long hz);

struct noise {
	pid_t peer; /* a process that belongs to the measurement; 0: none */
	double wall, busy, own;
};

void noise_begin(struct noise *n, pid_t peer);

/* Since noise_begin(): what others took, as a part of one core; 0 when the system does not say. */
double noise_end(const struct noise *n);

/* The same between two moments. */
double noise_between(const struct noise *begin, const struct noise *end);

/* Waits, at most seconds, until others leave the machine alone.  Do they? */
bool noise_wait(double seconds);

#endif
