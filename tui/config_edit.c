/*
 * Changing a configuration: every change is text in, text out, with the former text
 * kept for undo.  Wrong values never get that far: the prompt stays open and says why.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "tui/app.h"
#include "tui/config_view.h"

static void push(char ***stack, int *n, const char *text)
{
	*stack = mem_realloc(*stack, (size_t)(*n + 1) * sizeof(**stack));
	(*stack)[(*n)++] = mem_strdup(text);
}

static void clear(char ***stack, int *n)
{
	while (*n)
		free((*stack)[--*n]);
	free(*stack);
	*stack = NULL;
}

void config_edit_release(struct config_view *s)
{
	clear(&s->undo, &s->nundo);
	clear(&s->redo, &s->nredo);
}

/* After a change that worked: before is the text as it was. */
static void changed(struct view *v, const char *before, const char *path)
{
	struct config_view *s = v->state;

	push(&s->undo, &s->nundo, before);
	clear(&s->redo, &s->nredo);
	config_rebuild(s, path);
	config_start_check(v);
}

/* The object that a default row would go into; made when it is missing. */
static int add_value(
	struct json_text *t, const struct config_row *row, const char *json, struct err *err)
{
	char *entry, *value;
	int args, rc;

	if (row->node == 0)
		return json_text_add(t, 0, row->def->name, json, err);
	args = schema_args(t, row->node);
	if (args >= 0)
		return json_text_add(t, args, row->def->name, json, err);
	value = mem_printf("{\"%s\": %s}", row->def->name, json);
	entry = mem_strdup("args");
	rc = json_text_add(t, row->node, entry, value, err);
	free(entry);
	free(value);
	return rc;
}

int config_set(struct view *v, const struct config_row *row, const char *json, struct err *err)
{
	struct config_view *s = v->state;
	char *before = mem_strdup(s->text.text), *path = mem_strdup(row->path);
	int rc;

	if (row->kind == ROW_DEFAULT)
		rc = add_value(&s->text, row, json, err);
	else
		rc = json_text_replace(&s->text, row->node, json, err);
	if (!rc)
		changed(v, before, path);
	free(before);
	free(path);
	return rc;
}

/* ---- a value ---- */

static const char *keep_error(struct config_view *s, const struct err *err)
{
	s->err = *err;
	s->err.code = 0;
	return s->err.msg;
}

static const char *accept_value(struct view *v, const char *typed, void *ctx)
{
	struct config_view *s = v->state;
	const struct config_row *row = config_current(s);
	struct err err = ERR_INIT;
	char *old, *json;
	int rc;

	(void)ctx;
	if (!row)
		return NULL;
	old = row->kind == ROW_VALUE ? json_text_raw(&s->text, row->node) : NULL;
	rc = schema_parse(row->def, old, typed, &json, &err);
	if (!rc) {
		/* Nothing typed over: not even an entry for undo. */
		if (!old || strcmp(old, json) != 0)
			rc = config_set(v, row, json, &err);
		free(json);
	}
	free(old);
	return rc ? keep_error(s, &err) : NULL;
}

