/*
 * Where a key goes: overlay, then the view's own bindings, movement, the common ones,
 * the view's plain keys, and last the bindings that hold everywhere.
 *
 * Esc goes one level back and never leaves; 'q' closes one view; 'Q', F10 and ^C twice
 * leave.  All of it looks keys up in the one table of bindings.def.
 */
#include <string.h>

#include "core/base/sys.h"
#include "tui/app_state.h"

static void focus_pane(struct app *app, int i)
{
	struct page *p = app_page(app);

	if (!p || i < 0 || i >= p->n)
		return;
	p->focus = i;
	app->dirty = true;
}

static void close_now(struct view *v, void *ctx)
{
	(void)ctx;
	app_close(v->app, v);
}

static void quit_now(struct view *v, void *ctx)
{
	(void)ctx;
	v->app->ended = true;
}

static bool unsaved(struct view *v)
{
	return v->ops->unsaved && v->ops->unsaved(v);
}

static void close_focus(struct app *app)
{
	struct view *v = app_focus(app);

	if (v && unsaved(v))
		app_confirm(app, v, "Leave without saving the changes?", close_now, NULL);
	else if (v)
		app_close(app, v);
}

/* Asks only when something would be lost; jobs go on anyway. */
static void quit(struct app *app)
{
	for (int i = 0; i < app->npages; i++)
		for (int j = 0; j < app->pages[i].n; j++)
			if (unsaved(app->pages[i].panes[j])) {
				app_confirm(app, app->pages[i].panes[j],
					"Quit without saving the configuration?", quit_now, NULL);
				return;
			}
	app->ended = true;
}

static void go_back(struct app *app)
{
	struct page *p = app_page(app);

	if (p && p->zoom) {
		p->zoom = false;
		app->dirty = true;
	} else if (p && p->focus) {
		focus_pane(app, 0);
	} else if (app->npages > 1) {
		close_focus(app);
	} else {
		app_flash(app, FLASH_INFO, "this is the first view; Q leaves, ? shows the keys");
	}
}

static void interrupt(struct app *app)
{
	double now = sys_now();

	if (now - app->interrupted < 2) {
		app->ended = true;
		app->exit_code = ERR_INTR;
		return;
	}
	app->interrupted = now;
	if (app->overlay.ops)
		overlay_close(app);
	app_flash(app, FLASH_WARN, "press ^C again to leave; jobs go on");
}

static void next_theme(struct app *app)
{
	int i = 0;

	while (theme_at(i) && theme_at(i) != app->canvas.theme)
		i++;
	app_set_theme(app, theme_at(i + 1) && theme_at(i) ? theme_at(i + 1) : theme_at(0));
	app_flash(app, FLASH_INFO, "theme %s", app->canvas.theme->name);
}

static void toggle_mouse(struct app *app)
{
	bool on = app->term && !term_has_mouse(app->term);

	if (app->term)
		term_mouse(app->term, on);
	app_flash(app, FLASH_INFO,
		on ? "mouse on; Shift-drag still selects text" : "mouse off: drag selects text");
}

static void suspend(struct app *app)
{
	if (!app->term)
		return;
	term_suspend(app->term);
	app->dirty = true;
}

/* Opens a view that needs no argument, unless it is there already. */
static void open_once(struct app *app, const char *view)
{
	if (!app_focus(app) || strcmp(app_focus(app)->ops->name, view) != 0)
		app_open(app, view, NULL);
}

static void pane_action(struct app *app, enum action a, const struct input *in)
{
	struct page *p = app_page(app);

	if (!p)
		return;
	if (a == ACT_app_next_pane)
		focus_pane(app, (p->focus + 1) % p->n);
	else if (a == ACT_app_prev_pane)
		focus_pane(app, (p->focus + p->n - 1) % p->n);
	else if (a == ACT_app_pane && in && in->key >= '1' && in->key <= '9')
		focus_pane(app, (int)in->key - '1');
	else if (a == ACT_app_zoom)
		p->zoom = !p->zoom;
	app->dirty = true;
}

