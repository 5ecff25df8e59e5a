/*
 * axial cache-plan: measures what the transforms of a training cost and proposes a Smart
 * Cache for it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/cli/cli.h"
#include "core/cli/foreground.h"
#include "core/data/cache_plan.h"
#include "core/run/reader.h"
#include "core/run/scan.h"
#include "core/train/source.h"
#include "core/train/trainer.h"

static const struct cmd_opt plan_opts[] = {
	{"mmar", 'm', CMD_VALUE, "DIR", "folder of the MMAR (default: the current one)"},
	{"config", 'c', CMD_VALUE, "FILE",
		"training configuration, default config/config_train.json"},
	{"env", 'e', CMD_VALUE, "FILE", "environment, default config/environment.json"},
	{"set", 0, CMD_MULTI, "KEY=VALUE",
		"overrides variables of the configuration; more K=V may follow"},
	{"cases", 0, CMD_VALUE, "N", "cases to measure (default 6)"},
	{"step-seconds", 0, CMD_VALUE, "S",
		"seconds of a step without loading (default: from the newest run)"},
	{"memory", 0, CMD_VALUE, "MB",
		"memory for the cache (default: three quarters of what is available)"},
	CMD_OPT_END,
};

/* A positive number of an option, def when it is not there. */
static int plan_number(
	struct cmd_line *line, const char *name, double def, double *out, struct err *err)
{
	const char *text = cmd_value(line, name, NULL);
	char *end;

	*out = def;
	if (!text)
		return 0;
	*out = strtod(text, &end);
	if (end == text || *end || !(*out > 0) || *out > 1e9)
		return err_set(err, ERR_USAGE, "--%s needs a number above 0, not '%s'", name, text);
	return 0;
}

/* Seconds of a step of a run without waiting for the loader, or NaN. */
static double plan_step_of_run(const char *dir)
{
	struct run_reader r;
	const struct run_series *seconds, *wait;
	struct err err = ERR_INIT;
	double best = NAN;

	run_reader_init(&r, dir);
	if (run_reader_poll(&r, 0, NULL, &err) > 0 && r.steps_per_epoch > 0) {
		seconds = run_reader_series(&r, EVENT_EPOCH, "seconds");
		wait = run_reader_series(&r, EVENT_EPOCH, "loader_wait");
		/* The fastest epoch: the first ones load, others were disturbed. */
		for (int i = 0; seconds && wait && i < seconds->n && i < wait->n; i++)
			best = fmin(
				best, (seconds->v[i].value - wait->v[i].value) / r.steps_per_epoch);
	}
	run_reader_release(&r);
	return best;
}

static int plan_step_seconds(
	struct cmd_line *line, const struct train_config *cfg, double *out, struct err *err)
{
	struct run_item *items;
	int n;

	if (plan_number(line, "step-seconds", NAN, out, err))
		return -1;
	if (isfinite(*out))
		return 0;
	n = run_scan(cfg->paths.ckpt_dir, &items, err);
	if (n < 0)
		return -1;
	for (int i = 0; i < n && !isfinite(*out); i++) {
		*out = plan_step_of_run(items[i].dir);
		if (isfinite(*out))
			printf("step       %.4g s without loading (run %s)\n", *out, items[i].id);
	}
	run_items_free(items, n);
	if (!isfinite(*out))
		return err_set(err, ERR_USAGE,
			"no run in '%s' tells how long a step takes: give --step-seconds ('axial check' "
			"times a step)",
			cfg->paths.ckpt_dir);
	return 0;
}

static void plan_print_json(const struct train_config *cfg, const struct cache_plan *p)
{
	const char *name = cfg->train_pipeline.c->name;
	bool cached = strstr(name, "WithCache") != NULL;

	printf("\n\"image_pipeline\": {\n  \"name\": \"%s%s\",\n  \"args\": {\n", name,
		cached ? "" : "WithCache");
	printf("    \"num_cache_objects\": %lld,\n    \"replace_percent\": %.6g,\n",
		(long long)p->objects, p->fraction);
	printf("    \"prefetch_size\": %d,\n    ...\n", p->replace ? 0 : 4);
}

