/*
 * The system panel, drawn: GPUs first, then CPUs, memory, disk, network, and with
 * the rows that are left the histories.
 *
 * Everything is laid out by rows that are there: at 20 x 5 one line each for GPU, CPU
 * and memory is left.  A value that the machine does not tell is "-"; no bar is drawn
 * for it either, because an empty bar would say zero.
 */
#include "tui/system_draw.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "tui/plot.h"

/* A number with a unit, "-" when it is unknown. */
static void text_of(char *out, size_t size, double v, const char *unit)
{
	if (isfinite(v))
		snprintf(out, size, "%.0f%s", v, unit);
	else
		snprintf(out, size, "-");
}

static void bytes_of(char *out, size_t size, double v)
{
	axis_format(v, 0, AXIS_BYTES, out, size);
}

/* "label ▇▇▇▇   text" in w columns; part NaN: no bar. */
static void bar_line(const struct draw *d, int x, int y, int w, const char *label, double part,
	const char *text, double warn_at)
{
	int lw = draw_width(label), tw = draw_width(text);
	int bar = w - lw - 1 - (tw > 5 ? tw : 5) - 1;
	enum style st = isfinite(part) && part >= warn_at ? ST_WARN : ST_BAR;

	draw_fit(d, x, y, w, ST_DIM, label);
	if (bar >= 3 && isfinite(part)) {
		draw_bar(d, x + lw + 1, y, bar, fmin(fmax(part, 0), 1), st);
		draw_right(d, x + w - (tw > 5 ? tw : 5), y, tw > 5 ? tw : 5, ST_TEXT, text);
	} else if (w > lw + 1) {
		draw_fit(d, x + lw + 1, y, w - lw - 1, ST_TEXT, text);
	}
}

static double get(const struct gpu_sample *g, unsigned bit, double v)
{
	return g->valid & bit ? v : NAN;
}

/* Why the clocks are held down, from NVML's mask; "" when they are not. */
static const char *throttle_of(const struct gpu_sample *g)
{
	if (!(g->valid & GPU_HAS_THROTTLE))
		return "";
	if (g->throttle & 0x60)
		return "  thermal slowdown";
	if (g->throttle & 0x88)
		return "  hardware slowdown";
	return g->throttle & 0x4 ? "  power cap" : "";
}

static void gpu_numbers(const struct gpu_sample *g, char *out, size_t size)
{
	char power[16], limit[16], temp[16], sm[16], mem[16], fan[16];

	text_of(power, sizeof(power), get(g, GPU_HAS_POWER, g->power), "");
	text_of(limit, sizeof(limit), get(g, GPU_HAS_POWER_LIMIT, g->power_limit), "");
	text_of(temp, sizeof(temp), get(g, GPU_HAS_TEMP, g->temp), "");
	text_of(sm, sizeof(sm), get(g, GPU_HAS_CLOCK_SM, g->clock_sm), "");
	text_of(mem, sizeof(mem), get(g, GPU_HAS_CLOCK_MEM, g->clock_mem), "");
	text_of(fan, sizeof(fan), get(g, GPU_HAS_FAN, g->fan), "%");
	snprintf(out, size, "%s/%s W  %s C  SM %s MHz  mem %s MHz  fan %s%s", power, limit, temp,
		sm, mem, fan, throttle_of(g));
}

static void gpu_bars(const struct draw *d, int y, const struct gpu_sample *g, const char *label)
{
	double util = get(g, GPU_HAS_UTIL, g->util), used = get(g, GPU_HAS_MEM, g->mem_used);
	double total = get(g, GPU_HAS_MEM, g->mem_total);
	char text[64], a[16], b[16];
	int half = d->w >= 50 ? (d->w - 2) / 2 : d->w;

	text_of(text, sizeof(text), util, "%");
	bar_line(d, 0, y, half, label, util / 100, text, 2);
	if (half == d->w)
		return;
	bytes_of(a, sizeof(a), used);
	bytes_of(b, sizeof(b), total);
	snprintf(text, sizeof(text), "%s/%s", a, b);
	bar_line(d, half + 2, y, d->w - half - 2, "memory", used / total, text, 0.95);
}

