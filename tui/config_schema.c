/*
 * What the tables of core say about a place in a configuration, and the check of what
 * a user typed there: the same args_parse() that a training uses, so the form never
 * accepts what the trainer refuses, nor the other way round.
 */
#include "tui/config_schema.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"

enum component_kind schema_kind(const char *key)
{
	static const struct {
		const char *key;
		enum component_kind kind;
	} places[] = {
		{"pre_transforms", COMPONENT_TRANSFORM},
		{"post_transforms", COMPONENT_TRANSFORM},
		{"label_transforms", COMPONENT_TRANSFORM},
		{"batch_transforms", COMPONENT_TRANSFORM},
		{"loss", COMPONENT_LOSS},
		{"model", COMPONENT_NETWORK},
		{"optimizer", COMPONENT_OPTIMIZER},
		{"lr_policy", COMPONENT_SCHEDULE},
		{"lr_scheduler", COMPONENT_SCHEDULE},
		{"key_metric", COMPONENT_METRIC},
		{"additional_metrics", COMPONENT_METRIC},
		{"metrics", COMPONENT_METRIC},
		{"val_metrics", COMPONENT_METRIC},
		{"inferer", COMPONENT_INFERER},
		{"image_pipeline", COMPONENT_PIPELINE},
		{"aux_ops", COMPONENT_AUX},
		{"handlers", COMPONENT_HANDLER},
		{"writers", COMPONENT_WRITER},
		{"model_loader", COMPONENT_LOADER},
		{"iteration", COMPONENT_ITERATION},
		{"transforms", COMPONENT_TRANSFORM},
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (!strcmp(places[i].key, key))
			return places[i].kind;
	return COMPONENT_KINDS;
}

static enum component_kind place_kind(const struct json_text *t, int node)
{
	int named = t->v[node].key_end ? node : t->v[node].parent;
	enum component_kind kind;
	char *key;

