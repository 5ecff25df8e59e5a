/*
 * Folders and files for tests of MMARs.
 */
#include "tests/unit/mmar_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"

char *test_dir_new(void)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = mem_printf("%s/axial-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");

	if (!mkdtemp(dir))
		fail_msg("cannot make a folder");
	return dir;
}

void test_dir_free(char *dir)
{
	struct err err = ERR_INIT;

	if (sys_remove_tree(dir, &err))
		fail_msg("%s", err.msg);
	free(dir);
}

void test_file(const char *dir, const char *path, const char *text)
{
	char *full = sys_join(dir, path), *slash = strrchr(full, '/');
	struct err err = ERR_INIT;
	int rc;

	*slash = '\0';
	rc = sys_mkdirs(full, &err);
	*slash = '/';
	if (rc || sys_write_file(full, text, strlen(text), &err))
		fail_msg("%s", err.msg);
	free(full);
}

char *test_replace(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	if (!at)
		fail_msg("the text has no '%s'", from);
	return mem_printf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}
