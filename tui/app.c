/*
 * The workbench: a stack of pages with panes, each pane a view; messages; slow work.
 *
 * Nothing here knows what a view shows.  Views draw from what they hold and never
 * wait: work goes to the worker thread, jobs to the engine, and what comes back
 * arrives as a call on the UI thread.  The engine and the worker may be gone or slow;
 * the screen does not care.
 */
#include "tui/app.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "tui/app_roots.h"
#include "tui/app_state.h"

#define MESSAGES_MAX  200
#define FLASH_SECONDS 5.0

struct app *app_new(struct term *term, const struct theme *theme, enum glyphs glyphs, int w, int h)
{
	struct app *app = mem_zalloc(sizeof(*app));

	app->term = term;
	app->next_id = 1;
	app->drawn = -1;
	app->interrupted = -10;
	canvas_init(&app->canvas, w, h, theme, glyphs);
	app->work = work_new();
	return app;
}

void app_free(struct app *app)
{
	if (!app)
		return;
	overlay_close(app);
	while (app->npages)
		app_close(app, app->pages[app->npages - 1].panes[0]);
	app_engine_stop(app);
	work_free(app->work);
	for (int i = 0; i < app->nmessages; i++)
		free(app->messages[i].text);
	free(app->messages);
	history_free(app);
	free(app->pages);
	canvas_release(&app->canvas);
	free(app);
}

struct page *app_page(struct app *app)
{
	return app->npages ? &app->pages[app->npages - 1] : NULL;
}

struct view *app_focus(struct app *app)
{
	struct page *p = app_page(app);

	return p ? p->panes[p->focus] : NULL;
}

struct view *app_view(struct app *app, unsigned id)
{
	for (int i = 0; i < app->npages; i++)
		for (int j = 0; j < app->pages[i].n; j++)
			if (app->pages[i].panes[j]->id == id)
				return app->pages[i].panes[j];
	return NULL;
}

/* ---- messages ---- */

void app_flash(struct app *app, enum flash_level level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (app->nmessages == MESSAGES_MAX) {
		free(app->messages[0].text);
		memmove(app->messages, app->messages + 1,
			(size_t)--app->nmessages * sizeof(*app->messages));
	}
	app->messages =
		mem_realloc(app->messages, (size_t)(app->nmessages + 1) * sizeof(*app->messages));
	app->messages[app->nmessages++] = (struct message){level, sys_wall(), mem_strdup(text)};
	app->flash_until = sys_now() + FLASH_SECONDS * (level >= FLASH_WARN ? 2 : 1);
	log_write(level == FLASH_BAD ? LOG_ERROR : LOG_INFO, "flash: %s", text);
	app->dirty = true;
}

/* ---- views ---- */

static struct view *view_new(
	struct app *app, const struct view_ops *ops, const char *arg, struct err *err)
{
	struct view *v = mem_zalloc(sizeof(*v));

	v->ops = ops;
	v->app = app;
	v->id = app->next_id++;
	v->state = mem_zalloc(ops->state_size ? ops->state_size : 1);
	v->next_tick = ops->tick ? 1e-9 : 0;
	if (!ops->open || !ops->open(v, arg, err))
		return v;
	free(v->state);
	free(v);
	return NULL;
}

static struct view *view_make(struct app *app, const char *name, const char *arg)
{
	const struct view_ops *ops = view_find(name);
	struct err err = ERR_INIT;
	struct view *v;

	if (!ops) {
		app_flash(app, FLASH_BAD, "no view is called '%s'", name);
		return NULL;
	}
	v = view_new(app, ops, arg, &err);
	if (!v)
		app_flash(app, FLASH_BAD, "%s", err.msg);
	return v;
}

int app_open(struct app *app, const char *name, const char *arg)
{
	struct view *v = view_make(app, name, arg);
	struct page *p;

	if (!v)
		return -1;
	if (app->npages == app->pages_cap) {
		app->pages_cap = app->pages_cap ? app->pages_cap * 2 : 8;
		app->pages = mem_realloc(app->pages, (size_t)app->pages_cap * sizeof(*app->pages));
	}
	p = &app->pages[app->npages++];
	memset(p, 0, sizeof(*p));
	p->panes[p->n++] = v;
	app->dirty = true;
	return 0;
}

static struct page *page_of(struct app *app, const struct view *v, int *pane)
{
	for (int i = 0; i < app->npages; i++)
		for (int j = 0; j < app->pages[i].n; j++)
			if (app->pages[i].panes[j] == v) {
				*pane = j;
				return &app->pages[i];
			}
	return NULL;
}

int app_open_beside(struct app *app, struct view *beside, const char *name, const char *arg)
{
	int pane;
	struct page *p = page_of(app, beside, &pane);
	struct view *v;

	if (!p || p->n == PANES_MAX)
		return -1;
	v = view_make(app, name, arg);
	if (!v)
		return -1;
	/* Opening a view may open others: look again. */
	p = page_of(app, beside, &pane);
	p->panes[p->n++] = v;
	app->dirty = true;
	return 0;
}

static void view_free(struct view *v)
{
	if (v->ops->close)
		v->ops->close(v);
	free(v->state);
	free(v);
}

