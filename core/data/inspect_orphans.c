/*
 * Files beside those of a data list which the list does not name: a case that was
 * forgotten, a label without its image.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/data/inspect.h"
#include "core/volume/image_file.h"

/* Paths of all files of the lists, sorted. */
struct orphan_known {
	const char **v;
	int n, cap;
};

static void orphan_add(struct orphan_known *k, const char *path)
{
	if (k->n == k->cap) {
		k->cap = k->cap ? 2 * k->cap : 256;
		k->v = mem_realloc(k->v, (size_t)k->cap * sizeof(*k->v));
	}
	k->v[k->n++] = path;
}

static int orphan_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool orphan_is_image(const char *name)
{
	return name[0] != '.' && image_file_stem(name) < strlen(name);
}

static void orphan_folder(
	const struct orphan_known *k, const char *folder, const char *file, struct problems *ps)
{
	struct err err = ERR_INIT;
	char **names, *first = NULL;
	int n = sys_list_dir(folder, &names, &err), orphans = 0;

	for (int i = 0; i < n; i++) {
		char *path = sys_join(folder, names[i]);

		if (orphan_is_image(names[i]) &&
			!bsearch(&path, k->v, (size_t)k->n, sizeof(*k->v), orphan_order)) {
			orphans++;
			if (!first)
				first = mem_strdup(names[i]);
		}
		free(path);
	}
	if (n >= 0)
		sys_free_names(names, n);
	if (orphans)
		problems_add(ps, PROBLEM_WARNING, ERR_DATA, file, "", NULL,
			"%d files of '%s' are in no list, the first is '%s'", orphans, folder,
			first);
	free(first);
}

void inspect_orphans(const struct datalist *const *lists, int n, struct problems *ps)
{
	struct orphan_known k = {0};
	char *last = NULL;

	for (int i = 0; i < n; i++) {
		for (int e = 0; e < lists[i]->n; e++) {
			for (int j = 0; j < lists[i]->v[e].n_image; j++)
				orphan_add(&k, lists[i]->v[e].image[j]);
			if (lists[i]->v[e].label)
				orphan_add(&k, lists[i]->v[e].label);
		}
	}
	qsort(k.v, (size_t)k.n, sizeof(*k.v), orphan_order);
	/* Sorted by path, so files of one folder stand together (sub-folders aside). */
	for (int i = 0; i < k.n; i++) {
		size_t len = (size_t)(sys_basename(k.v[i]) - k.v[i]);
		char *folder = len > 1 ? mem_strndup(k.v[i], len - 1) : mem_strdup(".");

		if (!last || strcmp(last, folder))
			orphan_folder(&k, folder, lists[0]->file, ps);
		free(last);
		last = folder;
	}
	free(last);
	free(k.v);
}
