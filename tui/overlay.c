/*
 * Overlays: the prompt line, the question box, and the frame that all share.
 */
#include "tui/overlay.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "tui/app_state.h"

void overlay_set(struct app *app, const struct overlay_ops *ops, void *state)
{
	overlay_close(app);
	app->overlay.ops = ops;
	app->overlay.state = state;
	app->dirty = true;
}

void overlay_close(struct app *app)
{
	struct overlay was = app->overlay;

	if (!was.ops)
		return;
	if (was.ops->close)
		was.ops->close(app);
	app->overlay.ops = NULL;
	app->overlay.state = NULL;
	app->dirty = true;
}

struct draw overlay_box(const struct draw *s, int w, int h, const char *title)
{
	struct draw box;
	int x, y;

	w = w + 4 > s->w ? s->w : w + 4;
	h = h + 2 > s->h ? s->h : h + 2;
	x = (s->w - w) / 2;
	y = (s->h - h) / 2;
	draw_fill(s, x, y, w, h, ST_TEXT, ' ');
	/* No room for a frame: the text matters more. */
	if (w < 12 || h < 4)
		return draw_sub(s, x, y, w, h);
	draw_box(s, x, y, w, h, ST_FOCUS, title);
	box = draw_sub(s, x + 2, y + 1, w - 4, h - 2);
	return box;
}

/* ---- prompt ---- */

#define HISTORY_MAX 100

struct prompt {
	unsigned view;
	char *label, *help, *error;
	struct prompt_ops ops;
	void *ctx;
	struct line line;
	int past; /* how far back in the history; 0: the line being typed */
	char *typed;
	bool accepted;
};

static struct history *history_of(struct app *app, const char *name)
{
	if (!name)
		return NULL;
	for (int i = 0; i < app->nhistories; i++)
		if (!strcmp(app->histories[i].name, name))
			return &app->histories[i];
	app->histories = mem_realloc(
		app->histories, (size_t)(app->nhistories + 1) * sizeof(*app->histories));
	app->histories[app->nhistories] = (struct history){.name = name};
	return &app->histories[app->nhistories++];
}

void history_add(struct app *app, const char *name, const char *text)
{
	struct history *h = history_of(app, name);

	if (!h || !*text || (h->n && !strcmp(h->v[h->n - 1], text)))
		return;
	if (h->n == HISTORY_MAX) {
		free(h->v[0]);
		memmove(h->v, h->v + 1, (size_t)--h->n * sizeof(*h->v));
	}
	h->v = mem_realloc(h->v, (size_t)(h->n + 1) * sizeof(*h->v));
	h->v[h->n++] = mem_strdup(text);
}

void history_free(struct app *app)
{
	for (int i = 0; i < app->nhistories; i++) {
		for (int j = 0; j < app->histories[i].n; j++)
			free(app->histories[i].v[j]);
		free(app->histories[i].v);
	}
	free(app->histories);
}

static void prompt_recall(struct app *app, struct prompt *p, int step)
{
	struct history *h = history_of(app, p->ops.history);
	int past = p->past + step;

	if (!h || past < 0 || past > h->n)
		return;
	if (!p->past) {
		free(p->typed);
		p->typed = mem_strdup(line_text(&p->line));
	}
	p->past = past;
	line_set(&p->line, past ? h->v[h->n - past] : p->typed);
}

static void prompt_accept(struct app *app, struct prompt *p)
{
	struct view *v = app_view(app, p->view);
	const char *bad = NULL;

	history_add(app, p->ops.history, line_text(&p->line));
	if (v && p->ops.accept) {
		p->accepted = true; /* accept may open another overlay, which closes this one */
		app->overlay.ops = NULL;
		bad = p->ops.accept(v, line_text(&p->line), p->ctx);
	}
	if (!bad) {
		const struct overlay next = app->overlay;

		app->overlay = (struct overlay){&prompt_overlay, p};
		overlay_close(app);
		app->overlay = next;
		return;
	}
	p->accepted = false;
	app->overlay = (struct overlay){&prompt_overlay, p};
	free(p->error);
	p->error = mem_strdup(bad);
}

static void prompt_input(struct app *app, const struct input *in)
{
	struct prompt *p = app->overlay.state;
	struct view *v = app_view(app, p->view);
	bool changed = false;

	if (in->kind == INPUT_KEY && in->key == IN_ESC) {
		overlay_close(app);
		return;
	}
	if (in->kind == INPUT_KEY && in->key == IN_ENTER) {
		prompt_accept(app, p);
		return;
	}
	if (in->kind == INPUT_KEY && (in->key == IN_UP || in->key == IN_DOWN)) {
		prompt_recall(app, p, in->key == IN_UP ? 1 : -1);
		changed = true;
	} else {
		line_key(&p->line, in, &changed);
	}
	if (!changed)
		return;
	free(p->error);
	p->error = NULL;
	if (v && p->ops.change)
		p->ops.change(v, line_text(&p->line), p->ctx);
}

