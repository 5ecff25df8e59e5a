/*
 * axial mmar lint|info|list|new|clone: looking after MMAR folders.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/cli/cli.h"
#include "core/mmar/config.h"
#include "core/mmar/mmar.h"
#include "core/mmar/pack.h"

static void mmar_print_safe(const char *text)
{
	struct buf b = {0};

	buf_put_safe(&b, text);
	fputs(b.p ? b.p : "", stdout);
	buf_release(&b);
}

/* Lints one file; label: how it is named in messages. */
static void mmar_lint_file(struct cmd_line *line, const char *root, const char *file,
	const char *label, struct problems *ps)
{
	struct config_source src = {.mmar_root = root,
		.config_path = file,
		.config_label = label,
		.env_path = cmd_value(line, "env", NULL),
		.lint = true};
	struct problems own = {0};

	src.sets = cmd_multi(line, "set", &src.nsets);
	if (config_lint(&src, &own)) {
		/* the rows say it */
	}
	problems_merge(ps, &own); /* configurations of one MMAR share the environment */
	problems_release(&own);
}

/* All configurations of an MMAR, or the one given with -c. */
static int mmar_lint_folder(
	struct cmd_line *line, const char *dir, struct problems *ps, struct err *err)
{
	const char *config = cmd_value(line, "config", NULL);
	struct mmar_info info;

	if (config) {
		mmar_lint_file(line, dir, config, config, ps);
		return 0;
	}
	if (mmar_info_load(dir, &info, err)) {
		mmar_info_release(&info);
		return -1;
	}
	for (int i = 0; i < info.configs.n; i++) {
		char *path = mem_printf("config/%s", info.configs.v[i]);

		mmar_lint_file(line, dir, path, path, ps);
		free(path);
	}
	mmar_info_release(&info);
	return 0;
}

static int mmar_lint(struct cmd_line *line, struct err *err)
{
	const char *what = cmd_arg(line, 1);
	struct problems ps = {0};
	struct buf b = {0};
	int errors, warnings, rc = 0;

	if (!what)
		what = cmd_value(line, "mmar", ".");
	if (!sys_exists(what))
		return err_set(err, ERR_NOINPUT, "no such file or folder '%s'", what);
	if (sys_is_dir(what)) {
		rc = mmar_lint_folder(line, what, &ps, err);
	} else {
		char *root = mmar_root_of(what), *full = realpath(what, NULL);

		mmar_lint_file(line, root, full ? full : what, what, &ps);
		free(root);
		free(full);
	}
	if (rc)
		return rc;
	errors = problems_errors(&ps);
	warnings = problems_warnings(&ps);
	problems_format(&ps, &b);
	printf("%s%d error%s, %d warning%s\n", b.p ? b.p : "", errors, errors == 1 ? "" : "s",
		warnings, warnings == 1 ? "" : "s");
	cmd_set_exit(line, errors ? ERR_DATA : warnings ? 1 : 0);
	buf_release(&b);
	problems_release(&ps);
	return 0;
}

static void mmar_print_row(const char *name, const char *value)
{
	if (!value || !*value)
		return;
	printf("%-10s ", name);
	mmar_print_safe(value);
	putchar('\n');
}

static void mmar_print_list(const char *name, const struct strlist *l)
{
	if (!l->n)
		return;
	printf("%-10s ", name);
	for (int i = 0; i < l->n; i++) {
		fputs(i ? ", " : "", stdout);
		mmar_print_safe(l->v[i]);
	}
	putchar('\n');
}

static int mmar_info_print(struct cmd_line *line, struct err *err)
{
	const char *dir = cmd_arg(line, 1);
	struct mmar_info info;
	int rc = mmar_info_load(dir ? dir : cmd_value(line, "mmar", "."), &info, err);

	if (!rc) {
		mmar_print_row("name", info.name);
		mmar_print_row("title", info.title);
		mmar_print_row("folder", info.root);
		mmar_print_row("task", info.task);
		mmar_print_row("network", info.network);
		mmar_print_row("loss", info.loss);
		if (info.num_classes)
			printf("%-10s %d\n", "classes", info.num_classes);
		mmar_print_list("labels", &info.classes);
		mmar_print_list("configs", &info.configs);
		mmar_print_row("data", info.dataset_json);
		if (info.dataset_json && !info.data_present)
			printf("%-10s %s%s\n", "", "not there",
				info.generator ? ", will be generated" : "");
		printf("%-10s %.1f MB\n", "disk", (double)info.disk_bytes / 1e6);
		printf("%-10s %d\n", "runs", info.nruns);
		for (int i = 0; i < info.nruns; i++) {
			char when[32];

			sys_iso_time(info.runs[i].mtime, when);
			printf("  %.19s  ", when);
			mmar_print_safe(info.runs[i].name);
			putchar('\n');
		}
	}
	mmar_info_release(&info);
	return rc;
}

