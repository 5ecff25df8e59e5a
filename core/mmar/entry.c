/*
 * Component entries of a configuration:
 *   {"name": "Class#alias", "args": {...}, "disabled": false}
 *   {"ref": "alias"}           the same component as in the training section
 *   {"path": "custom/FILE.so:NAME"}   a component of the user's, from the MMAR's folder
 *   {"path": "module.Class"}   user code in Python: refused, path wins over name
 * A ref takes arguments and disabled from its target, so that one edit reaches both.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/custom/custom.h"
#include "core/data/pipeline.h"
#include "core/loss/loss.h"
#include "core/mmar/known.h"
#include "core/mmar/paths.h"
#include "core/mmar/reader.h"
#include "core/optim/optim.h"
#include "core/schedule/schedule.h"
#include "core/transform/transform.h"

/* name and alias of "Class#alias"; name is cut at the '#', alias NULL when there is none. */
static char *entry_split(const char *text, char **alias)
{
	size_t n = strcspn(text, "#");

	*alias = text[n] ? mem_strdup(text + n + 1) : NULL;
	return mem_strndup(text, n);
}

static const char *entry_text(const cJSON *entry)
{
	const char *path = json_str(entry, "path", NULL);

	return path ? path : json_str(entry, "name", NULL);
}

static void entry_add_ref(struct config_reader *r, cJSON *entry, const char *path)
{
	const char *text = entry_text(entry), *dot;
	char *alias, *name;

	if (!text)
		return;
	name = entry_split(text, &alias);
	dot = custom_is_path(name) ? strrchr(name, ':') : strrchr(name, '.');
	for (int i = 0; i < r->nrefs; i++) {
		if (!strcmp(r->refs[i].name, alias ? alias : dot ? dot + 1 : name)) {
			r->refs[i].count++;
			free(name);
			free(alias);
			return;
		}
	}
	r->refs = mem_realloc(r->refs, (size_t)(r->nrefs + 1) * sizeof(*r->refs));
	r->refs[r->nrefs++] = (struct config_ref){mem_strdup(alias ? alias
							     : dot ? dot + 1
								   : name),
		entry, mem_strdup(path), 1};
	free(name);
	free(alias);
}

void reader_collect_refs(struct config_reader *r, cJSON *section, const char *path)
{
	cJSON *x, *item;

	cJSON_ArrayForEach (x, section) {
		int i = 1;

		if (cJSON_IsObject(x)) {
			char *here = mem_printf("%s.%s", path, x->string);

			entry_add_ref(r, x, here);
			free(here);
		}
		if (!cJSON_IsArray(x))
			continue;
		cJSON_ArrayForEach (item, x) {
			char *here = mem_printf("%s.%s.#%d", path, x->string, i++);

			entry_add_ref(r, item, here);
			free(here);
		}
	}
}

static const struct config_ref *entry_find_ref(
	struct config_reader *r, const char *name, const char *path)
{
	const char **names, *near;
	char *fix;

	for (int i = 0; i < r->nrefs; i++) {
		if (strcmp(r->refs[i].name, name))
			continue;
		if (r->refs[i].count > 1)
			reader_error(r, path, "give each an alias: \"name\": \"CLASS#ALIAS\"",
				"ref '%s' is ambiguous, %d components have this name", name,
				r->refs[i].count);
		return r->refs[i].count > 1 ? NULL : &r->refs[i];
	}
	names = mem_zalloc((size_t)(r->nrefs + 1) * sizeof(*names));
	for (int i = 0; i < r->nrefs; i++)
		names[i] = r->refs[i].name;
	near = problem_nearest(name, names);
	fix = near ? mem_printf("did you mean '%s'?", near) : NULL;
	reader_error(r, path, fix, "ref '%s' names no component of the training section", name);
	free(fix);
	free(names);
	return NULL;
}

/* 1 disabled, 0 not, -1 not a bool. */
static int entry_disabled(struct config_reader *r, const cJSON *entry, const char *path)
{
	const cJSON *x = cJSON_GetObjectItemCaseSensitive(entry, "disabled");
	cJSON *word = cJSON_IsString(x) ? vars_parse_value(x->valuestring) : NULL;
	const cJSON *v = word ? word : x;
	int out = -1;

	if (!v || cJSON_IsNull(v))
		out = 0;
	else if (cJSON_IsBool(v))
		out = cJSON_IsTrue(v);
	else if (cJSON_IsNumber(v) && (v->valuedouble == 0 || v->valuedouble == 1))
		out = v->valuedouble == 1;
	else
		reader_error(r, path, NULL, "'disabled' must be true or false, found %s",
			json_type_name(x));
	cJSON_Delete(word);
	return out;
}

