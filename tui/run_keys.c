/*
 * Keys and mouse of the run view: zoom, read-out, search in the log, export, stop
 * and resume.  What is drawn is in view_run.c.
 */
#include "tui/run_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/mmar/mmar.h"
#include "core/run/scan.h"
#include "tui/app.h"
#include "tui/app_engine.h"
#include "tui/run_export.h"
#include "tui/view_slice.h"

static const double smooth_steps[] = {0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995};

double run_view_smooth(const struct run_view *s)
{
	return smooth_steps[s->smooth];
}

struct plot_span run_view_span(const struct run_view *s)
{
	struct plot_line lines[RUN_CHARTS_MAX][PLOT_MAX_LINES];
	struct plot plots[RUN_CHARTS_MAX];

	return plot_span_of(plots, run_model_plots(&s->model, 0, plots, lines));
}

/* Moving about */

static double column_width(struct run_view *s, struct plot_span full)
{
	int w = s->charts_shown ? s->chart_at[0].w : 80;

	return plot_value_at(w, &s->window, full, 1) - plot_value_at(w, &s->window, full, 0);
}

static void move_sideways(struct run_view *s, int dir)
{
	struct plot_span full = run_view_span(s);

	if (s->window.cursor_on)
		plot_window_cursor_to(
			&s->window, full, s->window.cursor + dir * column_width(s, full));
	else
		plot_window_pan(&s->window, full, dir * 0.1);
}

static unsigned scroll_log(struct run_view *s, int lines)
{
	if (!s->log_at.h)
		return VIEW_IGNORED;
	run_log_scroll(&s->log, &s->model.reader, lines);
	return VIEW_REDRAW;
}

static unsigned move(struct run_view *s, enum action a)
{
	int page = s->log_at.h > 1 ? s->log_at.h - 1 : 1, all = s->model.reader.nnotes;

	switch (a) {
	case ACT_move_left:
		move_sideways(s, -1);
		return VIEW_REDRAW;
	case ACT_move_right:
		move_sideways(s, 1);
		return VIEW_REDRAW;
	case ACT_move_up:
		return scroll_log(s, 1);
	case ACT_move_down:
		return scroll_log(s, -1);
	case ACT_move_page_up:
	case ACT_move_half_up:
		return scroll_log(s, page);
	case ACT_move_page_down:
	case ACT_move_half_down:
		return scroll_log(s, -page);
	case ACT_move_first:
		return scroll_log(s, all);
	case ACT_move_last:
		return scroll_log(s, -all);
	default:
		return VIEW_IGNORED;
	}
}

/* Esc: one level. */
static unsigned back(struct run_view *s)
{
	if (s->log.needle)
		run_log_search(&s->log, &s->model.reader, NULL);
	else if (s->window.cursor_on)
		s->window.cursor_on = false;
	else if (s->log.back > 0)
		s->log.back = 0;
	else if (s->only >= 0)
		s->only = -1;
	else if (s->window.zoomed)
		plot_window_fit(&s->window);
	else
		return VIEW_IGNORED;
	return VIEW_REDRAW;
}

/* Search */

static void search_change(struct view *v, const char *text, void *ctx)
{
	struct run_view *s = v->state;

	(void)ctx;
	run_log_search(&s->log, &s->model.reader, text);
}

static const char *search_accept(struct view *v, const char *text, void *ctx)
{
	struct run_view *s = v->state;
	int n = run_log_search(&s->log, &s->model.reader, text);

	(void)ctx;
	if (*text)
		app_flash(v->app, n ? FLASH_INFO : FLASH_WARN, "%d line%s with '%s'", n,
			n == 1 ? "" : "s", text);
	return NULL;
}

static void search_cancel(struct view *v, void *ctx)
{
	search_change(v, NULL, ctx);
}

static void search(struct view *v)
{
	static const struct prompt_ops ops = {.accept = search_accept,
		.change = search_change,
		.cancel = search_cancel,
		.history = "log",
		.help = "n N: older and newer match"};
	struct run_view *s = v->state;

	if (s->log_mode == LOG_NONE)
		s->log_mode = LOG_SMALL;
	app_prompt(v->app, v, "search log: ", "", &ops, NULL);
}

/* Export */

struct export_work {
	struct run_export *data;
	char *path;
	struct err err;
	int rc;
};

static void export_work(void *arg)
{
	struct export_work *w = arg;

	w->rc = run_export_write(w->data, w->path, &w->err);
}

