/*
 * Opening a configuration: files, variables, paths, first-level values.
 *
 * Relative paths of data (DATASET_JSON, DATA_ROOT, data_list_file_path ...) are
 * looked for in the MMAR first and then in the working folder, which is where
 * people type them with --set; everything else is relative to the MMAR.
 */
#include "core/mmar/reader.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/custom/custom.h"
#include "core/mmar/generate.h"
#include "core/mmar/paths.h"
#include "core/mmar/search.h"
#include "core/mmar/v4.h"

#define READER_MAX_FILE (64u << 20)

static void PRINTF_LIKE(5, 0) reader_add(struct config_reader *r, enum problem_level level,
	const char *path, const char *fix, const char *fmt, va_list ap)
{
	char text[ERR_MSG_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	problems_add(r->ps, level, ERR_DATA, r->file, path, fix, "%s", text);
}

void reader_error(struct config_reader *r, const char *path, const char *fix, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	reader_add(r, PROBLEM_ERROR, path, fix, fmt, ap);
	va_end(ap);
}

void reader_warn(struct config_reader *r, const char *path, const char *fix, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	reader_add(r, PROBLEM_WARNING, path, fix, fmt, ap);
	va_end(ap);
}

int reader_status(const struct config_reader *r)
{
	return problems_errors(r->ps) > r->errors_before ? -1 : 0;
}

/* Reads a JSON object; the row names label, not the full path. */
static cJSON *reader_json(struct config_reader *r, const char *path, const char *label, char **text)
{
	struct err err = ERR_INIT;
	struct buf b = {0};
	cJSON *root = NULL;
	size_t n = strlen(label);

	if (!sys_read_file(path, READER_MAX_FILE, &b, &err))
		root = json_parse(b.p ? b.p : "", b.len, label, &err);
	if (root && !cJSON_IsObject(root)) {
		err_set(&err, ERR_DATA, "the top level must be an object, found %s",
			json_type_name(root));
		cJSON_Delete(root);
		root = NULL;
	}
	if (!root) {
		const char *msg = err.msg;

		if (!strncmp(msg, label, n) && !strncmp(msg + n, ": ", 2))
			msg += n + 2;
		problems_add(r->ps, PROBLEM_ERROR, err.code, label, "", NULL, "%s", msg);
	}
	if (text)
		*text = buf_detach(&b);
	buf_release(&b);
	return root;
}

static int reader_root(struct config_reader *r, const struct config_source *src)
{
	r->paths.mmar_root = realpath(src->mmar_root ? src->mmar_root : ".", NULL);
	custom_set_root(r->look ? NULL : r->paths.mmar_root);
	if (r->paths.mmar_root && sys_is_dir(r->paths.mmar_root))
		return 0;
	problems_add(
		r->ps, PROBLEM_ERROR, ERR_NOINPUT, src->mmar_root, "", NULL, "no such MMAR folder");
	return -1;
}

/* The file's tree: a given path in the MMAR, else in the working folder. */
static int reader_files(struct config_reader *r, const struct config_source *src,
	const char *def_config, cJSON **env)
{
	const char *env_path = src->env_path ? src->env_path : "config/environment.json";
	const char *config = src->config_path ? src->config_path : def_config;

	r->file = src->config_label ? src->config_label : config;
	r->paths.config_file = path_find(r->paths.mmar_root, config);
	r->paths.env_file = path_find(r->paths.mmar_root, env_path);
	if (!src->env_path && !sys_exists(r->paths.env_file)) {
		free(r->paths.env_file);
		r->paths.env_file = NULL;
	} else {
		*env = reader_json(r, r->paths.env_file, env_path, NULL);
	}
	r->env_label = env_path;
	r->root = reader_json(r, r->paths.config_file, r->file, &r->text);
	if (r->root && v4_is(r->root))
		v4_translate(r->root, json_str(*env, "PROCESSING_TASK", NULL));
	return r->root ? 0 : -1;
}

static void reader_paths(struct config_reader *r)
{
	struct config_paths *p = &r->paths;
	const char *root = p->mmar_root, *s;

	p->ckpt_dir = sys_join(root, vars_str(&r->vars, "MMAR_CKPT_DIR", "models"));
	p->eval_dir = sys_join(root, vars_str(&r->vars, "MMAR_EVAL_OUTPUT_PATH", "eval"));
	s = vars_str(&r->vars, "MMAR_CKPT", NULL);
	p->ckpt = s && *s ? sys_join(root, s) : NULL;
	s = vars_str(&r->vars, "DATASET_JSON", NULL);
	p->dataset_json = s && *s ? path_find(root, s) : NULL;
	s = vars_str(&r->vars, "DATA_ROOT", NULL);
	p->data_root = s && *s ? path_find(root, s) : NULL;
	s = vars_str(&r->vars, "DATA_GENERATOR", NULL);
	if (s && *s) {
		const cJSON *args = vars_get(&r->vars, "DATA_GENERATOR_ARGS");

		r->generator.name = mem_strdup(s);
		r->generator.args = cJSON_IsObject(args) ? cJSON_Duplicate(args, 1) : NULL;
	}
}

/* A bare configuration leaves the data to --set: lint goes on with the usual place. */
static void reader_lint_defaults(struct config_reader *r)
{
	static const char *const names[][2] = {
		{"DATASET_JSON", "data/dataset.json"}, {"DATA_ROOT", "data"}};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *use = mem_printf("{%s}", names[i][0]);

		if (strstr(r->text, use) && !vars_get(&r->vars, names[i][0]))
			reader_warn(r, "", "training needs it, in environment.json or by --set",
				"variable '%s' is not set", names[i][0]);
		vars_default(&r->vars, names[i][0], names[i][1]);
		free(use);
	}
}

