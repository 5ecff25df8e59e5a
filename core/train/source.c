/*
 * Options of a training, with those of an earlier start behind them.
 *
 * A run must be resumable from its folder alone: somebody else, on another day,
 * without the shell history.  run.json holds the flags; this file puts them back.
 */
#include "core/train/source.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/mmar/paths.h"
#include "core/run/run.h"
#include "core/run/scan.h"

static char *source_absolute(const char *path, struct err *err)
{
	char *real = realpath(path, NULL);

	if (!real)
		err_set(err, ERR_NOINPUT, "no folder '%s'", path);
	return real;
}

/* The newest run in dir that is stopped, failed or interrupted with a checkpoint. */
static char *source_newest(const char *dir, struct err *err)
{
	struct run_item *items;
	char *found = NULL;
	int n = run_scan(dir, &items, err);

	for (int i = 0; !found && i < n; i++)
		if (items[i].resumable)
			found = mem_strdup(items[i].dir);
	if (n >= 0 && !found)
		err_set(err, ERR_NOINPUT, "no run in '%s' can be resumed", dir);
	if (n >= 0)
		run_items_free(items, n);
	return found;
}

static char *source_run_dir(const struct train_options *opt, struct err *err)
{
	char *models, *dir, *real = NULL;

	if (opt->resume[0] && sys_is_dir(opt->resume))
		return source_absolute(opt->resume, err);
	models = sys_join(opt->mmar ? opt->mmar : ".", "models");
	dir = opt->resume[0] ? sys_join(models, opt->resume) : source_newest(models, err);
	free(models);
	if (dir && !sys_is_dir(dir))
		err_set(err, ERR_NOINPUT, "no run '%s' to resume (looked for '%s')", opt->resume,
			dir);
	else if (dir)
		real = source_absolute(dir, err);
	free(dir);
	return real;
}

static void source_add_set(struct train_source *src, const char *word)
{
	src->sets = mem_realloc(src->sets, (size_t)(src->nsets + 1) * sizeof(*src->sets));
	src->sets[src->nsets++] = mem_strdup(word);
}

static char *source_copy(const char *given, const char *recorded)
{
	const char *s = given ? given : recorded;

	return s ? mem_strdup(s) : NULL;
}

static int source_from_record(
	struct train_source *src, const struct train_options *opt, struct err *err)
{
	char *path = run_path_in(src->run_dir, RUN_FILE_INFO);
	cJSON *info = json_read(path, err);
	const cJSON *word;
	bool own_mmar = opt->mmar && strcmp(opt->mmar, ".");

	free(path);
	if (!info)
		return err_wrap(err, "'%s' is no run folder", src->run_dir);
	src->mmar = source_copy(own_mmar ? opt->mmar : NULL, json_str(info, "mmar", opt->mmar));
	src->config = source_copy(opt->config, json_str(info, "config", NULL));
	src->env = source_copy(opt->env, json_str(info, "env", NULL));
	src->resolved = source_copy(NULL, json_str(info, "resolved", NULL));
	src->threads = (int)json_num(info, "threads", 0);
	cJSON_ArrayForEach (word, cJSON_GetObjectItemCaseSensitive(info, "set"))
		if (cJSON_IsString(word))
			source_add_set(src, word->valuestring);
	cJSON_Delete(info);
	return 0;
}

int train_source_init(struct train_source *src, const struct train_options *opt, struct err *err)
{
	char *real;

	memset(src, 0, sizeof(*src));
	if (opt->resume) {
		src->run_dir = source_run_dir(opt, err);
		if (!src->run_dir || source_from_record(src, opt, err))
			return -1;
	} else {
		src->mmar = mem_strdup(opt->mmar ? opt->mmar : ".");
		src->config = source_copy(opt->config, NULL);
		src->env = source_copy(opt->env, NULL);
	}
	real = source_absolute(src->mmar, err);
	free(src->mmar);
	src->mmar = real;
	for (int i = 0; real && i < opt->nsets; i++) {
		char *word = path_of_set(real, opt->sets[i]);

		source_add_set(src, word);
		free(word);
	}
	return real ? 0 : -1;
}

void train_source_release(struct train_source *src)
{
	free(src->mmar);
	free(src->config);
	free(src->env);
	free(src->run_dir);
	free(src->resolved);
	sys_free_names(src->sets, src->nsets);
	memset(src, 0, sizeof(*src));
}

struct config_source train_source_config(const struct train_source *src)
{
	return (struct config_source){
		.mmar_root = src->mmar,
		.config_path = src->config,
		.env_path = src->env,
		.sets = (const char *const *)src->sets,
		.nsets = src->nsets,
	};
}
