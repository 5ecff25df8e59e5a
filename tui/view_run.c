/*
 * A run while it happens, or afterwards: curves, numbers, log.
 *
 * The view needs nothing but the run's folder.  It follows events.jsonl itself, so
 * a training started in another terminal, in the foreground or by an engine that has
 * died since looks the same, and everything from step 1 is there.  A tick reads at
 * most POLL_BYTES, so a file of many megabytes loads in slices between frames; with
 * nothing new the ticks become rare, and nothing is drawn.
 *
 * All charts share one window on the x axis and one read-out cursor.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "tui/app.h"
#include "tui/run_header.h"
#include "tui/run_view.h"

static const size_t POLL_BYTES = 512u << 10;
static const double FASTEST_S = 0.05; /* 20 frames a second */
static const double SLOWEST_S = 1.0;

static int run_open(struct view *v, const char *arg, struct err *err)
{
	struct run_view *s = v->state;

	if (!arg || !*arg)
		return err_set(err, ERR_USAGE, "no run folder given");
	if (!sys_is_dir(arg))
		return err_set(err, ERR_NOINPUT, "no run folder '%s'", arg);
	run_model_init(&s->model, arg);
	run_log_init(&s->log);
	s->smooth = 3; /* 0.9 */
	s->only = -1;
	return 0;
}

static void run_close_view(struct view *v)
{
	struct run_view *s = v->state;

	run_model_release(&s->model);
	run_log_release(&s->log);
	free(s->fault);
}

static void run_title(struct view *v, struct buf *out)
{
	struct run_view *s = v->state;

	buf_puts(out, "run ");
	buf_put_safe(out, sys_basename(s->model.reader.dir));
}

/* Following the file */

static bool note_silence(struct run_view *s)
{
	double quiet = sys_wall() - s->model.reader.last_time;
	int min = s->model.state == RUN_RUNNING && quiet >= 60 ? (int)(quiet / 60) : 0;
	bool changed = min != s->silent_min;

	s->silent_min = min;
	return changed;
}

static bool poll_events(struct run_view *s, bool *more)
{
	struct err err = ERR_INIT;
	int rc = run_model_poll(&s->model, POLL_BYTES, more, &err);
	bool fault_changed = (rc < 0) != (s->fault != NULL);

	free(s->fault);
	s->fault = rc < 0 ? mem_strdup(err.msg) : NULL;
	return rc > 0 || fault_changed;
}

static unsigned run_tick(struct view *v, double now, double *next_s)
{
	struct run_view *s = v->state;
	bool more = false, changed = poll_events(s, &more);

	if (now >= s->state_due || (changed && s->model.reader.end_state)) {
		s->state_due = now + 1;
		changed = run_model_check_state(&s->model) || changed;
		changed = note_silence(s) || changed;
	}
	s->window.growing = s->model.state == RUN_RUNNING;
	s->wait_s = changed ? FASTEST_S : fmin(s->wait_s * 1.5 + 0.01, SLOWEST_S);
	*next_s = more ? 0.002 : s->wait_s;
	return changed ? VIEW_REDRAW : VIEW_HANDLED;
}

static unsigned run_event_seen(struct view *v, const struct app_event *ev)
{
	struct run_view *s = v->state;

	if (ev->kind != APP_EVENT_RUN && ev->kind != APP_EVENT_JOBS)
		return VIEW_IGNORED;
	if (ev->kind == APP_EVENT_RUN && ev->text && strcmp(ev->text, s->model.reader.dir))
		return VIEW_IGNORED;
	s->state_due = 0;
	app_tick_in(v->app, v, FASTEST_S);
	return VIEW_HANDLED;
}

/* Drawing */

static int log_rows(const struct run_view *s, int h)
{
	switch (s->log_mode) {
	case LOG_SMALL:
		return h < 14 ? 0 : h < 24 ? 3 : h < 34 ? 5 : 8;
	case LOG_LARGE:
		return h < 6 ? 0 : h * 2 / 3;
	default:
		return 0;
	}
}

/* Remembers where chart i came to lie and draws it. */
static void place_chart(struct run_view *s, const struct draw *d, const struct plot *p, int i,
	struct rect r, struct plot_span full, bool focused)
{
	struct draw part = draw_sub(d, r.x, r.y, r.w, r.h);

	s->chart_at[s->charts_shown] = r;
	s->chart_id[s->charts_shown++] = i;
	plot_draw(&part, p, &s->window, full, focused);
}