/* v4 starts from weights only where a CheckpointLoader is enabled. */
static void reader_v4_checkpoint(struct config_reader *r)
{
	const char *path = v4_checkpoint(r->root);

	free(r->paths.ckpt);
	r->paths.ckpt = path && *path ? sys_join(r->paths.mmar_root, path) : NULL;
}

int reader_open(struct config_reader *r, const struct config_source *src, const char *def_config,
	struct problems *ps)
{
	struct vars_input in = {.sets = src->sets, .nsets = src->nsets};
	cJSON *env = NULL;

	*r = (struct config_reader){.ps = ps,
		.lint = src->lint,
		.look = src->lint && !src->runs,
		.errors_before = problems_errors(ps)};
	if (reader_root(r, src) || reader_files(r, src, def_config, &env)) {
		cJSON_Delete(env);
		return -1;
	}
	in.mmar_root = r->paths.mmar_root;
	in.config = r->root;
	in.config_file = r->file;
	in.env = env;
	in.env_file = r->env_label;
	if (vars_build(&r->vars, &in, ps)) {
		/* the rows say it; go on for the others */
	}
	cJSON_Delete(env);
	if (r->lint)
		reader_lint_defaults(r);
	reader_paths(r);
	if (vars_substitute(&r->vars, r->root, r->file, "", ps)) {
		/* likewise */
	}
	if (v4_was(r->root))
		reader_v4_checkpoint(r);
	search_first_point(r);
	return 0;
}

void config_paths_release(struct config_paths *p)
{
	free(p->mmar_root);
	free(p->config_file);
	free(p->env_file);
	free(p->ckpt_dir);
	free(p->eval_dir);
	free(p->ckpt);
	free(p->dataset_json);
	free(p->data_root);
	*p = (struct config_paths){0};
}

void config_generator_release(struct config_generator *g)
{
	free(g->name);
	cJSON_Delete(g->args);
	*g = (struct config_generator){0};
}

void reader_release(struct config_reader *r)
{
	for (int i = 0; i < r->nrefs; i++) {
		free(r->refs[i].name);
		free(r->refs[i].path);
	}
	free(r->refs);
	cJSON_Delete(r->root);
	free(r->text);
	vars_release(&r->vars);
	config_paths_release(&r->paths);
	config_generator_release(&r->generator);
}

void reader_move(struct config_reader *r, struct vars *vars, struct config_paths *paths,
	struct config_generator *generator)
{
	*vars = r->vars;
	*paths = r->paths;
	*generator = r->generator;
	r->vars = (struct vars){0};
	r->paths = (struct config_paths){0};
	r->generator = (struct config_generator){0};
}

cJSON *reader_section(struct config_reader *r, const char *key, bool required)
{
	cJSON *x = cJSON_GetObjectItemCaseSensitive(r->root, key);

	if (cJSON_IsObject(x))
		return x;
	if (x)
		reader_error(
			r, key, NULL, "'%s' must be an object, found %s", key, json_type_name(x));
	else if (required)
		reader_error(r, key, NULL, "the configuration has no section '%s'", key);
	return NULL;
}

static bool reader_is_v4_key(const struct config_reader *r, const char *key)
{
	for (int i = 0; v4_was(r->root) && v4_keys[i]; i++)
		if (!strcmp(v4_keys[i], key))
			return true;
	return false;
}

