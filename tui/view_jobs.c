/*
 * The jobs of the engine: what runs, how far it is, and what ended how.
 *
 * Only drawn from the model in app_engine.c; the engine pushes changes, so there is no
 * polling here.  Stopping asks first: a stop costs at most the steps since the last
 * checkpoint, but it is other people's machine time.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "tui/app.h"
#include "tui/app_engine.h"
#include "tui/format.h"
#include "tui/list.h"
#include "tui/run_status.h"
#include "tui/view.h"

struct jobs {
	struct list list;
	int64_t at; /* id under the cursor: rows move when jobs come */
};

static const struct job_row *current(struct view *v)
{
	struct jobs *s = v->state;
	int n;
	const struct job_row *jobs = app_jobs(v->app, &n, NULL);

	return s->list.cur < n ? &jobs[s->list.cur] : NULL;
}

static void follow(struct view *v)
{
	struct jobs *s = v->state;
	int n;
	const struct job_row *jobs = app_jobs(v->app, &n, NULL);

	list_set(&s->list, n);
	for (int i = 0; i < n; i++)
		if (jobs[i].id == s->at)
			s->list.cur = i;
	s->at = n ? jobs[s->list.cur].id : 0;
}

static int jobs_open(struct view *v, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	follow(v);
	return 0;
}

static void jobs_title(struct view *v, struct buf *out)
{
	(void)v;
	buf_puts(out, "jobs");
}

static void stop_now(struct view *v, void *ctx)
{
	struct jobs *s = v->state;

	(void)ctx;
	app_stop(v->app, v, s->at);
}

static void ask_stop(struct view *v)
{
	const struct job_row *j = current(v);
	char *q;

	if (!j)
		return;
	if (job_state_final(j->state)) {
		app_flash(v->app, FLASH_INFO, "job %d has ended already", (int)j->id);
		return;
	}
	q = mem_printf("Stop job %d (%s)? It writes a checkpoint first.", (int)j->id, j->title);
	app_confirm(v->app, v, q, stop_now, NULL);
	free(q);
}

static void resume(struct view *v)
{
	const struct job_row *j = current(v);

	if (!j)
		return;
	if (!j->resumable || !*j->run)
		app_flash(v->app, FLASH_WARN, "job %d cannot be resumed: %s", (int)j->id,
			job_state_final(j->state) ? "it has no checkpoint" : "it is running");
	else
		app_resume(v->app, v, j->run);
}

static void open_run(struct view *v)
{
	const struct job_row *j = current(v);

	if (j && *j->run)
		app_open(v->app, "run", j->run);
	else if (j)
		app_flash(v->app, FLASH_INFO, "this job has no run folder%s%s",
			*j->error ? ": " : " yet", j->error);
}

static unsigned jobs_action(struct view *v, enum action a, const struct input *in)
{
	struct jobs *s = v->state;

	(void)in;
	if (list_move(&s->list, a)) {
		s->at = current(v) ? current(v)->id : 0;
		return VIEW_REDRAW;
	}
	switch (a) {
	case ACT_common_open:
		open_run(v);
		return VIEW_HANDLED;
	case ACT_jobs_stop:
		ask_stop(v);
		return VIEW_REDRAW;
	case ACT_jobs_resume:
		resume(v);
		return VIEW_REDRAW;
	case ACT_common_copy:
		if (current(v))
			app_copy(v->app, *current(v)->run ? current(v)->run : current(v)->mmar);
		return VIEW_REDRAW;
	default:
		return VIEW_IGNORED;
	}
}

static unsigned jobs_mouse(struct view *v, const struct input *in)
{
	struct jobs *s = v->state;
	bool again;

	if (!list_mouse(&s->list, in, 1, &again))
		return VIEW_IGNORED;
	s->at = current(v) ? current(v)->id : 0;
	if (again)
		open_run(v);
	return VIEW_REDRAW;
}

static unsigned jobs_event(struct view *v, const struct app_event *ev)
{
	if (ev->kind != APP_EVENT_JOBS)
		return VIEW_HANDLED;
	follow(v);
	return VIEW_REDRAW;
}

/* ---- drawing ---- */

