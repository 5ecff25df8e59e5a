/*
 * The data of a training, looked at as a whole before it starts.
 */
#include "core/train/data_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/data/inspect.h"
#include "core/net/net.h"
#include "core/train/data_fix.h"
#include "core/train/source.h"
#include "core/train/trainer.h"

enum { CHECK_TRAINING, CHECK_VALIDATION, CHECK_LISTS };

struct data_check {
	const struct data_check_options *opt;
	const struct train_hooks *hooks;
	struct problems *ps;
	struct train_config cfg;
	struct datalist *list[CHECK_LISTS];
	bool *bad[CHECK_LISTS];  /* per entry: it has an error */
	bool *drop[CHECK_LISTS]; /* per entry: a copy, or leakage */
	struct inspect in[CHECK_LISTS];
};

/* Marks the entries that an error row of their list names ("training.#3"). */
static void check_mark(struct data_check *c, int k)
{
	const struct datalist *l = c->list[k];
	size_t n = strlen(l->key);

	for (int i = 0; i < c->ps->n; i++) {
		const struct problem *p = &c->ps->v[i];
		int entry;

		if (p->level != PROBLEM_ERROR || strcmp(p->file, l->file) ||
			strncmp(p->path, l->key, n) || sscanf(p->path + n, ".#%d", &entry) != 1 ||
			entry < 1 || entry > l->n)
			continue;
		c->bad[k][entry - 1] = true;
	}
	for (int i = 0; i < l->n; i++)
		c->bad[k][i] |= c->bad[k][l->v[i].same_as];
}

static int check_classes(const struct data_check *c)
{
	const struct net_ops *ops = c->cfg.network.c ? c->cfg.network.c->ops : NULL;

	return ops && ops->classes ? ops->classes(c->cfg.network.args) : 0;
}

static int check_list(struct data_check *c, int k, const struct component_use *pipe)
{
	const struct pipeline_args *a = pipe->args;
	int rc;

	if (!pipe->c)
		return 0;
	c->list[k] = datalist_read(
		a->data_list_file_path, a->data_file_base_dir, a->data_list_key, c->ps);
	if (!c->list[k])
		return -1;
	c->bad[k] = mem_zalloc((size_t)c->list[k]->n * sizeof(bool) + 1);
	c->drop[k] = mem_zalloc((size_t)c->list[k]->n * sizeof(bool) + 1);
	rc = datalist_check(c->list[k], true, c->ps);
	if (!a->output_label_format.n &&
		datalist_check_classes(c->list[k], check_classes(c), c->ps))
		rc = -1;
	if (rc)
		check_mark(c, k);
	return 0;
}

static bool check_progress(void *ctx, int done, int n, const char *case_id)
{
	const struct train_hooks *hooks = ctx;

	(void)case_id;
	trainer_prop(hooks, "check", (double)done / (double)n);
	return trainer_cancelled(hooks);
}

static void check_say_list(const struct data_check *c, int k)
{
	const struct datalist *l = c->list[k];
	const struct inspect *in = &c->in[k];
	double low = INFINITY, high = -INFINITY, seconds = 0, bytes = 0;
	int usable = 0, lo[3] = {1 << 30, 1 << 30, 1 << 30}, hi[3] = {0, 0, 0};

	for (int i = 0; i < in->n; i++) {
		const struct inspect_case *x = &in->v[i];

		if (!x->usable)
			continue;
		usable++;
		low = fmin(low, x->low);
		high = fmax(high, x->high);
		seconds += x->seconds;
		bytes += (double)x->bytes;
		for (int d = 0; d < 3; d++) {
			lo[d] = x->dim[d] < lo[d] ? x->dim[d] : lo[d];
			hi[d] = x->dim[d] > hi[d] ? x->dim[d] : hi[d];
		}
	}
	trainer_say(
		c->hooks, "%-10s %d entries, %d cases, %d usable", l->key, l->n, l->unique, usable);
	if (!usable)
		return;
	trainer_say(c->hooks, "  sizes    %dx%dx%d to %dx%dx%d", lo[0], lo[1], lo[2], hi[0], hi[1],
		hi[2]);
	trainer_say(c->hooks, "  values   %g to %g (0.5 to 99.5 percent)", low, high);
	trainer_say(c->hooks, "  reading  %.0f ms a case, %.1f MiB each in memory, %.0f MiB all",
		1000 * seconds / usable, bytes / usable / 1048576.0, bytes / 1048576.0);
}

/* Share of the voxels and number of cases for each class. */
static void check_say_classes(const struct data_check *c, int k)
{
	const struct inspect *in = &c->in[k];
	double total = 0;

	for (int i = 0; i < in->n; i++)
		for (int v = 0; v < INSPECT_CLASSES; v++)
			total += (double)in->v[i].count[v];
	for (int v = 0; total > 0 && v < INSPECT_CLASSES; v++) {
		double sum = 0;
		int cases = 0;

		for (int i = 0; i < in->n; i++) {
			sum += (double)in->v[i].count[v];
			cases += in->v[i].count[v] > 0;
		}
		if (sum > 0)
			trainer_say(c->hooks, "  class %-2d %7.3f %% of the voxels, in %d cases", v,
				100 * sum / total, cases);
	}
}

