/*
 * Validation and inference configurations of v4 as v3 has them.
 *
 * v4 writes results by a transform (SaveImaged) and reports by a handler (MetricsSaver);
 * v3 has writers, and a folder in each metric.  TorchScript and .pt files are not read:
 * their names stand for the model that was trained here, as .pb files do in v3.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/mmar/v4.h"

static cJSON *v4_get(const cJSON *obj, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(obj, key);
}

static cJSON *eval_loader(const char *path, const cJSON *disabled)
{
	cJSON *entry = cJSON_CreateObject();

	cJSON_AddStringToObject(entry, "name", "FrozenGraphModelLoader");
	cJSON_AddStringToObject(cJSON_AddObjectToObject(entry, "args"), "model_file_path", path);
	if (disabled)
		cJSON_AddItemToObject(entry, "disabled", cJSON_Duplicate(disabled, 1));
	return entry;
}

/* Weights of one alternative: {"ts_path" or "ckpt_path", "disabled"}, else NULL. */
static cJSON *eval_weights(const cJSON *model)
{
	const char *path = json_str(model, "ts_path", json_str(model, "ckpt_path", NULL));

	return path ? eval_loader(path, v4_get(model, "disabled")) : NULL;
}

/* "load_path" of a CheckpointLoader handler. */
static const char *eval_handler_path(const cJSON *root)
{
	const cJSON *x;
	char buf[128];

	cJSON_ArrayForEach (x, v4_get(root, "handlers")) {
		if (!strcmp(v4_class(x, buf, sizeof(buf)), "CheckpointLoader"))
			return json_str(v4_get(x, "args"), "load_path", "{MMAR_CKPT}");
	}
	return "{MMAR_CKPT}";
}

static void eval_model(cJSON *root)
{
	cJSON *model = cJSON_DetachItemFromObjectCaseSensitive(root, "model");
	cJSON *out = NULL, *one;
	const cJSON *x;

	if (cJSON_IsArray(model)) {
		out = cJSON_CreateArray();
		cJSON_ArrayForEach (x, model) {
			one = eval_weights(x);
			if (one)
				cJSON_AddItemToArray(out, one);
		}
	} else {
		out = eval_weights(model);
	}
	/* A network by name: its weights come from the handler; the file knows the network. */
	if (!out)
		out = eval_loader(eval_handler_path(root), NULL);
	cJSON_Delete(model);
	v4_set(root, "model_loader", out);
}

/* Folder of MetricsSaver; NULL when there is none. */
static const char *eval_report_path(const cJSON *root)
{
	const cJSON *x;
	char buf[128];

	cJSON_ArrayForEach (x, v4_get(root, "handlers")) {
		if (!strcmp(v4_class(x, buf, sizeof(buf)), "MetricsSaver") &&
			!cJSON_IsTrue(v4_get(x, "disabled")))
			return json_str(v4_get(x, "args"), "save_dir", NULL);
	}
	return NULL;
}

/* One WriteNifti per key of a SaveImaged. */
static void eval_writer(cJSON *writers, const cJSON *save)
{
	const cJSON *args = v4_get(save, "args"), *keys = v4_get(args, "keys");
	int n = cJSON_IsArray(keys) ? cJSON_GetArraySize(keys) : 1;

	for (int i = 0; i < n; i++) {
		const cJSON *key = cJSON_IsArray(keys) ? cJSON_GetArrayItem(keys, i) : keys;
		cJSON *w = cJSON_CreateObject(), *to;

		cJSON_AddStringToObject(w, "name", "WriteNifti");
		to = cJSON_AddObjectToObject(w, "args");
		cJSON_AddStringToObject(
			to, "field", cJSON_IsString(key) ? key->valuestring : "model");
		cJSON_AddStringToObject(
			to, "write_path", json_str(args, "output_dir", "{MMAR_EVAL_OUTPUT_PATH}"));
		if (v4_get(save, "disabled"))
			cJSON_AddItemToObject(
				w, "disabled", cJSON_Duplicate(v4_get(save, "disabled"), 1));
		cJSON_AddItemToArray(writers, w);
	}
}

/* Takes SaveImaged out of the post transforms; true when one is not disabled for good. */
static bool eval_writers(cJSON *root)
{
	cJSON *list = v4_get(root, "post_transforms"), *writers = cJSON_CreateArray(), *x, *next;
	bool any = false;
	char buf[128];

	for (x = list ? list->child : NULL; x; x = next) {
		next = x->next;
		if (strcmp(v4_class(x, buf, sizeof(buf)), "SaveImaged") &&
			strcmp(v4_class(x, buf, sizeof(buf)), "SaveImageD"))
			continue;
		eval_writer(writers, x);
		any = any || !cJSON_IsTrue(v4_get(x, "disabled"));
		cJSON_Delete(cJSON_DetachItemViaPointer(list, x));
	}
	v4_set(root, "writers", writers);
	return any;
}

/* A value of the data set as a variable, unless it is that variable already. */
static void eval_variable(cJSON *root, const cJSON *dataset, const char *key, const char *name)
{
	const char *text = json_str(dataset, key, NULL);
	char *self = mem_printf("{%s}", name);

	if (text && strcmp(text, self) && !v4_get(root, name))
		cJSON_AddStringToObject(root, name, text);
	free(self);
}

void v4_evaluation(cJSON *root)
{
	static const char *const dropped[] = {"dataset", "dataloader", "handlers", "evaluator",
		"key_metric", "additional_metrics", "metrics", NULL};
	static const char *const entries[] = {
		"inferer", "pre_transforms", "post_transforms", "dataset", NULL};
	char *report = eval_report_path(root) ? mem_strdup(eval_report_path(root)) : NULL;
	cJSON *metrics = v4_metrics(root, report), *dataset = v4_get(root, "dataset");
	bool writes;

	free(report);
	v4_iteration(root, "evaluator");
	for (int i = 0; entries[i]; i++)
		v4_unwire(v4_get(root, entries[i]));
	if (v4_get(root, "amp") && !v4_get(root, "use_amp"))
		v4_set(root, "use_amp", cJSON_CreateString("{amp}"));
	eval_model(root);
	writes = eval_writers(root);
	eval_variable(root, dataset, "data_list_key", "DATA_LIST_KEY");
	eval_variable(root, dataset, "data_list_file_path", "DATASET_JSON");
	eval_variable(root, dataset, "data_file_base_dir", "DATA_ROOT");
	if (!v4_get(root, "do_validation"))
		cJSON_AddBoolToObject(root, "do_validation", cJSON_GetArraySize(metrics) > 0);
	if (!v4_get(root, "output_infer_result"))
		cJSON_AddBoolToObject(root, "output_infer_result", writes);
	v4_set(root, "val_metrics", metrics);
	v4_set(root, "label_transforms", cJSON_CreateArray());
	for (int i = 0; dropped[i]; i++)
		cJSON_DeleteItemFromObjectCaseSensitive(root, dropped[i]);
}
