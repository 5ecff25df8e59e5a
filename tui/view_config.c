/*
 * A configuration as a typed tree: values with their units, ranges and defaults from
 * the component tables, checked as they are typed, linted after every change, saved
 * without touching anything else in the file, and launched as a training.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/mmar/mmar.h"
#include "tui/app.h"
#include "tui/app_engine.h"
#include "tui/config_view.h"

const struct config_row *config_current(const struct config_view *s)
{
	return s->list.cur < s->rows.n ? &s->rows.v[s->list.cur] : NULL;
}

void config_rebuild(struct config_view *s, const char *path)
{
	char *at = NULL;

	if (path)
		at = mem_strdup(path);
	else if (config_current(s))
		at = mem_strdup(config_current(s)->path);
	config_rows_build(&s->rows, &s->text, s->kind, &s->folds, true, &s->problems, s->label);
	list_set(&s->list, s->rows.n);
	if (at && s->rows.n)
		s->list.cur = config_rows_find(&s->rows, at);
	free(at);
}

/* ---- reading and checking ---- */

static unsigned check_done(struct view *v, void *arg)
{
	struct config_view *s = v->state;
	struct config_check *c = arg;
	struct problems old = s->problems;

	if (c->serial != s->serial)
		return VIEW_HANDLED;
	s->problems = c->ps;
	c->ps = old;
	s->checked = true;
	config_rebuild(s, NULL);
	return VIEW_REDRAW;
}

void config_start_check(struct view *v)
{
	struct config_view *s = v->state;
	struct config_check *c = mem_zalloc(sizeof(*c));

	c->path = mem_strdup(s->path);
	c->label = mem_strdup(s->label);
	buf_add(&c->text, s->text.text, s->text.len);
	c->serial = ++s->serial;
	s->checked = false;
	app_work(v->app, v, config_check_work, check_done, config_check_drop, c);
}

static unsigned load_done(struct view *v, void *arg)
{
	struct config_view *s = v->state;
	struct config_load *l = arg;
	struct json_text t;
	cJSON *root;

	s->err = l->err;
	if (s->err.code ||
		json_text_init(&t, l->text.p ? l->text.p : "", l->text.len, s->label, &s->err)) {
		s->loaded = false;
		return VIEW_REDRAW;
	}
	json_text_release(&s->text);
	s->text = t;
	buf_release(&s->saved);
	buf_add(&s->saved, l->text.p, l->text.len);
	config_edit_release(s);
	root = json_text_value(&s->text, 0);
	s->kind = config_kind_of(root);
	cJSON_Delete(root);
	s->loaded = true;
	config_rebuild(s, NULL);
	config_start_check(v);
	return VIEW_REDRAW;
}

static void load(struct view *v)
{
	struct config_view *s = v->state;
	struct config_load *l = mem_zalloc(sizeof(*l));

	l->path = mem_strdup(s->path);
	app_work(v->app, v, config_load_work, load_done, config_load_drop, l);
}

static void load_again(struct view *v, void *ctx)
{
	(void)ctx;
	load(v);
}

/* ---- saving and launching ---- */

static void launch(struct view *v)
{
	struct config_view *s = v->state;
	size_t n = strlen(s->root);
	const char *rel =
		!strncmp(s->path, s->root, n) && s->path[n] == '/' ? s->path + n + 1 : s->path;

	app_train(v->app, v, s->root, rel);
}

static void save(struct view *v, bool force, bool then_launch);

static void save_anyway(struct view *v, void *ctx)
{
	save(v, true, ctx != NULL);
}

static unsigned save_done(struct view *v, void *arg)
{
	struct config_view *s = v->state;
	struct config_save *w = arg;

	if (w->changed) {
		app_confirm(v->app, v, "Somebody changed this file. Write over it?", save_anyway,
			w->launch ? s : NULL);
		return VIEW_REDRAW;
	}
	if (w->err.code) {
		app_flash(v->app, FLASH_BAD, "%s", w->err.msg);
		return VIEW_REDRAW;
	}
	buf_reset(&s->saved);
	buf_add(&s->saved, w->text.p, w->text.len);
	app_flash(v->app, FLASH_GOOD, "saved; the former file is %s.bak", s->label);
	app_event(v->app, APP_EVENT_FILES, s->path);
	if (w->launch)
		launch(v);
	return VIEW_REDRAW;
}

