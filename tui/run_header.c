/*
 * Header of the run view.
 *
 * The numbers are a list in order of importance that flows into the rows there are,
 * so the same code serves 20 columns (state and epoch) and 200.  Nothing here comes
 * from the clock: a run that does not move costs no output at all.
 */
#include "tui/run_header.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct item {
	char label[24];
	char value[96];
	enum style style;
};

enum { MAX_ITEMS = 16 };

struct items {
	struct item v[MAX_ITEMS];
	int n;
};

static struct item *add(struct items *l, const char *label, enum style st)
{
	struct item *it = &l->v[l->n < MAX_ITEMS ? l->n++ : MAX_ITEMS - 1];

	snprintf(it->label, sizeof(it->label), "%s", label);
	it->value[0] = 0;
	it->style = st;
	return it;
}

static void add_value(struct items *l, const char *label, double v, enum axis_unit unit)
{
	struct item *it;

	if (!isfinite(v))
		return;
	it = add(l, label, ST_STRONG);
	axis_format(v, 0, unit, it->value, sizeof(it->value));
}

/* "12/50" */
static void add_part(struct items *l, const char *label, double v, double of)
{
	struct item *it;

	if (!isfinite(v))
		return;
	it = add(l, label, ST_STRONG);
	if (of > 0)
		snprintf(it->value, sizeof(it->value), "%.0f/%.0f", v, of);
	else
		snprintf(it->value, sizeof(it->value), "%.0f", v);
}

static enum style state_style(enum run_state s)
{
	return s == RUN_RUNNING || s == RUN_DONE ? ST_GOOD : s == RUN_FAILED ? ST_BAD : ST_WARN;
}

static enum glyph_role state_glyph(enum run_state s)
{
	switch (s) {
	case RUN_RUNNING:
		return GLYPH_RUN;
	case RUN_DONE:
		return GLYPH_CHECK;
	case RUN_FAILED:
		return GLYPH_CROSS;
	default:
		return GLYPH_PAUSE;
	}
}

/* "cache 1.2G 98 %": what it holds and how often a case was in it; then what came late. */
static void add_cache(struct items *l, const struct run_reader *r)
{
	struct item *it;
	char size[24];

	if (isfinite(r->cache_bytes) && isfinite(r->cache_hits)) {
		it = add(l, "cache", ST_STRONG);
		axis_format(r->cache_bytes, 0, AXIS_BYTES, size, sizeof(size));
		snprintf(it->value, sizeof(it->value), "%s %.0f %%", size, 100 * r->cache_hits);
	}
	if (r->replace_lag > 0) {
		it = add(l, "lag", ST_WARN);
		axis_format(r->replace_lag, 0, AXIS_SECONDS, it->value, sizeof(it->value));
	}
	if (r->loader_wait >= 0.05 * r->epoch_seconds) {
		it = add(l, "waits for data", ST_WARN);
		snprintf(it->value, sizeof(it->value), "%.0f %%",
			100 * r->loader_wait / r->epoch_seconds);
	}
}

static void collect(struct items *l, const struct run_model *m, int silent_min)
{
	const struct run_reader *r = &m->reader;
	struct item *it;
	char at[24];

	add_part(l, "epoch", r->epoch, r->epochs);
	if (isfinite(r->best)) {
		it = add(l, "best", ST_GOOD);
		axis_format(r->best, 0, AXIS_NUMBER, at, sizeof(at));
		snprintf(it->value, sizeof(it->value), "%s%s%.40s @%.0f", at, r->key ? " " : "",
			r->key ? r->key : "", r->best_epoch);
	}
	if (m->state == RUN_RUNNING && silent_min > 0) {
		it = add(l, "", ST_WARN);
		snprintf(it->value, sizeof(it->value), "no event for %d min", silent_min);
	}
	if (m->state == RUN_RUNNING)
		add_value(l, "left", run_reader_eta(r), AXIS_SECONDS);
	add_value(l, "loss", r->loss, AXIS_NUMBER);
	add_part(l, "step", r->step, r->epochs * r->steps_per_epoch);
	if (m->state == RUN_RUNNING)
		add_value(l, "steps/s", r->step_rate, AXIS_NUMBER);
	add_value(l, "lr", r->lr, AXIS_NUMBER);
	add_cache(l, r);
	add_value(l, "took", r->last_time - r->started, AXIS_SECONDS);
	add_value(l, "peak", m->peak_rss, AXIS_BYTES);
	if (m->state != RUN_RUNNING && r->end_reason) {
		it = add(l, "", state_style(m->state));
		snprintf(it->value, sizeof(it->value), "%s", r->end_reason);
	}
	if (r->bad > 0) {
		it = add(l, "bad lines", ST_BAD);
		snprintf(it->value, sizeof(it->value), "%lld", (long long)r->bad);
	}
}

/* Places the items on rows of w columns; draws them when d is not NULL.  Returns the rows used. */
static int flow(const struct draw *d, const struct items *l, int w, int rows, int x)
{
	int y = 0;

	for (int i = 0; i < l->n; i++) {
		const struct item *it = &l->v[i];
		int gap = x ? 2 : 0, label = it->label[0] ? draw_width(it->label) + 1 : 0;
		int need = label + draw_width(it->value);

		if (x + gap + need > w && x && y + 1 < rows) {
			y++;
			x = gap = 0;
		}
		if (x + gap + need > w)
			continue;
		if (d && label)
			draw_text(d, x + gap, y, ST_DIM, it->label);
		if (d)
			draw_text(d, x + gap + label, y, it->style, it->value);
		x += gap + need;
	}
	return y + 1;
}

/* Columns of the state: a glyph, and its name unless that leaves no room for the epoch. */
static int state_width(const struct run_model *m, int w)
{
	return w < 30 ? 1 : 2 + draw_width(run_state_name(m->state));
}

int run_header_rows(const struct run_model *m, int silent_min, int w, int h)
{
	struct items l = {0};
	int most = h < 8 ? 1 : w < 50 ? 3 : 2;

	collect(&l, m, silent_min);
	return flow(NULL, &l, w, most, state_width(m, w));
}

void run_header_draw(const struct draw *d, const struct run_model *m, int silent_min)
{
	struct items l = {0};
	enum style st = state_style(m->state);
	int x = state_width(m, d->w);

	draw_char(d, 0, 0, st, draw_glyph(d->glyphs, state_glyph(m->state)));
	if (x > 2)
		draw_text(d, 2, 0, st, run_state_name(m->state));
	collect(&l, m, silent_min);
	flow(d, &l, d->w, d->h, x);
}