void reader_unknown_keys(struct config_reader *r, const cJSON *obj, const char *path,
	const char *const *known, const char *what)
{
	const cJSON *x;

	cJSON_ArrayForEach (x, obj) {
		const char *near;
		char *here, *fix;
		int i = 0;

		while (known[i] && strcmp(known[i], x->string))
			i++;
		if (known[i] || x->string[0] == '_' || (!path[0] && reader_is_v4_key(r, x->string)))
			continue;
		near = problem_nearest(x->string, known);
		here = mem_printf("%s%s%s", path, path[0] ? "." : "", x->string);
		fix = near ? mem_printf("did you mean '%s'?", near) : mem_strdup("it is ignored");
		reader_warn(r, here, fix, "unknown key '%s' of %s", x->string, what);
		free(here);
		free(fix);
	}
}

/* The file to blame for a first-level value. */
static const char *reader_blame(const struct config_reader *r, const char *key)
{
	switch (vars_origin_of(&r->vars, key)) {
	case VARS_SET:
		return "--set";
	case VARS_ENV:
		return r->env_label;
	default:
		return r->file;
	}
}

void reader_values(
	struct config_reader *r, const struct arg_def *defs, void *out, const char *owner)
{
	for (; defs->name; defs++) {
		const struct arg_def one[2] = {*defs, ARG_END};
		const cJSON *x = vars_get(&r->vars, defs->name);
		cJSON *obj = cJSON_CreateObject();

		if (x && defs->type == ARG_BOOL && cJSON_IsNumber(x) &&
			(x->valuedouble == 0 || x->valuedouble == 1))
			cJSON_AddBoolToObject(obj, defs->name, x->valuedouble == 1);
		else if (x)
			cJSON_AddItemToObject(obj, defs->name, cJSON_Duplicate(x, 1));
		if (args_parse(one, obj, out, owner, reader_blame(r, defs->name), "", r->ps)) {
			/* the row says it */
		}
		cJSON_Delete(obj);
	}
}

void reader_unused_sets(
	struct config_reader *r, const struct config_source *src, const char *const *known)
{
	for (int i = 0; i < src->nsets; i++) {
		char *key = mem_strndup(src->sets[i], strcspn(src->sets[i], "="));
		char *use = mem_printf("{%s}", key);
		bool is_known = !strncmp(key, "MMAR_", 5) || strstr(r->text, use) ||
				cJSON_GetObjectItemCaseSensitive(r->root, key);

		for (int k = 0; known[k] && !is_known; k++)
			is_known = !strcmp(known[k], key);
		if (!is_known && vars_origin_of(&r->vars, key) == VARS_SET) {
			const char *near = problem_nearest(key, known);
			char *fix = near ? mem_printf("did you mean '%s'?", near) : NULL;

			problems_add(r->ps, PROBLEM_WARNING, ERR_USAGE, "--set", key, fix,
				"nothing reads the variable '%s'", key);
			free(fix);
		}
		free(key);
		free(use);
	}
}

/* Names a path that a variable points to and that is not there. */
static void reader_missing(
	struct config_reader *r, const char *key, const char *what, const char *path)
{
	char *fix;

	if (!path || sys_exists(path))
		return;
	if (r->lint && vars_origin_of(&r->vars, key) == VARS_DEFAULT)
		return; /* said already: not set */
	fix = mem_printf("give its place with --set %s=...", key);
	problems_add(r->ps, r->lint ? PROBLEM_WARNING : PROBLEM_ERROR, ERR_NOINPUT,
		reader_blame(r, key), key, fix, "the %s '%s' does not exist", what, path);
	free(fix);
}

void reader_check_data(struct config_reader *r)
{
	struct generator_args args;

	if (generator_args_read(&r->generator, r->env_label, &args, r->ps) || r->generator.name)
		return; /* the rows say it, or the data will be made */
	reader_missing(r, "DATASET_JSON", "data list", r->paths.dataset_json);
	reader_missing(r, "DATA_ROOT", "data folder", r->paths.data_root);
}

char *reader_resolved(const struct config_reader *r)
{
	cJSON *tree = cJSON_Duplicate(r->root, 1);
	const cJSON *x;
	char *text, *copy;

	cJSON_ArrayForEach (x, r->vars.values) {
		cJSON *value = cJSON_Duplicate(x, 1);

		if (cJSON_GetObjectItemCaseSensitive(tree, x->string))
			cJSON_ReplaceItemInObjectCaseSensitive(tree, x->string, value);
		else
			cJSON_AddItemToObject(tree, x->string, value);
	}
	text = cJSON_Print(tree);
	copy = mem_strdup(text ? text : "{}");
	cJSON_free(text);
	cJSON_Delete(tree);
	return copy;
}
