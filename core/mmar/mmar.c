/*
 * Finding MMARs: which folders are one, and which lie below given roots.
 *
 * The layout is recognised by its config folder alone, because published archives
 * miss commands/ or docs/ now and then.
 */
#include "core/mmar/mmar.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

#define MMAR_DEPTH 4

static bool mmar_is_config_name(const char *name)
{
	size_t n = strlen(name);

	if (n < 6 || strcmp(name + n - 5, ".json"))
		return false;
	return !strncmp(name, "config", 6) || !strcmp(name, "environment.json") ||
	       !strncmp(name, "trn_", 4);
}

bool mmar_is(const char *dir)
{
	char *config = sys_join(dir, "config");
	struct err err = ERR_INIT;
	char **names;
	bool found = false;
	int n = sys_is_dir(config) ? sys_list_dir(config, &names, &err) : -1;

	for (int i = 0; i < n && !found; i++)
		found = mmar_is_config_name(names[i]);
	if (n >= 0)
		sys_free_names(names, n);
	free(config);
	return found;
}

char *mmar_root_of(const char *config_file)
{
	char *full = realpath(config_file, NULL), *slash;

	if (!full)
		full = mem_strdup(config_file);
	slash = strrchr(full, '/');
	if (!slash) {
		free(full);
		full = realpath(".", NULL);
		return full ? full : mem_strdup(".");
	}
	*(slash == full ? slash + 1 : slash) = '\0';
	slash = strrchr(full, '/');
	if (slash && slash != full && !strcmp(slash + 1, "config"))
		*slash = '\0';
	return full;
}

static bool mmar_is_real_dir(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISDIR(st.st_mode);
}

static void mmar_add(struct strlist *out, const char *dir)
{
	for (int i = 0; i < out->n; i++)
		if (!strcmp(out->v[i], dir))
			return;
	out->v = mem_realloc(out->v, (size_t)(out->n + 1) * sizeof(*out->v));
	out->v[out->n++] = mem_strdup(dir);
}

static void mmar_search(const char *dir, int depth, struct strlist *out)
{
	struct err err = ERR_INIT;
	char **names;
	int n;

	if (mmar_is(dir)) {
		mmar_add(out, dir);
		return;
	}
	n = depth > 0 ? sys_list_dir(dir, &names, &err) : -1;
	for (int i = 0; i < n; i++) {
		char *sub = sys_join(dir, names[i]);

		if (names[i][0] != '.' && mmar_is_real_dir(sub))
			mmar_search(sub, depth - 1, out);
		free(sub);
	}
	if (n >= 0)
		sys_free_names(names, n);
}

static int mmar_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void mmar_find(const char *const *roots, int nroots, struct strlist *out)
{
	*out = (struct strlist){0};
	for (int i = 0; i < nroots; i++) {
		char *full = realpath(roots[i], NULL);

		if (full && sys_is_dir(full))
			mmar_search(full, MMAR_DEPTH, out);
		free(full);
	}
	if (out->n)
		qsort(out->v, (size_t)out->n, sizeof(*out->v), mmar_order);
}

void mmar_list_release(struct strlist *l)
{
	for (int i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strlist){0};
}
