/*
 * axial train: trains an MMAR in the foreground with plain progress lines.
 *
 * The flags are those of v3's train program.  ^C (or SIGTERM) asks the trainer to
 * stop: it writes a checkpoint and ends with exit code 130; a second ^C kills.
 */

#include "core/cli/cli.h"
#include "core/cli/foreground.h"
#include "core/train/train.h"

static const struct cmd_opt train_opts[] = {
	{"mmar", 'm', CMD_VALUE, "DIR", "folder of the MMAR (default: the current one)"},
	{"config", 'c', CMD_VALUE, "FILE",
		"training configuration, default config/config_train.json"},
	{"env", 'e', CMD_VALUE, "FILE", "environment, default config/environment.json"},
	{"set", 0, CMD_MULTI, "KEY=VALUE",
		"overrides variables of the configuration; more K=V may follow"},
	{"run", 0, CMD_VALUE, "NAME", "name of the run folder (default: from the time)"},
	{"resume", 0, CMD_OPTIONAL, "[RUN]",
		"go on with this run (a folder, or a name below the MMAR's models); without RUN: the newest "
		"one that can be resumed"},
	{"device", 0, CMD_VALUE, "NAME", "cpu or auto"},
	{"write-train-stats", 0, CMD_FLAG, NULL, "write train_stats.json at the end"},
	CMD_OPT_END,
};

static int train_cmd(struct cmd_line *line, struct err *err)
{
	struct foreground fg;
	struct train_options opt;
	int rc;

	foreground_options(line, &opt);
	opt.run_name = cmd_value(line, "run", NULL);
	opt.resume = cmd_value(line, "resume", NULL);
	opt.write_train_stats = cmd_flag(line, "write-train-stats");
	foreground_begin(&fg);
	rc = train_run(&opt, &fg.hooks, err);
	foreground_end(&fg);
	return rc;
}

const struct cmd cmd_train = {
	.name = "train",
	.args = "",
	.summary = "train an MMAR in the foreground, with plain progress lines",
	.help = "Reads the configuration as Clara Train v3 did, checks all of it and the data first, and\n"
		"writes models/RUN/ with events.jsonl, checkpoints, model.safetensors (best by the key\n"
		"metric) and model_final.safetensors.  ^C stops after a checkpoint; 'axial train --resume'\n"
		"goes on from it with the same numbers as an uninterrupted run.",
	.opts = train_opts,
	.run = train_cmd,
};