static unsigned export_done(struct view *v, void *arg)
{
	struct export_work *w = arg;

	if (w->rc)
		app_flash(v->app, FLASH_BAD, "%s", w->err.msg);
	else
		app_flash(v->app, FLASH_GOOD, "wrote %s and .png", w->path);
	return VIEW_REDRAW;
}

static void export_drop(void *arg)
{
	struct export_work *w = arg;

	run_export_free(w->data);
	free(w->path);
	free(w);
}

static const char *export_accept(struct view *v, const char *text, void *ctx)
{
	struct run_view *s = v->state;
	struct export_work *w;

	(void)ctx;
	if (!*text)
		return "a file name is needed";
	w = mem_zalloc(sizeof(*w));
	w->path = mem_strdup(text);
	w->data = run_export_new(
		&s->model, plot_window_shown(&s->window, run_view_span(s)), run_view_smooth(s));
	app_work(v->app, v, export_work, export_done, export_drop, w);
	return NULL;
}

static void export_ask(struct view *v)
{
	static const struct prompt_ops ops = {
		.accept = export_accept, .history = "export", .help = "a PNG is written beside it"};
	struct run_view *s = v->state;
	char *path = sys_join(s->model.reader.dir, "curves.tsv");

	app_prompt(v->app, v, "export to: ", path, &ops, NULL);
	free(path);
}

/* The archive is named in run.json, and a run usually stands in its models folder. */
static char *mmar_of(const char *run_dir)
{
	struct run_item item;
	struct err err = ERR_INIT;
	char *out = NULL;

	if (!run_item_read(&item, run_dir, &err)) {
		if (item.mmar && mmar_is(item.mmar))
			out = mem_strdup(item.mmar);
		run_item_release(&item);
	}
	if (!out) {
		out = sys_join(run_dir, "../..");
		if (!mmar_is(out)) {
			free(out);
			out = NULL;
		}
	}
	return out;
}

static void open_images(struct view *v)
{
	struct run_view *s = v->state;
	char *mmar = mmar_of(s->model.reader.dir), *arg;

	if (!mmar) {
		app_flash(v->app, FLASH_WARN, "the archive of this run is not there");
		return;
	}
	arg = view_slice_arg_mmar(mmar, NULL);
	app_open(v->app, "slice", arg);
	free(arg);
	free(mmar);
}

/* Stop and resume */

static void stop_yes(struct view *v, void *ctx)
{
	struct run_view *s = v->state;
	const struct job_row *job = app_job_of_run(v->app, s->model.reader.dir);

	(void)ctx;
	if (job)
		app_stop(v->app, v, job->id);
}

/*
 * A run that some other process writes has no job in the engine; to kill somebody's
 * foreground training is not for us.
 */
static void stop(struct view *v)
{
	struct run_view *s = v->state;
	const struct job_row *job = app_job_of_run(v->app, s->model.reader.dir);

	if (job && !job_state_final(job->state))
		app_confirm(v->app, v, "stop this training after a checkpoint?", stop_yes, NULL);
	else if (s->model.state == RUN_RUNNING)
		app_flash(v->app, FLASH_WARN,
			"process %lld trains outside of the engine: stop it there",
			(long long)s->model.pid);
	else
		app_flash(v->app, FLASH_WARN, "this run is %s already",
			run_state_name(s->model.state));
}

static void resume(struct view *v)
{
	struct run_view *s = v->state;

	if (s->model.state == RUN_RUNNING || s->model.state == RUN_DONE)
		app_flash(v->app, FLASH_WARN, "this run is %s", run_state_name(s->model.state));
	else
		app_resume(v->app, v, s->model.reader.dir);
}

/* Keys */

static void next_scale(struct run_view *s)
{
	int n = s->model.ncharts;

	for (int i = 0; i < n; i++) {
		struct run_chart *c = &s->model.chart[i];

		/* Of all charts the loss and the learning rate; Dice has no use for it. */
		if (s->only >= 0 ? i == s->only : !c->metric)
			c->scale = (enum axis_scale)((c->scale + 1) % 3);
	}
}

static void next_xaxis(struct view *v, struct run_view *s)
{
	enum run_xaxis next = (enum run_xaxis)((s->model.xaxis + 1) % RUN_X_COUNT);

	run_model_set_xaxis(&s->model, next);
	plot_window_fit(&s->window);
	s->window.cursor_on = false;
	app_flash(v->app, FLASH_INFO, "x axis: %s", run_xaxis_name(next));
}

static void reload(struct run_view *s)
{
	char *dir = mem_strdup(s->model.reader.dir);

	run_model_release(&s->model);
	run_model_init(&s->model, dir);
	free(dir);
	run_log_scroll(&s->log, &s->model.reader, 0);
	s->state_due = 0;
}

