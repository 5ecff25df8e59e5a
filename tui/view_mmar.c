/*
 * One archive: what it is, its runs, its configurations, its documents.
 *
 * A single list with group heads, so that one pair of keys reaches everything: Enter
 * opens what is under the cursor, t trains the configuration under the cursor (or the
 * archive's own), R resumes an interrupted run.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/mmar/config.h"
#include "tui/app.h"
#include "tui/app_engine.h"
#include "tui/format.h"
#include "tui/list.h"
#include "tui/mmar_scan.h"
#include "tui/run_status.h"
#include "tui/view.h"
#include "tui/view_slice.h"

#define RESCAN_SECONDS 3.0

enum item_kind {
	ITEM_HEAD, /* name of a group; the cursor skips it */
	ITEM_NOTE, /* a hint; skipped too */
	ITEM_RUN,
	ITEM_CONFIG,
	ITEM_FILE,
};

/* A configuration file as it was found. */
struct config_found {
	enum config_kind kind;
	char *fault; /* why it cannot be read, NULL when it can */
};

struct item {
	enum item_kind kind;
	char *text;
	char *path;                        /* what Enter opens */
	const struct run_item *run;        /* ITEM_RUN */
	const struct config_found *config; /* ITEM_CONFIG; NULL: not read yet */
};

struct mmar {
	char *root;
	struct mmar_row row;
	struct item *items;
	struct list list;
	struct config_found *found; /* of row.info.configs */
	bool reading;
	int head; /* rows above the list in the last frame */
};

/* What the worker makes. */
struct mmar_load {
	struct mmar_row row;
	struct config_found *found;
};

static void load_work(void *arg)
{
	struct mmar_load *l = arg;

	mmar_row_read(&l->row);
	l->found = mem_zalloc((size_t)(l->row.info.configs.n + 1) * sizeof(*l->found));
	for (int i = 0; i < l->row.info.configs.n; i++) {
		struct err err = ERR_INIT;
		char *path = mem_printf("%s/config/%s", l->row.root, l->row.info.configs.v[i]);
		cJSON *root = json_read(path, &err);

		l->found[i].kind = root ? config_kind_of(root) : CONFIG_UNKNOWN;
		if (!root) {
			size_t n = strlen(path); /* the row names the file already */
			bool named = !strncmp(err.msg, path, n) && err.msg[n] == ':';

			l->found[i].fault = mem_strdup(named ? err.msg + n + 2 : err.msg);
		}
		cJSON_Delete(root);
		free(path);
	}
}

static void found_free(struct config_found *found, int n)
{
	for (int i = 0; found && i < n; i++)
		free(found[i].fault);
	free(found);
}

static bool found_same(const struct config_found *a, const struct config_found *b, int n)
{
	for (int i = 0; a && b && i < n; i++)
		if (a[i].kind != b[i].kind ||
			strcmp(a[i].fault ? a[i].fault : "", b[i].fault ? b[i].fault : ""))
			return false;
	return true;
}

static void load_drop(void *arg)
{
	struct mmar_load *l = arg;

	found_free(l->found, l->row.info.configs.n);
	mmar_row_release(&l->row);
	free(l);
}

/* ---- items ---- */

static void items_clear(struct mmar *s)
{
	for (int i = 0; i < s->list.n; i++) {
		free(s->items[i].text);
		free(s->items[i].path);
	}
	free(s->items);
	s->items = NULL;
	s->list.n = 0;
}

static struct item *add(struct mmar *s, enum item_kind kind, const char *text, char *path)
{
	struct item *it;

	s->items = mem_realloc(s->items, (size_t)(s->list.n + 1) * sizeof(*s->items));
	it = &s->items[s->list.n++];
	*it = (struct item){.kind = kind, .text = mem_strdup(text), .path = path};
	return it;
}

static bool selectable(const struct mmar *s, int i)
{
	return i >= 0 && i < s->list.n && s->items[i].kind > ITEM_NOTE;
}

static void add_runs(struct mmar *s)
{
	add(s, ITEM_HEAD, "Runs", NULL);
	for (int i = 0; i < s->row.nruns; i++)
		add(s, ITEM_RUN, s->row.runs[i].id, mem_strdup(s->row.runs[i].dir))->run =
			&s->row.runs[i];
	if (!s->row.nruns)
		add(s, ITEM_NOTE, s->row.read ? "none yet: t starts a training" : "reading", NULL);
}

