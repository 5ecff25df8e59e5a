/*
 * Looking at a configuration file without running it.  Kinds that this build does
 * not read yet are checked for JSON only, and the result says so.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/mmar/reader.h"
#include "core/mmar/v4.h"

static bool has(const cJSON *obj, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(obj, key) != NULL;
}

enum config_kind config_kind_of(const cJSON *root)
{
	if (has(root, "inference"))
		return CONFIG_AIAA;
	if (v4_is(root))
		return has(root, "train") ? CONFIG_TRAIN : CONFIG_VALIDATE;
	if (has(root, "train"))
		return CONFIG_TRAIN;
	if (has(root, "controller") && has(root, "executor"))
		return CONFIG_AUTOML;
	if (has(root, "servers"))
		return CONFIG_FEDERATED;
	if (has(root, "model_loader") || has(root, "val_metrics") || has(root, "inferer"))
		return CONFIG_VALIDATE;
	if (has(root, "training") || has(root, "validation"))
		return CONFIG_DATASET;
	if (has(root, "MMAR_CKPT_DIR") || has(root, "DATA_ROOT") || has(root, "DATASET_JSON") ||
		has(root, "PROCESSING_TASK"))
		return CONFIG_ENVIRONMENT;
	return CONFIG_UNKNOWN;
}

const char *config_kind_name(enum config_kind kind)
{
	static const char *const names[] = {"training configuration", "validation configuration",
		"environment", "data list", "AutoML configuration", "federated configuration",
		"annotation configuration", "unknown configuration"};

	return names[kind];
}

static int lint_train(const struct config_source *src, struct problems *ps)
{
	struct train_config cfg;
	int rc = train_config_load(src, &cfg, ps);

	train_config_release(&cfg);
	return rc;
}

static int lint_validate(const struct config_source *src, struct problems *ps)
{
	struct validate_config cfg;
	int rc = validate_config_load(src, &cfg, ps);

	validate_config_release(&cfg);
	return rc;
}

/* Variables of an environment: circles, unknown names, wrong types. */
static void lint_environment(struct config_reader *r)
{
	static const char *const texts[] = {"DATA_ROOT", "DATASET_JSON", "PROCESSING_TASK",
		"MMAR_CKPT_DIR", "MMAR_EVAL_OUTPUT_PATH", "MMAR_CKPT", "MMAR_CKPT_PARTIAL",
		"PRETRAIN_WEIGHTS_FILE", "DATA_GENERATOR", NULL};
	static const char *const tasks[] = {"segmentation", "classification", "annotation", NULL};
	const cJSON *x;
	const char *task = json_str(r->root, "PROCESSING_TASK", NULL);

	cJSON_ArrayForEach (x, r->root) {
		const char *near = problem_nearest(x->string, texts);
		char *fix;

		for (int i = 0; texts[i]; i++) {
			if (!strcmp(texts[i], x->string) && !cJSON_IsString(x))
				reader_error(r, x->string, NULL, "'%s' must be a string, found %s",
					x->string, json_type_name(x));
		}
		if (!near || !strcmp(near, x->string) || !strcmp(x->string, "DATA_GENERATOR_ARGS"))
			continue;
		fix = mem_printf("did you mean '%s'?", near);
		reader_warn(r, x->string, fix, "unknown variable '%s'", x->string);
		free(fix);
	}
	for (int i = 0; task && tasks[i]; i++)
		if (!strcmp(task, tasks[i]))
			task = NULL;
	if (task)
		reader_error(r, "PROCESSING_TASK",
			"known: segmentation, classification, annotation", "unknown task '%s'",
			task);
}

static void lint_other(struct config_reader *r, enum config_kind kind)
{
	if (kind == CONFIG_ENVIRONMENT)
		lint_environment(r);
	else if (kind != CONFIG_DATASET)
		reader_warn(r, "", NULL, "%s: only the JSON was checked", config_kind_name(kind));
}

int config_lint(const struct config_source *src, struct problems *ps)
{
	struct config_source own = *src;
	struct problems quiet = {0};
	struct config_reader r;
	enum config_kind kind = CONFIG_UNKNOWN;
	int rc, before = problems_errors(ps);

	own.lint = true;
	rc = reader_open(&r, &own, src->config_path, &quiet);
	if (!rc)
		kind = config_kind_of(r.root);
	if (!rc && kind != CONFIG_TRAIN && kind != CONFIG_VALIDATE) {
		r.ps = ps;
		lint_other(&r, kind);
	}
	reader_release(&r);
	problems_release(&quiet);
	if (kind == CONFIG_VALIDATE)
		return lint_validate(&own, ps);
	if (rc || kind == CONFIG_TRAIN)
		return lint_train(&own, ps);
	return problems_errors(ps) > before ? -1 : 0;
}