static unsigned chart_keys(struct view *v, struct run_view *s, enum action a)
{
	struct plot_span full = run_view_span(s);

	switch (a) {
	case ACT_run_smooth:
		if (s->smooth + 1 < (int)ARRAY_SIZE(smooth_steps))
			s->smooth++;
		return VIEW_REDRAW;
	case ACT_run_smooth_less:
		if (s->smooth)
			s->smooth--;
		return VIEW_REDRAW;
	case ACT_run_log_scale:
		next_scale(s);
		return VIEW_REDRAW;
	case ACT_run_xaxis:
		next_xaxis(v, s);
		return VIEW_REDRAW;
	case ACT_run_zoom_in:
		plot_window_zoom(&s->window, full, 0.7);
		return VIEW_REDRAW;
	case ACT_run_zoom_out:
		plot_window_zoom(&s->window, full, 1 / 0.7);
		return VIEW_REDRAW;
	case ACT_run_follow:
		plot_window_follow(&s->window, full);
		return VIEW_REDRAW;
	case ACT_run_fit:
		plot_window_fit(&s->window);
		return VIEW_REDRAW;
	case ACT_run_cursor:
		plot_window_cursor(&s->window, full);
		return VIEW_REDRAW;
	case ACT_run_chart:
		s->only = s->only + 1 < s->model.ncharts ? s->only + 1 : -1;
		return VIEW_REDRAW;
	default:
		return VIEW_IGNORED;
	}
}

unsigned run_view_action(struct view *v, enum action a, const struct input *in)
{
	struct run_view *s = v->state;
	unsigned r = chart_keys(v, s, a);

	(void)in;
	if (r != VIEW_IGNORED)
		return r;
	switch (a) {
	case ACT_run_log_pane:
		s->log_mode = (enum log_mode)((s->log_mode + 1) % LOG_MODES);
		return VIEW_REDRAW;
	case ACT_run_export:
		export_ask(v);
		return VIEW_REDRAW;
	case ACT_run_images:
		open_images(v);
		return VIEW_REDRAW;
	case ACT_run_stop:
		stop(v);
		return VIEW_REDRAW;
	case ACT_run_resume:
		resume(v);
		return VIEW_REDRAW;
	case ACT_common_search:
		search(v);
		return VIEW_REDRAW;
	case ACT_common_next:
	case ACT_common_prev:
		run_log_next(&s->log, &s->model.reader, a == ACT_common_next ? -1 : 1);
		return VIEW_REDRAW;
	case ACT_common_reload:
		reload(s);
		app_tick_in(v->app, v, 0);
		return VIEW_REDRAW;
	case ACT_common_back:
		return back(s);
	default:
		return move(s, a);
	}
}

static bool inside(struct rect r, const struct input *in)
{
	return in->x >= r.x && in->x < r.x + r.w && in->y >= r.y && in->y < r.y + r.h;
}

static double pointed_at(const struct run_view *s, int k, const struct input *in)
{
	return plot_value_at(
		s->chart_at[k].w, &s->window, run_view_span(s), in->x - s->chart_at[k].x);
}

static unsigned chart_mouse(struct run_view *s, int k, const struct input *in)
{
	struct plot_span full = run_view_span(s);
	struct plot_window before = s->window;

	switch (in->act) {
	case MOUSE_WHEEL_UP:
	case MOUSE_WHEEL_DOWN:
		s->window.cursor_on = true;
		s->window.cursor = pointed_at(s, k, in);
		plot_window_zoom(&s->window, full, in->act == MOUSE_WHEEL_UP ? 0.8 : 1.25);
		s->window.cursor_on = before.cursor_on;
		s->window.cursor = before.cursor;
		return VIEW_REDRAW;
	case MOUSE_PRESS:
	case MOUSE_DRAG:
		s->window.cursor_on = true;
		plot_window_cursor_to(&s->window, full, pointed_at(s, k, in));
		return VIEW_REDRAW;
	default:
		return VIEW_IGNORED;
	}
}

unsigned run_view_mouse(struct view *v, const struct input *in)
{
	struct run_view *s = v->state;

	if (inside(s->log_at, in) && in->act == MOUSE_WHEEL_UP)
		return scroll_log(s, 3);
	if (inside(s->log_at, in) && in->act == MOUSE_WHEEL_DOWN)
		return scroll_log(s, -3);
	for (int k = 0; k < s->charts_shown; k++)
		if (inside(s->chart_at[k], in))
			return chart_mouse(s, k, in);
	return VIEW_IGNORED;
}
