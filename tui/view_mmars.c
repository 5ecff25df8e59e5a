/*
 * The browser: every archive below the folders of the command line.
 *
 * Names appear as soon as the folders are walked; what each archive says of itself and
 * of its runs comes in one by one from the worker thread.  While the view is on top
 * the runs are looked at again every few seconds, and when the engine says that its
 * jobs changed; the screen is drawn again only when a row really differs.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "tui/app.h"
#include "tui/app_engine.h"
#include "tui/app_roots.h"
#include "tui/format.h"
#include "tui/fuzzy.h"
#include "tui/list.h"
#include "tui/mmar_scan.h"
#include "tui/run_status.h"
#include "tui/utf8.h"
#include "tui/view.h"

#define RESCAN_SECONDS 5.0

enum sort_key {
	SORT_NAME,
	SORT_TASK,
	SORT_BEST,
	SORT_LAST,
	SORT_STATE,
	SORT_KEYS,
};

struct mmars {
	struct mmar_row *rows;
	int nrows;
	int *shown; /* indices of rows that pass the filter, sorted */
	struct list list;
	char *filter;
	enum sort_key sort;
	bool reverse, found, scanning;
};

/* ---- order and filter ---- */

static int state_rank(const struct mmar_row *r)
{
	static const enum run_state order[] = {RUN_RUNNING, RUN_INTERRUPTED, RUN_FAILED};

	for (int i = 0; i < 3; i++)
		if (mmar_row_count(r, order[i]))
			return i;
	return r->nruns ? 3 : 4;
}

/* Unknown numbers go last. */
static int by_number(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return a < b ? 1 : a > b ? -1 : 0;
}

static int compare(const struct mmars *s, const struct mmar_row *a, const struct mmar_row *b)
{
	int c = 0;

	if (s->sort == SORT_TASK)
		c = strcmp(a->info.task ? a->info.task : "", b->info.task ? b->info.task : "");
	else if (s->sort == SORT_BEST)
		c = by_number(a->best, b->best);
	else if (s->sort == SORT_LAST)
		c = by_number(a->last, b->last);
	else if (s->sort == SORT_STATE)
		c = state_rank(a) - state_rank(b);
	if (!c)
		c = strcmp(sys_basename(a->root), sys_basename(b->root));
	if (!c)
		c = strcmp(a->root, b->root);
	return s->reverse ? -c : c;
}

static bool passes(const struct mmars *s, const struct mmar_row *r)
{
	if (!s->filter || !*s->filter)
		return true;
	return fuzzy_score(sys_basename(r->root), s->filter) ||
	       (r->info.task && fuzzy_score(r->info.task, s->filter)) ||
	       (r->info.title && fuzzy_score(r->info.title, s->filter) >= 100);
}

/* Builds the shown rows and keeps the cursor on the same archive. */
static void arrange(struct mmars *s)
{
	char *at = NULL;
	int n = 0, i, j;

	if (s->list.cur < s->list.n)
		at = mem_strdup(s->rows[s->shown[s->list.cur]].root);
	s->shown = mem_realloc(s->shown, (size_t)(s->nrows + 1) * sizeof(*s->shown));
	for (i = 0; i < s->nrows; i++) {
		if (!passes(s, &s->rows[i]))
			continue;
		for (j = n++; j && compare(s, &s->rows[i], &s->rows[s->shown[j - 1]]) < 0; j--)
			s->shown[j] = s->shown[j - 1];
		s->shown[j] = i;
	}
	list_set(&s->list, n);
	for (i = 0; at && i < n; i++)
		if (!strcmp(s->rows[s->shown[i]].root, at))
			s->list.cur = i;
	free(at);
}

static const struct mmar_row *current(const struct mmars *s)
{
	return s->list.cur < s->list.n ? &s->rows[s->shown[s->list.cur]] : NULL;
}

/* ---- reading ---- */

