/*
 * Variables of a configuration and their substitution, as Clara Train v3 did it
 * (its open descendant is NVFlare's wfconf): layers of values, the rightmost wins,
 * and Python's str.format() in every string.
 *
 * Two things go beyond the original.  A variable may use other variables, as
 * people expect of "DATASET_JSON": "{DATA_ROOT}/dataset.json"; circles are refused
 * with their chain.  And nothing stops at the first fault.
 *
 * vars_build() resolves the nested ones once (deep mode); vars_substitute() then
 * works on plain values, so that braces that come out of "{{" stay literal.
 */
#include "core/mmar/vars.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

#define VARS_CHAIN 32

/* One walk over strings: where it stands, and the variables being resolved (deep mode). */
struct vars_walk {
	const struct vars *v;
	const struct vars_input *in; /* deep mode; NULL: values are final */
	const char *file;
	const char *path;
	struct problems *ps;
	const char *chain[VARS_CHAIN];
	int depth;
	int errors;
};

static cJSON *vars_expand(struct vars_walk *w, const char *text);

void vars_release(struct vars *v)
{
	cJSON_Delete(v->values);
	cJSON_Delete(v->origins);
	*v = (struct vars){0};
}

const cJSON *vars_get(const struct vars *v, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(v->values, key);
}

const char *vars_str(const struct vars *v, const char *key, const char *def)
{
	return json_str(v->values, key, def);
}

double vars_num(const struct vars *v, const char *key, double def)
{
	return json_num(v->values, key, def);
}

bool vars_bool(const struct vars *v, const char *key, bool def)
{
	const cJSON *x = vars_get(v, key);

	if (cJSON_IsNumber(x) && (x->valuedouble == 0 || x->valuedouble == 1))
		return x->valuedouble == 1;
	return cJSON_IsBool(x) ? cJSON_IsTrue(x) : def;
}

enum vars_origin vars_origin_of(const struct vars *v, const char *key)
{
	return (enum vars_origin)json_num(v->origins, key, VARS_NONE);
}

const char *vars_nearest(const struct vars *v, const char *key)
{
	const char *names[256];
	const cJSON *x;
	int n = 0;

	cJSON_ArrayForEach (x, v->values) {
		if (n < 255)
			names[n++] = x->string;
	}
	names[n] = NULL;
	return problem_nearest(key, names);
}

static void PRINTF_LIKE(3, 4) vars_fault(struct vars_walk *w, const char *fix, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	problems_add(w->ps, PROBLEM_ERROR, ERR_DATA, w->file, w->path, fix, "%s", text);
	w->errors++;
}

/* Takes value. */
static void vars_put(struct vars *v, const char *key, cJSON *value, enum vars_origin origin)
{
	cJSON_DeleteItemFromObjectCaseSensitive(v->values, key);
	cJSON_DeleteItemFromObjectCaseSensitive(v->origins, key);
	cJSON_AddItemToObject(v->values, key, value);
	cJSON_AddNumberToObject(v->origins, key, origin);
}

void vars_default(struct vars *v, const char *key, const char *text)
{
	if (!vars_get(v, key))
		vars_put(v, key, cJSON_CreateString(text), VARS_DEFAULT);
}

static bool vars_number(const char *text, double *out)
{
	char *end;

	if (!*text || strpbrk(text, "xX") || isspace((unsigned char)*text))
		return false;
	*out = strtod(text, &end);
	return !*end && end != text;
}

static bool vars_word(const char *text, bool *out)
{
	static const char *const yes[] = {"y", "yes", "t", "true", "on", NULL};
	static const char *const no[] = {"n", "no", "f", "false", "off", NULL};

	for (int i = 0; yes[i]; i++) {
		if (!strcasecmp(text, yes[i]) || !strcasecmp(text, no[i])) {
			*out = !strcasecmp(text, yes[i]);
			return true;
		}
	}
	return false;
}

cJSON *vars_parse_value(const char *text)
{
	double num;
	bool flag;

	if (vars_number(text, &num))
		return cJSON_CreateNumber(num);
	if (vars_word(text, &flag))
		return cJSON_CreateBool(flag);
	return cJSON_CreateString(text);
}

/* Length of the variable name at s, 0 when there is none. */
static size_t vars_name_len(const char *s)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*s) && *s != '_')
		return 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n;
}

static void vars_circle(struct vars_walk *w, const char *key)
{
	struct buf b = {0};
	int from = 0;

	while (from < w->depth && strcmp(w->chain[from], key))
		from++;
	for (int i = from; i < w->depth; i++)
		buf_printf(&b, "%s -> ", w->chain[i]);
	vars_fault(w, NULL, "variable '%s' is defined by itself: %s%s", key, b.p ? b.p : "", key);
	buf_release(&b);
}