static void prompt_draw(struct app *app, const struct draw *screen)
{
	struct prompt *p = app->overlay.state;
	int y = screen->h >= 3 ? screen->h - 2 : screen->h - 1;
	struct draw d = draw_sub(screen, 0, y, screen->w, 1);
	const char *note = p->error ? p->error : p->help;
	int x, note_w = note ? draw_width(note) : 0, room;

	draw_fill(&d, 0, 0, d.w, 1, ST_INPUT, ' ');
	x = draw_fit(&d, 0, 0, d.w / 2, ST_KEY, p->label) + 1;
	/* A long explanation gets the row above. */
	if (note && note_w + 2 > (d.w - x) / 2 && screen->h >= 4) {
		struct draw above = draw_sub(screen, 0, y - 1, screen->w, 1);

		draw_fill(&above, 0, 0, above.w, 1, ST_TEXT, ' ');
		draw_fit(&above, 0, 0, above.w, p->error ? ST_BAD : ST_HELP, note);
		note = NULL;
	}
	room = note ? d.w - x - note_w - 2 : d.w - x;
	if (note)
		draw_fit(&d, x + room + 1, 0, note_w, p->error ? ST_BAD : ST_HELP, note);
	line_draw(&p->line, &d, x, 0, room, ST_INPUT);
}

static void prompt_close(struct app *app)
{
	struct prompt *p = app->overlay.state;
	struct view *v = app_view(app, p->view);

	if (!p->accepted && v && p->ops.cancel)
		p->ops.cancel(v, p->ctx);
	line_release(&p->line);
	free(p->label);
	free(p->help);
	free(p->error);
	free(p->typed);
	free(p);
}

const struct overlay_ops prompt_overlay = {
	.name = "prompt",
	.input = prompt_input,
	.draw = prompt_draw,
	.close = prompt_close,
	.keys = "Enter accept  Esc cancel  Up Down earlier lines  ^U clear",
};

void app_prompt(struct app *app, struct view *v, const char *label, const char *initial,
	const struct prompt_ops *ops, void *ctx)
{
	struct prompt *p = mem_zalloc(sizeof(*p));

	p->view = v->id;
	p->label = mem_strdup(label);
	p->help = ops->help ? mem_strdup(ops->help) : NULL;
	p->ops = *ops;
	p->ctx = ctx;
	line_set(&p->line, initial ? initial : "");
	overlay_set(app, &prompt_overlay, p);
}

/* ---- question ---- */

struct confirm {
	unsigned view;
	char *question;
	void (*yes)(struct view *v, void *ctx);
	void *ctx;
};

static void confirm_input(struct app *app, const struct input *in)
{
	struct confirm *c = app->overlay.state;
	struct view *v = app_view(app, c->view);
	void (*yes)(struct view *, void *) = c->yes;
	void *ctx = c->ctx;

	if (in->kind != INPUT_KEY)
		return;
	if (in->key == 'y' || in->key == 'Y' || in->key == IN_ENTER) {
		overlay_close(app);
		if (v)
			yes(v, ctx);
	} else if (in->key == 'n' || in->key == 'N' || in->key == IN_ESC || in->key == 'q') {
		overlay_close(app);
	}
}

static void confirm_draw(struct app *app, const struct draw *screen)
{
	struct confirm *c = app->overlay.state;
	int w = draw_width(c->question);
	struct draw d = overlay_box(screen, w < 24 ? 24 : w, 3, "question");
	int x;

	draw_fit(&d, 0, 0, d.w, ST_STRONG, c->question);
	x = draw_text(&d, 0, d.h - 1, ST_KEY, "y");
	x += draw_text(&d, x, d.h - 1, ST_KEY_TEXT, " yes   ");
	x += draw_text(&d, x, d.h - 1, ST_KEY, "n");
	draw_text(&d, x, d.h - 1, ST_KEY_TEXT, " no");
}

static void confirm_close(struct app *app)
{
	struct confirm *c = app->overlay.state;

	free(c->question);
	free(c);
}

static const struct overlay_ops confirm_overlay = {
	.name = "question",
	.input = confirm_input,
	.draw = confirm_draw,
	.close = confirm_close,
	.keys = "y Enter yes  n Esc no",
};

void app_confirm(struct app *app, struct view *v, const char *question,
	void (*yes)(struct view *v, void *ctx), void *ctx)
{
	struct confirm *c = mem_zalloc(sizeof(*c));

	*c = (struct confirm){v->id, mem_strdup(question), yes, ctx};
	overlay_set(app, &confirm_overlay, c);
}
