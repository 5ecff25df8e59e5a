/*
 * axial plot: the curves of a run as a PNG, for a report or a mail.
 *
 * Three charts over epochs: training loss (steps pale, epoch means strong),
 * validation metrics, learning rate; or one chart for each --metric asked for.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/cli/cli.h"
#include "core/cli/runref.h"
#include "core/run/reader.h"
#include "core/volume/plot_png.h"

enum { PLOT_SERIES = 8, PLOT_CHARTS = 6 };

struct plot_page {
	struct plot_chart charts[PLOT_CHARTS];
	struct plot_series series[PLOT_CHARTS][PLOT_SERIES];
	int n;
};

static struct plot_chart *page_chart(struct plot_page *p, const char *title)
{
	struct plot_chart *c = &p->charts[p->n];

	*c = (struct plot_chart){.title = title, .xlabel = "epoch", .series = p->series[p->n]};
	p->n++;
	return c;
}

/* Adds a series of the run to the newest chart; the copies of x and y are the page's. */
static void page_add(struct plot_page *p, const struct run_series *s, const char *name, bool faint)
{
	struct plot_chart *c = &p->charts[p->n - 1];
	struct plot_series *to;
	double *x, *y;

	if (!s || !s->n || c->n == PLOT_SERIES)
		return;
	x = mem_alloc((size_t)s->n * sizeof(*x));
	y = mem_alloc((size_t)s->n * sizeof(*y));
	for (int i = 0; i < s->n; i++) {
		x[i] = isnan(s->v[i].epoch) ? s->v[i].step : s->v[i].epoch;
		y[i] = s->v[i].value;
	}
	to = &p->series[p->n - 1][c->n++];
	*to = (struct plot_series){.name = name,
		.x = x,
		.y = y,
		.n = s->n,
		.faint = faint,
		.markers = s->kind == EVENT_VALIDATION && s->n < 100};
}

static void page_release(struct plot_page *p)
{
	for (int i = 0; i < p->n; i++)
		for (int k = 0; k < p->charts[i].n; k++) {
			free((void *)p->series[i][k].x);
			free((void *)p->series[i][k].y);
		}
	free(p);
}

/* "class_1" for "val_mean_dice_class_1" beside "val_mean_dice": legends are short. */
static const char *page_short(const char *name, const char *key)
{
	size_t n = key ? strlen(key) : 0;

	return n && !strncmp(name, key, n) && name[n] == '_' ? name + n + 1 : name;
}

static void page_standard(struct plot_page *p, const struct run_reader *rd)
{
	const struct run_series *epoch = run_reader_series(rd, EVENT_EPOCH, "loss");

	page_chart(p, "training loss");
	page_add(p, run_reader_series(rd, EVENT_STEP, "loss"), "step", epoch != NULL);
	page_add(p, epoch, "epoch mean", false);
	page_chart(p, "validation");
	if (rd->key)
		page_add(p, run_reader_series(rd, EVENT_VALIDATION, rd->key), rd->key, false);
	for (int i = 0; i < rd->nseries; i++) {
		const struct run_series *s = &rd->series[i];

		if (s->kind == EVENT_VALIDATION && strcmp(s->name, "seconds") &&
			(!rd->key || strcmp(s->name, rd->key)))
			page_add(p, s, page_short(s->name, rd->key), false);
	}
	page_chart(p, "learning rate");
	page_add(p, run_reader_series(rd, EVENT_STEP, "lr"), "lr", false);
}

static int page_metric(
	struct plot_page *p, const struct run_reader *rd, const char *name, struct err *err)
{
	static const enum event_kind kinds[] = {EVENT_VALIDATION, EVENT_EPOCH, EVENT_STEP};
	struct buf known = {0};

	page_chart(p, name);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		page_add(p, run_reader_series(rd, kinds[i], name), event_kind_name(kinds[i]),
			kinds[i] == EVENT_STEP && p->charts[p->n - 1].n);
	if (p->charts[p->n - 1].n)
		return 0;
	for (int i = 0; i < rd->nseries; i++)
		buf_printf(&known, "%s%s", i ? ", " : "", rd->series[i].name);
	err_set(err, ERR_USAGE, "the run logged no '%s' (it has: %s)", name,
		known.p ? known.p : "nothing");
	buf_release(&known);
	return -1;
}

static int plot_draw(struct cmd_line *line, const struct run_reader *rd, struct err *err)
{
	struct plot_page *p = mem_zalloc(sizeof(*p));
	const char *out = cmd_value(line, "output", "plot.png");
	const char *const *names;
	int n, rc = 0;

	names = cmd_multi(line, "metric", &n);
	if (n > PLOT_CHARTS)
		rc = err_set(err, ERR_USAGE, "at most %d metrics", (int)PLOT_CHARTS);
	for (int i = 0; !rc && i < n; i++)
		rc = page_metric(p, rd, names[i], err);
	if (!rc && !n)
		page_standard(p, rd);
	for (int i = 0; i < p->n; i++)
		p->charts[i].log_y = cmd_flag(line, "log");
	if (!rc)
		rc = plot_png_write(out, p->charts, p->n, 900, 320 * p->n, err);
	if (!rc)
		printf("%s\n", out);
	page_release(p);
	return rc;
}

static int plot_run(struct cmd_line *line, struct err *err)
{
	const char *word = cmd_arg(line, 0);
	struct run_reader rd;
	char *dir;
	int rc;

	if (!word)
		return err_set(err, ERR_USAGE, "say which run ('axial runs' lists them)");
	dir = runref_find(line, word, err);
	if (!dir)
		return -1;
	run_reader_init(&rd, dir);
	rc = run_reader_poll(&rd, 0, NULL, err);
	if (rc >= 0 && !rd.nseries)
		rc = err_set(err, ERR_DATA, "run '%s' has logged no numbers yet", dir);
	if (rc >= 0)
		rc = plot_draw(line, &rd, err);
	run_reader_release(&rd);
	free(dir);
	return rc < 0 ? -1 : 0;
}

static const struct cmd_opt plot_opts[] = {
	{"output", 'o', CMD_VALUE, "FILE", "PNG to write (plot.png)"},
	{"metric", 0, CMD_MULTI, "NAME", "one chart for this series; repeatable"},
	{"log", 0, CMD_FLAG, NULL, "logarithmic axes"},
	{"mmar", 'm', CMD_VALUE, "DIR", "where a run given by name is (default: here)"},
	CMD_OPT_END,
};

const struct cmd cmd_plot = {
	.name = "plot",
	.args = "RUN",
	.summary = "draw loss, validation metrics and learning rate of a run as PNG",
	.opts = plot_opts,
	.run = plot_run,
};
