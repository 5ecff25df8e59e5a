/*
 * Samples of the machine, with history.
 *
 * A sample takes what the driver takes (0.01 to 20 ms for each NVML call), so the
 * workbench and the engine sample on a thread of their own, once a second: the
 * thread fills a private sample and copies it under a lock that is held for the
 * copy only.  The thread blocks all signals, whoever starts it before the main
 * thread has arranged its own.
 */
#include "core/monitor/monitor.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/monitor/host.h"
#include "core/monitor/nvml.h"

static const int HISTORY = 300;

struct monitor {
	struct host host;
	struct nvml *nvml;
	struct monitor_sample work; /* of the sampling thread */
	pthread_t thread;
	bool threaded;
	double interval;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;
	bool quit;
	struct monitor_sample latest;
	bool have;
	float *rings; /* series x history */
	int cap, n, head;
};

/* Series: the plain metrics, then the metrics of each GPU. */
static int monitor_series_count(void)
{
	return MONITOR_GPU_UTIL + (MONITOR_METRICS - MONITOR_GPU_UTIL) * MONITOR_GPUS;
}

/* Index of a series, -1 when there is none. */
static int monitor_series(enum monitor_metric metric, int gpu)
{
	if ((int)metric < 0 || metric >= MONITOR_METRICS)
		return -1;
	if (metric < MONITOR_GPU_UTIL)
		return (int)metric;
	if (gpu < 0 || gpu >= MONITOR_GPUS)
		return -1;
	return MONITOR_GPU_UTIL + ((int)metric - MONITOR_GPU_UTIL) * MONITOR_GPUS + gpu;
}

static double monitor_value(const struct monitor_sample *s, enum monitor_metric metric, int gpu)
{
	const struct gpu_sample *g = gpu < s->ngpu ? &s->gpu[gpu] : NULL;

	switch (metric) {
	case MONITOR_CPU:
		return s->cpu;
	case MONITOR_MEM:
		return 100 * s->mem_used / s->mem_total;
	case MONITOR_NET_RX:
		return s->net_rx;
	case MONITOR_NET_TX:
		return s->net_tx;
	case MONITOR_SELF_RSS:
		return s->self_rss;
	case MONITOR_GPU_UTIL:
		return g ? g->util : (double)NAN;
	case MONITOR_GPU_MEM:
		return g ? 100 * g->mem_used / g->mem_total : (double)NAN;
	case MONITOR_GPU_POWER:
		return g ? g->power : (double)NAN;
	case MONITOR_GPU_TEMP:
		return g ? g->temp : (double)NAN;
	default:
		return NAN;
	}
}

struct monitor *monitor_new(const struct monitor_options *opt)
{
	static const struct monitor_options none;
	struct monitor *m = mem_zalloc(sizeof(*m));
	pthread_condattr_t attr;

	if (!opt)
		opt = &none;
	m->cap = opt->history > 0 ? opt->history : HISTORY;
	m->rings = mem_alloc((size_t)m->cap * (size_t)monitor_series_count() * sizeof(float));
	host_init(&m->host, opt->proc, opt->disk);
	m->nvml = nvml_open(opt->nvml);
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->wake, &attr);
	pthread_condattr_destroy(&attr);
	return m;
}

void monitor_free(struct monitor *m)
{
	if (!m)
		return;
	if (m->threaded) {
		pthread_mutex_lock(&m->lock);
		m->quit = true;
		pthread_cond_signal(&m->wake);
		pthread_mutex_unlock(&m->lock);
		pthread_join(m->thread, NULL);
	}
	nvml_close(m->nvml);
	host_release(&m->host);
	pthread_cond_destroy(&m->wake);
	pthread_mutex_destroy(&m->lock);
	free(m->rings);
	free(m);
}

static void monitor_remember(struct monitor *m)
{
	for (int metric = 0; metric < MONITOR_METRICS; metric++) {
		int gpus = metric < MONITOR_GPU_UTIL ? 1 : MONITOR_GPUS;

		for (int g = 0; g < gpus; g++) {
			int s = monitor_series((enum monitor_metric)metric, g);

			m->rings[(size_t)s * (size_t)m->cap + (size_t)m->head] =
				(float)monitor_value(&m->latest, (enum monitor_metric)metric, g);
		}
	}
	m->head = (m->head + 1) % m->cap;
	if (m->n < m->cap)
		m->n++;
}

void monitor_sample(struct monitor *m)
{
	m->work.wall = sys_wall();
	m->work.mono = sys_now();
	host_sample(&m->host, &m->work);
	nvml_sample(m->nvml, &m->work);
	pthread_mutex_lock(&m->lock);
	m->latest = m->work;
	m->have = true;
	monitor_remember(m);
	pthread_mutex_unlock(&m->lock);
}

static void *monitor_thread(void *arg)
{
	struct monitor *m = arg;
	double next = sys_now();
	bool quit = false;

	while (!quit) {
		struct timespec until;

		monitor_sample(m);
		next += m->interval;
		if (next < sys_now())
			next = sys_now() + m->interval;
		until.tv_sec = (time_t)next;
		until.tv_nsec = (long)((next - (double)until.tv_sec) * 1e9);
		pthread_mutex_lock(&m->lock);
		while (!m->quit && pthread_cond_timedwait(&m->wake, &m->lock, &until) != ETIMEDOUT)
			;
		quit = m->quit;
		pthread_mutex_unlock(&m->lock);
	}
	return NULL;
}

int monitor_start(struct monitor *m, double interval, struct err *err)
{
	sigset_t all, old;
	int rc;

	m->interval = interval > 0.01 ? interval : 0.01;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	rc = pthread_create(&m->thread, NULL, monitor_thread, m);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc)
		return err_sys(err, rc, "cannot start the monitor's thread");
	m->threaded = true;
	return 0;
}

bool monitor_latest(struct monitor *m, struct monitor_sample *out)
{
	bool have;

	pthread_mutex_lock(&m->lock);
	have = m->have;
	if (have)
		*out = m->latest;
	pthread_mutex_unlock(&m->lock);
	return have;
}

int monitor_history(struct monitor *m, enum monitor_metric metric, int gpu, float *out, int n)
{
	int s = monitor_series(metric, gpu);

	if (s < 0)
		return 0;
	pthread_mutex_lock(&m->lock);
	if (n > m->n)
		n = m->n;
	for (int i = 0; i < n; i++) {
		int at = (m->head - n + i + m->cap) % m->cap;

		out[i] = m->rings[(size_t)s * (size_t)m->cap + (size_t)at];
	}
	pthread_mutex_unlock(&m->lock);
	return n;
}