struct scan {
	struct strlist roots, found;
	struct mmar_row *rows;
	int n;
};

static void scan_drop(void *arg)
{
	struct scan *s = arg;

	mmar_list_release(&s->roots);
	mmar_list_release(&s->found);
	for (int i = 0; i < s->n; i++)
		mmar_row_release(&s->rows[i]);
	free(s->rows);
	free(s);
}

static void find_work(void *arg)
{
	struct scan *s = arg;

	mmar_find((const char *const *)s->roots.v, s->roots.n, &s->found);
}

static void read_work(void *arg)
{
	struct scan *s = arg;

	for (int i = 0; i < s->n; i++)
		mmar_row_read(&s->rows[i]);
}

/* Puts what was read in the place of the row of the same archive. */
static unsigned read_done(struct view *v, void *arg)
{
	struct mmars *st = v->state;
	struct scan *s = arg;
	bool changed = false;

	for (int i = 0; i < s->n; i++)
		for (int j = 0; j < st->nrows; j++) {
			struct mmar_row old = st->rows[j];

			if (strcmp(old.root, s->rows[i].root) != 0)
				continue;
			changed |= !mmar_row_same(&old, &s->rows[i]);
			st->rows[j] = s->rows[i];
			s->rows[i] = old;
		}
	st->scanning = false;
	if (changed)
		arrange(st);
	return changed ? VIEW_REDRAW : VIEW_HANDLED;
}

static void start_read(struct view *v, int from, int n)
{
	struct mmars *st = v->state;
	struct scan *s = mem_zalloc(sizeof(*s));

	s->rows = mem_zalloc((size_t)(n ? n : 1) * sizeof(*s->rows));
	s->n = n;
	for (int i = 0; i < n; i++)
		s->rows[i].root = mem_strdup(st->rows[from + i].root);
	st->scanning = true;
	app_work(v->app, v, read_work, read_done, scan_drop, s);
}

static unsigned find_done(struct view *v, void *arg)
{
	struct mmars *st = v->state;
	struct scan *s = arg;
	struct mmar_row *rows = mem_zalloc((size_t)(s->found.n + 1) * sizeof(*rows));

	/* What is known already stays until it was read again. */
	for (int i = 0; i < s->found.n; i++) {
		rows[i].root = mem_strdup(s->found.v[i]);
		rows[i].best = rows[i].last = NAN;
		for (int j = 0; j < st->nrows; j++)
			if (st->rows[j].root && !strcmp(st->rows[j].root, rows[i].root)) {
				free(rows[i].root);
				rows[i] = st->rows[j];
				memset(&st->rows[j], 0, sizeof(st->rows[j]));
			}
	}
	st->list.n = st->found ? st->list.n : 0;
	for (int j = 0; j < st->nrows; j++)
		mmar_row_release(&st->rows[j]);
	free(st->rows);
	st->list.n = 0;
	st->rows = rows;
	st->nrows = s->found.n;
	st->found = true;
	arrange(st);
	for (int i = 0; i < st->nrows; i++)
		start_read(v, i, 1);
	return VIEW_REDRAW;
}

static void start_find(struct view *v)
{
	struct scan *s = mem_zalloc(sizeof(*s));

	app_roots(v->app, &s->roots);
	app_work(v->app, v, find_work, find_done, scan_drop, s);
}

/* ---- callbacks ---- */

static int mmars_open(struct view *v, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	start_find(v);
	return 0;
}

static void mmars_close(struct view *v)
{
	struct mmars *s = v->state;

	for (int i = 0; i < s->nrows; i++)
		mmar_row_release(&s->rows[i]);
	free(s->rows);
	free(s->shown);
	free(s->filter);
}

static void mmars_title(struct view *v, struct buf *out)
{
	(void)v;
	buf_puts(out, "MMARs");
}

static void set_filter(struct view *v, const char *text, void *ctx)
{
	struct mmars *s = v->state;

	(void)ctx;
	free(s->filter);
	s->filter = mem_strdup(text);
	arrange(s);
}

