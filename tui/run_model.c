/*
 * From the events of a run to curves that can be plotted.
 *
 * The reader keeps series of points with step, epoch and time; a plot wants two
 * arrays.  They are copied here, appending what is new; when the user changes the x
 * axis, or a resume took points back, a curve is copied again from its beginning.
 *
 * Which chart a series belongs to is decided by its kind and name: anything called
 * loss goes to the first chart, "lr" to the third, metrics of validations to the
 * second, with the key metric first; other step series get a chart of their own.
 */
#include "tui/run_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/run/run.h"

void run_model_init(struct run_model *m, const char *dir)
{
	memset(m, 0, sizeof(*m));
	run_reader_init(&m->reader, dir);
	m->state = RUN_INTERRUPTED;
	m->peak_rss = NAN;
	m->ncharts = RUN_CHARTS_FIXED;
	snprintf(m->chart[RUN_CHART_LOSS].title, sizeof(m->chart[0].title), "loss");
	snprintf(m->chart[RUN_CHART_METRIC].title, sizeof(m->chart[0].title), "validation");
	snprintf(m->chart[RUN_CHART_RATE].title, sizeof(m->chart[0].title), "learning rate");
	m->chart[RUN_CHART_METRIC].metric = true;
}

static void free_curves(struct run_model *m)
{
	for (int i = 0; i < m->ncurves; i++) {
		free(m->curve[i].name);
		free(m->curve[i].x);
		free(m->curve[i].y);
	}
	free(m->curve);
	m->curve = NULL;
	m->ncurves = 0;
}

void run_model_release(struct run_model *m)
{
	free_curves(m);
	run_reader_release(&m->reader);
}

const char *run_xaxis_name(enum run_xaxis kind)
{
	static const char *const name[RUN_X_COUNT] = {"step", "epoch", "time"};

	return name[kind];
}

static double x_of(const struct run_model *m, const struct run_point *p)
{
	switch (m->xaxis) {
	case RUN_X_EPOCH:
		return p->epoch;
	case RUN_X_TIME:
		return p->time - m->reader.started;
	default:
		return p->step;
	}
}

static void copy_points(const struct run_model *m, struct run_curve *c, const struct run_series *s)
{
	bool same = c->n <= (size_t)s->n && (!c->n || s->v[c->n - 1].time == c->last_time);

	if (!same)
		c->n = 0;
	if ((size_t)s->n > c->cap) {
		c->cap = (size_t)s->n + (size_t)s->n / 2 + 64;
		c->x = mem_realloc(c->x, c->cap * sizeof(double));
		c->y = mem_realloc(c->y, c->cap * sizeof(double));
	}
	for (; c->n < (size_t)s->n; c->n++) {
		double x = x_of(m, &s->v[c->n]), before = c->n ? c->x[c->n - 1] : 0;

		/* Plots search x by bisection: it must not fall or be unknown. */
		c->x[c->n] = isfinite(x) && (!c->n || x >= before) ? x : before;
		c->y[c->n] = s->v[c->n].value;
	}
	if (c->n)
		c->last_time = s->v[c->n - 1].time;
}

static bool is_loss(const char *name)
{
	return strstr(name, "loss") != NULL;
}

