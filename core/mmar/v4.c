/*
 * Clara Train 4.x (MONAI) configurations: recognising them, and the training ones.
 *
 * v4 writes down which Python object gets which ("optimizer": "@optimizer"); the
 * engine has its own wiring, so such arguments are dropped.  What is left is the same
 * list of components as in v3 under other names.
 */
#include "core/mmar/v4.h"

#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/component.h"

#define V4_MARK "_v4" /* keys that begin with "_" are comments everywhere */

const char *const v4_keys[] = {"CLARA_TRAIN_VERSION", "amp", "cudnn_benchmark",
	"dont_load_ckpt_model", "dont_load_ts_model", "num_interval_per_valid", "tf32", "use_gpu",
	NULL};

static cJSON *v4_get(const cJSON *obj, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(obj, key);
}

bool v4_is(const cJSON *root)
{
	const cJSON *train = v4_get(root, "train"), *s = train ? train : root;

	if (v4_get(root, "inference") || v4_was(root))
		return false;
	return v4_get(root, "CLARA_TRAIN_VERSION") || v4_get(s, "dataloader") ||
	       v4_get(s, "trainer") || v4_get(s, "lr_scheduler") || v4_get(s, "evaluator");
}

bool v4_was(const cJSON *root)
{
	return v4_get(root, V4_MARK) != NULL;
}

void v4_set(cJSON *obj, const char *key, cJSON *value)
{
	if (v4_get(obj, key))
		cJSON_ReplaceItemInObjectCaseSensitive(obj, key, value);
	else
		cJSON_AddItemToObject(obj, key, value);
}

void v4_move(cJSON *obj, const char *key, cJSON *to, const char *name)
{
	cJSON *x = cJSON_DetachItemFromObjectCaseSensitive(obj, key);

	if (x)
		v4_set(to, name, x);
}

const char *v4_class(const cJSON *entry, char *buf, int size)
{
	const char *text = json_str(entry, "path", json_str(entry, "name", ""));
	const char *dot;

	snprintf(buf, (size_t)size, "%.*s", (int)strcspn(text, "#"), text);
	dot = strrchr(buf, '.');
	return dot ? dot + 1 : buf;
}

/* "@model", "#@model.parameters()", "lambda x: ...". */
static bool v4_is_wire(const cJSON *x)
{
	const char *s = cJSON_IsString(x) ? x->valuestring : "";

	return s[0] == '@' || s[0] == '#' || !strncmp(s, "lambda", 6);
}

void v4_unwire(cJSON *entry)
{
	cJSON *args = v4_get(entry, "args"), *x, *next;

	if (cJSON_IsArray(entry)) {
		cJSON_ArrayForEach (x, entry)
			v4_unwire(x);
		return;
	}
	cJSON_DeleteItemFromObjectCaseSensitive(entry, "rank");
	if (!cJSON_IsObject(args))
		return;
	for (x = args->child; x; x = next) {
		next = x->next;
		if (v4_is_wire(x) || (cJSON_IsArray(x) && v4_is_wire(x->child)) ||
			(cJSON_IsObject(x) && v4_is_wire(x->child)))
			cJSON_Delete(cJSON_DetachItemViaPointer(args, x));
	}
}

/* The entry of a list with this class, or NULL. */
static cJSON *v4_find(const cJSON *list, const char *class)
{
	char buf[128];
	cJSON *x;

	cJSON_ArrayForEach (x, list) {
		if (!strcmp(v4_class(x, buf, sizeof(buf)), class))
			return x;
	}
	return NULL;
}

/*
 * Handlers keep their names, so that a misspelt one is found; their arguments wire
 * objects or name files that a run has anyway.  Those of "validate" join the others,
 * unless they are known.
 */
static void v4_handlers(cJSON *train, cJSON *validate)
{
	cJSON *list = v4_get(train, "handlers"), *own = v4_get(validate, "handlers"), *x, *next;
	char buf[128];

	cJSON_ArrayForEach (x, list) {
		if (strcmp(v4_class(x, buf, sizeof(buf)), "CheckpointLoader"))
			cJSON_DeleteItemFromObjectCaseSensitive(x, "args");
	}
	if (!cJSON_IsArray(own))
		return;
	if (!list)
		list = cJSON_AddArrayToObject(train, "handlers");
	for (x = own->child; x; x = next) {
		next = x->next;
		if (component_find(COMPONENT_HANDLER, v4_class(x, buf, sizeof(buf))) ||
			v4_get(x, "ref"))
			continue;
		cJSON_DetachItemViaPointer(own, x);
		cJSON_DeleteItemFromObjectCaseSensitive(x, "args");
		cJSON_AddItemToArray(list, x);
	}
	cJSON_DeleteItemFromObjectCaseSensitive(validate, "handlers");
}

