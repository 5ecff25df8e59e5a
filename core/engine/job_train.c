/*
 * The job that trains: arguments of the submit request on one side, the trainer
 * on the other.
 *
 * Its lines need no way of their own: the trainer's events are in the run folder,
 * and what it says before there is one goes to the engine's log.
 */
#include <stddef.h>

#include "core/engine/job.h"
#include "core/train/train.h"

struct job_train_args {
	char *mmar, *config, *env, *run, *resume, *device;
	struct strlist set;
	bool write_train_stats;
};

static const struct arg_def job_train_defs[] = {
	{"mmar", ARG_STRING, offsetof(struct job_train_args, mmar),
		.help = "folder of the MMAR, absolute; not needed with resume"},
	{"config", ARG_STRING, offsetof(struct job_train_args, config),
		.help = "training configuration, relative to the MMAR"},
	{"env", ARG_STRING, offsetof(struct job_train_args, env),
		.help = "environment, relative to the MMAR"},
	{"set", ARG_STRLIST, offsetof(struct job_train_args, set), .help = "KEY=VALUE overrides"},
	{"run", ARG_STRING, offsetof(struct job_train_args, run),
		.help = "name of the run folder; from the time when absent"},
	{"resume", ARG_STRING, offsetof(struct job_train_args, resume),
		.help = "folder of the run to go on with, absolute"},
	{"device", ARG_STRING, offsetof(struct job_train_args, device), .help = "cpu or auto"},
	{"write_train_stats", ARG_BOOL, offsetof(struct job_train_args, write_train_stats),
		.help = "write train_stats.json at the end"},
	ARG_END,
};

static bool train_cancelled(void *ctx)
{
	return job_cancelled(ctx);
}

static void train_prop(void *ctx, const char *name, double value)
{
	job_prop(ctx, name, value);
}

static void train_line(void *ctx, const char *text)
{
	job_line(ctx, text);
}

static void train_run_started(void *ctx, const char *run_dir)
{
	job_run_started(ctx, run_dir);
}

static int job_train_run(struct job_ctl *ctl, const void *args, struct err *err)
{
	const struct job_train_args *a = args;
	const struct train_options opt = {
		.mmar = a->mmar,
		.config = a->config,
		.env = a->env,
		.sets = (const char *const *)a->set.v,
		.nsets = a->set.n,
		.run_name = a->run,
		.resume = a->resume,
		.device = a->device,
		.write_train_stats = a->write_train_stats,
	};
	const struct train_hooks hooks = {
		.ctx = ctl,
		.cancelled = train_cancelled,
		.prop = train_prop,
		.line = train_line,
		.run_started = train_run_started,
	};

	if (!a->mmar && !a->resume)
		return err_set(err, ERR_USAGE, "a training needs 'mmar' or 'resume'");
	return train_run(&opt, &hooks, err);
}

const struct job_kind job_kind_train = {
	.name = "train",
	.help = "trains an MMAR, or goes on with a run",
	.args = job_train_defs,
	.args_size = sizeof(struct job_train_args),
	.run = job_train_run,
};