static void app_action(struct app *app, enum action a, const struct input *in)
{
	switch (a) {
	case ACT_app_help:
		help_open(app);
		break;
	case ACT_app_palette:
		palette_open(app);
		break;
	case ACT_app_close:
		close_focus(app);
		break;
	case ACT_app_quit:
		quit(app);
		break;
	case ACT_app_jobs:
		open_once(app, "jobs");
		break;
	case ACT_app_system:
		open_once(app, "system");
		break;
	case ACT_app_redraw:
		if (app->term)
			term_invalidate(app->term);
		app->dirty = true;
		break;
	case ACT_app_suspend:
		suspend(app);
		break;
	case ACT_app_interrupt:
		interrupt(app);
		break;
	case ACT_app_mouse:
		toggle_mouse(app);
		break;
	case ACT_app_theme:
		next_theme(app);
		break;
	case ACT_app_messages:
		messages_open(app);
		break;
	default:
		pane_action(app, a, in);
		break;
	}
}

/* Sends an action to the focused view; true when it took it. */
static bool view_action(struct app *app, enum action a, const struct input *in)
{
	struct view *v = app_focus(app);
	unsigned r;

	if (!v || a == ACT_NONE)
		return false;
	r = v->ops->action ? v->ops->action(v, a, in) : 0;
	app_result(app, v, r);
	return r != VIEW_IGNORED;
}

void app_do(struct app *app, enum action a, const struct input *in)
{
	const struct binding *b = binding_of(a);

	if (!b)
		return;
	if (!strcmp(b->view, "app"))
		app_action(app, a, in);
	else if (!view_action(app, a, in) && a == ACT_common_back)
		go_back(app);
}

static void key_input(struct app *app, const struct input *in)
{
	struct view *v = app_focus(app);
	enum action a;
	unsigned r;

	/* ^C, ^Z and ^L mean the same everywhere, whatever is open. */
	a = binding_find("app", in);
	if (a == ACT_app_interrupt || a == ACT_app_suspend || a == ACT_app_redraw) {
		app_action(app, a, in);
		return;
	}
	if (app->overlay.ops) {
		app->dirty = true;
		app->overlay.ops->input(app, in);
		return;
	}
	if (v && view_action(app, binding_find(v->ops->name, in), in))
		return;
	if (view_action(app, binding_find("move", in), in))
		return;
	a = binding_find("common", in);
	if (a != ACT_NONE && view_action(app, a, in))
		return;
	if (a == ACT_common_back) {
		go_back(app);
		return;
	}
	v = app_focus(app);
	if (v && v->ops->key) {
		r = v->ops->key(v, in);
		app_result(app, v, r);
		if (r != VIEW_IGNORED)
			return;
	}
	app_action(app, binding_find("app", in), in);
}

static bool inside(const struct rect *r, int x, int y)
{
	return x >= r->x && y >= r->y && x < r->x + r->w && y < r->y + r->h;
}

static void mouse_input(struct app *app, const struct input *in)
{
	struct page *p = app_page(app);
	struct input local = *in;

	if (app->overlay.ops) {
		app->dirty = true;
		app->overlay.ops->input(app, in);
		return;
	}
	for (int i = 0; i < app->nkeybar; i++)
		if (in->act == MOUSE_PRESS && inside(&app->keybar[i], in->x, in->y)) {
			app_do(app, app->keybar_action[i], NULL);
			return;
		}
	for (int i = 0; p && i < p->n; i++) {
		struct view *v = p->panes[i];

		if (!inside(&p->where[i], in->x, in->y))
			continue;
		if (in->act == MOUSE_PRESS)
			focus_pane(app, i);
		local.x -= p->where[i].x;
		local.y -= p->where[i].y;
		if (v->ops->mouse)
			app_result(app, v, v->ops->mouse(v, &local));
		return;
	}
}

void app_input(struct app *app, const struct input *in)
{
	struct view *v = app_focus(app);

	switch (in->kind) {
	case INPUT_KEY:
		key_input(app, in);
		break;
	case INPUT_MOUSE:
		mouse_input(app, in);
		break;
	case INPUT_PASTE:
		if (app->overlay.ops) {
			app->dirty = true;
			app->overlay.ops->input(app, in);
		} else if (v && v->ops->key) {
			app_result(app, v, v->ops->key(v, in));
		}
		break;
	case INPUT_FOCUS:
		break;
	}
}