/* Series that say something about the run rather than about the model. */
static bool is_bookkeeping(const char *name)
{
	static const char *const names[] = {"seconds", "best", "best_epoch", "epochs", "is_best"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static void chart_add(struct run_chart *c, int curve, bool first)
{
	if (c->n == PLOT_MAX_LINES)
		return;
	if (first) {
		memmove(c->curve + 1, c->curve, (size_t)c->n * sizeof(int));
		c->curve[0] = curve;
	} else {
		c->curve[c->n] = curve;
	}
	c->n++;
}

static void add_own_chart(struct run_model *m, int curve)
{
	struct run_chart *c;

	if (m->ncharts == RUN_CHARTS_MAX)
		return;
	c = &m->chart[m->ncharts++];
	snprintf(c->title, sizeof(c->title), "%s", m->curve[curve].name);
	c->n = 0;
	chart_add(c, curve, true);
}

/* Puts every curve into its chart; the user's choice of scale stays with the chart. */
static void assign_charts(struct run_model *m)
{
	const char *key = m->reader.key;

	for (int i = 0; i < RUN_CHARTS_MAX; i++)
		m->chart[i].n = 0;
	m->ncharts = RUN_CHARTS_FIXED;
	for (int i = 0; i < m->ncurves; i++) {
		const struct run_curve *c = &m->curve[i];

		if (is_bookkeeping(c->name))
			continue;
		if (c->kind == EVENT_STEP && !strcmp(c->name, "lr"))
			chart_add(&m->chart[RUN_CHART_RATE], i, true);
		else if (c->kind == EVENT_EPOCH)
			continue; /* means of what the step series show */
		else if (is_loss(c->name))
			chart_add(&m->chart[RUN_CHART_LOSS], i,
				c->kind == EVENT_STEP && !strcmp(c->name, "loss"));
		else if (c->kind == EVENT_VALIDATION)
			chart_add(&m->chart[RUN_CHART_METRIC], i, key && !strcmp(c->name, key));
		else
			add_own_chart(m, i);
	}
}

static void sync_curves(struct run_model *m)
{
	const struct run_reader *r = &m->reader;

	if (r->nseries < m->ncurves)
		free_curves(m);
	if (r->nseries > m->ncurves) {
		m->curve = mem_realloc(m->curve, (size_t)r->nseries * sizeof(*m->curve));
		memset(m->curve + m->ncurves, 0,
			(size_t)(r->nseries - m->ncurves) * sizeof(*m->curve));
		m->ncurves = r->nseries;
	}
	for (int i = 0; i < m->ncurves; i++) {
		struct run_curve *c = &m->curve[i];

		if (!c->name || strcmp(c->name, r->series[i].name) ||
			c->kind != r->series[i].kind) {
			free(c->name);
			c->name = mem_strdup(r->series[i].name);
			c->kind = r->series[i].kind;
			c->n = 0;
		}
		copy_points(m, c, &r->series[i]);
	}
	assign_charts(m);
}

int run_model_poll(struct run_model *m, size_t max_bytes, bool *more, struct err *err)
{
	int n = run_reader_poll(&m->reader, max_bytes, more, err);

	if (n <= 0)
		return n;
	sync_curves(m);
	return 1;
}

/* Peak resident memory of a process on this machine, NaN when it cannot be read. */
static double peak_of(int64_t pid)
{
	struct buf text = {0};
	struct err err = ERR_INIT;
	char path[64];
	const char *at;
	double kib = NAN;

	snprintf(path, sizeof(path), "/proc/%lld/status", (long long)pid);
	if (pid > 0 && !sys_read_file(path, 1 << 16, &text, &err)) {
		at = strstr(text.p, "VmHWM:");
		if (at)
			kib = strtod(at + 6, NULL);
	}
	buf_release(&text);
	return kib * 1024;
}

static enum run_state state_of(const struct run_model *m, bool locked)
{
	const char *end = m->reader.end_state;

	if (locked)
		return RUN_RUNNING;
	if (!end)
		return RUN_INTERRUPTED;
	return !strcmp(end, "done") ? RUN_DONE : !strcmp(end, "stopped") ? RUN_STOPPED : RUN_FAILED;
}

bool run_model_check_state(struct run_model *m)
{
	enum run_state before = m->state;
	double rss = NAN, rss_before = m->peak_rss;
	char *lock = run_path_in(m->reader.dir, RUN_FILE_LOCK);
	struct run_item item;
	struct err err = ERR_INIT;

	m->state = state_of(m, sys_is_locked(lock));
	free(lock);
	if (m->state == RUN_RUNNING && (before != RUN_RUNNING || !m->pid) &&
		!run_item_read(&item, m->reader.dir, &err)) {
		m->pid = item.pid;
		run_item_release(&item);
	}
	if (m->state == RUN_RUNNING)
		rss = peak_of(m->pid);
	else
		rss = m->reader.peak_rss;
	if (isfinite(rss))
		m->peak_rss = rss;
	/* A few pages more are no news. */
	return m->state != before || (isfinite(rss) && !(fabs(rss - rss_before) < 1e6));
}

void run_model_set_xaxis(struct run_model *m, enum run_xaxis kind)
{
	m->xaxis = kind;
	for (int i = 0; i < m->ncurves; i++)
		m->curve[i].n = 0;
	sync_curves(m);
}

static bool within_unit(const struct run_model *m, const struct run_chart *c)
{
	for (int k = 0; k < c->n; k++) {
		const struct run_curve *u = &m->curve[c->curve[k]];

		for (size_t i = 0; i < u->n; i++)
			if (u->y[i] < 0 || u->y[i] > 1)
				return false;
	}
	return true;
}

int run_model_plots(const struct run_model *m, double smooth, struct plot out[],
	struct plot_line lines[][PLOT_MAX_LINES])
{
	static const char *const empty[RUN_CHARTS_FIXED] = {
		"no training step yet",
		"no validation yet",
		"no learning rate yet",
	};

	for (int i = 0; i < m->ncharts; i++) {
		const struct run_chart *c = &m->chart[i];
		struct plot *p = &out[i];

		memset(p, 0, sizeof(*p));
		p->title = c->title;
		p->empty = i < RUN_CHARTS_FIXED ? empty[i] : "nothing yet";
		p->line = lines[i];
		p->n_lines = c->n;
		p->yscale = c->scale;
		p->xunit = m->xaxis == RUN_X_TIME ? AXIS_SECONDS : AXIS_NUMBER;
		p->smooth = smooth;
		if (c->metric && within_unit(m, c))
			p->ylo = 0, p->yhi = 1;
		for (int k = 0; k < c->n; k++) {
			const struct run_curve *u = &m->curve[c->curve[k]];

			lines[i][k] = (struct plot_line){
				.name = u->name,
				.x = u->x,
				.y = u->y,
				.n = u->n,
				.style = ST_SERIES1 + (i == RUN_CHART_RATE            ? 2
							      : i == RUN_CHART_METRIC ? k + 1
										      : k) %
							      8,
				.best = c->metric && !k ? PLOT_BEST_MAX : PLOT_BEST_NONE,
				.smooth = i != RUN_CHART_RATE && u->kind == EVENT_STEP,
			};
		}
	}
	return m->ncharts;
}

void run_model_tsv(const struct run_model *m, struct plot_span span, struct buf *out)
{
	buf_puts(out, "series\tkind\tstep\tepoch\tseconds\tvalue\n");
	for (int i = 0; i < m->ncurves; i++) {
		const struct run_series *s = &m->reader.series[i];

		for (int k = 0; k < s->n && k < (int)m->curve[i].n; k++) {
			const struct run_point *p = &s->v[k];

			if (m->curve[i].x[k] < span.lo || m->curve[i].x[k] > span.hi)
				continue;
			buf_printf(out, "%s\t%s\t%.0f\t%.4f\t%.3f\t%.9g\n", s->name,
				event_kind_name(s->kind), p->step, p->epoch,
				p->time - m->reader.started, p->value);
		}
	}
}
