/*
 * Data sets, loaders and metrics of v4 as v3 has them.
 *
 * A Dataset, CacheDataset or PersistentDataset uses all cases in every epoch: that is
 * v3's plain pipeline, which keeps what fits into its memory.  A SmartCacheDataset
 * works on a window of the cases, which v3's pipeline with cache does.  v4 never says
 * how large a training sample is: the last transform that sets a size does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/component.h"
#include "core/mmar/v4.h"

static cJSON *v4_get(const cJSON *obj, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(obj, key);
}

/* Component names of the transforms after which samples have the size of one argument. */
static bool v4_sets_size(const cJSON *entry)
{
	static const char *const setters[] = {"RandCropByPosNegLabeld", "RandSpatialCropd",
		"CenterSpatialCropd", "Resized", "SpatialPadd", "RandAffined",
		"SpatialCropForegroundd", NULL};
	char buf[128];
	const struct component *c =
		component_find(COMPONENT_TRANSFORM, v4_class(entry, buf, sizeof(buf)));

	for (int i = 0; c && setters[i]; i++)
		if (!strcmp(c->name, setters[i]))
			return !cJSON_IsTrue(v4_get(entry, "disabled"));
	return false;
}

/* Three numbers, or NULL when value is no size of two or three axes. */
static cJSON *v4_size(const cJSON *value, bool flat)
{
	double n[3] = {0, 0, 1};
	int count = cJSON_GetArraySize(value);

	if (cJSON_IsNumber(value)) {
		n[0] = n[1] = value->valuedouble;
		n[2] = flat ? 1 : value->valuedouble;
	} else if (cJSON_IsArray(value) && (count == 2 || count == 3)) {
		for (int i = 0; i < count; i++) {
			const cJSON *x = cJSON_GetArrayItem(value, i);

			n[i] = cJSON_IsNumber(x) ? x->valuedouble : 0;
		}
	}
	return n[0] >= 1 && n[1] >= 1 && n[2] >= 1 ? cJSON_CreateDoubleArray(n, 3) : NULL;
}

/* The size of a training sample by its transforms; NULL when none sets it. */
static cJSON *v4_crop_size(const cJSON *transforms, bool flat)
{
	cJSON *out = NULL, *size;
	const cJSON *x;

	cJSON_ArrayForEach (x, transforms) {
		const cJSON *args = v4_get(x, "args"), *value = v4_get(args, "spatial_size");

		if (!v4_sets_size(x))
			continue;
		size = v4_size(value ? value : v4_get(args, "roi_size"), flat);
		if (!size)
			continue;
		cJSON_Delete(out);
		out = size;
	}
	return out;
}

static void v4_copy(const cJSON *from, const char *key, cJSON *to, const char *name)
{
	const cJSON *x = v4_get(from, key);

	if (x)
		v4_set(to, name, cJSON_Duplicate(x, 1));
}

/* Which pipeline stands for a data set; a name that nobody knows stays, to be refused. */
static char *v4_pipeline(const char *dataset, const char *task, bool training)
{
	static const char *const known[] = {"Dataset", "CacheDataset", "PersistentDataset",
		"LMDBDataset", "CacheNTransDataset", "SmartCacheDataset", NULL};
	bool classify = task && !strcmp(task, "classification");
	bool smart = training && !strcmp(dataset, "SmartCacheDataset");

	for (int i = 0; known[i]; i++)
		if (!strcmp(known[i], dataset))
			return mem_printf("%sImagePipeline%s",
				classify ? "Classification" : "Segmentation",
				smart ? "WithCache" : "");
	return mem_strdup(dataset);
}

void v4_data(cJSON *section, const cJSON *train, bool training, const char *task)
{
	cJSON *dataset = v4_get(section, "dataset"), *args = cJSON_CreateObject(), *size;
	const cJSON *loader = v4_get(v4_get(section, "dataloader"), "args");
	const cJSON *own = v4_get(dataset, "args");
	const cJSON *net = v4_get(v4_get(train, "model"), "args");
	bool flat = json_num(net, "dimensions", json_num(net, "spatial_dims", 3)) == 2;
	char buf[128], *name;
	cJSON *pipe = cJSON_CreateObject();

	name = v4_pipeline(v4_class(dataset, buf, sizeof(buf)), task, training);
	cJSON_AddStringToObject(pipe, "name", name);
	v4_copy(dataset, "data_list_file_path", args, "data_list_file_path");
	v4_copy(dataset, "data_file_base_dir", args, "data_file_base_dir");
	v4_copy(dataset, "data_list_key", args, "data_list_key");
	v4_copy(net, "in_channels", args, "output_image_channels");
	v4_copy(loader, "num_workers", args, "num_workers");
	if (flat)
		cJSON_AddNumberToObject(args, "output_data_dims", 2);
	if (training) {
		cJSON_AddNumberToObject(
			args, "output_batch_size", json_num(loader, "batch_size", 1));
		cJSON_AddBoolToObject(args, "shuffle", json_bool(loader, "shuffle", false));
		size = v4_crop_size(v4_get(section, "pre_transforms"), flat);
		if (size)
			cJSON_AddItemToObject(args, "output_crop_size", size);
	} else {
		cJSON_AddNumberToObject(args, "output_batch_size", 1);
	}
	if (strstr(name, "WithCache")) {
		v4_copy(own, "cache_num", args, "num_cache_objects");
		v4_copy(own, "replace_rate", args, "replace_percent");
	}
	cJSON_AddItemToObject(pipe, "args", args);
	free(name);
	cJSON_DeleteItemFromObjectCaseSensitive(section, "dataset");
	cJSON_DeleteItemFromObjectCaseSensitive(section, "dataloader");
	v4_set(section, "image_pipeline", pipe);
}

/* One metric: v4 names the value beside the class, v3 in the arguments. */
static void v4_metric(cJSON *list, const cJSON *from, bool key, const char *report_path)
{
	cJSON *entry = cJSON_Duplicate(from, 1), *args;
	const char *label = json_str(entry, "log_label", NULL);

	if (!cJSON_IsObject(entry)) {
		cJSON_AddItemToArray(list, entry);
		return;
	}
	v4_unwire(entry);
	args = v4_get(entry, "args");
	if (!cJSON_IsObject(args)) {
		args = cJSON_CreateObject();
		v4_set(entry, "args", args);
	}
	if (label)
		v4_set(args, "name", cJSON_CreateString(label));
	if (key || json_bool(entry, "is_key_metric", false))
		v4_set(args, "is_key_metric", cJSON_CreateTrue());
	if (report_path)
		v4_set(args, "report_path", cJSON_CreateString(report_path));
	cJSON_DeleteItemFromObjectCaseSensitive(entry, "log_label");
	cJSON_DeleteItemFromObjectCaseSensitive(entry, "is_key_metric");
	cJSON_AddItemToArray(list, entry);
}

cJSON *v4_metrics(cJSON *section, const char *report_path)
{
	static const char *const keys[] = {"key_metric", "metrics", "additional_metrics", NULL};
	cJSON *out = cJSON_CreateArray();

	for (int i = 0; keys[i]; i++) {
		cJSON *x = cJSON_DetachItemFromObjectCaseSensitive(section, keys[i]);
		const cJSON *item;

		if (cJSON_IsArray(x))
			cJSON_ArrayForEach (item, x)
				v4_metric(out, item, i == 0, report_path);
		else if (x)
			v4_metric(out, x, i == 0, report_path);
		cJSON_Delete(x);
	}
	return out;
}
