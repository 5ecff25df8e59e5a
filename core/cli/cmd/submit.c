/*
 * axial submit: the flags of "axial train", but the training runs in the engine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/sys.h"
#include "core/cli/cli.h"
#include "core/engine/client.h"
#include "core/mmar/mmar.h"
#include "core/mmar/paths.h"

static void submit_copy(cJSON *args, const char *key, const char *value)
{
	if (value)
		cJSON_AddStringToObject(args, key, value);
}

static int submit_run(struct cmd_line *line, struct err *err)
{
	const char *mmar = cmd_value(line, "mmar", ".");
	char *root = realpath(mmar, NULL);
	cJSON *o, *args, *sets, *job;
	const char *const *words;
	int n;

	if (!root || !mmar_is(root)) {
		free(root);
		return err_set(err, ERR_NOINPUT, "'%s' is no MMAR", mmar);
	}
	o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "kind", "train");
	args = cJSON_AddObjectToObject(o, "args");
	cJSON_AddStringToObject(args, "mmar", root);
	submit_copy(args, "config", cmd_value(line, "config", NULL));
	submit_copy(args, "env", cmd_value(line, "env", NULL));
	submit_copy(args, "run", cmd_value(line, "run", NULL));
	submit_copy(args, "device", cmd_value(line, "device", NULL));
	cJSON_AddBoolToObject(args, "write_train_stats", cmd_flag(line, "write-train-stats"));
	words = cmd_multi(line, "set", &n);
	sets = cJSON_AddArrayToObject(args, "set");
	for (int i = 0; i < n; i++) {
		char *word = path_of_set(root, words[i]);

		cJSON_AddItemToArray(sets, cJSON_CreateString(word));
		free(word);
	}
	free(root);
	job = engine_call("submit", o, true, 15, err);
	if (!job)
		return -1;
	printf("job %.0f\n", json_num(job, "id", 0));
	cJSON_Delete(job);
	return 0;
}

static const struct cmd_opt submit_opts[] = {
	{"mmar", 'm', CMD_VALUE, "DIR", "folder of the MMAR (default: the current one)"},
	{"config", 'c', CMD_VALUE, "FILE",
		"training configuration, default config/config_train.json"},
	{"env", 'e', CMD_VALUE, "FILE", "environment, default config/environment.json"},
	{"set", 0, CMD_MULTI, "KEY=VALUE", "overrides variables; more K=V may follow"},
	{"run", 0, CMD_VALUE, "NAME", "name of the run folder (default: from the time)"},
	{"device", 0, CMD_VALUE, "NAME", "cpu or auto"},
	{"write-train-stats", 0, CMD_FLAG, NULL, "write train_stats.json at the end"},
	CMD_OPT_END,
};

const struct cmd cmd_submit = {
	.name = "submit",
	.args = "",
	.summary = "train an MMAR in the background; prints the number of the job",
	.help = "DATASET_JSON and DATA_ROOT in --set may be relative to the working folder or the MMAR.\n"
		"'axial attach' follows the job, 'axial stop' ends it after a checkpoint.",
	.opts = submit_opts,
	.run = submit_run,
};