/*
 * "monai.transforms.Activationsd" and the like are no user code: the class has a built-in
 * of its name.  Returns that name with its "#alias", or NULL.
 */
static const char *entry_library(enum component_kind kind, const char *text)
{
	static const char *const libraries[] = {
		"monai.", "torch.", "ignite.", "deepgrow.", "medl.", NULL};
	char *alias, *name = entry_split(text, &alias);
	const char *dot = strrchr(name, '.'), *class = NULL;

	for (int i = 0; dot && libraries[i]; i++)
		if (!strncmp(text, libraries[i], strlen(libraries[i])) &&
			component_find(kind, dot + 1))
			class = text + (dot + 1 - name);
	free(name);
	free(alias);
	return class;
}

/* "path", or a dotted "name": a Python class of the user's. */
static void entry_refuse_code(
	struct config_reader *r, enum component_kind kind, const char *text, const char *path)
{
	char *alias, *name = entry_split(text, &alias);
	const char *dot = strrchr(name, '.');
	const char *class = dot ? dot + 1 : name;
	const struct component *c = component_find(kind, class);
	const char *near = c ? c->name : known_nearest(kind, class);
	const char *what = component_kind_name(kind);
	enum component_kind own;
	char *fix = c      ? mem_printf("use the built-in one: \"name\": \"%s\"", near)
		    : near ? mem_printf("the nearest built-in %s is '%s'", what, near)
			   : NULL;

	if (!c && custom_kind(what, &own)) {
		char *more = mem_printf("%s%swrite it in C: 'axial custom new %s %s'",
			fix ? fix : "", fix ? "; or " : "", class, what);

		free(fix);
		fix = more;
	}
	reader_error(r, path, fix, "user code in Python is not run: '%s'", name);
	free(fix);
	free(name);
	free(alias);
}

/*
 * A component from a shared object of the MMAR.  lint must be safe on an archive that
 * came from somewhere: it looks at the file and runs nothing of it.
 */
static const struct component *entry_custom(
	struct config_reader *r, enum component_kind kind, const char *name, const char *path)
{
	const struct component *c = NULL;
	struct err err = ERR_INIT;
	int rc;

	if (r->look) {
		rc = custom_check(r->paths.mmar_root, name, &err);
	} else {
		custom_set_root(r->paths.mmar_root);
		c = custom_load(kind, r->paths.mmar_root, name, &err);
		rc = c ? 0 : -1;
	}
	if (rc)
		problems_add_err(r->ps, r->file, path, &err);
	return c;
}

static void entry_refuse_name(
	struct config_reader *r, enum component_kind kind, const char *name, const char *path)
{
	const char *what = component_kind_name(kind);
	enum component_kind other = known_other_kind(name);
	const char *near = known_nearest(kind, name);
	char *fix;

	if (known_in_v3(kind, name)) {
		reader_error(r, path, NULL, "%s '%s' is known in Clara v3 but not built yet", what,
			name);
		return;
	}
	if (other != COMPONENT_KINDS) {
		reader_error(r, path, NULL, "'%s' is a %s, a %s is expected here", name,
			component_kind_name(other), what);
		return;
	}
	if (!near)
		fix = mem_printf("see 'axial components \"%s\"'", what);
	else if (component_find(kind, near))
		fix = mem_printf("did you mean '%s'?", near);
	else
		fix = mem_printf("did you mean '%s'? it is not built yet", near);
	reader_error(r, path, fix, "unknown %s '%s'", what, name);
	free(fix);
}

