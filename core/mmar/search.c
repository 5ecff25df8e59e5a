/*
 * What an AutoML configuration means when it is trained as it is.
 */
#include "core/mmar/search.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"

/* The first choice for a tag, from the searches of the first level; NULL: none. */
static const cJSON *search_choice(const cJSON *root, const char *tag)
{
	const cJSON *searches = cJSON_GetObjectItemCaseSensitive(root, "search"), *s, *arg;

	cJSON_ArrayForEach (s, searches) {
		const cJSON *args = cJSON_GetObjectItemCaseSensitive(s, "args");
		const cJSON *first =
			cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(s, "targets"), 0);
		int i = 0;

		if (strcmp(json_str(s, "type", ""), "enum"))
			continue;
		if (cJSON_IsString(args) && !strcmp(args->valuestring, tag))
			return cJSON_IsArray(first) ? cJSON_GetArrayItem(first, 0) : first;
		cJSON_ArrayForEach (arg, args) {
			if (cJSON_IsString(arg) && !strcmp(arg->valuestring, tag))
				return cJSON_IsArray(first) ? cJSON_GetArrayItem(first, i) : first;
			i++;
		}
	}
	return NULL;
}

static bool search_apply_one(cJSON *component, const char *key, const cJSON *value)
{
	cJSON *to = component;

	if (key[0] == '@') {
		key++;
	} else {
		to = cJSON_GetObjectItemCaseSensitive(component, "args");
		if (!to)
			to = cJSON_AddObjectToObject(component, "args");
	}
	if (!cJSON_IsObject(to) || cJSON_GetObjectItemCaseSensitive(to, key))
		return false;
	return cJSON_AddItemToObject(to, key, cJSON_Duplicate(value, 1));
}

/* Every "apply" below v; returns how many were followed. */
static int search_walk(const cJSON *root, cJSON *v)
{
	const cJSON *apply = cJSON_GetObjectItemCaseSensitive(v, "apply"), *a;
	cJSON *child;
	int n = 0;

	if (cJSON_IsObject(v) && cJSON_IsObject(apply)) {
		cJSON_ArrayForEach (a, apply) {
			const cJSON *value =
				cJSON_IsString(a) ? search_choice(root, a->valuestring) : NULL;

			if (value)
				n += search_apply_one(v, a->string, value);
		}
	}
	cJSON_ArrayForEach (child, v)
		n += search_walk(root, child);
	return n;
}

void search_first_point(struct config_reader *r)
{
	int n;

	if (!cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(r->root, "search")))
		return;
	n = search_walk(r->root, r->root);
	if (n)
		reader_warn(r, "search", NULL,
			"nothing is searched here: %d components take the first choice of their tags",
			n);
}