static const char *accept_filter(struct view *v, const char *text, void *ctx)
{
	set_filter(v, text, ctx);
	return NULL;
}

static void clear_filter(struct view *v, void *ctx)
{
	set_filter(v, "", ctx);
}

static void ask_filter(struct view *v)
{
	static const struct prompt_ops ops = {.accept = accept_filter,
		.change = set_filter,
		.cancel = clear_filter,
		.history = "mmars",
		.help = "letters of name, task or title"};
	struct mmars *s = v->state;

	app_prompt(v->app, v, "filter", s->filter, &ops, NULL);
}

static unsigned mmars_action(struct view *v, enum action a, const struct input *in)
{
	struct mmars *s = v->state;

	(void)in;
	if (list_move(&s->list, a))
		return VIEW_REDRAW;
	switch (a) {
	case ACT_common_open:
	case ACT_move_right:
		if (current(s))
			app_open(v->app, "mmar", current(s)->root);
		return VIEW_HANDLED;
	case ACT_common_search:
		ask_filter(v);
		return VIEW_REDRAW;
	case ACT_common_back:
		if (!s->filter || !*s->filter)
			return VIEW_IGNORED;
		clear_filter(v, NULL);
		return VIEW_REDRAW;
	case ACT_common_reload:
		start_find(v);
		return VIEW_HANDLED;
	case ACT_common_copy:
		if (current(s))
			app_copy(v->app, current(s)->root);
		return VIEW_REDRAW;
	case ACT_mmars_train:
		if (current(s))
			app_train(v->app, v, current(s)->root, NULL);
		return VIEW_REDRAW;
	case ACT_mmars_resume:
		if (current(s))
			app_resume_newest(v->app, v, current(s)->runs, current(s)->nruns);
		return VIEW_REDRAW;
	case ACT_mmars_sort:
		s->sort = (s->sort + 1) % SORT_KEYS;
		arrange(s);
		return VIEW_REDRAW;
	case ACT_mmars_reverse:
		s->reverse = !s->reverse;
		arrange(s);
		return VIEW_REDRAW;
	default:
		return VIEW_IGNORED;
	}
}

static unsigned mmars_mouse(struct view *v, const struct input *in)
{
	struct mmars *s = v->state;
	bool again;

	if (!list_mouse(&s->list, in, 1, &again))
		return VIEW_IGNORED;
	if (again)
		app_open(v->app, "mmar", current(s)->root);
	return VIEW_REDRAW;
}

static unsigned mmars_event(struct view *v, const struct app_event *ev)
{
	if (ev->kind == APP_EVENT_JOBS || ev->kind == APP_EVENT_FILES)
		app_tick_in(v->app, v, 0.3);
	return VIEW_HANDLED;
}

static unsigned mmars_tick(struct view *v, double now, double *next_s)
{
	struct mmars *s = v->state;

	(void)now;
	*next_s = RESCAN_SECONDS;
	if (s->found && !s->scanning && s->nrows)
		start_read(v, 0, s->nrows);
	return VIEW_HANDLED;
}

/* ---- drawing ---- */

struct columns {
	int name, task, classes, best, last, state;
};

/* Narrow screens lose columns from the least important one. */
static struct columns layout(int w)
{
	struct columns c = {.state = 14};

	c.best = w >= 40 ? 8 : 0;
	c.last = w >= 60 ? 12 : 0;
	c.task = w >= 72 ? 14 : 0;
	c.classes = w >= 90 ? 9 : 0;
	if (w < 30)
		c.state = 2;
	c.name = w - c.task - c.classes - c.best - c.last - c.state - 1;
	return c;
}

static void head(const struct mmars *s, const struct draw *d, int x, int w, const char *text,
	enum sort_key key, bool right)
{
	char label[32], mark[5] = "";
	size_t n = 0;