static void add_files(struct mmar *s)
{
	static const char *const docs[] = {"docs/Readme.md", "docs/README.md", "README.md",
		"docs/license.txt", "commands/train.sh", "commands/validate.sh"};
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(docs); i++) {
		char *path = mem_printf("%s/%s", s->root, docs[i]);

		if (!sys_exists(path)) {
			free(path);
			continue;
		}
		if (!any)
			add(s, ITEM_HEAD, "Documents", NULL);
		any = true;
		add(s, ITEM_FILE, docs[i], path);
	}
}

/* Builds the list anew; the cursor stays on the same path where it can. */
static void build(struct mmar *s)
{
	const struct strlist *c = &s->row.info.configs;
	char *at = s->list.cur < s->list.n && s->items[s->list.cur].path
			   ? mem_strdup(s->items[s->list.cur].path)
			   : NULL;

	items_clear(s);
	add_runs(s);
	if (c->n)
		add(s, ITEM_HEAD, "Configurations", NULL);
	for (int i = 0; i < c->n; i++)
		add(s, ITEM_CONFIG, c->v[i], mem_printf("%s/config/%s", s->root, c->v[i]))->config =
			s->found ? &s->found[i] : NULL;
	if (s->row.read)
		add_files(s);
	list_set(&s->list, s->list.n);
	for (int i = 0; i < s->list.n; i++)
		if (at && s->items[i].path && !strcmp(at, s->items[i].path))
			s->list.cur = i;
	free(at);
	for (int i = 0; i < s->list.n && !selectable(s, s->list.cur); i++)
		s->list.cur = (s->list.cur + 1) % s->list.n;
}

static unsigned load_done(struct view *v, void *arg)
{
	struct mmar *s = v->state;
	struct mmar_load *l = arg;
	struct mmar_row old = s->row;
	struct config_found *found = s->found;
	bool same = s->row.read && mmar_row_same(&s->row, &l->row) &&
		    s->row.info.configs.n == l->row.info.configs.n &&
		    found_same(s->found, l->found, l->row.info.configs.n);

	s->reading = false;
	s->row = l->row;
	s->found = l->found;
	l->row = old;
	l->found = found;
	/* The items point into the row, so they are built again in any case. */
	build(s);
	return same ? VIEW_HANDLED : VIEW_REDRAW;
}

static void load(struct view *v)
{
	struct mmar *s = v->state;
	struct mmar_load *l = mem_zalloc(sizeof(*l));

	l->row.root = mem_strdup(s->root);
	s->reading = true;
	app_work(v->app, v, load_work, load_done, load_drop, l);
}

/* ---- callbacks ---- */

static int mmar_open(struct view *v, const char *arg, struct err *err)
{
	struct mmar *s = v->state;

	if (!arg)
		return err_set(err, ERR_USAGE, "no archive given");
	s->root = mem_strdup(arg);
	s->row.root = mem_strdup(arg);
	s->row.best = s->row.last = NAN;
	build(s);
	load(v);
	return 0;
}

static void mmar_close(struct view *v)
{
	struct mmar *s = v->state;

	items_clear(s);
	found_free(s->found, s->row.info.configs.n);
	mmar_row_release(&s->row);
	free(s->root);
}

static void mmar_title(struct view *v, struct buf *out)
{
	struct mmar *s = v->state;

	buf_puts(out, sys_basename(s->root));
}

static const struct item *current(const struct mmar *s)
{
	return selectable(s, s->list.cur) ? &s->items[s->list.cur] : NULL;
}

static void open_item(struct view *v)
{
	struct mmar *s = v->state;
	const struct item *it = current(s);

	if (!it)
		return;
	if (it->kind == ITEM_RUN)
		app_open(v->app, "run", it->path);
	else if (it->kind == ITEM_CONFIG)
		app_open(v->app, "config", it->path);
	else
		app_open(v->app, "text", it->path);
}

static void open_images(struct view *v)
{
	struct mmar *s = v->state;
	char *arg = view_slice_arg_mmar(s->root, NULL);

	app_open(v->app, "slice", arg);
	free(arg);
}

static void train(struct view *v)
{
	struct mmar *s = v->state;
	const struct item *it = current(s);
	char *config = NULL;

	if (it && it->kind == ITEM_CONFIG && it->config) {
		enum config_kind kind = it->config->kind;

		if (it->config->fault) {
			app_flash(v->app, FLASH_BAD, "'%s': %s", it->text, it->config->fault);
			return;
		}
		if (kind != CONFIG_TRAIN && kind != CONFIG_ENVIRONMENT) {
			app_flash(v->app, FLASH_WARN,
				"no training configuration: '%s' is of the kind %s", it->text,
				config_kind_name(kind));
			return;
		}
		if (kind == CONFIG_TRAIN)
			config = mem_printf("config/%s", it->text);
	}
	app_train(v->app, v, s->root, config);
	free(config);
}