static void draw_progress(const struct draw *d, int x, int y, int w, const struct job_row *j)
{
	char text[64];
	double part = j->epoch / j->epochs;

	if (w < 8 || !isfinite(j->epoch))
		return;
	snprintf(text, sizeof(text), "%.0f/%.0f", j->epoch, j->epochs);
	if (isfinite(part))
		draw_bar(d, x, y, w - 10, part, ST_BAR);
	draw_right(d, x + w - 9, y, 9, ST_NUMBER, text);
}

static void draw_row(const struct draw *d, int y, const struct job_row *j, double now)
{
	char text[FORMAT_MAX];
	int wide = d->w >= 70, title_w = wide ? (d->w - 56) : d->w - 20, x;
	double took = (isfinite(j->ended) ? j->ended : now) - j->started;

	draw_printf(d, 0, y, ST_DIM, "%4d", (int)j->id);
	draw_fit(d, 5, y, title_w - 1, ST_TEXT, j->title);
	x = 5 + title_w;
	draw_char(d, x, y, job_state_style(j->state), job_state_mark(d->glyphs, j->state));
	draw_fit(d, x + 2, y, 11, job_state_style(j->state), job_state_name(j->state));
	x += 14;
	if (!wide)
		return;
	draw_progress(d, x, y, 20, j);
	x += 20;
	draw_right(d, x, y, 7, ST_NUMBER, format_number(text, j->loss, 4));
	draw_right(d, x + 8, y, 9, ST_DIM,
		job_state_final(j->state) ? format_duration(text, took)
					  : format_duration(text, j->eta));
}

static void draw_head(const struct draw *d)
{
	int wide = d->w >= 70, title_w = wide ? (d->w - 56) : d->w - 20, x = 5 + title_w;

	draw_fill(d, 0, 0, d->w, 1, ST_HEADER, ' ');
	draw_right(d, 0, 0, 4, ST_HEADER, "job");
	draw_fit(d, 5, 0, title_w - 1, ST_HEADER, "MMAR");
	draw_fit(d, x + 2, 0, 11, ST_HEADER, "state");
	if (!wide)
		return;
	draw_fit(d, x + 14, 0, 19, ST_HEADER, "epoch");
	draw_right(d, x + 34, 0, 7, ST_HEADER, "loss");
	draw_right(d, x + 42, 0, 9, ST_HEADER, "ETA/took");
}

static void jobs_draw(struct view *v, const struct draw *d, bool focused)
{
	struct jobs *s = v->state;
	int n, detail = d->h >= 10 ? 3 : 0, h = d->h - 1 - detail;
	bool known;
	const struct job_row *jobs = app_jobs(v->app, &n, &known), *j;

	draw_head(d);
	list_set(&s->list, n);
	list_show(&s->list, h);
	if (!n) {
		draw_fit(d, 1, d->h / 3, d->w - 2, ST_TEXT,
			known ? "No jobs yet." : "Waiting for the engine.");
		draw_fit(d, 1, d->h / 3 + 1, d->w - 2, ST_DIM,
			known ? "Open an MMAR and press t to train it." : app_link_text(v->app));
		return;
	}
	for (int y = 0; y < h && s->list.top + y < n; y++) {
		int i = s->list.top + y;

		draw_row(d, y + 1, &jobs[i], sys_wall());
		if (i != s->list.cur)
			continue;
		draw_restyle(d, 0, y + 1, d->w, 1, focused ? ST_SELECTED : ST_SELECTED_OFF);
		if (focused)
			draw_cursor(d, 0, y + 1);
	}
	list_draw_scroll(&s->list, d, d->w - 1, 1, h);
	j = current(v);
	if (!detail || !j)
		return;
	draw_hline(d, 0, d->h - 3, d->w, ST_BORDER);
	draw_fit(d, 1, d->h - 2, d->w - 2, ST_DIM, *j->run ? j->run : j->mmar);
	draw_fit(d, 1, d->h - 1, d->w - 2, *j->error ? ST_BAD : ST_WARN,
		*j->error      ? j->error
		: j->resumable ? "R resumes it from its last checkpoint"
			       : "");
}

const struct view_ops view_jobs = {
	.name = "jobs",
	.help = "The jobs of the engine. They go on when the workbench is closed.",
	.shared = "open copy",
	.state_size = sizeof(struct jobs),
	.open = jobs_open,
	.title = jobs_title,
	.action = jobs_action,
	.mouse = jobs_mouse,
	.event = jobs_event,
	.draw = jobs_draw,
};