/* The names a component entry may have, for the refusal and the check. */
static const char *accept_name(struct view *v, const char *typed, void *ctx)
{
	struct config_view *s = v->state;
	const struct config_row *row = config_current(s);
	size_t n = strcspn(typed, "#");
	char *class = mem_strndup(typed, n), *before;
	struct err err = ERR_INIT;
	struct buf json = {0};
	int name, rc;

	(void)ctx;
	if (!row || row->kind != ROW_COMPONENT) {
		free(class);
		return NULL;
	}
	if (!component_find(row->ckind, class)) {
		const char *near = component_nearest(row->ckind, class);

		err_set(&err, ERR_DATA, "no %s '%s'%s%s%s", component_kind_name(row->ckind), class,
			near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
		free(class);
		return keep_error(s, &err);
	}
	free(class);
	json_quote(&json, typed);
	before = mem_strdup(s->text.text);
	name = json_text_member(&s->text, row->node, "name");
	rc = name < 0 ? err_set(&err, ERR_DATA, "a ref takes its name from the entry it names")
		      : json_text_replace(&s->text, name, json.p, &err);
	if (!rc)
		changed(v, before, NULL);
	free(before);
	buf_release(&json);
	return rc ? keep_error(s, &err) : NULL;
}

static void edit_component(struct view *v, const struct config_row *row)
{
	static const struct prompt_ops ops = {.accept = accept_name};
	struct config_view *s = v->state;
	struct prompt_ops with_help = ops;
	struct buf help = {0};
	int name = json_text_member(&s->text, row->node, "name");
	char *word;

	if (name < 0) {
		app_flash(v->app, FLASH_INFO, "a ref: edit the component that it names");
		return;
	}
	for (int i = 0; component_at(i); i++)
		if (component_at(i)->kind == row->ckind)
			buf_printf(&help, "%s%s", help.len ? " " : "", component_at(i)->name);
	with_help.help = help.p;
	word = json_text_string(&s->text, name);
	app_prompt(v->app, v, row->key, word, &with_help, NULL);
	free(word);
	buf_release(&help);
}

void config_edit(struct view *v)
{
	struct config_view *s = v->state;
	const struct config_row *row = config_current(s);
	struct prompt_ops ops = {.accept = accept_value, .history = "config"};
	struct buf help = {0};
	char *start;

	if (!row || row->kind == ROW_GROUP)
		return;
	if (row->kind == ROW_COMPONENT) {
		edit_component(v, row);
		return;
	}
	if (row->kind == ROW_DEFAULT)
		start = mem_strdup(row->def->def ? row->def->def : "");
	else if (row->type == JT_STRING)
		start = json_text_string(&s->text, row->node);
	else
		start = mem_strdup(row->text);
	if (row->def)
		schema_describe(row->def, &help);
	ops.help = help.p;
	app_prompt(v->app, v, row->key, start, &ops, NULL);
	free(start);
	buf_release(&help);
}

/* ---- on and off ---- */

static int toggle_component(struct json_text *t, const struct config_row *row, struct err *err)
{
	int node = json_text_member(t, row->node, "disabled");

	if (json_text_member(t, row->node, "ref") >= 0)
		return err_set(err, ERR_DATA, "a ref is on or off with the component it names");
	if (node < 0)
		return json_text_add(t, row->node, "disabled", "true", err);
	return json_text_replace(t, node, row->disabled ? "false" : "true", err);
}

void config_toggle(struct view *v)
{
	struct config_view *s = v->state;
	const struct config_row *row = config_current(s);
	struct err err = ERR_INIT;
	char *before;
	int rc;

	if (!row)
		return;
	before = mem_strdup(s->text.text);
	if (row->kind == ROW_COMPONENT) {
		rc = toggle_component(&s->text, row, &err);
		if (!rc)
			changed(v, before, NULL);
	} else if (!strcmp(row->text, "true") || !strcmp(row->text, "false")) {
		rc = config_set(v, row, strcmp(row->text, "true") ? "true" : "false", &err);
	} else {
		rc = err_set(&err, ERR_USAGE, "only components and true/false switch; e edits");
	}
	if (rc)
		app_flash(v->app, FLASH_INFO, "%s", err.msg);
	free(before);
}

void config_unset(struct view *v)
{
	struct config_view *s = v->state;
	const struct config_row *row = config_current(s);
	struct err err = ERR_INIT;
	char *before;

	if (!row || row->kind == ROW_DEFAULT || row->kind == ROW_GROUP)
		return;
	if (row->kind == ROW_VALUE && row->def && row->def->flags & ARG_REQUIRED) {
		app_flash(v->app, FLASH_WARN, "'%s' is required", row->key);
		return;
	}
	before = mem_strdup(s->text.text);
	if (json_text_remove(&s->text, row->node, &err))
		app_flash(v->app, FLASH_BAD, "%s", err.msg);
	else
		changed(v, before, NULL);
	free(before);
}

void config_undo(struct view *v, bool redo)
{
	struct config_view *s = v->state;
	char ***from = redo ? &s->redo : &s->undo, ***to = redo ? &s->undo : &s->redo;
	int *nfrom = redo ? &s->nredo : &s->nundo, *nto = redo ? &s->nundo : &s->nredo;
	struct json_text t;
	struct err err = ERR_INIT;
	char *text;

	if (!*nfrom) {
		app_flash(v->app, FLASH_INFO, redo ? "nothing to make again" : "nothing to undo");
		return;
	}
	text = (*from)[--*nfrom];
	if (json_text_init(&t, text, strlen(text), s->label, &err)) {
		app_flash(v->app, FLASH_BAD, "%s", err.msg);
	} else {
		push(to, nto, s->text.text);
		json_text_release(&s->text);
		s->text = t;
		config_rebuild(s, NULL);
		config_start_check(v);
	}
	free(text);
}