static void resume(struct view *v)
{
	struct mmar *s = v->state;
	const struct item *it = current(s);
	const struct run_item *r = it && it->kind == ITEM_RUN ? it->run : NULL;

	if (!r)
		app_resume_newest(v->app, v, s->row.runs, s->row.nruns);
	else if (!r->resumable)
		app_flash(v->app, FLASH_WARN, "run %s cannot be resumed: %s", r->id,
			r->state == RUN_RUNNING ? "it is running"
			: r->state == RUN_DONE  ? "it is done"
						: "it has no checkpoint");
	else
		app_resume(v->app, v, r->dir);
}

/* Moves the cursor on to a row that can be chosen. */
static void settle(struct mmar *s, enum action a)
{
	int step = a == ACT_move_up || a == ACT_move_page_up || a == ACT_move_half_up ||
				   a == ACT_move_last
			   ? -1
			   : 1;
	int from = s->list.cur;

	for (int i = from; i >= 0 && i < s->list.n; i += step)
		if (selectable(s, i)) {
			s->list.cur = i;
			return;
		}
	for (int i = from; i >= 0 && i < s->list.n; i -= step)
		if (selectable(s, i)) {
			s->list.cur = i;
			return;
		}
}

static unsigned mmar_action(struct view *v, enum action a, const struct input *in)
{
	struct mmar *s = v->state;

	(void)in;
	if (list_move(&s->list, a)) {
		settle(s, a);
		return VIEW_REDRAW;
	}
	switch (a) {
	case ACT_common_open:
	case ACT_move_right:
		open_item(v);
		return VIEW_HANDLED;
	case ACT_move_left:
		return VIEW_CLOSE;
	case ACT_common_reload:
		load(v);
		return VIEW_REDRAW;
	case ACT_common_copy:
		app_copy(v->app, current(s) ? current(s)->path : s->root);
		return VIEW_REDRAW;
	case ACT_mmar_train:
		train(v);
		return VIEW_REDRAW;
	case ACT_mmar_resume:
		resume(v);
		return VIEW_REDRAW;
	case ACT_mmar_images:
		open_images(v);
		return VIEW_REDRAW;
	default:
		return VIEW_IGNORED;
	}
}

static int head_rows(const struct draw *d)
{
	return d->h >= 16 ? 5 : d->h >= 8 ? 2 : 0;
}

static unsigned mmar_mouse(struct view *v, const struct input *in)
{
	struct mmar *s = v->state;
	int was = s->list.cur;
	bool again;

	if (!list_mouse(&s->list, in, s->head, &again))
		return VIEW_IGNORED;
	if (!selectable(s, s->list.cur))
		settle(s, s->list.cur < was ? ACT_move_up : ACT_move_down);
	else if (again)
		open_item(v);
	return VIEW_REDRAW;
}

static unsigned mmar_event(struct view *v, const struct app_event *ev)
{
	if (ev->kind == APP_EVENT_JOBS || ev->kind == APP_EVENT_FILES)
		app_tick_in(v->app, v, 0.3);
	return VIEW_HANDLED;
}

static unsigned mmar_tick(struct view *v, double now, double *next_s)
{
	struct mmar *s = v->state;

	(void)now;
	*next_s = RESCAN_SECONDS;
	if (!s->reading)
		load(v);
	return VIEW_HANDLED;
}

/* ---- drawing ---- */

static void draw_head(const struct mmar *s, const struct draw *d)
{
	const struct mmar_info *i = &s->row.info;
	struct buf b = {0};
	char text[FORMAT_MAX];

	draw_fit(d, 1, 0, d->w - 2, ST_TITLE,
		i->title && *i->title ? i->title : sys_basename(s->root));
	if (s->row.error) {
		draw_fit(d, 1, 1, d->w - 2, ST_BAD, s->row.error);
		return;
	}
	if (!s->row.read) {
		draw_fit(d, 1, 1, d->w - 2, ST_DIM, "reading");
		return;
	}
	buf_printf(&b, "%s", *i->task ? i->task : "no task named");
	if (i->num_classes)
		buf_printf(&b, ", %d classes", i->num_classes);
	if (*i->network)
		buf_printf(&b, ", %s, %s loss", i->network, i->loss);
	buf_printf(&b, ", %s", format_bytes(text, i->disk_bytes));
	draw_fit(d, 1, 1, d->w - 2, ST_TEXT, b.p);
	buf_reset(&b);
	for (int k = 0; k < i->classes.n; k++)
		buf_printf(&b, "%s%d %s", k ? ", " : "labels: ", k, i->classes.v[k]);
	draw_fit(d, 1, 2, d->w - 2, ST_DIM, b.len ? b.p : s->root);
	buf_reset(&b);
	if (!i->dataset_json)
		buf_puts(&b, "data: DATASET_JSON is not set");
	else
		buf_printf(&b, "data: %s%s", i->dataset_json,
			i->data_present ? ""
			: i->generator  ? " (will be generated at the first training)"
					: " (not here: see the Readme)");
	draw_fit(d, 1, 3, d->w - 2,
		i->dataset_json && !i->data_present && !i->generator ? ST_WARN : ST_DIM, b.p);
	buf_release(&b);
}