static int check_voxels(struct data_check *c, struct err *err)
{
	const struct inspect_options opt = {
		.classes = check_classes(c), .progress = check_progress, .ctx = (void *)c->hooks};

	for (int k = 0; k < CHECK_LISTS; k++) {
		if (!c->list[k])
			continue;
		if (inspect_list(&c->in[k], c->list[k], c->bad[k], &opt, c->ps))
			return err_set(err, ERR_INTR, "stopped");
		check_mark(c, k);
		inspect_compare(&c->in[k], c->list[k], c->ps);
		inspect_copies(&c->in[k], c->list[k], c->drop[k], c->ps);
		check_say_list(c, k);
		check_say_classes(c, k);
	}
	if (c->list[CHECK_TRAINING] && c->list[CHECK_VALIDATION])
		inspect_leaks(&c->in[CHECK_TRAINING], c->list[CHECK_TRAINING],
			&c->in[CHECK_VALIDATION], c->list[CHECK_VALIDATION],
			c->drop[CHECK_TRAINING], c->ps);
	return 0;
}

static int check_lists(struct data_check *c, struct err *err)
{
	const struct datalist *lists[CHECK_LISTS];
	int n = 0, rc;

	rc = check_list(c, CHECK_TRAINING, &c->cfg.train_pipeline);
	if (check_list(c, CHECK_VALIDATION, &c->cfg.valid_pipeline))
		rc = -1;
	for (int k = 0; k < CHECK_LISTS; k++)
		if (c->list[k])
			lists[n++] = c->list[k];
	if (n)
		inspect_orphans(lists, n, c->ps);
	if (!c->opt->quick && check_voxels(c, err))
		return -1;
	return rc && !problems_errors(c->ps) ? -1 : 0;
}

#define CHECK_STEPS 4

/* Some steps at learning rate 0; the fastest but the first counts. */
static int check_steps(struct trainer *t, double *seconds, struct err *err)
{
	int rc = pipeline_start(t->train_pipe, 0, 0, err);

	*seconds = INFINITY;
	for (int i = 0; !rc && i < CHECK_STEPS; i++) {
		struct batch *batch;
		double start, loss;

		if (trainer_cancelled(t->hooks))
			rc = err_set(err, ERR_INTR, "stopped");
		if (!rc && pipeline_next(t->train_pipe, &batch, err) != 1)
			rc = -1;
		start = sys_now();
		if (!rc)
			rc = learner_step(&t->learner, batch, 0, &loss, err);
		if (i > 0)
			*seconds = fmin(*seconds, sys_now() - start);
	}
	pipeline_stop(t->train_pipe);
	return rc;
}

static int check_trial(const struct data_check *c, struct err *err)
{
	const struct train_hooks quiet = {.ctx = c->hooks->ctx, .cancelled = c->hooks->cancelled};
	struct trainer *t = mem_zalloc(sizeof(*t));
	double seconds = 0, load = 0;
	int rc;

	t->opt = &c->opt->train;
	t->hooks = &quiet;
	rc = trainer_setup(t, err);
	if (!rc)
		rc = check_steps(t, &seconds, err);
	for (int i = 0; i < c->in[CHECK_TRAINING].n; i++)
		load += c->in[CHECK_TRAINING].v[i].seconds;
	if (!rc) {
		trainer_say(c->hooks,
			"memory     %.0f MiB plan, %.0f MiB batches and case cache at most, peak so "
			"far %.0f MiB",
			(double)plan_arena_bytes(t->learner.plan) / 1048576.0,
			(double)pipeline_memory(t->train_pipe) / 1048576.0,
			(double)sys_peak_rss() / 1048576.0);
		trainer_say(c->hooks,
			"time       %.0f ms a step, %lld steps an epoch: %.1f s, %.1f s for reading "
			"the cases once; %.1f min for %lld epochs without validation",
			seconds * 1000, (long long)t->steps_per_epoch,
			seconds * (double)t->steps_per_epoch, load,
			seconds * (double)t->steps_per_epoch * (double)t->cfg.epochs / 60,
			(long long)t->cfg.epochs);
	}
	trainer_release(t);
	free(t);
	return rc;
}

static int check_config(struct data_check *c, struct err *err)
{
	struct train_source src;
	struct config_source cs;
	int rc = train_source_init(&src, &c->opt->train, err);

	if (!rc) {
		cs = train_source_config(&src);
		/* Faults are rows of ps; the parts that could be read are looked at all the same.
		 */
		if (!train_config_load(&cs, &c->cfg, c->ps))
			rc = train_generate(&c->cfg.generator, &c->cfg.paths, c->hooks, err);
	}
	train_source_release(&src);
	return rc;
}

static void check_release(struct data_check *c)
{
	for (int k = 0; k < CHECK_LISTS; k++) {
		inspect_release(&c->in[k]);
		datalist_free(c->list[k]);
		free(c->bad[k]);
		free(c->drop[k]);
	}
	train_config_release(&c->cfg);
}

static int check_fix(const struct data_check *c, struct err *err)
{
	struct data_fix fix = {.out = c->opt->fix};

	for (int k = 0; k < CHECK_LISTS; k++) {
		if (!c->list[k])
			continue;
		/* Both pipelines may read one list: its entries go once. */
		if (fix.n && !strcmp(c->list[k]->file, fix.part[0].list->file) &&
			!strcmp(c->list[k]->key, fix.part[0].list->key))
			continue;
		fix.part[fix.n++] = (struct data_fix_part){c->list[k], c->bad[k], c->drop[k]};
	}
	return data_fix_write(&fix, c->hooks, err);
}

int data_check_run(const struct data_check_options *opt, const struct train_hooks *hooks,
	struct problems *ps, struct err *err)
{
	struct data_check c = {.opt = opt, .hooks = hooks, .ps = ps};
	int rc = check_config(&c, err);

	if (!rc && c.cfg.train_pipeline.c)
		rc = check_lists(&c, err);
	if (!rc && opt->fix && (c.list[0] || c.list[1]))
		rc = check_fix(&c, err);
	if (!rc && !opt->no_step && !problems_errors(ps))
		rc = check_trial(&c, err);
	check_release(&c);
	return rc || problems_errors(ps) ? -1 : 0;
}
