/*
 * The palette: every action of the moment by name, found by typing parts of it.
 *
 * A hit needs the typed letters in order; runs of letters and starts of words count
 * more, so "smo" finds "smooth more" before "resume job".  The same table of bindings
 * as everywhere, so a new key is here by itself.  ":q" and ":jobs" are names as well.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "tui/app_state.h"
#include "tui/fuzzy.h"

struct hit {
	const struct binding *b;
	int score;
};

struct palette {
	struct line line;
	struct hit *hits;
	struct list list;
};

static bool offered(struct app *app, const struct binding *b)
{
	struct view *v = app_focus(app);

	if (!strcmp(b->view, "app"))
		return b->action != ACT_app_palette && b->action != ACT_app_pane;
	if (!strcmp(b->view, "common"))
		return v && view_shares(v->ops, b->name);
	return v && !strcmp(b->view, v->ops->name);
}

static int by_score(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	return x->b < y->b ? -1 : 1;
}

static void palette_find(struct app *app, struct palette *p)
{
	const char *text = line_text(&p->line);

	p->list.n = 0;
	for (int i = 0; binding_at(i); i++) {
		const struct binding *b = binding_at(i);
		int name, help;

		if (!offered(app, b))
			continue;
		name = fuzzy_score(b->name, text);
		help = fuzzy_score(b->help, text);
		name = name > 0 ? name + 20 : name;
		name += !strcmp(b->name, text) ? 1000 : 0;
		if (name <= 0 && help <= 0)
			continue;
		p->hits[p->list.n++] = (struct hit){b, *text ? name > help ? name : help : 1};
	}
	if (*text)
		qsort(p->hits, (size_t)p->list.n, sizeof(*p->hits), by_score);
	p->list.cur = p->list.top = 0;
}

static void palette_run(struct app *app, struct palette *p)
{
	const char *text = line_text(&p->line);
	enum action a = p->list.n ? p->hits[p->list.cur].b->action : ACT_NONE;

	if (!strcmp(text, "q") || !strcmp(text, "quit") || !strcmp(text, "qa"))
		a = ACT_app_quit;
	overlay_close(app);
	if (a != ACT_NONE)
		app_do(app, a, NULL);
	else
		app_flash(app, FLASH_WARN, "no such command");
}

static void palette_input(struct app *app, const struct input *in)
{
	struct palette *p = app->overlay.state;
	bool changed = false, again;

	if (in->kind == INPUT_MOUSE) {
		list_mouse(&p->list, in, 0, &again);
		return;
	}
	if (in->kind == INPUT_KEY && in->key == IN_ESC) {
		overlay_close(app);
	} else if (in->kind == INPUT_KEY && in->key == IN_ENTER) {
		palette_run(app, p);
	} else if (in->kind == INPUT_KEY && in->key == IN_UP) {
		list_move(&p->list, ACT_move_up);
	} else if (in->kind == INPUT_KEY && in->key == IN_DOWN) {
		list_move(&p->list, ACT_move_down);
	} else if (in->kind == INPUT_KEY && in->key == IN_PGUP) {
		list_move(&p->list, ACT_move_page_up);
	} else if (in->kind == INPUT_KEY && in->key == IN_PGDN) {
		list_move(&p->list, ACT_move_page_down);
	} else if (in->kind == INPUT_KEY && in->key == IN_BACKSPACE && !p->line.text.len) {
		overlay_close(app);
	} else if (line_key(&p->line, in, &changed) && changed) {
		palette_find(app, p);
	}
}

static void draw_hit(const struct draw *d, int y, const struct binding *b, bool cur)
{
	int name_w = d->w > 40 ? 16 : d->w / 2;
	struct buf keys = {0};
	char name[64];
	size_t n = strlen(b->name);

	n = n < sizeof(name) ? n : sizeof(name) - 1;
	for (size_t i = 0; i < n; i++)
		name[i] = b->name[i] == '_' ? ' ' : b->name[i];
	name[n] = '\0';
	binding_all_keys(b, &keys);
	draw_fit(d, 0, y, name_w - 1, ST_STRONG, name);
	draw_fit(d, name_w, y, d->w - name_w - 12, ST_TEXT, b->help);
	draw_right(d, d->w - 11, y, 11, ST_DIM, keys.p ? keys.p : "");
	if (cur)
		draw_restyle(d, 0, y, d->w, 1, ST_SELECTED);
	buf_release(&keys);
}

static void palette_draw(struct app *app, const struct draw *screen)
{
	struct palette *p = app->overlay.state;
	struct draw over = draw_sub(screen, 0, 0, screen->w, screen->h - (screen->h > 2));
	struct draw d = overlay_box(&over, 76, 16, "commands");
	int x;

	x = draw_text(&d, 0, 0, ST_KEY, ":");
	list_show(&p->list, d.h - 1);
	for (int y = 0; y < d.h - 1 && p->list.top + y < p->list.n; y++)
		draw_hit(&d, y + 1, p->hits[p->list.top + y].b, p->list.top + y == p->list.cur);
	if (!p->list.n)
		draw_fit(&d, 0, 1, d.w, ST_DIM, "no command has these letters");
	list_draw_scroll(&p->list, &d, d.w, 1, d.h - 1);
	line_draw(&p->line, &d, x, 0, d.w - x, ST_INPUT);
}

static void palette_close(struct app *app)
{
	struct palette *p = app->overlay.state;

	line_release(&p->line);
	free(p->hits);
	free(p);
}

static const struct overlay_ops palette_overlay = {
	.name = "palette",
	.input = palette_input,
	.draw = palette_draw,
	.close = palette_close,
	.keys = "Enter run  Esc cancel  type to find  Up Down choose",
};

void palette_open(struct app *app)
{
	struct palette *p = mem_zalloc(sizeof(*p));

	p->hits = mem_zalloc(ACT_COUNT * sizeof(*p->hits));
	palette_find(app, p);
	overlay_set(app, &palette_overlay, p);
}
