/*
 * The help overlay and the list of past messages: two pages of text that scroll.
 *
 * Help is made from the table of bindings: the keys of the focused view first, then
 * movement, the shared ones and those that hold everywhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "tui/app_state.h"

struct page_line {
	char *left, *text;
	enum style style;
};

struct text_page {
	const char *title;
	struct page_line *v;
	struct list list;
	int left_w;
};

static void page_add(struct text_page *p, enum style st, const char *left, const char *text)
{
	int w = draw_width(left);

	p->v = mem_realloc(p->v, (size_t)(p->list.n + 1) * sizeof(*p->v));
	p->v[p->list.n++] = (struct page_line){mem_strdup(left), mem_strdup(text), st};
	if (w > p->left_w && *text)
		p->left_w = w;
}

static void page_close(struct app *app)
{
	struct text_page *p = app->overlay.state;

	for (int i = 0; i < p->list.n; i++) {
		free(p->v[i].left);
		free(p->v[i].text);
	}
	free(p->v);
	free(p);
}

/* Scrolls the whole page; there is no row under a cursor. */
static void page_input(struct app *app, const struct input *in)
{
	struct text_page *p = app->overlay.state;
	enum action a = binding_find("move", in), b = binding_find("app", in);
	struct list *l = &p->list;
	int max = l->n - l->h;

	if (in->kind == INPUT_MOUSE && in->act == MOUSE_WHEEL_UP)
		l->top -= 3;
	else if (in->kind == INPUT_MOUSE && in->act == MOUSE_WHEEL_DOWN)
		l->top += 3;
	else if (in->kind == INPUT_MOUSE)
		return;
	else if (a == ACT_move_up || a == ACT_move_down)
		l->top += a == ACT_move_up ? -1 : 1;
	else if (a == ACT_move_page_up || a == ACT_move_page_down)
		l->top += a == ACT_move_page_up ? -l->h : l->h;
	else if (a == ACT_move_half_up || a == ACT_move_half_down)
		l->top += a == ACT_move_half_up ? -l->h / 2 : l->h / 2;
	else if (a == ACT_move_first || a == ACT_move_last)
		l->top = a == ACT_move_first ? 0 : max;
	else if (in->key == IN_ESC || in->key == IN_ENTER || in->key == ' ' || b == ACT_app_close ||
		 b == ACT_app_help || b == ACT_app_messages) {
		overlay_close(app);
		return;
	} else if (b == ACT_app_quit) {
		app_do(app, b, in);
	}
	l->top = l->top > max ? max : l->top;
	l->top = l->top < 0 ? 0 : l->top;
}

static void page_draw(struct app *app, const struct draw *screen)
{
	struct text_page *p = app->overlay.state;
	struct draw over = draw_sub(screen, 0, 0, screen->w, screen->h - (screen->h > 2));
	int w = p->left_w + 2, longest = 0;
	struct draw d;

	for (int i = 0; i < p->list.n; i++) {
		int n = draw_width(p->v[i].text);

		longest = n > longest ? n : longest;
	}
	d = overlay_box(&over, w + longest, p->list.n, p->title);
	w = w > d.w / 2 ? d.w / 2 : w;
	p->list.h = d.h;
	p->list.top = p->list.top > p->list.n - d.h ? p->list.n - d.h : p->list.top;
	p->list.top = p->list.top < 0 ? 0 : p->list.top;
	for (int y = 0; y < d.h && p->list.top + y < p->list.n; y++) {
		const struct page_line *l = &p->v[p->list.top + y];

		if (!*l->text) {
			draw_fit(&d, 0, y, d.w, l->style, l->left);
			continue;
		}
		draw_fit(&d, 0, y, w - 1, ST_NAME, l->left);
		draw_fit(&d, w, y, d.w - w, l->style, l->text);
	}
	list_draw_scroll(&p->list, &d, d.w, 0, d.h);
}

static const struct overlay_ops page_overlay = {
	.name = "page",
	.input = page_input,
	.draw = page_draw,
	.close = page_close,
	.keys = "Esc close  Up Down PgUp PgDn scroll",
};

static void add_group(
	struct text_page *p, const struct view *v, const char *group, const char *title)
{
	bool any = false;

	for (int i = 0; binding_at(i); i++) {
		const struct binding *b = binding_at(i);
		struct buf keys = {0};

		if (strcmp(b->view, group) != 0)
			continue;
		if (v && !strcmp(group, "common") && !view_shares(v->ops, b->name))
			continue;
		if (!any) {
			if (p->list.n)
				page_add(p, ST_TEXT, "", "");
			page_add(p, ST_TITLE, title, "");
			any = true;
		}
		binding_all_keys(b, &keys);
		if (!keys.len)
			buf_printf(&keys, ":%s", b->name);
		page_add(p, ST_TEXT, keys.p, b->help);
		buf_release(&keys);
	}
}

void help_open(struct app *app)
{
	struct text_page *p = mem_zalloc(sizeof(*p));
	struct view *v = app_focus(app);

	p->title = "help";
	if (v) {
		page_add(p, ST_DIM, v->ops->help, "");
		add_group(p, v, v->ops->name, "This view");
	}
	add_group(p, v, "common", "Shared by the views");
	add_group(p, v, "move", "Movement");
	add_group(p, v, "app", "Everywhere");
	page_add(p, ST_TEXT, "", "");
	page_add(p, ST_DIM, "Hold Shift and drag to select text while the mouse is on.", "");
	page_add(p, ST_DIM, "Closing the workbench never stops a training.", "");
	overlay_set(app, &page_overlay, p);
}

void messages_open(struct app *app)
{
	static const enum style styles[] = {ST_TEXT, ST_GOOD, ST_WARN, ST_BAD};
	struct text_page *p = mem_zalloc(sizeof(*p));
	char when[32];

	p->title = "messages";
	if (!app->nmessages)
		page_add(p, ST_DIM, "No messages yet.", "");
	for (int i = app->nmessages; i-- > 0;) {
		sys_iso_time(app->messages[i].wall, when);
		when[19] = '\0';
		page_add(p, styles[app->messages[i].level], when + 11, app->messages[i].text);
	}
	overlay_set(app, &page_overlay, p);
}
