/*
 * axial evaluate: validation or inference with a trained model.
 *
 * One program with two switches, as in v3: --set do_validation=true|false and
 * output_infer_result=true|false.
 */
#include "core/cli/cli.h"
#include "core/cli/foreground.h"
#include "core/train/train.h"

static const struct cmd_opt evaluate_opts[] = {
	{"mmar", 'm', CMD_VALUE, "DIR", "folder of the MMAR (default: the current one)"},
	{"config", 'c', CMD_VALUE, "FILE", "configuration, default config/config_validation.json"},
	{"env", 'e', CMD_VALUE, "FILE", "environment, default config/environment.json"},
	{"set", 0, CMD_MULTI, "KEY=VALUE",
		"overrides variables: do_validation, output_infer_result ..."},
	{"device", 0, CMD_VALUE, "NAME", "cpu or auto"},
	CMD_OPT_END,
};

static int evaluate_cmd(struct cmd_line *line, struct err *err)
{
	struct foreground fg;
	struct train_options opt;
	int rc;

	foreground_options(line, &opt);
	foreground_begin(&fg);
	rc = evaluate_run(&opt, &fg.hooks, err);
	foreground_end(&fg);
	return rc;
}

const struct cmd cmd_evaluate = {
	.name = "evaluate",
	.args = "",
	.summary = "validate a trained model, or write its segmentations",
	.help = "Runs config_validation.json: metrics go to NAME_summary_results.txt and\n"
		"NAME_raw_results.txt in the eval folder (do_validation=true), segmentations are written\n"
		"as NIfTI on the grid of the original image (output_infer_result=true).",
	.opts = evaluate_opts,
	.run = evaluate_cmd,
};