static void save(struct view *v, bool force, bool then_launch)
{
	struct config_view *s = v->state;
	struct config_save *w = mem_zalloc(sizeof(*w));

	w->path = mem_strdup(s->path);
	buf_add(&w->before, s->saved.p, s->saved.len);
	buf_add(&w->text, s->text.text, s->text.len);
	w->force = force;
	w->launch = then_launch;
	app_work(v->app, v, config_save_work, save_done, config_save_drop, w);
}

static void ask_save(struct view *v)
{
	struct config_view *s = v->state;

	if (config_dirty(s))
		save(v, false, false);
	else
		app_flash(v->app, FLASH_INFO, "nothing to save");
}

static void ask_launch(struct view *v)
{
	struct config_view *s = v->state;
	int errors = problems_errors(&s->problems);

	if (s->kind != CONFIG_TRAIN)
		app_flash(v->app, FLASH_WARN, "this is a %s, not a training configuration",
			config_kind_name(s->kind));
	else if (errors)
		app_flash(v->app, FLASH_BAD, "%d error%s: L shows the next one", errors,
			errors == 1 ? "" : "s");
	else if (config_dirty(s))
		save(v, false, true);
	else
		launch(v);
}

/* ---- moving about ---- */

static void fold(struct view *v)
{
	struct config_view *s = v->state;
	const struct config_row *r = config_current(s);

	if (!r || !r->foldable)
		return;
	folds_toggle(&s->folds, r->path);
	config_rebuild(s, NULL);
}

static void go_up(struct config_view *s)
{
	const struct config_row *r = config_current(s);

	for (int i = s->list.cur; r && i >= 0; i--)
		if (s->rows.v[i].depth < r->depth) {
			s->list.cur = i;
			return;
		}
}

static void go_to(struct view *v, const char *path)
{
	struct config_view *s = v->state;

	config_unfold_to(&s->text, &s->folds, path);
	config_rebuild(s, path);
}

static void next_problem(struct view *v)
{
	struct config_view *s = v->state;
	const struct problem *p;

	if (!s->problems.n) {
		app_flash(v->app, FLASH_GOOD, "no problems");
		return;
	}
	s->problem = (s->problem + 1) % s->problems.n;
	p = &s->problems.v[s->problem];
	if (!strcmp(p->file, s->label))
		go_to(v, p->path);
	app_flash(v->app, p->level == PROBLEM_ERROR ? FLASH_BAD : FLASH_WARN,
		"%d of %d: %s: %s: %s", s->problem + 1, s->problems.n, p->file,
		*p->path ? p->path : "whole file", p->text);
}

/* Does the key or the value of a node hold the searched text? */
static bool matches(const struct json_text *t, int node, const char *what)
{
	char *key, *raw;
	bool hit;

	if (t->v[node].type == JT_OBJECT || t->v[node].type == JT_LIST)
		raw = mem_strdup("");
	else
		raw = json_text_raw(t, node);
	key = t->v[node].key_end ? json_text_key(t, node) : mem_strdup("");
	hit = strcasestr(key, what) || strcasestr(raw, what);
	free(key);
	free(raw);
	return hit;
}

static bool find(struct view *v, int step, bool here)
{
	struct config_view *s = v->state;
	const struct config_row *r = config_current(s);
	int n = s->text.n, at = r ? json_text_find(&s->text, r->path) : 0;

	if (!s->find || !*s->find || n < 2)
		return false;
	for (int k = here ? 0 : 1; k <= n; k++) {
		int i = ((at + step * k) % n + n) % n;
		char *path;

		if (!i || !matches(&s->text, i, s->find))
			continue;
		path = json_text_path(&s->text, i);
		go_to(v, path);
		free(path);
		return true;
	}
	return false;
}

static void find_change(struct view *v, const char *text, void *ctx)
{
	struct config_view *s = v->state;

	(void)ctx;
	free(s->find);
	s->find = mem_strdup(text);
	find(v, 1, true);
}

static const char *find_accept(struct view *v, const char *text, void *ctx)
{
	find_change(v, text, ctx);
	return find(v, 1, true) || !*text ? NULL : "not found";
}