void app_close(struct app *app, struct view *v)
{
	int pane;
	struct page *p = page_of(app, v, &pane);

	if (!p)
		return;
	/* The page goes with its first pane: the others belong to it. */
	if (pane == 0) {
		for (int i = p->n; i-- > 0;)
			view_free(p->panes[i]);
		memmove(p, p + 1, (size_t)(app->pages + app->npages - (p + 1)) * sizeof(*p));
		app->npages--;
		if (app_page(app))
			for (int i = 0; i < app_page(app)->n; i++)
				app_tick_in(app, app_page(app)->panes[i], 0);
	} else {
		view_free(v);
		memmove(p->panes + pane, p->panes + pane + 1,
			(size_t)(p->n - pane - 1) * sizeof(*p->panes));
		p->n--;
		p->focus = p->focus >= pane && p->focus ? p->focus - 1 : p->focus;
		p->zoom = false;
	}
	app->dirty = true;
	app->ended |= !app->npages;
}

void app_result(struct app *app, struct view *v, unsigned result)
{
	if (result & VIEW_REDRAW)
		app->dirty = true;
	if (result & VIEW_CLOSE)
		app_close(app, v);
}

void app_set_theme(struct app *app, const struct theme *theme)
{
	app->canvas.theme = theme;
	app->dirty = true;
}

/* Calls fn for every open view; views may close while it runs. */
void app_event(struct app *app, enum app_event_kind kind, const char *text)
{
	const struct app_event ev = {kind, text};
	unsigned ids[256];
	int n = 0;

	for (int i = 0; i < app->npages; i++)
		for (int j = 0; j < app->pages[i].n && n < 256; j++)
			ids[n++] = app->pages[i].panes[j]->id;
	for (int i = 0; i < n; i++) {
		struct view *v = app_view(app, ids[i]);
		unsigned r = v && v->ops->event ? v->ops->event(v, &ev) : 0;

		if (r & VIEW_REDRAW)
			app->dirty_bg = true;
		if (r & VIEW_CLOSE)
			app_close(app, v);
	}
}

/* ---- time ---- */

void app_tick_in(struct app *app, struct view *v, double s)
{
	double at = sys_now() + s;

	(void)app;
	if (v->ops->tick && (!v->next_tick || at < v->next_tick))
		v->next_tick = at;
}

double app_tick(struct app *app, double now)
{
	struct page *p = app_page(app);
	double wait = 3600, next;

	for (int i = 0; p && i < p->n; i++) {
		struct view *v = p->panes[i];
		unsigned id = v->id, r;

		if (!v->next_tick)
			continue;
		if (v->next_tick > now) {
			wait = v->next_tick - now < wait ? v->next_tick - now : wait;
			continue;
		}
		v->next_tick = next = 0;
		r = v->ops->tick(v, now, &next);
		if (!app_view(app, id))
			return 0;
		if (next > 0 && (!v->next_tick || now + next < v->next_tick))
			v->next_tick = now + next;
		if (v->next_tick && v->next_tick - now < wait)
			wait = v->next_tick - now;
		app->dirty_bg |= !!(r & VIEW_REDRAW);
		if (r & VIEW_CLOSE) {
			app_close(app, v);
			return 0;
		}
		p = app_page(app);
	}
	return wait > 0 ? wait : 0;
}

/* ---- slow work ---- */

void app_work(struct app *app, struct view *v, void (*work)(void *arg),
	unsigned (*done)(struct view *v, void *arg), void (*drop)(void *arg), void *arg)
{
	struct work_item item = {.work = work, .drop = drop, .arg = arg, .view = v ? v->id : 0};

	item.done = done;
	if (!app->work_since)
		app->work_since = sys_now();
	work_add(app->work, &item);
}

void app_work_done(struct app *app)
{
	struct work_item item;

	while (work_take(app->work, &item)) {
		struct view *v = app_view(app, item.view);
		unsigned r = v && item.done ? item.done(v, item.arg) : 0;

		if (item.drop)
			item.drop(item.arg);
		app->dirty_bg |= !!(r & VIEW_REDRAW);
		if (r & VIEW_CLOSE)
			app_close(app, v);
	}
	if (work_pending(app->work))
		return;
	app->work_since = 0;
	app->dirty_bg |= app->reading_shown;
}

void app_roots(const struct app *app, struct strlist *out)
{
	out->v = mem_realloc(out->v, (size_t)(out->n + app->nroots + 1) * sizeof(*out->v));
	for (int i = 0; i < app->nroots; i++)
		out->v[out->n++] = mem_strdup(app->roots[i]);
}

void app_copy(struct app *app, const char *text)
{
	static const char set[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *s = (const unsigned char *)text;
	size_t n = strlen(text);
	struct buf b = {0};

	buf_puts(&b, "\x1b]52;c;");
	for (size_t i = 0; i < n; i += 3) {
		unsigned v = (unsigned)s[i] << 16;

		v |= i + 1 < n ? (unsigned)s[i + 1] << 8 : 0;
		v |= i + 2 < n ? s[i + 2] : 0;
		buf_putc(&b, set[v >> 18]);
		buf_putc(&b, set[v >> 12 & 63]);
		buf_putc(&b, i + 1 < n ? set[v >> 6 & 63] : '=');
		buf_putc(&b, i + 2 < n ? set[v & 63] : '=');
	}
	buf_putc(&b, '\a');
	if (app->term)
		term_send(app->term, b.p, b.len);
	app_flash(app, FLASH_INFO, "copied");
	buf_release(&b);
}