static bool vars_is_joined(const struct vars *v, const cJSON *x)
{
	return !strncmp(x->string, "MMAR_", 5) && vars_origin_of(v, x->string) >= VARS_ENV;
}

static cJSON *vars_joined(const char *root, cJSON *value)
{
	char *joined;

	if (!cJSON_IsString(value) || !value->valuestring[0])
		return value;
	joined = sys_join(root, value->valuestring);
	cJSON_Delete(value);
	value = cJSON_CreateString(joined);
	free(joined);
	return value;
}

/* Expands the raw text of key, with key on the chain. */
static cJSON *vars_nested(struct vars_walk *w, const char *key, const char *text)
{
	cJSON *out;

	for (int i = 0; i < w->depth; i++) {
		if (!strcmp(w->chain[i], key)) {
			vars_circle(w, key);
			return cJSON_CreateNull();
		}
	}
	if (w->depth == VARS_CHAIN) {
		vars_fault(w, NULL, "variables are nested deeper than %d", VARS_CHAIN);
		return cJSON_CreateNull();
	}
	w->chain[w->depth++] = key;
	out = vars_expand(w, text);
	w->depth--;
	return out;
}

/*
 * The value of key, a new item; NULL when there is no such variable, and a null
 * item after a fault was reported.
 */
static cJSON *vars_lookup(struct vars_walk *w, const char *key)
{
	const cJSON *raw = vars_get(w->v, key);
	cJSON *out;

	if (!raw)
		return NULL;
	if (!w->in)
		return cJSON_Duplicate(raw, 1);
	if (cJSON_IsString(raw) && strpbrk(raw->valuestring, "{}"))
		out = vars_nested(w, raw->string, raw->valuestring);
	else
		out = cJSON_Duplicate(raw, 1);
	return vars_is_joined(w->v, raw) ? vars_joined(w->in->mmar_root, out) : out;
}

static char *vars_fix(const struct vars_walk *w, const char *key)
{
	const char *near = vars_nearest(w->v, key);

	return near ? mem_printf("did you mean '{%s}'?", near)
		    : mem_printf("set it in environment.json or with --set %s=...", key);
}

static void vars_unknown(struct vars_walk *w, const char *key)
{
	char *fix = vars_fix(w, key);

	vars_fault(w, fix, "there is no variable '%s'", key);
	free(fix);
}

/* "{KEY}" alone of an unknown variable: null, as in v3, but not silently. */
static void vars_unset(struct vars_walk *w, const char *key)
{
	char *fix = vars_fix(w, key);

	problems_add(w->ps, PROBLEM_WARNING, ERR_DATA, w->file, w->path, fix,
		"variable '%s' is not set, null takes its place", key);
	free(fix);
}

/* Adds the value of {key} to a longer text. */
static void vars_format(struct vars_walk *w, const char *key, struct buf *out)
{
	cJSON *x = vars_lookup(w, key);

	if (!x)
		vars_unknown(w, key);
	else if (cJSON_IsString(x))
		buf_puts(out, x->valuestring);
	else if (cJSON_IsNumber(x))
		json_add_num(out, x->valuedouble);
	else if (cJSON_IsBool(x))
		buf_puts(out, cJSON_IsTrue(x) ? "true" : "false");
	else if (!cJSON_IsNull(x))
		vars_fault(w, NULL, "variable '%s' is a %s and cannot stand inside a text", key,
			json_type_name(x));
	cJSON_Delete(x);
}

/* "{KEY}" and nothing else: its name (the caller frees), else NULL. */
static char *vars_whole(const char *text)
{
	size_t n;

	if (text[0] != '{')
		return NULL;
	n = vars_name_len(text + 1);
	return n && text[n + 1] == '}' && !text[n + 2] ? mem_strndup(text + 1, n) : NULL;
}

/* Takes one brace construct at s; returns how many bytes it used. */
static size_t vars_brace(struct vars_walk *w, const char *s, struct buf *out)
{
	size_t n = vars_name_len(s + 1);
	char *key;

	if (s[1] == s[0]) {
		buf_putc(out, s[0]);
		return 2;
	}
	if (s[0] == '}' || !n || s[n + 1] != '}') {
		vars_fault(w, "write {KEY} for a variable, '{{' and '}}' for literal braces",
			"'%c' does not belong to a variable", s[0]);
		buf_puts(out, s); /* one fault per text */
		return strlen(s);
	}
	key = mem_strndup(s + 1, n);
	vars_format(w, key, out);
	free(key);
	return n + 2;
}

