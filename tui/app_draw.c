/*
 * Lays out a frame: panes, status line, key bar, overlay.
 *
 * Last row: the keys that are valid now.  The row above it: where we are, and the
 * engine, or the latest message for some seconds.  Both give way on tiny screens;
 * there is no least size.  Panes stand side by side when there is room for two of a
 * useful width, else the focused one has the window to itself under a strip of tabs.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/sys.h"
#include "tui/app_state.h"
#include "tui/utf8.h"

#define SPLIT_MIN 96 /* columns from which two panes stand side by side */
#define PANE_MIN  6  /* rows of a stacked pane, its title included */

static void pane_title(struct app *app, const struct draw *d, struct page *p, int i, int x, int w)
{
	struct buf b = {0};
	enum style st = i == p->focus ? ST_FOCUS : ST_BORDER;
	int n;

	(void)app;
	buf_printf(&b, "%d ", i + 1);
	p->panes[i]->ops->title(p->panes[i], &b);
	draw_hline(d, x, 0, w, st);
	n = draw_fit(d, x + 2, 0, w - 4, i == p->focus ? ST_TITLE : ST_DIM, b.p);
	if (w > 4) {
		draw_char(d, x + 1, 0, st, ' ');
		draw_char(d, x + 2 + n, 0, st, ' ');
	}
	buf_release(&b);
}

static void draw_pane(struct app *app, struct page *p, int i, const struct draw *d)
{
	struct view *v = p->panes[i];

	p->where[i] = d->r;
	v->visible = true;
	if (d->w > 0 && d->h > 0)
		v->ops->draw(v, d, i == p->focus && !app->overlay.ops);
}

/* One pane has the window; the others are tabs above it. */
static void draw_single(struct app *app, struct page *p, const struct draw *d)
{
	int tabs = p->n > 1 && d->h > 3, x = 0;
	struct draw in = draw_sub(d, 0, tabs, d->w, d->h - tabs);

	for (int i = 0; tabs && i < p->n; i++) {
		struct draw tab = draw_sub(d, x, 0, d->w / p->n, 1);

		pane_title(app, &tab, p, i, 0, tab.w);
		x += tab.w;
	}
	draw_pane(app, p, p->focus, &in);
}

/* The first pane left, the others stacked at its right. */
static void draw_split(struct app *app, struct page *p, const struct draw *d)
{
	int left = d->w * 62 / 100, right = d->w - left - 1;
	int fit = d->h / PANE_MIN, shown = p->n - 1 < fit ? p->n - 1 : fit, first = 1, y = 0;
	struct draw head = draw_sub(d, 0, 0, left, 1), in = draw_sub(d, 0, 1, left, d->h - 1);

	pane_title(app, &head, p, 0, 0, left);
	draw_pane(app, p, 0, &in);
	draw_vline(d, left, 0, d->h, ST_BORDER);
	if (p->focus >= first + shown)
		first = p->focus - shown + 1;
	for (int k = 0; k < shown; k++) {
		int h = (d->h - y) / (shown - k);

		head = draw_sub(d, left + 1, y, right, 1);
		pane_title(app, &head, p, first + k, 0, right);
		in = draw_sub(d, left + 1, y + 1, right, h - 1);
		draw_pane(app, p, first + k, &in);
		y += h;
	}
}

static void draw_page(struct app *app, const struct draw *d)
{
	struct page *p = app_page(app);

	if (!p || d->h < 1)
		return;
	for (int i = 0; i < p->n; i++) {
		p->panes[i]->visible = false;
		p->where[i] = (struct rect){0};
	}
	if (p->n > 1 && !p->zoom && d->w >= SPLIT_MIN && d->h >= PANE_MIN)
		draw_split(app, p, d);
	else
		draw_single(app, p, d);
}

/* ---- status line ---- */

static void put_crumbs(struct app *app, struct buf *b)
{
	char arrow[5];

	utf8_put(arrow, draw_glyph(app->canvas.glyphs, GLYPH_ARROW));
	for (int i = 0; i < app->npages; i++) {
		struct page *p = &app->pages[i];

		if (i)
			buf_printf(b, " %s ", arrow);
		p->panes[0]->ops->title(p->panes[0], b);
		if (i == app->npages - 1 && p->focus) {
			buf_printf(b, " %s ", arrow);
			p->panes[p->focus]->ops->title(p->panes[p->focus], b);
		}
	}
}

