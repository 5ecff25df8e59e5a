/*
 * What one MMAR says about itself: from its environment, its training
 * configuration, the data list, the Readme and the checkpoint folder.  A broken
 * file leaves its fields empty; "axial mmar lint" says why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/mmar/mmar.h"
#include "core/mmar/paths.h"
#include "core/mmar/vars.h"

#define INFO_MAX_CLASSES 1024
#define INFO_README_MAX  (1u << 20)

static cJSON *info_json(const char *root, const char *path)
{
	char *full = sys_join(root, path);
	struct err err = ERR_INIT;
	cJSON *out = sys_exists(full) ? json_read(full, &err) : NULL;

	free(full);
	return out;
}

static void info_push(struct strlist *l, const char *s)
{
	l->v = mem_realloc(l->v, (size_t)(l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = mem_strdup(s);
}

static void info_configs(struct mmar_info *info)
{
	char *dir = sys_join(info->root, "config");
	struct err err = ERR_INIT;
	char **names;
	int n = sys_list_dir(dir, &names, &err);

	for (int i = 0; i < n; i++) {
		size_t len = strlen(names[i]);

		if (len > 5 && !strcmp(names[i] + len - 5, ".json"))
			info_push(&info->configs, names[i]);
	}
	if (n >= 0)
		sys_free_names(names, n);
	free(dir);
}

/* The first heading of docs/Readme.md. */
static void info_title(struct mmar_info *info)
{
	static const char *const names[] = {"docs/Readme.md", "docs/README.md", "README.md"};
	struct buf b = {0};
	struct err err = ERR_INIT;

	info->title = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(names) && !info->title; i++) {
		char *path = sys_join(info->root, names[i]);
		const char *s;

		buf_reset(&b);
		if (sys_exists(path) && !sys_read_file(path, INFO_README_MAX, &b, &err) && b.p) {
			s = strchr(b.p, '#');
			s = s ? s + strspn(s, "# ") : b.p;
			info->title = mem_strndup(s, strcspn(s, "\r\n"));
		}
		free(path);
	}
	if (!info->title)
		info->title = mem_strdup("");
	buf_release(&b);
}

/* "labels" of a data list: {"0": "background", ...} or ["background", ...]. */
static void info_classes(struct mmar_info *info, const cJSON *labels)
{
	int n = cJSON_GetArraySize(labels);

	for (int i = 0; i < n && i < INFO_MAX_CLASSES; i++) {
		char key[16];
		const cJSON *x;

		snprintf(key, sizeof(key), "%d", i);
		x = cJSON_IsArray(labels) ? cJSON_GetArrayItem(labels, i)
					  : cJSON_GetObjectItemCaseSensitive(labels, key);
		info_push(&info->classes, cJSON_IsString(x) ? x->valuestring : key);
	}
}

/* The training configuration to describe: config_train.json, else the first that has a model. */
static cJSON *info_train(const struct mmar_info *info)
{
	cJSON *root = info_json(info->root, "config/config_train.json");

	for (int i = 0; !root && i < info->configs.n; i++) {
		char *path = mem_printf("config/%s", info->configs.v[i]);

		root = info_json(info->root, path);
		free(path);
		if (root && !cJSON_GetObjectItemCaseSensitive(root, "train")) {
			cJSON_Delete(root);
			root = NULL;
		}
	}
	return root;
}

/* A component or the first of a list of them. */
static const cJSON *info_part(const cJSON *train, const char *key)
{
	const cJSON *x = cJSON_GetObjectItemCaseSensitive(train, key);

	return cJSON_IsArray(x) ? x->child : x;
}

static void info_vars(struct mmar_info *info, const cJSON *config)
{
	cJSON *env = info_json(info->root, "config/environment.json");
	struct vars_input in = {.mmar_root = info->root,
		.config = config,
		.config_file = "",
		.env = env,
		.env_file = ""};
	struct problems ps = {0};
	struct vars v;
	const char *s;

	if (vars_build(&v, &in, &ps)) {
		/* fields stay empty */
	}
	info->task = mem_strdup(vars_str(&v, "PROCESSING_TASK", ""));
	info->ckpt_dir = sys_join(info->root, vars_str(&v, "MMAR_CKPT_DIR", "models"));
	info->eval_dir = sys_join(info->root, vars_str(&v, "MMAR_EVAL_OUTPUT_PATH", "eval"));
	s = vars_str(&v, "DATASET_JSON", NULL);
	info->dataset_json = s && *s ? path_find(info->root, s) : NULL;
	s = vars_str(&v, "DATA_ROOT", NULL);
	info->data_root = s && *s ? path_find(info->root, s) : NULL;
	s = vars_str(&v, "DATA_GENERATOR", NULL);
	info->generator = s && *s ? mem_strdup(s) : NULL;
	info->data_present = info->dataset_json && sys_exists(info->dataset_json);
	vars_release(&v);
	problems_release(&ps);
	cJSON_Delete(env);
}

