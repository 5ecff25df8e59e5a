/*
 * axial check: configuration and data of a training, before it starts.
 */
#include <stdio.h>

#include "core/base/buf.h"
#include "core/cli/cli.h"
#include "core/cli/foreground.h"
#include "core/train/data_check.h"

static const struct cmd_opt check_opts[] = {
	{"mmar", 'm', CMD_VALUE, "DIR", "folder of the MMAR (default: the current one)"},
	{"config", 'c', CMD_VALUE, "FILE",
		"training configuration, default config/config_train.json"},
	{"env", 'e', CMD_VALUE, "FILE", "environment, default config/environment.json"},
	{"set", 0, CMD_MULTI, "KEY=VALUE",
		"overrides variables of the configuration; more K=V may follow"},
	{"quick", 'q', CMD_FLAG, NULL, "read headers only, no voxels"},
	{"no-step", 0, CMD_FLAG, NULL, "do not build the plan and time two steps"},
	{"fix", 0, CMD_OPTIONAL, "[FILE]",
		"write a data list without faulty cases, copies and leaked cases (default: "
		"NAME_fixed.json beside the list)"},
	CMD_OPT_END,
};

static int check_cmd(struct cmd_line *line, struct err *err)
{
	struct data_check_options opt = {0};
	struct problems ps = {0};
	struct foreground fg;
	struct buf text = {0};
	int rc;

	if (cmd_argc(line))
		return err_set(err, ERR_USAGE, "axial check takes options only, not '%s'",
			cmd_arg(line, 0));
	foreground_options(line, &opt.train);
	opt.quick = cmd_flag(line, "quick");
	opt.no_step = cmd_flag(line, "no-step");
	opt.fix = cmd_value(line, "fix", NULL);
	foreground_begin(&fg);
	rc = data_check_run(&opt, &fg.hooks, &ps, err);
	foreground_end(&fg);
	problems_format(&ps, &text);
	printf("%s%d errors, %d warnings\n", text.p ? text.p : "", problems_errors(&ps),
		problems_warnings(&ps));
	if (rc && !err->code) {
		cmd_set_exit(line, problems_code(&ps));
		rc = 0;
	}
	buf_release(&text);
	problems_release(&ps);
	return rc;
}

const struct cmd cmd_check = {
	.name = "check",
	.args = "",
	.summary = "check configuration and data of an MMAR before training",
	.help = "Reads every file of the training and validation lists and names all problems at once:\n"
		"missing and unreadable files, sizes and positions of image and label that differ,\n"
		"label values without a class, empty labels, copies under other names, cases that are\n"
		"in both lists, files that no list names, cases that differ from the rest.  Then it\n"
		"tells class balance, memory and the time of a step.  Ends with 0 when there are\n"
		"warnings at most, 66 when files are missing, 65 with other errors.",
	.opts = check_opts,
	.run = check_cmd,
};
