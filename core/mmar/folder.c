/*
 * New folders appear whole or not at all: they are built beside their place and
 * renamed.
 */
#include "core/mmar/folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

int folder_check_free(const char *dst, struct err *err)
{
	char **names;
	int n;

	if (!sys_exists(dst))
		return 0;
	n = sys_is_dir(dst) ? sys_list_dir(dst, &names, err) : 1;
	if (n < 0)
		return -1;
	if (sys_is_dir(dst))
		sys_free_names(names, n);
	return n ? err_set(err, ERR_USAGE, "'%s' exists already", dst) : 0;
}

int folder_finish(const char *tmp, const char *dst, int rc, struct err *err)
{
	struct err ignored = ERR_INIT;

	if (!rc && !rename(tmp, dst))
		return 0;
	if (!rc)
		rc = err_sys(err, errno, "cannot make '%s'", dst);
	if (sys_remove_tree(tmp, &ignored))
		return rc; /* the first error counts */
	return rc;
}

char *folder_tmp(const char *dst)
{
	size_t n = strlen(dst);

	while (n > 1 && dst[n - 1] == '/')
		n--;
	return mem_printf("%.*s.new-%ld", (int)n, dst, (long)getpid());
}