/* ---- callbacks ---- */

static int config_open(struct view *v, const char *arg, struct err *err)
{
	struct config_view *s = v->state;

	if (!arg)
		return err_set(err, ERR_USAGE, "no configuration given");
	s->path = mem_strdup(arg);
	s->label = mem_strdup(config_label(arg));
	s->root = mmar_root_of(arg);
	s->problem = -1;
	load(v);
	return 0;
}

static void config_close(struct view *v)
{
	struct config_view *s = v->state;

	config_edit_release(s);
	config_rows_release(&s->rows);
	folds_release(&s->folds);
	json_text_release(&s->text);
	problems_release(&s->problems);
	buf_release(&s->saved);
	free(s->path);
	free(s->label);
	free(s->root);
	free(s->find);
}

static void config_title(struct view *v, struct buf *out)
{
	struct config_view *s = v->state;

	buf_printf(out, "%s%s", s->label, config_dirty(s) ? "*" : "");
}

static bool config_unsaved(struct view *v)
{
	return config_dirty(v->state);
}

static void reload(struct view *v)
{
	struct config_view *s = v->state;

	if (config_dirty(s))
		app_confirm(
			v->app, v, "Read the file again and lose the changes?", load_again, NULL);
	else
		load(v);
}

static unsigned move_action(struct view *v, enum action a)
{
	struct config_view *s = v->state;
	const struct config_row *r = config_current(s);

	if (a == ACT_move_right && r && r->foldable && r->folded)
		fold(v);
	else if (a == ACT_move_left && r && r->foldable && !r->folded)
		fold(v);
	else if (a == ACT_move_left)
		go_up(s);
	else if (a != ACT_move_right && !list_move(&s->list, a))
		return VIEW_IGNORED;
	return VIEW_REDRAW;
}

static unsigned edit_action(struct view *v, enum action a)
{
	struct config_view *s = v->state;

	switch (a) {
	case ACT_common_open:
		if (config_current(s) && config_current(s)->foldable)
			fold(v);
		else
			config_edit(v);
		break;
	case ACT_config_edit:
		config_edit(v);
		break;
	case ACT_config_toggle:
		config_toggle(v);
		break;
	case ACT_config_unset:
		config_unset(v);
		break;
	case ACT_config_undo:
	case ACT_config_redo:
		config_undo(v, a == ACT_config_redo);
		break;
	case ACT_config_save:
		ask_save(v);
		break;
	case ACT_config_launch:
		ask_launch(v);
		break;
	case ACT_config_lint:
		next_problem(v);
		break;
	default:
		return move_action(v, a);
	}
	return VIEW_REDRAW;
}

static unsigned config_action(struct view *v, enum action a, const struct input *in)
{
	static const struct prompt_ops ops = {
		.accept = find_accept, .change = find_change, .history = "config-find"};
	struct config_view *s = v->state;

	(void)in;
	if (a == ACT_common_reload) {
		reload(v);
		return VIEW_REDRAW;
	}
	if (!s->loaded)
		return VIEW_IGNORED;
	if (a == ACT_common_search) {
		app_prompt(v->app, v, "search", NULL, &ops, NULL);
		return VIEW_REDRAW;
	}
	if (a == ACT_common_copy) {
		if (config_current(s))
			app_copy(v->app, config_current(s)->text);
		return VIEW_REDRAW;
	}
	if (a == ACT_common_next || a == ACT_common_prev) {
		find(v, a == ACT_common_next ? 1 : -1, false);
		return VIEW_REDRAW;
	}
	return edit_action(v, a);
}

static unsigned config_mouse(struct view *v, const struct input *in)
{
	struct config_view *s = v->state;
	bool again;

	if (!list_mouse(&s->list, in, 1, &again))
		return VIEW_IGNORED;
	if (again)
		edit_action(v, ACT_common_open);
	return VIEW_REDRAW;
}

const struct view_ops view_config = {
	.name = "config",
	.help = "A configuration as a typed tree, checked after every change.",
	.shared = "open search next prev reload copy",
	.state_size = sizeof(struct config_view),
	.open = config_open,
	.close = config_close,
	.title = config_title,
	.action = config_action,
	.mouse = config_mouse,
	.unsaved = config_unsaved,
	.draw = config_draw,
};