static void draw_run(const struct draw *d, int y, const struct run_item *r, double now)
{
	char a[FORMAT_MAX], b[FORMAT_MAX], text[80];
	int x = 3, name_w = d->w >= 76 ? d->w - 54 : d->w - 20;

	draw_fit(d, x, y, name_w - 1, ST_TEXT, r->id);
	x += name_w;
	draw_char(d, x, y, run_state_style(r->state), run_state_mark(d->glyphs, r->state));
	draw_fit(d, x + 2, y, 12, run_state_style(r->state), run_state_name(r->state));
	x += 14;
	if (d->w < 76)
		return;
	snprintf(text, sizeof(text), "%s/%s", format_number(a, r->epoch, 0),
		format_number(b, r->epochs, 0));
	draw_right(d, x, y, 11, ST_NUMBER, text);
	draw_right(d, x + 11, y, 10, isnan(r->best) ? ST_DIM : ST_NUMBER,
		format_number(a, r->best, 4));
	draw_right(d, x + 21, y, 13, ST_DIM, format_ago(a, r->last, now));
}

static const char *config_words(const struct item *it)
{
	if (!it->config)
		return "";
	return it->config->fault ? it->config->fault : config_kind_name(it->config->kind);
}

static void draw_item(const struct draw *d, int y, const struct item *it, double now)
{
	switch (it->kind) {
	case ITEM_HEAD:
		draw_fill(d, 0, y, d->w, 1, ST_HEADER, ' ');
		draw_fit(d, 1, y, d->w - 2, ST_HEADER, it->text);
		if (!strcmp(it->text, "Runs") && d->w >= 76) {
			draw_fit(d, d->w - 49, y, 10, ST_HEADER, "state");
			draw_right(d, d->w - 37, y, 11, ST_HEADER, "epoch");
			draw_right(d, d->w - 26, y, 10, ST_HEADER, "best");
			draw_right(d, d->w - 16, y, 13, ST_HEADER, "last event");
		}
		break;
	case ITEM_NOTE:
		draw_fit(d, 3, y, d->w - 4, ST_DIM, it->text);
		break;
	case ITEM_RUN:
		draw_run(d, y, it->run, now);
		break;
	case ITEM_CONFIG:
		draw_fit(d, 3, y, d->w / 2 - 4, ST_TEXT, it->text);
		draw_fit(d, d->w / 2, y, d->w - d->w / 2 - 1,
			it->config && it->config->fault ? ST_BAD : ST_DIM, config_words(it));
		break;
	case ITEM_FILE:
		draw_fit(d, 3, y, d->w - 4, ST_TEXT, it->text);
		break;
	}
}

static void mmar_draw(struct view *v, const struct draw *d, bool focused)
{
	struct mmar *s = v->state;
	int top = head_rows(d), h = d->h - top;
	struct draw head = draw_sub(d, 0, 0, d->w, top), body = draw_sub(d, 0, top, d->w, h);
	double now = sys_wall();

	s->head = top;
	draw_head(s, &head);
	list_show(&s->list, h);
	/* Show the head of the first group too when its first row is reached. */
	if (s->list.top == 1 && h > 1)
		s->list.top = 0;
	for (int y = 0; y < h && s->list.top + y < s->list.n; y++) {
		int i = s->list.top + y;

		draw_item(&body, y, &s->items[i], now);
		if (i != s->list.cur || !selectable(s, i))
			continue;
		draw_restyle(&body, 1, y, d->w - 2, 1, focused ? ST_SELECTED : ST_SELECTED_OFF);
		if (focused)
			draw_cursor(&body, 1, y);
	}
	list_draw_scroll(&s->list, &body, d->w - 1, 0, h);
}

const struct view_ops view_mmar = {
	.name = "mmar",
	.help = "One archive: its runs, configurations and documents.",
	.shared = "open reload copy",
	.state_size = sizeof(struct mmar),
	.open = mmar_open,
	.close = mmar_close,
	.title = mmar_title,
	.action = mmar_action,
	.mouse = mmar_mouse,
	.event = mmar_event,
	.tick = mmar_tick,
	.draw = mmar_draw,
};