static int mmar_list(struct cmd_line *line, struct err *err)
{
	const char *here = ".";
	const char **roots;
	struct strlist found;
	int n = cmd_argc(line) - 1;

	roots = mem_zalloc((size_t)(n + 1) * sizeof(*roots));
	roots[0] = here;
	for (int i = 0; i < n; i++) {
		roots[i] = cmd_arg(line, i + 1);
		if (!sys_is_dir(roots[i])) {
			err_set(err, ERR_NOINPUT, "no such folder '%s'", roots[i]);
			free(roots);
			return -1;
		}
	}
	mmar_find(roots, n ? n : 1, &found);
	free(roots);
	for (int i = 0; i < found.n; i++) {
		struct mmar_info info;
		struct err ignored = ERR_INIT;

		if (!mmar_info_load(found.v[i], &info, &ignored)) {
			printf("%-14.14s %2d classes  %3d runs  ", info.task, info.num_classes,
				info.nruns);
			mmar_print_safe(info.root);
			putchar('\n');
		}
		mmar_info_release(&info);
	}
	mmar_list_release(&found);
	return 0;
}

static int mmar_make_new(struct cmd_line *line, struct err *err)
{
	if (cmd_argc(line) != 2)
		return err_set(err, ERR_USAGE, "usage: axial mmar new DIR");
	return mmar_new(cmd_arg(line, 1), err);
}

static int mmar_make_clone(struct cmd_line *line, struct err *err)
{
	if (cmd_argc(line) != 3)
		return err_set(err, ERR_USAGE, "usage: axial mmar clone SRC DST");
	return mmar_clone(cmd_arg(line, 1), cmd_arg(line, 2), err);
}

static int mmar_make_pack(struct cmd_line *line, struct err *err)
{
	const char *dir = cmd_arg(line, 1), *out = cmd_arg(line, 2);
	int rc;

	if (!dir || !out || cmd_argc(line) != 3)
		return err_set(err, ERR_USAGE, "usage: axial mmar pack DIR FILE.zip|FILE.tar.gz");
	rc = mmar_pack(dir, out, cmd_value(line, "weights", NULL), err);
	if (!rc)
		printf("%s\n", out);
	return rc;
}

static int mmar_make_unpack(struct cmd_line *line, struct err *err)
{
	if (cmd_argc(line) != 3)
		return err_set(err, ERR_USAGE, "usage: axial mmar unpack FILE DIR");
	return mmar_unpack(cmd_arg(line, 1), cmd_arg(line, 2), err);
}

static const struct {
	const char *name;
	int (*run)(struct cmd_line *line, struct err *err);
} mmar_verbs[] = {
	{"lint", mmar_lint},
	{"info", mmar_info_print},
	{"list", mmar_list},
	{"new", mmar_make_new},
	{"clone", mmar_make_clone},
	{"pack", mmar_make_pack},
	{"unpack", mmar_make_unpack},
};

static int mmar_run(struct cmd_line *line, struct err *err)
{
	const char *verb = cmd_arg(line, 0);

	for (size_t i = 0; verb && i < ARRAY_SIZE(mmar_verbs); i++)
		if (!strcmp(verb, mmar_verbs[i].name))
			return mmar_verbs[i].run(line, err);
	return err_set(err, ERR_USAGE,
		"%s%s%s: lint, info, list, new, clone, pack or unpack is "
		"expected",
		verb ? "unknown word '" : "no word", verb ? verb : "", verb ? "'" : "");
}

static const struct cmd_opt mmar_opts[] = {
	{"mmar", 'm', CMD_VALUE, "DIR", "folder of the MMAR (lint, info)"},
	{"config", 'c', CMD_VALUE, "FILE", "lint this configuration only, relative to the MMAR"},
	{"env", 'e', CMD_VALUE, "FILE", "environment, relative to the MMAR"},
	{"set", 0, CMD_MULTI, "KEY=VALUE...", "variables, as for train"},
	{"weights", 0, CMD_VALUE, "FILE", "pack: weights to add as models/model.safetensors"},
	CMD_OPT_END,
};

const struct cmd cmd_mmar = {
	.name = "mmar",
	.args = "lint FILE|DIR | info DIR | list [DIR...] | new DIR | clone SRC DST | pack DIR FILE | "
		"unpack FILE DIR",
	.summary = "check, describe, list, make, copy, pack and unpack MMAR folders",
	.help = "lint reads configurations without running them and prints every problem on its\n"
		"own line; it ends with 0 when clean, 1 with warnings, 65 with errors.\n"
		"clone copies without the contents of models/, eval/ and data/.\n"
		"pack makes one .zip or .tar.gz of an MMAR without data, runs, results and compiled code\n"
		"(.so; its sources go along, and unpack refuses such files); weights at\n"
		"the top of models/ go along.  unpack takes it, or any zip or tar with an MMAR in it.",
	.opts = mmar_opts,
	.run = mmar_run,
};
