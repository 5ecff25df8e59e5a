#ifndef CORE_MONITOR_HOST_H
#define CORE_MONITOR_HOST_H

#include "core/monitor/monitor.h"

/* Counters of the last sample: rates are differences. */
struct host_cpu {
	uint64_t busy, total;
};

struct host {
	char *proc, *disk;
	struct host_cpu all, cpus[MONITOR_CPUS];
	double net_time, net_rx, net_tx;  /* bytes since boot */
	double self_time, self_cpu_ticks; /* of this process */
	bool warm;                        /* there was a sample before */
};

void host_init(struct host *h, const char *proc, const char *disk);
void host_release(struct host *h);

/* Fills everything of s but the GPU part; s->mono must be set. */
void host_sample(struct host *h, struct monitor_sample *s);

#endif
