/*
 * The noise guard.  With one of two cores taken, a step of two threads lasts two to four
 * times as long, so a measurement beside other work is worth nothing.  The guard
 * compares what all CPUs did (/proc/stat) with what this process and its peer used.
 */
#include "tests/bench/lib/noise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/sys.h"

const double NOISE_LIMIT = 0.08;

double noise_busy(const char *stat, long hz)
{
	unsigned long long user, nice, system, idle, iowait, irq, softirq, steal = 0;

	if (strncmp(stat, "cpu ", 4) ||
		sscanf(stat + 4, "%llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system,
			&idle, &iowait, &irq, &softirq, &steal) < 7)
		return -1;
	return (double)(user + nice + system + irq + softirq + steal) / (double)hz;
}

double noise_process(const char *stat, long hz)
{
	const char *name_end = strrchr(stat, ')'); /* the name may hold anything */
	unsigned long long t[4];

	if (!name_end || sscanf(name_end + 1,
				 " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu %llu %llu",
				 &t[0], &t[1], &t[2], &t[3]) != 4)
		return -1;
	return (double)(t[0] + t[1] + t[2] + t[3]) / (double)hz;
}

static void noise_read(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, size - 1, f) : 0;

	text[n] = 0;
	if (f)
		fclose(f);
}

static double noise_seconds(const struct timeval *t)
{
	return (double)t->tv_sec + 1e-6 * (double)t->tv_usec;
}

/* CPU seconds of this process, its ended children and the peer. */
static double noise_own(pid_t peer)
{
	double sum = 0, used;
	char path[64], text[1024];

	for (int i = 0; i < 2; i++) {
		struct rusage r;

		if (!getrusage(i ? RUSAGE_CHILDREN : RUSAGE_SELF, &r))
			sum += noise_seconds(&r.ru_utime) + noise_seconds(&r.ru_stime);
	}
	if (peer > 0) {
		snprintf(path, sizeof(path), "/proc/%d/stat", (int)peer);
		noise_read(path, text, sizeof(text));
		used = noise_process(text, sysconf(_SC_CLK_TCK));
		sum += used > 0 ? used : 0;
	}
	return sum;
}

static double noise_machine(void)
{
	char text[1024];

	noise_read("/proc/stat", text, sizeof(text));
	return noise_busy(text, sysconf(_SC_CLK_TCK));
}

void noise_begin(struct noise *n, pid_t peer)
{
	n->peer = peer;
	n->wall = sys_now();
	n->busy = noise_machine();
	n->own = noise_own(peer);
}

double noise_between(const struct noise *begin, const struct noise *end)
{
	double wall = end->wall - begin->wall, others;

	if (begin->busy < 0 || end->busy < 0 || wall <= 0)
		return 0;
	others = (end->busy - begin->busy - (end->own - begin->own)) / wall;
	return others > 0 ? others : 0;
}

double noise_end(const struct noise *n)
{
	struct noise now;

	noise_begin(&now, n->peer);
	return noise_between(n, &now);
}

bool noise_wait(double seconds)
{
	double end = sys_now() + seconds;
	struct noise n;

	do {
		noise_begin(&n, 0);
		usleep(700000);
		if (noise_end(&n) < 2 * NOISE_LIMIT)
			return true;
	} while (sys_now() < end);
	return false;
}