	if (w <= 0)
		return;
	if ((int)key == (int)s->sort)
		utf8_put(mark, draw_glyph(d->glyphs, s->reverse ? GLYPH_UP : GLYPH_DOWN));
	for (; text[n] && n < 24; n++)
		label[n] = text[n];
	memcpy(label + n, mark, strlen(mark) + 1);
	if (right)
		draw_right(d, x, 0, w - 1, ST_HEADER, label);
	else
		draw_fit(d, x, 0, w - 1, ST_HEADER, label);
}

static void draw_head(const struct mmars *s, const struct draw *d, const struct columns *c)
{
	int x = 0;

	draw_fill(d, 0, 0, d->w, 1, ST_HEADER, ' ');
	head(s, d, x + 1, c->name, "name", SORT_NAME, false);
	x += c->name + 1;
	head(s, d, x, c->task, "task", SORT_TASK, false);
	x += c->task;
	head(s, d, x, c->classes, "classes", SORT_KEYS, true);
	x += c->classes;
	head(s, d, x, c->best, "best", SORT_BEST, true);
	x += c->best;
	head(s, d, x, c->last, "last run", SORT_LAST, true);
	x += c->last;
	head(s, d, x, c->state > 4 ? c->state : 0, " state", SORT_STATE, false);
}

/* The state that matters most, and how many runs there are in all. */
static void draw_state(const struct draw *d, int x, int y, int w, const struct mmar_row *r)
{
	static const enum run_state order[] = {
		RUN_RUNNING, RUN_INTERRUPTED, RUN_FAILED, RUN_STOPPED, RUN_DONE};

	if (!r->read || r->error) {
		draw_fit(d, x + 1, y, w - 1, r->error ? ST_BAD : ST_DIM,
			r->error ? "unreadable" : "reading");
		return;
	}
	if (!r->nruns && w > 4) {
		draw_fit(d, x + 1, y, w - 1, ST_DIM, r->info.nruns ? "-" : "no runs");
		return;
	}
	for (int i = 0; i < 5; i++) {
		if (!mmar_row_count(r, order[i]))
			continue;
		draw_char(d, x, y, run_state_style(order[i]), run_state_mark(d->glyphs, order[i]));
		if (w > 4)
			draw_fit(d, x + 2, y, w - 2, run_state_style(order[i]),
				run_state_name(order[i]));
		return;
	}
}

static void draw_row(
	const struct draw *d, int y, const struct mmar_row *r, const struct columns *c, double now)
{
	char text[FORMAT_MAX];
	int x = c->name + 1;

	draw_fit(d, 1, y, c->name - 1, ST_TEXT, sys_basename(r->root));
	if (c->task)
		draw_fit(d, x, y, c->task - 1, ST_TEXT, r->info.task ? r->info.task : "");
	x += c->task;
	if (c->classes && r->info.num_classes)
		draw_right(d, x, y, c->classes - 1, ST_TEXT,
			format_number(text, r->info.num_classes, 0));
	x += c->classes;
	if (c->best)
		draw_right(d, x, y, c->best - 1, isnan(r->best) ? ST_DIM : ST_NUMBER,
			format_number(text, r->best, 4));
	x += c->best;
	if (c->last)
		draw_right(d, x, y, c->last - 1, ST_DIM, format_ago(text, r->last, now));
	x += c->last;
	draw_state(d, x, y, c->state, r);
}

