/*
 * axial custom new|build: components of the user's own, in C.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/cli/cli.h"
#include "core/custom/custom.h"

static int custom_cmd_new(struct cmd_line *line, const char *root, struct err *err)
{
	const char *name = cmd_arg(line, 1), *word = cmd_arg(line, 2);
	enum component_kind kind;
	char *path;

	if (!name || !word)
		return err_set(err, ERR_USAGE, "usage: axial custom new NAME KIND -m MMAR");
	if (!custom_kind(word, &kind))
		return err_set(err, ERR_USAGE,
			"'%s' is no kind: transform, loss, network, optimizer or metric", word);
	if (custom_new(root, name, kind, &path, err))
		return -1;
	printf("%s/%s written; next: 'axial custom build -m %s', then in a configuration\n"
	       "  \"path\": \"custom/%s.so:%s\"\n",
		root, path, root, name, name);
	free(path);
	return 0;
}

/* Loads what was built, so that a fault shows here and not in a training. */
static int custom_cmd_show(const char *root, const char *file, struct err *err)
{
	static const enum component_kind kinds[] = {COMPONENT_TRANSFORM, COMPONENT_LOSS,
		COMPONENT_NETWORK, COMPONENT_OPTIMIZER, COMPONENT_METRIC};
	char **names;
	int n = custom_exports(root, file, &names, err), rc = n < 0 ? -1 : 0;

	for (int i = 0; i < n; i++) {
		char *text = mem_printf("custom/%s.so:%s", file, names[i]);
		const struct component *c = NULL;

		for (size_t k = 0; !c && k < ARRAY_SIZE(kinds); k++) {
			*err = (struct err)ERR_INIT;
			c = custom_load(kinds[k], root, text, err);
		}
		if (c)
			printf("  \"path\": \"%s\"  %s: %s\n", text, component_kind_name(c->kind),
				c->help);
		else
			rc = -1;
		free(text);
	}
	if (!n)
		printf("  custom/%s.so exports nothing: AXIAL_COMPONENT(NAME, ...)\n", file);
	if (n >= 0)
		sys_free_names(names, n);
	return rc;
}

static int custom_cmd_build(struct cmd_line *line, const char *root, struct err *err)
{
	const char *only = cmd_arg(line, 1);
	char *dir = sys_join(root, "custom"), **names = NULL;
	int n = sys_list_dir(dir, &names, err), built = 0, rc = n < 0 ? -1 : 0;

	for (int i = 0; i < n && !rc; i++) {
		size_t len = strlen(names[i]);
		char *base;

		if (len < 3 || strcmp(names[i] + len - 2, ".c"))
			continue;
		base = mem_strndup(names[i], len - 2);
		if (!only || !strcmp(only, base)) {
			built++;
			printf("custom/%s.c -> custom/%s.so\n", base, base);
			fflush(stdout);
			rc = custom_compile(root, base, err) || custom_cmd_show(root, base, err);
		}
		free(base);
	}
	if (n >= 0)
		sys_free_names(names, n);
	if (!rc && !built)
		rc = err_set(err, ERR_NOINPUT, "no C file to build in '%s'", dir);
	free(dir);
	return rc ? -1 : 0;
}

static int custom_run(struct cmd_line *line, struct err *err)
{
	const char *verb = cmd_arg(line, 0), *root = cmd_value(line, "mmar", ".");

	if (!verb || (strcmp(verb, "new") && strcmp(verb, "build")))
		return err_set(err, ERR_USAGE, "usage: axial custom new NAME KIND | build [NAME]");
	if (!sys_is_dir(root))
		return err_set(err, ERR_NOINPUT, "no such folder '%s'", root);
	return strcmp(verb, "new") ? custom_cmd_build(line, root, err)
				   : custom_cmd_new(line, root, err);
}

static const struct cmd_opt custom_opts[] = {
	{"mmar", 'm', CMD_VALUE, "DIR", "the MMAR (default: the current folder)"}, CMD_OPT_END};

const struct cmd cmd_custom = {
	.name = "custom",
	.args = "new NAME KIND | build [NAME]",
	.summary = "write and compile components of your own, in C",
	.help = "new writes custom/NAME.c in the MMAR: a working transform, loss, network, optimizer "
		"or metric to change. build compiles each custom/*.c to a shared object with $CC or "
		"cc. A configuration names one by \"path\": \"custom/NAME.so:NAME\"; it is loaded only "
		"from inside the MMAR, and refused when its source is newer.",
	.opts = custom_opts,
	.run = custom_run,
};
