/*
 * Relative paths of configurations and command lines: see the header.
 */
#include "core/mmar/paths.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

char *path_find(const char *root, const char *path)
{
	char *here = sys_join(root, path), *cwd, *there;

	if (path[0] == '/' || sys_exists(here))
		return here;
	cwd = getcwd(NULL, 0);
	if (!cwd)
		return here;
	there = sys_join(cwd, path);
	free(cwd);
	if (!sys_exists(there)) {
		free(there);
		return here;
	}
	free(here);
	return there;
}

char *path_of_set(const char *root, const char *set)
{
	static const char *const keys[] = {"DATASET_JSON=", "DATA_ROOT="};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		size_t n = strlen(keys[i]);
		char *full, *out;

		if (strncmp(set, keys[i], n) || !set[n] || set[n] == '/' || strchr(set, '{'))
			continue;
		full = path_find(root, set + n);
		out = mem_printf("%s%s", keys[i], full);
		free(full);
		return out;
	}
	return mem_strdup(set);
}
