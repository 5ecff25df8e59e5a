/*
 * Curves to files: TSV with every point, PNG with the charts that have any.
 *
 * Everything is copied first because writing happens on the worker thread, where
 * the model must not be touched.  In the picture a smoothed curve stands in front of
 * its pale raw one, as on the screen.
 */
#include "tui/run_export.h"

#include <stdlib.h>
#include <string.h>
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/volume/plot_png.h"
#include "tui/curve.h"

struct export_chart {
	char *title;
	struct plot_series series[2 * PLOT_MAX_LINES];
	int n;
	bool log_y;
};

struct run_export {
	struct buf tsv;
	struct export_chart chart[RUN_CHARTS_MAX];
	int ncharts;
	const char *xlabel;
};

static double *copy(const double *v, size_t n)
{
	double *out = mem_alloc((n ? n : 1) * sizeof(*out));

	memcpy(out, v, n * sizeof(*out));
	return out;
}

static void add_series(struct export_chart *c, const struct plot_line *l, struct plot_span span,
	const double *y, bool faint)
{
	size_t from = curve_lower(l->x, l->n, span.lo), to = from;
	struct plot_series *s;

	while (to < l->n && l->x[to] <= span.hi)
		to++;
	if (to == from)
		return;
	s = &c->series[c->n++];
	s->name = mem_strdup(l->name);
	s->x = copy(l->x + from, to - from);
	s->y = copy(y + from, to - from);
	s->n = (int)(to - from);
	s->rgb = 0;
	s->markers = to - from < 60;
	s->faint = faint;
}

static void add_chart(struct run_export *e, const struct plot *p, struct plot_span span)
{
	struct export_chart *c = &e->chart[e->ncharts];

	for (int k = 0; k < p->n_lines; k++) {
		const struct plot_line *l = &p->line[k];
		double *smooth;

		if (!l->smooth || !(p->smooth > 0)) {
			add_series(c, l, span, l->y, false);
			continue;
		}
		smooth = mem_alloc((l->n ? l->n : 1) * sizeof(*smooth));
		curve_smooth(l->y, l->n, p->smooth, smooth);
		add_series(c, l, span, l->y, true);
		add_series(c, l, span, smooth, false);
		free(smooth);
	}
	if (!c->n)
		return;
	c->title = mem_strdup(p->title);
	c->log_y = p->yscale != AXIS_LINEAR;
	e->ncharts++;
}

struct run_export *run_export_new(const struct run_model *m, struct plot_span span, double smooth)
{
	struct plot_line lines[RUN_CHARTS_MAX][PLOT_MAX_LINES];
	struct plot plots[RUN_CHARTS_MAX];
	struct run_export *e = mem_zalloc(sizeof(*e));
	int n = run_model_plots(m, smooth, plots, lines);

	e->xlabel = run_xaxis_name(m->xaxis);
	run_model_tsv(m, span, &e->tsv);
	for (int i = 0; i < n; i++)
		add_chart(e, &plots[i], span);
	return e;
}

void run_export_free(struct run_export *e)
{
	for (int i = 0; i < e->ncharts; i++) {
		for (int k = 0; k < e->chart[i].n; k++) {
			free((void *)e->chart[i].series[k].name);
			free((void *)e->chart[i].series[k].x);
			free((void *)e->chart[i].series[k].y);
		}
		free(e->chart[i].title);
	}
	buf_release(&e->tsv);
	free(e);
}

char *run_export_png_path(const char *path)
{
	size_t n = strlen(path);

	if (n > 4 && !strcmp(path + n - 4, ".tsv"))
		n -= 4;
	return mem_printf("%.*s.png", (int)n, path);
}

int run_export_write(const struct run_export *e, const char *path, struct err *err)
{
	struct plot_chart charts[RUN_CHARTS_MAX] = {0};
	char *png;
	int rc;

	if (sys_write_file(path, e->tsv.p ? e->tsv.p : "", e->tsv.len, err))
		return -1;
	if (!e->ncharts)
		return 0;
	for (int i = 0; i < e->ncharts; i++) {
		charts[i].title = e->chart[i].title;
		charts[i].xlabel = e->xlabel;
		charts[i].series = e->chart[i].series;
		charts[i].n = e->chart[i].n;
		charts[i].log_y = e->chart[i].log_y;
	}
	png = run_export_png_path(path);
	rc = plot_png_write(png, charts, e->ncharts, 1000, 320 * e->ncharts, err);
	free(png);
	return rc;
}
