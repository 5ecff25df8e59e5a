/*
 * Relative paths of configurations and command lines: see the header.
 */
#include "core/mmar/paths.h"

#include <stdlib.h>
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
