/*
 * Argument tables: typed values out of JSON objects, checked, with defaults.
 *
 * Numbers must be numbers: "4" in quotes for 4 is refused, because a config that
 * is accepted by luck breaks elsewhere.  The comma lists of Clara v3 ("32,64,64")
 * are lists in their own right and accepted where a list is asked for.
 */
#include "core/base/args.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"

struct args_ctx {
	const char *owner, *file, *path;
	struct problems *ps;
	int errors;
};

static void PRINTF_LIKE(4, 5)
	args_fault(struct args_ctx *c, const char *name, const char *fix, const char *fmt, ...)
{
	char *path = c->path[0] ? mem_printf("%s.%s", c->path, name) : mem_strdup(name);
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	problems_add(c->ps, PROBLEM_ERROR, ERR_DATA, c->file, path, fix, "%s", text);
	c->errors++;
	free(path);
}

const char *arg_type_name(enum arg_type type)
{
	static const char *const names[] = {"bool", "whole number", "number", "string", "choice",
		"3 whole numbers", "3 numbers", "list of strings", "list of whole numbers",
		"list of numbers", "any JSON"};

	return names[type];
}

const struct arg_def *args_find(const struct arg_def *defs, const char *name)
{
	for (; defs && defs->name; defs++)
		if (!strcmp(defs->name, name) || (defs->alias && !strcmp(defs->alias, name)))
			return defs;
	return NULL;
}

static void args_wrong_type(struct args_ctx *c, const struct arg_def *d, const cJSON *v)
{
	args_fault(c, d->name, NULL, "%s expected for '%s' of %s, found %s", arg_type_name(d->type),
		d->name, c->owner, json_type_name(v));
}

static bool args_number(struct args_ctx *c, const struct arg_def *d, double x, bool whole)
{
	if (!isfinite(x) || (whole && (x != floor(x) || fabs(x) > 9007199254740992.0))) {
		args_fault(c, d->name, NULL, "'%s' of %s must be a %s, not %g", d->name, c->owner,
			whole ? "whole number" : "finite number", x);
		return false;
	}
	if (d->min != d->max && (x < d->min || x > d->max)) {
		args_fault(c, d->name, NULL, "'%s' of %s is %g, outside %g to %g%s%s", d->name,
			c->owner, x, d->min, d->max, d->unit ? " " : "", d->unit ? d->unit : "");
		return false;
	}
	return true;
}

static void args_scalar(struct args_ctx *c, const struct arg_def *d, const cJSON *v, void *at)
{
	bool whole = d->type == ARG_INT;

	if (!cJSON_IsNumber(v)) {
		args_wrong_type(c, d, v);
		return;
	}
	if (!args_number(c, d, v->valuedouble, whole))
		return;
	if (whole)
		*(int64_t *)at = (int64_t)v->valuedouble;
	else
		*(double *)at = v->valuedouble;
}

static void args_triple(struct args_ctx *c, const struct arg_def *d, const cJSON *v, void *at)
{
	bool whole = d->type == ARG_INT3;
	int n = cJSON_IsNumber(v) ? 1 : cJSON_IsArray(v) ? cJSON_GetArraySize(v) : 0;

	if (n != 3 && !cJSON_IsNumber(v) && !(n == 2 && d->flags & ARG_PAIR)) {
		args_wrong_type(c, d, v);
		return;
	}
	for (int i = 0; i < 3; i++) {
		const cJSON *x = cJSON_IsNumber(v) ? v : cJSON_GetArrayItem(v, i);

		if (i == 2 && n == 2) { /* two dimensions */
			if (whole)
				((int64_t *)at)[i] = 1;
			else
				((double *)at)[i] = 1;
			return;
		}
		if (!cJSON_IsNumber(x)) {
			args_wrong_type(c, d, x);
			return;
		}
		if (!args_number(c, d, x->valuedouble, whole))
			return;
		if (whole)
			((int64_t *)at)[i] = (int64_t)x->valuedouble;
		else
			((double *)at)[i] = x->valuedouble;
	}
}