static void draw_detail(const struct draw *d, const struct mmar_row *r)
{
	struct buf b = {0};
	char text[FORMAT_MAX];
	int interrupted = mmar_row_count(r, RUN_INTERRUPTED);

	draw_hline(d, 0, 0, d->w, ST_BORDER);
	draw_fit(d, 1, 1, d->w - 2, ST_STRONG,
		r->info.title && *r->info.title ? r->info.title : sys_basename(r->root));
	draw_fit(d, 1, 2, d->w - 2, ST_DIM, r->root);
	if (r->error) {
		draw_fit(d, 1, 3, d->w - 2, ST_BAD, r->error);
		return;
	}
	if (r->info.network && *r->info.network)
		buf_printf(&b, "%s, %s loss", r->info.network, r->info.loss);
	for (int i = 0; i < r->info.classes.n && i < 6; i++)
		buf_printf(&b, "%s%s",
			i       ? ", "
			: b.len ? "; labels "
				: "labels ",
			r->info.classes.v[i]);
	if (r->read)
		buf_printf(&b, "%s%d run%s, %s", b.len ? "; " : "", r->nruns,
			r->nruns == 1 ? "" : "s", format_bytes(text, r->info.disk_bytes));
	draw_fit(d, 1, 3, d->w - 2, ST_TEXT, b.p ? b.p : "");
	buf_reset(&b);
	if (interrupted)
		draw_printf(d, 1, 4, ST_WARN, "%d interrupted run%s: R resumes the newest",
			interrupted, interrupted == 1 ? "" : "s");
	else if (r->info.dataset_json && !r->info.data_present && !r->info.generator)
		draw_fit(d, 1, 4, d->w - 2, ST_WARN, "its data is not here: see the Readme");
	buf_release(&b);
}

static void draw_empty(const struct mmars *s, const struct draw *d)
{
	int y = d->h / 3;

	if (!s->found) {
		draw_fit(d, 1, 1, d->w - 2, ST_DIM, "looking for archives");
	} else if (s->nrows) {
		draw_fit(d, 1, y, d->w - 2, ST_TEXT, "No archive has these letters.");
		draw_fit(d, 1, y + 1, d->w - 2, ST_DIM, "Esc clears the filter.");
	} else {
		draw_fit(d, 1, y, d->w - 2, ST_TEXT, "No MMAR in these folders.");
		draw_fit(d, 1, y + 1, d->w - 2, ST_DIM,
			"Start with a folder that has some (axial DIR), or make one: axial mmar "
			"new DIR.");
		draw_fit(d, 1, y + 2, d->w - 2, ST_DIM, "r looks again.");
	}
}

static void mmars_draw(struct view *v, const struct draw *d, bool focused)
{
	struct mmars *s = v->state;
	struct columns c = layout(d->w);
	int detail = d->h >= 14 ? 5 : 0, h = d->h - 1 - detail;
	double now = sys_wall();
	struct draw below = draw_sub(d, 0, d->h - detail, d->w, detail);

	draw_head(s, d, &c);
	if (s->filter && *s->filter && d->w > 30) {
		struct draw f = draw_sub(d, c.name / 2, 0, c.name - c.name / 2, 1);

		draw_printf(&f, 0, 0, ST_MATCH, "/%s", s->filter);
	}
	list_show(&s->list, h);
	for (int y = 0; y < h && s->list.top + y < s->list.n; y++) {
		int i = s->list.top + y;

		draw_row(d, y + 1, &s->rows[s->shown[i]], &c, now);
		if (i != s->list.cur)
			continue;
		draw_restyle(d, 0, y + 1, d->w, 1, focused ? ST_SELECTED : ST_SELECTED_OFF);
		if (focused)
			draw_cursor(d, 0, y + 1);
	}
	list_draw_scroll(&s->list, d, d->w - 1, 1, h);
	if (!s->list.n)
		draw_empty(s, d);
	else if (detail)
		draw_detail(&below, current(s));
}

const struct view_ops view_mmars = {
	.name = "mmars",
	.help = "All archives below the folders given on the command line.",
	.shared = "open search reload copy",
	.state_size = sizeof(struct mmars),
	.open = mmars_open,
	.close = mmars_close,
	.title = mmars_title,
	.action = mmars_action,
	.mouse = mmars_mouse,
	.event = mmars_event,
	.tick = mmars_tick,
	.draw = mmars_draw,
};