static void draw_status(struct app *app, const struct draw *d)
{
	struct buf left = {0}, right = {0};
	int jobs = app_jobs_active(app), w, keep;

	draw_fill(d, 0, 0, d->w, 1, ST_STATUS, ' ');
	if (jobs)
		buf_printf(&right, "%d job%s  ", jobs, jobs == 1 ? "" : "s");
	app->reading_shown = app->work_since && sys_now() - app->work_since > 0.5;
	if (app->reading_shown)
		buf_puts(&right, "reading  ");
	buf_puts(&right, app_link_text(app));
	w = draw_width(right.p);
	put_crumbs(app, &left);
	/* The end of the crumbs says where we are: when short of room drop their start. */
	keep = d->w - (d->w > w + 24 ? w + 2 : 0) - 1;
	if (d->w > w + 24)
		draw_right(d, d->w - w - 1, 0, w, ST_STATUS, right.p);
	if (left.p && draw_width(left.p) > keep && app->npages) {
		struct page *p = app_page(app);

		buf_reset(&left);
		buf_puts(&left, "");
		p->panes[p->focus]->ops->title(p->panes[p->focus], &left);
	}
	draw_fit(d, 1, 0, keep, ST_STATUS, left.p ? left.p : "");
	buf_release(&left);
	buf_release(&right);
}

static void draw_flash(struct app *app, const struct draw *d)
{
	static const enum style styles[] = {ST_INFO, ST_GOOD, ST_WARN, ST_BAD};
	const struct message *m = &app->messages[app->nmessages - 1];
	static const enum glyph_role marks[] = {
		GLYPH_BULLET, GLYPH_CHECK, GLYPH_BULLET, GLYPH_CROSS};

	draw_char(d, 0, 0, styles[m->level], draw_glyph(d->glyphs, marks[m->level]));
	draw_fit(d, 2, 0, d->w - 2, styles[m->level], m->text);
}

/* ---- key bar ---- */

static int put_key(struct app *app, const struct draw *d, int x, const struct binding *b)
{
	struct buf key = {0};
	int w, room;

	binding_first_key(b, &key);
	w = draw_width(key.p ? key.p : "");
	room = w + 1 + draw_width(b->bar) + 2;
	if (x + room - 2 > d->w) {
		buf_release(&key);
		return -1;
	}
	if (app->nkeybar < 32) {
		app->keybar[app->nkeybar] = (struct rect){d->r.x + x, d->r.y, room - 1, 1};
		app->keybar_action[app->nkeybar++] = b->action;
	}
	draw_text(d, x, 0, ST_KEY, key.p);
	draw_text(d, x + w + 1, 0, ST_KEY_TEXT, b->bar);
	buf_release(&key);
	return x + room;
}

/* Is this key worth a place in the bar now?  Esc in the first view leads nowhere. */
static bool in_bar(struct app *app, const struct binding *b, const char *group)
{
	struct view *v = app_focus(app);

	if (strcmp(b->view, group) != 0 || !*b->bar || b->action == ACT_app_help)
		return false;
	if (b->action == ACT_common_back && app->npages < 2)
		return false;
	return strcmp(group, "common") != 0 || (v && view_shares(v->ops, b->name));
}

static int put_group(struct app *app, const struct draw *d, int x, const char *group)
{
	for (int i = 0; binding_at(i) && x >= 0; i++)
		if (in_bar(app, binding_at(i), group))
			x = put_key(app, d, x, binding_at(i));
	return x;
}

static void draw_keybar(struct app *app, const struct draw *d)
{
	struct view *v = app_focus(app);
	int x = 0;

	app->nkeybar = 0;
	if (app->overlay.ops) {
		draw_fit(d, 0, 0, d->w, ST_KEY_TEXT, app->overlay.ops->keys);
		return;
	}
	/* Help always has a place: on a narrow screen it is all that is left. */
	x = put_key(app, d, 0, binding_of(ACT_app_help));
	if (v && x >= 0)
		x = put_group(app, d, x, v->ops->name);
	if (x >= 0)
		x = put_group(app, d, x, "common");
	if (x >= 0)
		put_group(app, d, x, "app");
}

void app_draw(struct app *app)
{
	struct draw d, part;
	int bars, main_h;

	canvas_clear(&app->canvas);
	d = draw_root(&app->canvas);
	bars = d.h >= 4 ? 2 : d.h >= 3 ? 1 : 0;
	main_h = d.h - bars;
	part = draw_sub(&d, 0, 0, d.w, main_h);
	draw_page(app, &part);
	if (bars) {
		part = draw_sub(&d, 0, d.h - 1, d.w, 1);
		draw_keybar(app, &part);
	}
	if (bars == 2 || (bars && app->flash_until > sys_now())) {
		part = draw_sub(&d, 0, d.h - bars, d.w, 1);
		if (app->nmessages && app->flash_until > sys_now())
			draw_flash(app, &part);
		else
			draw_status(app, &part);
	}
	if (app->overlay.ops && app->overlay.ops->draw)
		app->overlay.ops->draw(app, &d);
}