static void strlist_add(struct strlist *l, const char *s, size_t n)
{
	while (n && *s == ' ')
		s++, n--;
	while (n && s[n - 1] == ' ')
		n--;
	l->v = mem_realloc(l->v, (size_t)(l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = mem_strndup(s, n);
}

/* Splits a comma list; an empty string gives no items. */
static void strlist_split(struct strlist *l, const char *s)
{
	while (*s) {
		size_t n = strcspn(s, ",");

		strlist_add(l, s, n);
		s += n + (s[n] == ',');
	}
}

static void strlist_release(struct strlist *l)
{
	for (int i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strlist){0};
}

static void args_strings(struct args_ctx *c, const struct arg_def *d, const cJSON *v, void *at)
{
	struct strlist *l = at;
	const cJSON *item;

	if (cJSON_IsString(v)) {
		strlist_split(l, v->valuestring);
		return;
	}
	if (!cJSON_IsArray(v)) {
		args_wrong_type(c, d, v);
		return;
	}
	cJSON_ArrayForEach (item, v) {
		if (!cJSON_IsString(item)) {
			args_wrong_type(c, d, item);
			return;
		}
		strlist_add(l, item->valuestring, strlen(item->valuestring));
	}
}

static bool args_list_item(struct args_ctx *c, const struct arg_def *d, struct numlist *l, double x)
{
	if (!args_number(c, d, x, d->type == ARG_INTLIST))
		return false;
	l->v = mem_realloc(l->v, (size_t)(l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = x;
	return true;
}

static void args_comma_numbers(
	struct args_ctx *c, const struct arg_def *d, const char *s, struct numlist *l)
{
	struct strlist parts = {0};

	strlist_split(&parts, s);
	for (int i = 0; i < parts.n; i++) {
		char *end;
		double x = strtod(parts.v[i], &end);

		if (end == parts.v[i] || *end) {
			args_fault(c, d->name, NULL,
				"'%s' of %s has '%s' where a number is expected", d->name, c->owner,
				parts.v[i]);
			break;
		}
		if (!args_list_item(c, d, l, x))
			break;
	}
	strlist_release(&parts);
}

static void args_numbers(struct args_ctx *c, const struct arg_def *d, const cJSON *v, void *at)
{
	struct numlist *l = at;
	const cJSON *item;

	if (cJSON_IsNumber(v)) {
		args_list_item(c, d, l, v->valuedouble);
	} else if (cJSON_IsString(v)) {
		args_comma_numbers(c, d, v->valuestring, l);
	} else if (cJSON_IsArray(v)) {
		cJSON_ArrayForEach (item, v) {
			if (!cJSON_IsNumber(item)) {
				args_wrong_type(c, d, item);
				return;
			}
			if (!args_list_item(c, d, l, item->valuedouble))
				return;
		}
	} else {
		args_wrong_type(c, d, v);
	}
}

static void args_choice(struct args_ctx *c, const struct arg_def *d, const cJSON *v, void *at)
{
	const char *near;
	char *fix;

	if (!cJSON_IsString(v)) {
		args_wrong_type(c, d, v);
		return;
	}
	for (int i = 0; d->choices[i]; i++) {
		if (!strcmp(d->choices[i], v->valuestring)) {
			*(int *)at = i;
			return;
		}
	}
	near = problem_nearest(v->valuestring, d->choices);
	fix = mem_printf(
		near ? "did you mean '%s'?" : "known: '%s' ...", near ? near : d->choices[0]);
	args_fault(c, d->name, fix, "'%s' of %s has no choice '%s'", d->name, c->owner,
		v->valuestring);
	free(fix);
}

static void args_string(struct args_ctx *c, const struct arg_def *d, const cJSON *v, void *at)
{
	if (!cJSON_IsString(v)) {
		args_wrong_type(c, d, v);
		return;
	}
	free(*(char **)at);
	*(char **)at = mem_strdup(v->valuestring);
}

static void args_bool(struct args_ctx *c, const struct arg_def *d, const cJSON *v, void *at)
{
	if (cJSON_IsBool(v))
		*(bool *)at = cJSON_IsTrue(v);
	else
		args_wrong_type(c, d, v);
}

static void args_json(struct args_ctx *c, const struct arg_def *d, const cJSON *v, void *at)
{
	(void)c;
	if (!(d->flags & ARG_UNUSED))
		*(cJSON **)at = cJSON_Duplicate(v, 1);
}

static void args_value(struct args_ctx *c, const struct arg_def *d, const cJSON *v, void *out)
{
	static void (*const parse[])(
		struct args_ctx *, const struct arg_def *, const cJSON *, void *) = {
		[ARG_BOOL] = args_bool,
		[ARG_INT] = args_scalar,
		[ARG_FLOAT] = args_scalar,
		[ARG_STRING] = args_string,
		[ARG_CHOICE] = args_choice,
		[ARG_INT3] = args_triple,
		[ARG_FLOAT3] = args_triple,
		[ARG_STRLIST] = args_strings,
		[ARG_INTLIST] = args_numbers,
		[ARG_FLOATLIST] = args_numbers,
		[ARG_JSON] = args_json,
	};

	parse[d->type](c, d, v, (char *)out + d->offset);
}

static void args_default(struct args_ctx *c, const struct arg_def *d, void *out)
{
	cJSON *v;

	if (!d->def)
		return;
	v = cJSON_Parse(d->def);
	if (!v)
		args_fault(c, d->name, NULL, "bad default '%s' in the table", d->def);
	else
		args_value(c, d, v, out);
	cJSON_Delete(v);
}

static void args_unknown(struct args_ctx *c, const struct arg_def *defs, const char *key)
{
	const char *names[65], *near;
	int n = 0;

	for (const struct arg_def *d = defs; d && d->name && n < 64; d++)
		names[n++] = d->name;
	names[n] = NULL;
	near = problem_nearest(key, names);
	if (near) {
		char *fix = mem_printf("did you mean '%s'?", near);

		args_fault(c, key, fix, "unknown argument '%s' of %s", key, c->owner);
		free(fix);
	} else {
		char *path = c->path[0] ? mem_printf("%s.%s", c->path, key) : mem_strdup(key);

		problems_add(c->ps, PROBLEM_WARNING, ERR_DATA, c->file, path, "it is ignored",
			"%s has no argument '%s'", c->owner, key);
		free(path);
	}
}

int args_parse(const struct arg_def *defs, const cJSON *obj, void *out, const char *owner,
	const char *file, const char *path, struct problems *ps)
{
	struct args_ctx c = {owner, file, path ? path : "", ps, 0};
	const cJSON *item;

	if (obj && !cJSON_IsObject(obj)) {
		problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, path, NULL,
			"arguments of %s must be an object, found %s", owner, json_type_name(obj));
		obj = NULL;
		c.errors++;
	}
	for (const struct arg_def *d = defs; d && d->name; d++) {
		const cJSON *v = cJSON_GetObjectItemCaseSensitive(obj, d->name);

		if (!v && d->alias)
			v = cJSON_GetObjectItemCaseSensitive(obj, d->alias);
		if (v && !(cJSON_IsNull(v) && d->type != ARG_JSON))
			args_value(&c, d, v, out);
		else if (d->flags & ARG_REQUIRED)
			args_fault(&c, d->name, NULL, "%s needs the argument '%s'", owner, d->name);
		else
			args_default(&c, d, out);
	}
	cJSON_ArrayForEach (item, obj) {
		if (item->string[0] != '_' && !args_find(defs, item->string))
			args_unknown(&c, defs, item->string);
	}
	return c.errors ? -1 : 0;
}

void args_release(const struct arg_def *defs, void *out)
{
	for (const struct arg_def *d = defs; d && d->name; d++) {
		void *at = (char *)out + d->offset;

		if (d->type == ARG_STRING) {
			free(*(char **)at);
			*(char **)at = NULL;
		} else if (d->type == ARG_STRLIST) {
			strlist_release(at);
		} else if (d->type == ARG_INTLIST || d->type == ARG_FLOATLIST) {
			free(((struct numlist *)at)->v);
			*(struct numlist *)at = (struct numlist){0};
		} else if (d->type == ARG_JSON && !(d->flags & ARG_UNUSED)) {
			cJSON_Delete(*(cJSON **)at);
			*(cJSON **)at = NULL;
		}
	}
}

void args_help(const struct arg_def *defs, struct buf *out)
{
	for (const struct arg_def *d = defs; d && d->name; d++) {
		buf_printf(out, "  %-22s %-22s %s", d->name, arg_type_name(d->type),
			d->help ? d->help : "");
		if (d->unit)
			buf_printf(out, " [%s]", d->unit);
		if (d->flags & ARG_REQUIRED)
			buf_puts(out, " (required)");
		else if (d->def)
			buf_printf(out, " (default %s)", d->def);
		if (d->min != d->max)
			buf_printf(out, " (%g to %g)", d->min, d->max);
		for (int i = 0; d->choices && d->choices[i]; i++)
			buf_printf(out, "%s%s", i ? ", " : " one of: ", d->choices[i]);
		buf_putc(out, '\n');
	}
}