/* The value of a string: a new item, never NULL. */
static cJSON *vars_expand(struct vars_walk *w, const char *text)
{
	char *whole = vars_whole(text), *plain;
	struct buf b = {0};
	cJSON *out;

	if (whole) {
		out = vars_lookup(w, whole);
		if (!out) {
			vars_unset(w, whole);
			out = cJSON_CreateNull();
		}
		free(whole);
		return out;
	}
	for (const char *s = text; *s;) {
		size_t n = strcspn(s, "{}");

		buf_add(&b, s, n);
		s += n;
		if (*s)
			s += vars_brace(w, s, &b);
	}
	plain = buf_detach(&b);
	out = cJSON_CreateString(plain);
	free(plain);
	return out;
}

/* First-level values and "determinism" of the configuration. */
static void vars_add_config(struct vars *v, const cJSON *config)
{
	const cJSON *x;

	cJSON_ArrayForEach (x, config) {
		bool plain = cJSON_IsBool(x) || cJSON_IsNumber(x) || cJSON_IsString(x);

		if (x->string && x->string[0] != '_' &&
			(plain || !strcmp(x->string, "determinism")))
			vars_put(v, x->string, cJSON_Duplicate(x, 1), VARS_CONFIG);
	}
}

static void vars_add_env(struct vars *v, const cJSON *env)
{
	const cJSON *x;

	cJSON_ArrayForEach (x, env) {
		if (x->string && x->string[0] != '_')
			vars_put(v, x->string, cJSON_Duplicate(x, 1), VARS_ENV);
	}
}

static int vars_add_set(struct vars *v, const char *set, struct problems *ps)
{
	const char *eq = strchr(set, '=');
	char *key = eq ? mem_strndup(set, (size_t)(eq - set)) : mem_strdup(set);
	int rc = 0;

	if (!vars_name_len(key) || key[vars_name_len(key)]) {
		problems_add(ps, PROBLEM_ERROR, ERR_USAGE, "--set", "", "write KEY=VALUE",
			"'%s' does not begin with a variable name", set);
		rc = -1;
	} else {
		vars_put(v, key, vars_parse_value(eq ? eq + 1 : ""), VARS_SET);
	}
	free(key);
	return rc;
}

/* Resolves variables that use others, then joins the MMAR_ ones to the root. */
static int vars_resolve(struct vars *v, const struct vars_input *in, struct problems *ps)
{
	struct vars_walk w = {.v = v, .in = in, .ps = ps};
	cJSON *done = cJSON_CreateObject();
	const cJSON *x;

	cJSON_ArrayForEach (x, v->values) {
		enum vars_origin origin = vars_origin_of(v, x->string);

		w.file = origin == VARS_SET   ? "--set"
			 : origin == VARS_ENV ? in->env_file
					      : in->config_file;
		w.path = x->string;
		cJSON_AddItemToObject(done, x->string, vars_lookup(&w, x->string));
	}
	cJSON_Delete(v->values);
	v->values = done;
	return w.errors ? -1 : 0;
}

int vars_build(struct vars *v, const struct vars_input *in, struct problems *ps)
{
	int rc = 0;

	*v = (struct vars){cJSON_CreateObject(), cJSON_CreateObject()};
	vars_put(v, "MMAR_ROOT", cJSON_CreateString(in->mmar_root), VARS_DEFAULT);
	vars_add_config(v, in->config);
	vars_add_env(v, in->env);
	for (int i = 0; i < in->nsets; i++)
		if (vars_add_set(v, in->sets[i], ps))
			rc = -1;
	return vars_resolve(v, in, ps) ? -1 : rc;
}

static void vars_walk_tree(struct vars_walk *w, cJSON *tree, const char *path)
{
	cJSON *x = tree->child, *next;
	int index = 1;

	for (; x; x = next, index++) {
		bool in_list = cJSON_IsArray(tree);
		const char *dot = path[0] ? "." : "";
		char *here = in_list ? mem_printf("%s%s#%d", path, dot, index)
				     : mem_printf("%s%s%s", path, dot, x->string);

		next = x->next;
		if (!in_list && x->string[0] == '_') {
			/* a comment: its text is nobody's business */
		} else if (!cJSON_IsString(x)) {
			vars_walk_tree(w, x, here);
		} else if (strpbrk(x->valuestring, "{}")) {
			w->path = here;
			if (in_list)
				cJSON_ReplaceItemInArray(
					tree, index - 1, vars_expand(w, x->valuestring));
			else
				cJSON_ReplaceItemInObjectCaseSensitive(
					tree, x->string, vars_expand(w, x->valuestring));
		}
		free(here);
	}
}

int vars_substitute(
	const struct vars *v, cJSON *tree, const char *file, const char *path, struct problems *ps)
{
	struct vars_walk w = {.v = v, .file = file, .ps = ps};

	vars_walk_tree(&w, tree, path);
	return w.errors ? -1 : 0;
}