/* Paths in arguments that are relative to the MMAR become absolute. */
static void entry_paths(struct config_reader *r, enum component_kind kind, cJSON *args)
{
	static const struct {
		enum component_kind kind;
		const char *key;
	} rows[] = {
		{COMPONENT_PIPELINE, "data_list_file_path"},
		{COMPONENT_PIPELINE, "data_file_base_dir"},
		{COMPONENT_LOADER, "checkpoint_dir"},
		{COMPONENT_LOADER, "model_file_path"},
		{COMPONENT_WRITER, "write_path"},
		{COMPONENT_METRIC, "report_path"},
		{COMPONENT_TRANSFORM, "out_dir"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *s = json_str(args, rows[i].key, NULL);
		bool data = kind == COMPONENT_PIPELINE;
		char *full;

		if (rows[i].kind != kind || !s || !*s || *s == '/')
			continue;
		full = data ? path_find(r->paths.mmar_root, s) : sys_join(r->paths.mmar_root, s);
		cJSON_ReplaceItemInObjectCaseSensitive(args, rows[i].key, cJSON_CreateString(full));
		free(full);
	}
}

typedef void entry_check_fn(
	const void *args, const char *file, const char *path, struct problems *ps);

/* Faults across arguments, where the kind has a check. */
static entry_check_fn *entry_check_of(const struct component *c)
{
	if (!c->ops)
		return NULL;
	switch (c->kind) {
	case COMPONENT_TRANSFORM:
		return ((const struct transform_ops *)c->ops)->check;
	case COMPONENT_LOSS:
		return ((const struct loss_ops *)c->ops)->check;
	case COMPONENT_OPTIMIZER:
		return ((const struct optim_ops *)c->ops)->check;
	case COMPONENT_SCHEDULE:
		return ((const struct schedule_ops *)c->ops)->check;
	case COMPONENT_PIPELINE:
		return ((const struct pipeline_ops *)c->ops)->check;
	default:
		return NULL;
	}
}

static void entry_check(struct config_reader *r, const struct component_use *u)
{
	entry_check_fn *check = entry_check_of(u->c);
	char *path = mem_printf("%s.args", u->path);

	if (check)
		check(u->args, r->file, path, r->ps);
	free(path);
}

/* Name, arguments and checks of an entry that is no ref and not disabled. */
static int entry_build(struct config_reader *r, enum component_kind kind, cJSON *entry,
	const char *path, struct component_use *out)
{
	static const char *const keys[] = {
		"name", "path", "ref", "args", "disabled", "search", "apply", NULL};
	cJSON *args = cJSON_GetObjectItemCaseSensitive(entry, "args");
	const char *text = entry_text(entry);
	const struct component *c;
	char *alias, *name;
	bool own;
	int rc;

	if (!text) {
		reader_error(r, path, NULL, "a %s needs a \"name\"", component_kind_name(kind));
		return -1;
	}
	own = custom_is_path(text);
	if (!own && (json_str(entry, "path", NULL) || strchr(text, '.'))) {
		const char *class = entry_library(kind, text);

		if (!class) {
			entry_refuse_code(r, kind, text, path);
			return -1;
		}
		text = class;
	}
	reader_unknown_keys(r, entry, path, keys, "a component");
	name = entry_split(text, &alias);
	c = own ? entry_custom(r, kind, name, path) : component_find(kind, name);
	if (!c) {
		if (!own)
			entry_refuse_name(r, kind, name, path);
		rc = -1;
	} else {
		entry_paths(r, kind, args);
		rc = component_use_init(out, c, cJSON_IsNull(args) ? NULL : args,
			alias && *alias ? alias : NULL, r->file, path, r->ps);
		if (!rc)
			entry_check(r, out);
	}
	if (alias && !*alias)
		reader_error(r, path, NULL, "the alias after '#' in '%s' is empty", text);
	free(name);
	free(alias);
	return rc;
}

static int entry_by_ref(struct config_reader *r, enum component_kind kind, cJSON *entry,
	const char *path, struct component_use *out)
{
	const struct config_ref *ref = entry_find_ref(r, json_str(entry, "ref", ""), path);
	struct problems *ps = r->ps, own = {0};
	bool overrides = cJSON_GetObjectItemCaseSensitive(entry, "disabled") != NULL;
	int rc;

	if (!ref)
		return -1;
	if (cJSON_GetObjectItemCaseSensitive(entry, "args"))
		reader_warn(r, path, "give it a name of its own instead",
			"arguments beside a ref are ignored");
	if (!overrides && entry_disabled(r, ref->entry, ref->path) == 1)
		return 0;
	r->ps = &own;
	rc = entry_build(r, kind, ref->entry, ref->path, out);
	r->ps = ps;
	problems_merge(ps, &own); /* most were reported for the target already */
	problems_release(&own);
	if (rc)
		return -1;
	free(out->path);
	out->path = mem_strdup(path);
	return 1;
}

int reader_component(struct config_reader *r, enum component_kind kind, cJSON *entry,
	const char *path, struct component_use *out)
{
	int disabled, rc;

	*out = (struct component_use){0};
	if (!cJSON_IsObject(entry)) {
		reader_error(r, path, NULL, "a %s must be an object, found %s",
			component_kind_name(kind), json_type_name(entry));
		return -1;
	}
	disabled = entry_disabled(r, entry, path);
	if (disabled)
		return disabled < 0 ? -1 : 0;
	if (json_str(entry, "ref", NULL))
		rc = entry_by_ref(r, kind, entry, path, out);
	else
		rc = entry_build(r, kind, entry, path, out) ? -1 : 1;
	if (rc < 0)
		component_use_release(out);
	return rc;
}

/* A list of alternatives, as AutoML searches them: exactly one stays enabled. */
static void entry_choose(struct config_reader *r, enum component_kind kind, cJSON *list,
	const char *path, struct component_use *out)
{
	int enabled = 0, i = 1;
	cJSON *item;

	cJSON_ArrayForEach (item, list) {
		char *here = mem_printf("%s.#%d", path, i++);
		struct component_use u;
		int disabled = cJSON_IsObject(item) ? entry_disabled(r, item, here) : 0;

		if (!disabled && enabled++ == 0) {
			if (reader_component(r, kind, item, here, &u) == 1)
				*out = u;
		} else if (!disabled && reader_component(r, kind, item, here, &u) == 1) {
			component_use_release(&u);
		}
		free(here);
	}
	if (enabled != 1)
		reader_error(r, path, "set \"disabled\": true on the others",
			"%d of %d entries of this list are enabled, exactly one %s must be",
			enabled, cJSON_GetArraySize(list), component_kind_name(kind));
}

void reader_one(struct config_reader *r, enum component_kind kind, cJSON *section,
	const char *section_path, const char *key, bool required, struct component_use *out)
{
	cJSON *x = cJSON_GetObjectItemCaseSensitive(section, key);
	char *path = mem_printf("%s%s%s", section_path, section_path[0] ? "." : "", key);
	int rc;

	*out = (struct component_use){0};
	if (!x || cJSON_IsNull(x)) {
		if (required)
			reader_error(r, path, NULL, "the configuration needs a %s here",
				component_kind_name(kind));
	} else if (cJSON_IsArray(x)) {
		entry_choose(r, kind, x, path, out);
	} else {
		rc = reader_component(r, kind, x, path, out);
		if (!rc && required)
			reader_error(r, path, NULL, "the only %s is disabled",
				component_kind_name(kind));
	}
	free(path);
}

void reader_list(struct config_reader *r, enum component_kind kind, cJSON *section,
	const char *section_path, const char *key, bool required, struct component_list *out)
{
	cJSON *x = cJSON_GetObjectItemCaseSensitive(section, key), *item;
	char *path = mem_printf("%s%s%s", section_path, section_path[0] ? "." : "", key);
	int i = 1;

	*out = (struct component_list){0};
	if (!x || cJSON_IsNull(x)) {
		if (required)
			reader_error(r, path, NULL, "the configuration needs a list of %ss here",
				component_kind_name(kind));
	} else if (!cJSON_IsArray(x)) {
		reader_error(
			r, path, NULL, "'%s' must be a list, found %s", key, json_type_name(x));
		x = NULL;
	}
	cJSON_ArrayForEach (item, x) {
		char *here = mem_printf("%s.#%d", path, i++);
		struct component_use u;

		if (reader_component(r, kind, item, here, &u) == 1) {
			out->v = mem_realloc(out->v, (size_t)(out->n + 1) * sizeof(*out->v));
			out->v[out->n++] = u;
		}
		free(here);
	}
	free(path);
}

void component_list_release(struct component_list *l)
{
	for (int i = 0; i < l->n; i++)
		component_use_release(&l->v[i]);
	free(l->v);
	*l = (struct component_list){0};
}
