/*
 * The machine: GPUs, CPUs, memory, disk, network.
 *
 * Sampling can take some 20 ms when a driver is slow, so it runs on the monitor's own
 * thread; a tick copies the latest sample once a second and draws.  What the engine
 * uses is asked from the engine itself, not awaited.
 */
#include <math.h>
#include <string.h>
#include "core/base/json.h"
#include "core/monitor/monitor.h"
#include "tui/app.h"
#include "tui/app_engine.h"
#include "tui/system_draw.h"
#include "tui/view.h"

static const double INTERVAL_S = 1;

struct system_view {
	struct monitor *monitor;
	struct system_model model;
	struct system_look look;
	double opened; /* time of the first sample */
	bool asked;    /* the engine owes an answer */
};

static int system_open(struct view *v, const char *arg, struct err *err)
{
	struct system_view *s = v->state;
	struct monitor_options opt = {.disk = arg, .history = SYSTEM_HISTORY};

	s->monitor = monitor_new(&opt);
	s->model.interval = INTERVAL_S;
	s->model.engine_rss = NAN;
	s->look.cpus = true;
	s->look.processes = true;
	if (!monitor_start(s->monitor, INTERVAL_S, err))
		return 0;
	monitor_free(s->monitor);
	return -1;
}

static void system_close(struct view *v)
{
	struct system_view *s = v->state;

	monitor_free(s->monitor);
}

static void system_title(struct view *v, struct buf *out)
{
	(void)v;
	buf_puts(out, "system");
}

static void take(
	struct system_view *s, struct system_series *to, enum monitor_metric metric, int gpu)
{
	float v[SYSTEM_HISTORY];

	to->n = monitor_history(s->monitor, metric, gpu, v, SYSTEM_HISTORY);
	for (int i = 0; i < to->n; i++)
		to->y[i] = (double)v[i];
}

static bool take_all(struct system_view *s)
{
	struct system_model *m = &s->model;
	double before = m->known ? m->now.mono : -1;

	if (!monitor_latest(s->monitor, &m->now))
		return false;
	if (!m->known)
		s->opened = m->now.mono;
	m->known = true;
	if (m->now.mono == before)
		return false;
	m->seconds = round((m->now.mono - s->opened) / INTERVAL_S) * INTERVAL_S;
	take(s, &m->cpu, MONITOR_CPU, 0);
	take(s, &m->mem, MONITOR_MEM, 0);
	for (int i = 0; i < m->now.ngpu; i++) {
		take(s, &m->gpu_util[i], MONITOR_GPU_UTIL, i);
		take(s, &m->gpu_mem[i], MONITOR_GPU_MEM, i);
		take(s, &m->gpu_power[i], MONITOR_GPU_POWER, i);
		take(s, &m->gpu_temp[i], MONITOR_GPU_TEMP, i);
	}
	return true;
}

static unsigned engine_answer(struct view *v, const cJSON *data, const char *error, void *ctx)
{
	struct system_view *s = v->state;

	(void)ctx;
	s->asked = false;
	s->model.engine_rss = error || !data ? NAN : json_num(data, "self_rss", NAN);
	return VIEW_HANDLED;
}

static void ask_engine(struct view *v)
{
	struct system_view *s = v->state;

	if (app_link(v->app) != ENGINE_READY) {
		s->asked = false;
		s->model.engine_rss = NAN;
		return;
	}
	if (!s->asked)
		s->asked = app_request(v->app, v, "monitor", NULL, engine_answer, NULL) == 0;
}

static unsigned system_tick(struct view *v, double now, double *next_s)
{
	struct system_view *s = v->state;
	bool changed;

	(void)now;
	*next_s = s->model.known ? INTERVAL_S : 0.05;
	ask_engine(v);
	changed = take_all(s);
	return changed && v->visible ? VIEW_REDRAW : VIEW_HANDLED;
}

static unsigned system_action(struct view *v, enum action a, const struct input *in)
{
	struct system_view *s = v->state;

	(void)in;
	switch (a) {
	case ACT_system_cpus:
		s->look.cpus = !s->look.cpus;
		return VIEW_REDRAW;
	case ACT_system_processes:
		s->look.processes = !s->look.processes;
		return VIEW_REDRAW;
	default:
		return VIEW_IGNORED;
	}
}

static void system_draw_view(struct view *v, const struct draw *d, bool focused)
{
	struct system_view *s = v->state;

	(void)focused;
	system_draw(d, &s->model, &s->look);
}

const struct view_ops view_system = {
	.name = "system",
	.help = "GPUs, CPUs, memory, disk and network of this machine",
	.state_size = sizeof(struct system_view),
	.open = system_open,
	.close = system_close,
	.title = system_title,
	.action = system_action,
	.tick = system_tick,
	.draw = system_draw_view,
};