	if (named < 0 || !t->v[named].key_end)
		return COMPONENT_KINDS;
	key = json_text_key(t, named);
	kind = schema_kind(key);
	free(key);
	return kind;
}

/* "Class" of "Class#alias"; *alias (may be NULL) gets what follows, "" when nothing does. */
static char *class_of(const struct json_text *t, int name, char **alias)
{
	char *text = json_text_string(t, name);
	size_t n = strcspn(text, "#");
	char *class = mem_strndup(text, n);

	if (alias)
		*alias = mem_strdup(text[n] ? text + n + 1 : "");
	free(text);
	return class;
}

/* The entry that a "ref" means: the first one named so in the section "train". */
static int find_ref(const struct json_text *t, const char *ref)
{
	for (int i = 0; i < t->n; i++) {
		int name = json_text_member(t, i, "name");
		char *class, *alias;
		bool hit;

		if (name < 0 || place_kind(t, i) == COMPONENT_KINDS)
			continue;
		class = class_of(t, name, &alias);
		hit = !strcmp(*alias ? alias : class, ref);
		free(class);
		free(alias);
		if (hit)
			return i;
	}
	return -1;
}

static int follow_ref(const struct json_text *t, int entry)
{
	int ref = json_text_member(t, entry, "ref");
	char *text;
	int target;

	if (ref < 0)
		return entry;
	text = json_text_string(t, ref);
	target = find_ref(t, text);
	free(text);
	return target;
}

bool schema_entry(
	const struct json_text *t, int node, enum component_kind *kind, const struct component **c)
{
	int target, name;
	char *class;

	*c = NULL;
	if (t->v[node].type != JT_OBJECT)
		return false;
	*kind = place_kind(t, node);
	if (*kind == COMPONENT_KINDS)
		return false;
	if (json_text_member(t, node, "name") < 0 && json_text_member(t, node, "ref") < 0)
		return false;
	target = follow_ref(t, node);
	name = target >= 0 ? json_text_member(t, target, "name") : -1;
	if (name >= 0) {
		class = class_of(t, name, NULL);
		*c = component_find(*kind, class);
		free(class);
	}
	return true;
}

bool schema_disabled(const struct json_text *t, int entry)
{
	int target = follow_ref(t, entry);
	int node = target >= 0 ? json_text_member(t, target, "disabled") : -1;
	char *raw;
	bool off;

	if (node < 0)
		return false;
	raw = json_text_raw(t, node);
	off = !strcmp(raw, "true") || !strcmp(raw, "1");
	free(raw);
	return off;
}

int schema_args(const struct json_text *t, int entry)
{
	int args = json_text_member(t, entry, "args");

	return args >= 0 && t->v[args].type == JT_OBJECT ? args : -1;
}

const struct arg_def *schema_top(enum config_kind kind)
{
	if (kind == CONFIG_TRAIN)
		return train_config_values();
	return kind == CONFIG_VALIDATE ? validate_config_values() : NULL;
}

const struct arg_def *schema_of(const struct json_text *t, int node, enum config_kind kind)
{
	static const struct arg_def disabled = {.name = "disabled",
		.type = ARG_BOOL,
		.def = "false",
		.help = "leaves this component out"};
	int parent = t->v[node].parent;
	const struct component *c;
	const struct arg_def *def = NULL;
	enum component_kind k;
	char *key, *up;

	if (parent < 0 || !t->v[node].key_end)
		return NULL;
	key = json_text_key(t, node);
	up = t->v[parent].key_end ? json_text_key(t, parent) : mem_strdup("");
	if (parent == 0 && schema_top(kind))
		def = args_find(schema_top(kind), key);
	else if (!strcmp(up, "args") && schema_entry(t, t->v[parent].parent, &k, &c) && c &&
		 c->args)
		def = args_find(c->args, key);
	else if (!strcmp(key, "disabled") && schema_entry(t, parent, &k, &c))
		def = &disabled;
	free(key);
	free(up);
	return def;
}

void schema_describe(const struct arg_def *def, struct buf *out)
{
	buf_puts(out, arg_type_name(def->type));
	if (def->min != def->max) {
		buf_puts(out, ", ");
		json_add_num(out, def->min);
		buf_puts(out, " .. ");
		if (def->max > 0 || def->min < 0)
			json_add_num(out, def->max);
	}
	for (int i = 0; def->choices && def->choices[i]; i++)
		buf_printf(out, "%s%s", i ? " | " : ": ", def->choices[i]);
	if (def->unit)
		buf_printf(out, " %s", def->unit);
	if (def->flags & ARG_REQUIRED)
		buf_puts(out, ", required");
	else if (def->def)
		buf_printf(out, ", default %s", def->def);
	if (def->flags & ARG_UNUSED)
		buf_puts(out, ", has no effect here");
}

/* ---- typed text to JSON ---- */

static char *quoted(const char *s)
{
	struct buf b = {0};

	json_quote(&b, s);
	return buf_detach(&b);
}

static bool is_json(const char *s)
{
	struct err err;
	cJSON *v = json_parse(s, strlen(s), "", &err);

	cJSON_Delete(v);
	return v != NULL;
}

static bool has_variable(const char *s)
{
	const char *open = strchr(s, '{');

	return open && strchr(open, '}');
}

static bool one_of(const char *s, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (!strcasecmp(words[i], s))
			return true;
	return false;
}

/* "1 2 3" or "1, 2, 3" as a list. */
static char *listed(const char *s)
{
	struct buf b = {0};
	bool gap = false;

	buf_putc(&b, '[');
	for (; *s; s++) {
		if (*s == ' ' || *s == ',' || *s == '\t') {
			gap = b.len > 1;
			continue;
		}
		buf_puts(&b, gap ? ", " : "");
		gap = false;
		buf_putc(&b, *s);
	}
	buf_putc(&b, ']');
	return buf_detach(&b);
}

static bool is_list(enum arg_type t)
{
	return t == ARG_INT3 || t == ARG_FLOAT3 || t == ARG_INTLIST || t == ARG_FLOATLIST;
}

/* The JSON spelling of what was typed, before it is checked. */
static char *spelt(const struct arg_def *def, const char *old, const char *typed)
{
	static const char *const yes[] = {"true", "yes", "on", "t", "y", NULL};
	static const char *const no[] = {"false", "no", "off", "f", "n", NULL};
	bool was_string = old && *old == '"';

	if (*typed == '"' && is_json(typed))
		return mem_strdup(typed);
	if (def && def->type == ARG_BOOL && one_of(typed, yes))
		return mem_strdup("true");
	if (def && def->type == ARG_BOOL && one_of(typed, no))
		return mem_strdup("false");
	if (def && (def->type == ARG_STRING || def->type == ARG_CHOICE))
		return quoted(typed);
	if (*typed == '[' || (*typed == '{' && is_json(typed)))
		return mem_strdup(typed);
	if (has_variable(typed))
		return quoted(typed);
	/* "32,64,64" stays the string it was, as v3 files have it. */
	if (def && (def->type == ARG_STRLIST || (was_string && is_list(def->type))))
		return quoted(typed);
	if (def && is_list(def->type) && strpbrk(typed, " ,"))
		return listed(typed);
	if (!def && was_string)
		return quoted(typed);
	return mem_strdup(typed);
}

static int check(const struct arg_def *def, const char *json, struct err *err)
{
	struct arg_def one[2] = {*def, ARG_END};
	struct problems ps = {0};
	union {
		char bytes[256];
		double align;
	} out = {{0}};
	cJSON *obj = cJSON_CreateObject(), *v = cJSON_Parse(json);
	int rc;

	one[0].offset = 0;
	if (v)
		cJSON_AddItemToObject(obj, def->name, v);
	rc = args_parse(one, obj, &out, def->name, "", "", &ps);
	args_release(one, &out);
	cJSON_Delete(obj);
	if (rc && ps.n) {
		const struct problem *p = &ps.v[0];

		err_set(err, ERR_DATA, "%s%s%s%s", p->text, p->fix ? " (" : "",
			p->fix ? p->fix : "", p->fix ? ")" : "");
	} else if (rc) {
		err_set(err, ERR_DATA, "not a value for '%s'", def->name);
	}
	problems_release(&ps);
	return rc ? -1 : 0;
}

int schema_parse(
	const struct arg_def *def, const char *old, const char *typed, char **json, struct err *err)
{
	char *text;

	while (*typed == ' ')
		typed++;
	text = spelt(def, old, typed);
	if (!is_json(text)) {
		if (def && def->type != ARG_JSON)
			err_set(err, ERR_DATA, "'%s' is no %s", typed, arg_type_name(def->type));
		else
			err_set(err, ERR_DATA, "'%s' is no JSON value (texts need \"quotes\")",
				typed);
		free(text);
		return -1;
	}
	/* What a variable stands for is only known when the configuration is read. */
	if (def && !(*text == '"' && has_variable(text)) && check(def, text, err) < 0) {
		free(text);
		return -1;
	}
	*json = text;
	return 0;
}