/* One row per GPU where it is tight, two otherwise, and its processes.  Returns the next row. */
static int draw_gpu(const struct draw *d, int y, const struct system_model *m, int i,
	const struct system_look *look, int rows)
{
	const struct gpu_sample *g = &m->now.gpu[i];
	char label[24], text[192];
	int x;

	snprintf(label, sizeof(label), "GPU %d", i);
	if (rows >= 2) {
		x = draw_text(d, 0, y, ST_TITLE, label) + 1;
		x += draw_text(d, x, y, ST_TEXT, g->valid & GPU_HAS_NAME ? g->name : "-") + 2;
		gpu_numbers(g, text, sizeof(text));
		draw_fit(d, x, y++, d->w - x, ST_DIM, text);
		snprintf(label, sizeof(label), "use  ");
	}
	gpu_bars(d, y++, g, label);
	for (int k = 0; look->processes && rows >= 3 && k < g->nprocs && y < d->h; k++) {
		char mem[16];

		bytes_of(mem, sizeof(mem), g->procs[k].memory);
		draw_printf(d, 2, y++, ST_DIM, "pid %lld  %s  %s", (long long)g->procs[k].pid, mem,
			g->procs[k].name[0] ? g->procs[k].name : "(not in this container)");
	}
	return y;
}

static int draw_gpus(
	const struct draw *d, int y, const struct system_model *m, const struct system_look *look)
{
	const struct monitor_sample *s = &m->now;
	int rows;

	if (!s->ngpu) {
		int x = draw_text(d, 0, y, ST_TITLE, "GPU") + 1;

		draw_fit(d, x, y, d->w - x, s->gpu_state == GPU_NO_DRIVER ? ST_TEXT : ST_WARN,
			s->gpu_note[0] ? s->gpu_note : "-");
		return y + 1;
	}
	rows = d->h >= 8 + 3 * s->ngpu ? 3 : d->h >= 4 + 2 * s->ngpu ? 2 : 1;
	for (int i = 0; i < s->ngpu && y < d->h; i++)
		y = draw_gpu(d, y, m, i, look, rows);
	return y;
}

/* Bars of all CPUs in as many columns as fit, at most max_rows. Returns the next row. */
static int draw_cpus(const struct draw *d, int y, const struct monitor_sample *s, int max_rows)
{
	int most = d->w / 18 < 1 ? 1 : d->w / 18, cols = s->ncpu < most ? s->ncpu : most;
	int cw = d->w / cols, rows = (s->ncpu + cols - 1) / cols;

	if (rows > max_rows)
		return y;
	for (int i = 0; i < s->ncpu && i < MONITOR_CPUS; i++) {
		char label[12], text[16];
		double v = (double)s->cpus[i];

		snprintf(label, sizeof(label), "%3d", i);
		text_of(text, sizeof(text), v, "%");
		bar_line(d, i / rows * cw, y + i % rows, cw - 2, label, v / 100, text, 2);
	}
	return y + rows;
}

static int draw_cpu(
	const struct draw *d, int y, const struct system_model *m, const struct system_look *look)
{
	const struct monitor_sample *s = &m->now;
	char text[96], pc[16];
	int n = 0;

	text_of(pc, sizeof(pc), s->cpu, "%");
	if (d->w >= 60 && isfinite(s->load[0]))
		n = snprintf(text, sizeof(text), "load %.2f %.2f %.2f  ", s->load[0], s->load[1],
			s->load[2]);
	snprintf(text + n, sizeof(text) - (size_t)n, "%s", pc);
	bar_line(d, 0, y++, d->w, "CPU   ", s->cpu / 100, text, 2);
	if (look->cpus && s->ncpu > 1)
		y = draw_cpus(d, y, s, (d->h - y) / 2);
	return y;
}

static int draw_memory(const struct draw *d, int y, const struct system_model *m)
{
	const struct monitor_sample *s = &m->now;
	char text[128], a[16], b[16], c[16], e[16];

	bytes_of(a, sizeof(a), s->mem_used);
	bytes_of(b, sizeof(b), s->mem_total);
	snprintf(text, sizeof(text), "%s/%s", a, b);
	bar_line(d, 0, y++, d->w, "memory", s->mem_used / s->mem_total, text, 0.92);
	if (y >= d->h)
		return y;
	bytes_of(a, sizeof(a), s->disk_free);
	bytes_of(b, sizeof(b), s->disk_total);
	snprintf(text, sizeof(text), "%s free of %s", a, b);
	bar_line(d, 0, y++, d->w, "disk  ", 1 - s->disk_free / s->disk_total, text, 0.95);
	if (y >= d->h)
		return y;
	bytes_of(a, sizeof(a), m->engine_rss);
	bytes_of(b, sizeof(b), s->self_rss);
	bytes_of(c, sizeof(c), s->net_rx);
	bytes_of(e, sizeof(e), s->net_tx);
	snprintf(text, sizeof(text), "engine %s  workbench %s  net in %s/s out %s/s", a, b, c, e);
	draw_fit(d, 0, y++, d->w, ST_DIM, text);
	return y;
}

/* Histories */

