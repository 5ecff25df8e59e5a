/*
 * A text file to read: the Readme of an archive, a log, a JSON file.
 *
 * The file is read and cut into lines on the worker thread; lines are wrapped to the
 * width when they are drawn.  Control characters never reach the terminal: drawing
 * spells them out.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "tui/app.h"
#include "tui/list.h"
#include "tui/utf8.h"
#include "tui/view.h"

#define TEXT_MAX (8u << 20)

struct text {
	char *path;
	char *body;
	char *error;
	int *starts; /* offset of each wrapped line, and of the end */
	int wrapped; /* width they were wrapped for */
	struct list list;
	char *find;
};

struct text_load {
	char *path;
	struct buf body;
	struct err err;
};

static void load_work(void *arg)
{
	struct text_load *l = arg;

	if (sys_read_file(l->path, TEXT_MAX, &l->body, &l->err))
		buf_reset(&l->body);
}

static void load_drop(void *arg)
{
	struct text_load *l = arg;

	free(l->path);
	buf_release(&l->body);
	free(l);
}

static unsigned load_done(struct view *v, void *arg)
{
	struct text *s = v->state;
	struct text_load *l = arg;

	free(s->body);
	free(s->error);
	s->error = l->err.code ? mem_strdup(l->err.msg) : NULL;
	/* A NUL would end the text early: show it as what it is, a bad byte. */
	for (size_t i = 0; i < l->body.len; i++)
		if (!l->body.p[i])
			l->body.p[i] = '\x01';
	s->body = buf_detach(&l->body);
	s->wrapped = 0;
	return VIEW_REDRAW;
}

static void load(struct view *v)
{
	struct text *s = v->state;
	struct text_load *l = mem_zalloc(sizeof(*l));

	l->path = mem_strdup(s->path);
	app_work(v->app, v, load_work, load_done, load_drop, l);
}

static int text_open(struct view *v, const char *arg, struct err *err)
{
	struct text *s = v->state;

	if (!arg)
		return err_set(err, ERR_USAGE, "no file given");
	s->path = mem_strdup(arg);
	load(v);
	return 0;
}

static void text_close(struct view *v)
{
	struct text *s = v->state;

	free(s->path);
	free(s->body);
	free(s->error);
	free(s->starts);
	free(s->find);
}

static void text_title(struct view *v, struct buf *out)
{
	struct text *s = v->state;

	buf_puts(out, sys_basename(s->path));
}

/* Length of the piece of s that fits w columns, cut at a blank where there is one. */
static int piece(const char *s, int w)
{
	int used = 0, n, at = 0, blank = 0, columns;
	uint32_t cp;

	while (s[at] && s[at] != '\n') {
		n = utf8_next(s + at, &cp);
		columns = cp == '\t' ? 8 : utf8_columns(cp);
		columns = columns < 0 ? 4 : columns;
		if (used + columns > w)
			return blank ? blank : at ? at : n;
		used += columns;
		at += n;
		if (cp == ' ')
			blank = at;
	}
	return at;
}

static void wrap(struct text *s, int w)
{
	int n = 0, cap = 0, at = 0, len = s->body ? (int)strlen(s->body) : 0;

	if (s->wrapped == w || w < 1)
		return;
	free(s->starts);
	s->starts = NULL;
	do {
		if (n + 2 > cap) {
			cap = cap ? cap * 2 : 256;
			s->starts = mem_realloc(s->starts, (size_t)cap * sizeof(*s->starts));
		}
		s->starts[n++] = at;
		at += piece(s->body + at, w);
		if (at < len && s->body[at] == '\n')
			at++;
	} while (at < len);
	s->starts[n] = len;
	s->wrapped = w;
	list_set(&s->list, n);
}

static void search(struct view *v, int step)
{
	struct text *s = v->state;
	int n = s->list.n;

	if (!s->find || !*s->find || !s->body)
		return;
	for (int k = 1; k <= n; k++) {
		int i = ((s->list.cur + step * k) % n + n) % n;
		int len = s->starts[i + 1] - s->starts[i];
		char *line = mem_strndup(s->body + s->starts[i], (size_t)len);
		bool hit = strcasestr(line, s->find) != NULL;

		free(line);
		if (hit) {
			s->list.cur = i;
			return;
		}
	}
	app_flash(v->app, FLASH_INFO, "'%s' is not in the text", s->find);
}

static const char *find_accept(struct view *v, const char *text, void *ctx)
{
	struct text *s = v->state;

	(void)ctx;
	free(s->find);
	s->find = mem_strdup(text);
	search(v, 1);
	return NULL;
}

static unsigned text_action(struct view *v, enum action a, const struct input *in)
{
	static const struct prompt_ops ops = {.accept = find_accept, .history = "text"};
	struct text *s = v->state;

	(void)in;
	if (list_move(&s->list, a))
		return VIEW_REDRAW;
	switch (a) {
	case ACT_common_search:
		app_prompt(v->app, v, "search", NULL, &ops, NULL);
		return VIEW_REDRAW;
	case ACT_common_next:
	case ACT_common_prev:
		search(v, a == ACT_common_next ? 1 : -1);
		return VIEW_REDRAW;
	case ACT_common_reload:
		load(v);
		return VIEW_HANDLED;
	default:
		return VIEW_IGNORED;
	}
}

static unsigned text_mouse(struct view *v, const struct input *in)
{
	struct text *s = v->state;
	bool again;

	return list_mouse(&s->list, in, 0, &again) ? VIEW_REDRAW : VIEW_IGNORED;
}

static void draw_line(const struct draw *d, int y, const char *s, int n)
{
	char *line = mem_strndup(s, (size_t)n), *tab, *p = line;
	size_t len = strlen(line);
	enum style st = *line == '#' ? ST_TITLE : ST_TEXT;
	int x = 0;

	while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		line[--len] = '\0';
	/* Tabs are columns, not control characters. */
	for (; (tab = strchr(p, '\t')); p = tab + 1) {
		*tab = '\0';
		x += draw_text(d, x, y, st, p);
		x = (x / 8 + 1) * 8;
	}
	draw_text(d, x, y, st, p);
	free(line);
}

static void text_draw(struct view *v, const struct draw *d, bool focused)
{
	struct text *s = v->state;

	if (s->error || !s->body) {
		draw_fit(d, 1, 1, d->w - 2, s->error ? ST_BAD : ST_DIM,
			s->error ? s->error : "reading");
		return;
	}
	wrap(s, d->w > 2 ? d->w - 2 : 1);
	list_show(&s->list, d->h);
	for (int y = 0; y < d->h && s->list.top + y < s->list.n; y++) {
		int i = s->list.top + y;

		draw_line(d, y, s->body + s->starts[i], s->starts[i + 1] - s->starts[i]);
		if (i == s->list.cur && focused)
			draw_cursor(d, 0, y);
	}
	list_draw_scroll(&s->list, d, d->w - 1, 0, d->h);
}

const struct view_ops view_text = {
	.name = "text",
	.help = "A text file.",
	.shared = "search next prev reload",
	.state_size = sizeof(struct text),
	.open = text_open,
	.close = text_close,
	.title = text_title,
	.action = text_action,
	.mouse = text_mouse,
	.draw = text_draw,
};
