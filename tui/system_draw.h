#ifndef TUI_SYSTEM_DRAW_H
#define TUI_SYSTEM_DRAW_H

#include "core/monitor/monitor.h"
#include "tui/draw.h"

/* What the system panel shows: the latest sample and the histories, oldest first. */
enum { SYSTEM_HISTORY = 300 };

struct system_series {
	double y[SYSTEM_HISTORY]; /* NaN: unknown */
	int n;
};

struct system_model {
	struct monitor_sample now;
	bool known; /* there was a sample */
	struct system_series cpu, mem;
	struct system_series gpu_util[MONITOR_GPUS], gpu_mem[MONITOR_GPUS];
	struct system_series gpu_power[MONITOR_GPUS], gpu_temp[MONITOR_GPUS];
	double engine_rss; /* bytes, NaN: no engine, or not told */
	double interval;   /* seconds between samples */
	double seconds;    /* of the latest sample, since the panel was opened */
};

struct system_look {
	bool cpus;      /* one bar per CPU */
	bool processes; /* those on the GPUs */
};

/* Draws the panel into the whole of d.  Unknown values are "-", never 0. */
void system_draw(
	const struct draw *d, const struct system_model *m, const struct system_look *look);

#endif