struct history {
	char title[32];
	const struct system_series *series[2];
	const char *name[2];
	double top; /* of the y axis */
	enum axis_unit unit;
};

/*
 * The interval shown: 64, 128 or 256 samples, whose end jumps ahead by an eighth when
 * the newest sample reaches it.  Between the jumps a new sample adds a column of dots;
 * a plot that scrolls with every sample would send all of itself each second.
 */
static struct plot_span history_span(const struct system_model *m)
{
	double n = m->seconds / m->interval, width = n <= 64 ? 64 : n <= 128 ? 128 : 256;
	double end = fmax(ceil(n / (width / 8)) * (width / 8), width);

	return (struct plot_span){(end - width) * m->interval, end * m->interval};
}

static void draw_history(
	const struct draw *d, const struct history *h, const struct system_model *m)
{
	static const struct plot_window whole = {0};
	struct plot_line lines[2] = {0};
	double x[SYSTEM_HISTORY];
	struct plot p = {.title = h->title,
		.line = lines,
		.fixed = true,
		.yhi = h->top,
		.xunit = AXIS_SECONDS,
		.yunit = h->unit,
		.empty = "no value yet"};

	for (int i = 0; i < SYSTEM_HISTORY; i++)
		x[i] = m->seconds - (SYSTEM_HISTORY - 1 - i) * m->interval;
	for (int k = 0; k < 2 && h->series[k]; k++) {
		const struct system_series *s = h->series[k];

		lines[k] = (struct plot_line){.name = h->name[k],
			.x = x + SYSTEM_HISTORY - s->n,
			.y = s->y,
			.n = (size_t)s->n,
			.style = k ? ST_SERIES2 : ST_SERIES1};
		p.n_lines = k + 1;
	}
	p.fill = p.n_lines == 1;
	plot_draw(d, &p, &whole, history_span(m), false);
}

static int collect(const struct system_model *m, struct history out[])
{
	int n = 0;

	for (int i = 0; i < m->now.ngpu; i++) {
		struct history *h = &out[n++];

		*h = (struct history){.series = {&m->gpu_util[i], &m->gpu_mem[i]},
			.name = {"use", "memory"},
			.top = 100,
			.unit = AXIS_PERCENT};
		snprintf(h->title, sizeof(h->title), "GPU %d", i);
	}
	out[n++] = (struct history){"CPU", {&m->cpu, NULL}, {"", NULL}, 100, AXIS_PERCENT};
	out[n++] = (struct history){"memory", {&m->mem, NULL}, {"", NULL}, 100, AXIS_PERCENT};
	for (int i = 0; i < m->now.ngpu; i++) {
		struct history *h = &out[n++];
		const struct gpu_sample *g = &m->now.gpu[i];

		*h = (struct history){.series = {&m->gpu_power[i], &m->gpu_temp[i]},
			.name = {"W", "C"},
			.top = g->valid & GPU_HAS_POWER_LIMIT && g->power_limit > 100
				       ? g->power_limit
				       : 100};
		snprintf(h->title, sizeof(h->title), "GPU %d power, heat", i);
	}
	return n;
}

/* A grid of charts in the rows from y on, each at least 5 high and 38 wide. */
static void draw_histories(const struct draw *d, int y, const struct system_model *m)
{
	struct history h[2 * MONITOR_GPUS + 2];
	int n = collect(m, h), rows_left = d->h - y;
	int cols = d->w / 38 < 1 ? 1 : d->w / 38 > 3 ? 3 : d->w / 38, rows, per;

	if (rows_left < 4)
		return;
	cols = cols > n ? n : cols;
	rows = (n + cols - 1) / cols;
	cols = (n + rows - 1) / rows; /* no row shorter than need be */
	per = rows_left / rows < 5 ? 5 : rows_left / rows;
	if (rows == 1 && rows_left < per)
		per = rows_left;
	for (int i = 0; i < n; i++) {
		int cw = d->w / cols, top = y + i / cols * per;
		struct draw part;

		if (top + per > d->h)
			return;
		part = draw_sub(d, i % cols * cw, top, cw - 1, per);
		draw_history(&part, &h[i], m);
	}
}

void system_draw(const struct draw *d, const struct system_model *m, const struct system_look *look)
{
	int y = 0;

	if (!m->known) {
		draw_fit(d, 0, 0, d->w, ST_DIM, "taking the first sample ...");
		return;
	}
	y = draw_gpus(d, y, m, look);
	if (y < d->h)
		y = draw_cpu(d, y, m, look);
	if (y < d->h)
		y = draw_memory(d, y, m);
	draw_histories(d, y + 1, m);
}