static void info_model(struct mmar_info *info)
{
	cJSON *config = info_train(info);
	const cJSON *train = cJSON_GetObjectItemCaseSensitive(config, "train");
	const cJSON *net = info_part(train, "model"), *loss = info_part(train, "loss");
	struct err err = ERR_INIT;
	cJSON *list;

	info->network = mem_strdup(json_str(net, "name", ""));
	info->loss = mem_strdup(json_str(loss, "name", ""));
	info->num_classes =
		(int)json_num(cJSON_GetObjectItemCaseSensitive(net, "args"), "num_classes", 0);
	info_vars(info, config);
	list = info->data_present ? json_read(info->dataset_json, &err) : NULL;
	info_classes(info, cJSON_GetObjectItemCaseSensitive(list, "labels"));
	cJSON_Delete(list);
	cJSON_Delete(config);
}

static int info_newer(const void *a, const void *b)
{
	const struct mmar_run *x = a, *y = b;

	return x->mtime < y->mtime ? 1 : x->mtime > y->mtime ? -1 : strcmp(y->name, x->name);
}

static void info_runs(struct mmar_info *info)
{
	struct err err = ERR_INIT;
	char **names;
	int n = sys_is_dir(info->ckpt_dir) ? sys_list_dir(info->ckpt_dir, &names, &err) : -1;

	for (int i = 0; i < n; i++) {
		char *dir = sys_join(info->ckpt_dir, names[i]);
		char *events = sys_join(dir, "events.jsonl");
		struct stat st;

		if (!stat(events, &st)) {
			info->runs = mem_realloc(
				info->runs, (size_t)(info->nruns + 1) * sizeof(*info->runs));
			info->runs[info->nruns++] = (struct mmar_run){mem_strdup(names[i]), dir,
				(double)st.st_mtim.tv_sec + 1e-9 * (double)st.st_mtim.tv_nsec};
			dir = NULL;
		}
		free(events);
		free(dir);
	}
	if (n >= 0)
		sys_free_names(names, n);
	if (info->nruns)
		qsort(info->runs, (size_t)info->nruns, sizeof(*info->runs), info_newer);
}

static uint64_t info_disk(const char *path)
{
	struct stat st;
	struct err err = ERR_INIT;
	char **names;
	uint64_t sum;
	int n;

	if (lstat(path, &st))
		return 0;
	sum = (uint64_t)st.st_blocks * 512;
	if (!S_ISDIR(st.st_mode))
		return sum;
	n = sys_list_dir(path, &names, &err);
	for (int i = 0; i < n; i++) {
		char *sub = sys_join(path, names[i]);

		sum += info_disk(sub);
		free(sub);
	}
	if (n >= 0)
		sys_free_names(names, n);
	return sum;
}

int mmar_info_load(const char *root, struct mmar_info *out, struct err *err)
{
	*out = (struct mmar_info){0};
	out->root = realpath(root, NULL);
	if (!out->root)
		return err_set(err, ERR_NOINPUT, "no such folder '%s'", root);
	if (!mmar_is(out->root))
		return err_set(err, ERR_DATA,
			"'%s' is no MMAR: it has no config/config_train.json or other config*.json",
			root);
	out->name = mem_strdup(sys_basename(out->root));
	info_title(out);
	info_configs(out);
	info_model(out);
	info_runs(out);
	out->disk_bytes = info_disk(out->root);
	return 0;
}

void mmar_info_release(struct mmar_info *info)
{
	for (int i = 0; i < info->nruns; i++) {
		free(info->runs[i].name);
		free(info->runs[i].dir);
	}
	free(info->runs);
	mmar_list_release(&info->classes);
	mmar_list_release(&info->configs);
	free(info->root);
	free(info->name);
	free(info->title);
	free(info->task);
	free(info->network);
	free(info->loss);
	free(info->ckpt_dir);
	free(info->eval_dir);
	free(info->data_root);
	free(info->dataset_json);
	free(info->generator);
	*info = (struct mmar_info){0};
}