static void plan_print(const struct train_config *cfg, const struct cache_plan_times *t,
	const struct cache_plan_setting *s, const struct cache_plan *p)
{
	double mib = 1048576;

	printf("cases      %lld entries, %lld cases; %d measured\n", (long long)s->entries,
		(long long)s->unique, t->cases);
	printf("cached     the first %d of %d transforms: %.3f s a case (worst %.3f), %.1f MiB (worst "
	       "%.1f)\n",
		t->prefix, t->transforms, t->prefix_seconds, t->prefix_worst, t->bytes / mib,
		t->bytes_worst / mib);
	printf("random     the other %d: %.4f s a case\n", t->transforms - t->prefix,
		t->random_seconds);
	printf("memory     %.0f MiB for the cache, that is %.0f cases\n", s->memory / mib,
		floor(s->memory / fmax(t->bytes, 1)));
	printf("now        %.4g s a step, %.4g s an epoch over the whole list without a cache\n",
		p->step_now, p->epoch_now);
	if (p->step_now <= 1.05 * s->step_seconds)
		printf("           the loader threads keep up without a cache: it would gain nothing\n");
	if (!p->replace)
		printf("proposal   all cases fit (%.0f MiB): keep them all, exchange none\n",
			p->bytes / mib);
	else
		printf("proposal   %lld cases and %lld replacements fit (%.0f MiB), which one thread "
		       "makes in %.3g s\n",
			(long long)p->objects, (long long)p->replace, p->bytes / mib,
			(double)p->replace * t->prefix_seconds);
	printf("then       %.4g s a step, %.4g s an epoch of %lld cases; every case after %lld "
	       "epochs\n",
		p->step_then, p->epoch_then, (long long)p->objects, (long long)p->pass);
	if (p->replace)
		printf("epochs     %.0f instead of %lld for as many steps\n",
			ceil((double)cfg->epochs * (double)s->entries / (double)p->objects),
			(long long)cfg->epochs);
	if (p->lag > 0)
		printf("warning    one replacement takes longer than an epoch, each comes about %.2g s "
		       "late\n",
			p->lag);
	if (p->step_then > 1.05 * s->step_seconds)
		printf("warning    the random transforms take longer than the step: more num_workers "
		       "than %lld help\n",
			(long long)s->workers);
	plan_print_json(cfg, p);
}

static int plan_run(struct cmd_line *line, const struct train_config *cfg, struct datalist *list,
	struct err *err)
{
	const struct pipeline_args *a = cfg->train_pipeline.args;
	struct cache_plan_setting s = {.entries = list->n,
		.unique = list->unique,
		.batch = a->batched_by_transforms || a->output_batch_size < 1
				 ? 1
				 : a->output_batch_size,
		.workers = a->num_workers};
	struct pipeline_config pc = {.args = a,
		.transforms = cfg->train_transforms.v,
		.n_transforms = cfg->train_transforms.n,
		.list = list,
		.seed = cfg->seed,
		.training = true};
	struct cache_plan_times t;
	struct cache_plan p;
	double cases, memory = (double)sys_available_memory() * 0.75 / 1048576;

	if (plan_number(line, "cases", 6, &cases, err) ||
		plan_number(line, "memory", memory, &memory, err) ||
		plan_step_seconds(line, cfg, &s.step_seconds, err) ||
		cache_plan_measure(&pc, (int)ceil(cases), &t, err))
		return -1;
	if (!t.prefix)
		return err_set(err, ERR_DATA,
			"the first transform is random already, so there is nothing to cache");
	s.memory = memory * 1048576;
	cache_plan_propose(&t, &s, &p);
	plan_print(cfg, &t, &s, &p);
	return 0;
}

static int plan_load(
	struct cmd_line *line, struct train_config *cfg, struct problems *ps, struct err *err)
{
	const struct train_hooks none = {0};
	struct train_options opt = {0};
	struct train_source src;
	struct config_source cs;
	int rc;

	foreground_options(line, &opt);
	rc = train_source_init(&src, &opt, err);
	if (!rc) {
		cs = train_source_config(&src);
		rc = train_config_load(&cs, cfg, ps)
			     ? problems_to_err(ps, err)
			     : train_generate(&cfg->generator, &cfg->paths, &none, err);
	}
	train_source_release(&src);
	return rc;
}

static int plan_cmd(struct cmd_line *line, struct err *err)
{
	struct train_config cfg = {0};
	struct problems ps = {0};
	struct datalist *list = NULL;
	const struct pipeline_args *a;
	int rc;

	if (cmd_argc(line))
		return err_set(err, ERR_USAGE, "axial cache-plan takes options only, not '%s'",
			cmd_arg(line, 0));
	rc = plan_load(line, &cfg, &ps, err);
	if (!rc) {
		a = cfg.train_pipeline.args;
		list = datalist_read(
			a->data_list_file_path, a->data_file_base_dir, a->data_list_key, &ps);
		rc = list ? plan_run(line, &cfg, list, err) : problems_to_err(&ps, err);
	}
	datalist_free(list);
	train_config_release(&cfg);
	problems_release(&ps);
	return rc;
}

const struct cmd cmd_cache_plan = {
	.name = "cache-plan",
	.args = "",
	.summary = "propose num_cache_objects and replace_percent for a training",
	.help = "Runs the transforms on a few cases, reads the memory that is available and the time of a\n"
		"step from the newest run, and proposes a Smart Cache: as many cases as fit, and as many\n"
		"replacements as one thread makes within an epoch.  Prints what it measured, why, the\n"
		"time of an epoch to expect, and the lines for the configuration.",
	.opts = plan_opts,
	.run = plan_cmd,
};