/* One below the other; the learning rate gets less, and goes first when it is tight. */
static void draw_stack(struct run_view *s, const struct draw *d, struct plot plots[], int n,
	struct rect r, struct plot_span full)
{
	int weight[RUN_CHARTS_FIXED] = {5, 5, 3}, sum = 0, y = r.y;

	if (n > RUN_CHARTS_FIXED)
		n = RUN_CHARTS_FIXED;
	n = r.h < 8 ? 1 : r.h < 13 ? 2 : n;
	for (int i = 0; i < n; i++)
		sum += weight[i];
	for (int i = 0; i < n; i++) {
		int h = i == n - 1 ? r.y + r.h - y : r.h * weight[i] / sum;

		plots[i].hide_xticks = i < n - 1;
		place_chart(s, d, &plots[i], i, (struct rect){r.x, y, r.w, h}, full, false);
		y += h;
	}
}

/* Wide views: loss left, validation right, learning rate below the loss. */
static void draw_wide(struct run_view *s, const struct draw *d, struct plot plots[], struct rect r,
	struct plot_span full)
{
	int left = (r.w - 2) / 2, low = r.h / 3;

	plots[RUN_CHART_LOSS].hide_xticks = true;
	place_chart(s, d, &plots[RUN_CHART_LOSS], RUN_CHART_LOSS,
		(struct rect){r.x, r.y, left, r.h - low}, full, false);
	place_chart(s, d, &plots[RUN_CHART_RATE], RUN_CHART_RATE,
		(struct rect){r.x, r.y + r.h - low, left, low}, full, false);
	place_chart(s, d, &plots[RUN_CHART_METRIC], RUN_CHART_METRIC,
		(struct rect){r.x + left + 2, r.y, r.w - left - 2, r.h}, full, false);
}

static void draw_charts(struct run_view *s, const struct draw *d, struct rect r)
{
	struct plot_line lines[RUN_CHARTS_MAX][PLOT_MAX_LINES];
	struct plot plots[RUN_CHARTS_MAX];
	int n = run_model_plots(&s->model, run_view_smooth(s), plots, lines);
	struct plot_span full = plot_span_of(plots, n);

	s->charts_shown = 0;
	if (s->only >= n)
		s->only = -1;
	if (r.h < 1)
		return;
	if (s->only >= 0)
		place_chart(s, d, &plots[s->only], s->only, r, full, true);
	else if (r.w >= 150 && r.h >= 16)
		draw_wide(s, d, plots, r, full);
	else
		draw_stack(s, d, plots, n, r, full);
}

/* Values that come and go must not make the charts jump: the rows only grow. */
static int header_rows(struct run_view *s, const struct draw *d)
{
	int rows = run_header_rows(&s->model, s->silent_min, d->w, d->h);

	if (d->w != s->head_w || d->h != s->head_h || rows > s->head_rows)
		s->head_rows = rows;
	s->head_w = d->w;
	s->head_h = d->h;
	return s->head_rows;
}

static void run_draw(struct view *v, const struct draw *d, bool focused)
{
	struct run_view *s = v->state;
	int head = header_rows(s, d), log = log_rows(s, d->h - head);
	int rule = log > 0 ? 1 : 0;
	struct draw part = draw_sub(d, 0, 0, d->w, head);

	run_header_draw(&part, &s->model, s->silent_min);
	if (s->fault) {
		draw_fit(d, 0, head, d->w, ST_BAD, s->fault);
		head++;
	}
	draw_charts(s, d, (struct rect){0, head, d->w, d->h - head - log - rule});
	s->log_at = (struct rect){0, d->h - log, d->w, log};
	if (!log)
		return;
	draw_hline(d, 0, d->h - log - 1, d->w, focused ? ST_FOCUS : ST_BORDER);
	if (s->log.needle)
		draw_printf(d, 2, d->h - log - 1, ST_FOCUS, " log /%s ", s->log.needle);
	else
		draw_text(d, 2, d->h - log - 1, ST_TITLE, " log ");
	part = draw_sub(d, 0, d->h - log, d->w, log);
	run_log_draw(&part, &s->log, &s->model.reader);
}

const struct view_ops view_run = {
	.name = "run",
	.help = "curves and log of one training run, live",
	.shared = "search next prev reload",
	.state_size = sizeof(struct run_view),
	.open = run_open,
	.close = run_close_view,
	.title = run_title,
	.action = run_view_action,
	.mouse = run_view_mouse,
	.event = run_event_seen,
	.tick = run_tick,
	.draw = run_draw,
};