/* First-level values under the names of v3; --set of the v4 name works through them. */
static void v4_values(cJSON *root, const cJSON *train)
{
	const cJSON *interval =
		v4_get(v4_get(v4_find(v4_get(train, "handlers"), "ValidationHandler"), "args"),
			"interval");
	const cJSON *lr = v4_get(v4_get(v4_get(train, "optimizer"), "args"), "lr");
	const cJSON *trainer = v4_get(v4_get(train, "trainer"), "args");

	if (!v4_get(root, "amp") && v4_get(trainer, "amp"))
		v4_set(root, "amp", cJSON_Duplicate(v4_get(trainer, "amp"), 1));
	if (v4_get(root, "amp") && !v4_get(root, "use_amp"))
		v4_set(root, "use_amp", cJSON_CreateString("{amp}"));
	if (interval)
		v4_set(root, "num_training_epoch_per_valid", cJSON_Duplicate(interval, 1));
	else if (v4_get(root, "num_interval_per_valid"))
		v4_set(root, "num_training_epoch_per_valid",
			cJSON_CreateString("{num_interval_per_valid}"));
	if (!v4_get(root, "epochs") && cJSON_IsNumber(v4_get(trainer, "max_epochs")))
		v4_set(root, "epochs", cJSON_Duplicate(v4_get(trainer, "max_epochs"), 1));
	if (!v4_get(root, "learning_rate") && cJSON_IsNumber(lr))
		v4_set(root, "learning_rate", cJSON_Duplicate(lr, 1));
}

static void v4_unwire_all(cJSON *section)
{
	cJSON *x;

	cJSON_ArrayForEach (x, section) {
		if (cJSON_IsObject(x) || cJSON_IsArray(x))
			v4_unwire(x);
	}
}

void v4_iteration(cJSON *section, const char *engine)
{
	cJSON *args = v4_get(v4_get(section, engine), "args"),
	      *x = v4_get(args, "iteration_update");

	if (cJSON_IsObject(x) && !v4_get(section, "iteration"))
		v4_move(args, "iteration_update", section, "iteration");
}

static void v4_training(cJSON *root, const char *task)
{
	cJSON *train = v4_get(root, "train"), *validate = v4_get(root, "validate");
	static const char *const dropped[] = {
		"trainer", "inferer", "key_metric", "additional_metrics", "metrics", NULL};
	cJSON *args;

	v4_values(root, train);
	v4_iteration(train, "trainer");
	v4_iteration(validate, "evaluator");
	v4_unwire_all(train);
	args = v4_get(v4_get(train, "optimizer"), "args");
	cJSON_DeleteItemFromObjectCaseSensitive(args, "lr");
	v4_move(train, "lr_scheduler", train, "lr_policy");
	v4_data(train, train, true, task);
	if (cJSON_IsObject(validate)) {
		cJSON *metrics = v4_metrics(validate, NULL);

		v4_unwire_all(validate);
		v4_data(validate, train, false, task);
		v4_set(validate, "metrics", metrics);
		cJSON_DeleteItemFromObjectCaseSensitive(validate, "evaluator");
	}
	v4_handlers(train, validate);
	for (int i = 0; dropped[i]; i++)
		cJSON_DeleteItemFromObjectCaseSensitive(train, dropped[i]);
}

void v4_translate(cJSON *root, const char *task)
{
	if (v4_get(root, "train"))
		v4_training(root, task ? task : json_str(root, "PROCESSING_TASK", NULL));
	else
		v4_evaluation(root);
	cJSON_AddTrueToObject(root, V4_MARK);
}

const char *v4_checkpoint(const cJSON *root)
{
	const cJSON *x = v4_find(v4_get(v4_get(root, "train"), "handlers"), "CheckpointLoader");
	const cJSON *off = v4_get(x, "disabled");

	if (!x || cJSON_IsTrue(off) || (cJSON_IsNumber(off) && off->valuedouble != 0))
		return NULL;
	return json_str(v4_get(x, "args"), "load_path", NULL);
}
