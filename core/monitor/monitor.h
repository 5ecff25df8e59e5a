#ifndef CORE_MONITOR_MONITOR_H
#define CORE_MONITOR_MONITOR_H

#include <stdbool.h>
#include <stdint.h>
#include "core/base/err.h"
#include "core/base/json.h"

/*
 * The state of the machine: CPU, memory, load, our process, disk, network, GPUs
 * through NVML.  A value that could not be read is not valid, and must never be
 * shown as 0: numbers are NaN, and GPU fields have a bit in valid.
 */
#define MONITOR_CPUS  512
#define MONITOR_GPUS  16
#define MONITOR_PROCS 16

enum gpu_state {
	GPU_NO_DRIVER,      /* no NVIDIA driver (no library, or it finds no driver) */
	GPU_CARD_NO_DRIVER, /* an NVIDIA card is on the bus, but no working driver */
	GPU_ERROR,          /* the driver answers with an error, see gpu_note */
	GPU_NONE,           /* driver works, no GPU */
	GPU_OK,
};

enum gpu_field {
	GPU_HAS_UTIL = 1 << 0,
	GPU_HAS_MEM = 1 << 1,
	GPU_HAS_POWER = 1 << 2,
	GPU_HAS_POWER_LIMIT = 1 << 3,
	GPU_HAS_TEMP = 1 << 4,
	GPU_HAS_CLOCK_SM = 1 << 5,
	GPU_HAS_CLOCK_MEM = 1 << 6,
	GPU_HAS_CLOCK_SM_MAX = 1 << 7,
	GPU_HAS_FAN = 1 << 8,
	GPU_HAS_PROCS = 1 << 9,
	GPU_HAS_THROTTLE = 1 << 10,
	GPU_HAS_NAME = 1 << 11,
	GPU_HAS_MEM_UTIL = 1 << 12,
};

struct gpu_proc {
	int64_t pid;   /* as the driver sees it; in a container possibly of the host */
	double memory; /* bytes, NaN: unknown */
	char name[32]; /* from /proc, "" when there is no such process here */
};

struct gpu_sample {
	unsigned valid; /* enum gpu_field */
	char name[96];
	double util, mem_util;                    /* percent */
	double mem_used, mem_total;               /* bytes */
	double power, power_limit;                /* W */
	double temp;                              /* degrees Celsius */
	double clock_sm, clock_sm_max, clock_mem; /* MHz */
	double fan;                               /* percent */
	uint64_t throttle; /* NVML's mask of reasons why clocks are held down */
	struct gpu_proc procs[MONITOR_PROCS];
	int nprocs;
};

struct monitor_sample {
	double wall, mono; /* seconds */
	int ncpu;
	double cpu;               /* all CPUs, percent 0..100; NaN in the first sample */
	float cpus[MONITOR_CPUS]; /* each CPU, percent */
	double mem_total, mem_available, mem_used, swap_total, swap_used; /* bytes */
	double load[3];
	double self_rss, self_threads, self_cpu; /* bytes, count, percent of one CPU */
	double disk_free, disk_total;            /* bytes, of the folder given */
	double net_rx, net_tx;                   /* bytes per second over all interfaces but lo */
	enum gpu_state gpu_state;
	char gpu_note[192]; /* one plain sentence: "no NVIDIA driver", "driver 550.54, 2 GPUs" */
	int ngpu;
	struct gpu_sample gpu[MONITOR_GPUS];
};

/* Series kept for plots; per GPU for the ones that say so. */
enum monitor_metric {
	MONITOR_CPU,
	MONITOR_MEM, /* percent used */
	MONITOR_NET_RX,
	MONITOR_NET_TX,
	MONITOR_SELF_RSS,
	MONITOR_GPU_UTIL, /* per GPU from here on */
	MONITOR_GPU_MEM,  /* percent used */
	MONITOR_GPU_POWER,
	MONITOR_GPU_TEMP,
	MONITOR_METRICS,
};

struct monitor_options {
	const char *proc; /* "/proc" when NULL */
	const char *nvml; /* NVML library to load; NULL: the usual places; "": none */
	const char *disk; /* folder whose disk is watched; NULL: "." */
	int history;      /* samples kept; 0: 300 */
};

struct monitor;

/* Never fails: what is missing is said in the samples.  opt may be NULL. */
struct monitor *monitor_new(const struct monitor_options *opt);
void monitor_free(struct monitor *m); /* stops the thread first */

/* Takes one sample now (0.1 to some 20 ms, the driver decides). Not while the thread runs. */
void monitor_sample(struct monitor *m);

/* Samples every interval seconds on a thread of its own until monitor_free(). */
int monitor_start(struct monitor *m, double interval, struct err *err) MUST_CHECK;

/* Copies the latest sample; false while there is none.  Any thread, does not wait for the driver.
 */
bool monitor_latest(struct monitor *m, struct monitor_sample *out);

/*
 * Copies the last n values of a series, oldest first, NaN where unknown.  gpu is
 * ignored for the others.  Returns how many there were.
 */
int monitor_history(struct monitor *m, enum monitor_metric metric, int gpu, float *out, int n);

/* The sample as JSON, unknown values as null; the caller deletes. */
cJSON *monitor_json(const struct monitor_sample *s);

#endif
