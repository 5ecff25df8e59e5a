/*
 * Plots: ticks and labels, scales, smoothing, decimation, the window on the x axis,
 * and what ends up in the cells, at many sizes.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/base/mem.h"
#include "tui/axis.h"
#include "tui/curve.h"
#include "tui/plot.h"

static void near(double a, double b)
{
	if (!(fabs(a - b) <= 1e-9 * fmax(1, fabs(b))))
		fail_msg("%.17g is not %.17g", a, b);
}

static void labels_are(const struct axis *a, int max, int n, const char *const want[])
{
	struct axis_tick t[AXIS_MAX_TICKS];

	assert_int_equal(axis_ticks(a, max, t), n);
	for (int i = 0; i < n; i++)
		assert_string_equal(t[i].label, want[i]);
}

static void ticks(void **state)
{
	struct axis a = {0};

	(void)state;
	axis_set(&a, AXIS_LINEAR, 0, 1, 0);
	labels_are(&a, 6, 6, (const char *const[]){"0", "0.2", "0.4", "0.6", "0.8", "1.0"});
	labels_are(&a, 3, 3, (const char *const[]){"0", "0.5", "1.0"});
	axis_set(&a, AXIS_LINEAR, 0.613, 0.887, 0);
	labels_are(&a, 6, 5, (const char *const[]){"0.65", "0.70", "0.75", "0.80", "0.85"});
	labels_are(&a, 4, 2, (const char *const[]){"0.7", "0.8"});
	axis_set(&a, AXIS_LINEAR, 0, 12345, 0);
	labels_are(&a, 4, 3, (const char *const[]){"0", "5000", "10k"});
	axis_set(&a, AXIS_LOG, 1e-4, 10, 1e-4);
	labels_are(&a, 6, 6, (const char *const[]){"1e-4", "0.001", "0.01", "0.1", "1", "10"});
	labels_are(&a, 3, 3, (const char *const[]){"1e-4", "0.01", "1"});
	axis_set(&a, AXIS_LOG, 0.1, 1.1, 0.1);
	labels_are(&a, 8, 4, (const char *const[]){"0.1", "0.2", "0.5", "1"});
	axis_set(&a, AXIS_SYMLOG, -10, 10, 0.1);
	labels_are(&a, 3, 3, (const char *const[]){"-10", "0", "10"});
	a.unit = AXIS_SECONDS;
	axis_set(&a, AXIS_LINEAR, 0, 200, 0);
	labels_are(&a, 5, 4, (const char *const[]){"0s", "1:00", "2:00", "3:00"});
}

static void scales(void **state)
{
	struct axis a = {0};

	(void)state;
	axis_set(&a, AXIS_LINEAR, 10, 20, 0);
	near(axis_place(&a, 15), 0.5);
	near(axis_value(&a, 0.25), 12.5);
	axis_set(&a, AXIS_LOG, 0.01, 100, 0.01);
	near(axis_place(&a, 1), 0.5);
	near(axis_value(&a, 0.75), 10);
	assert_true(isnan(axis_place(&a, 0)));
	assert_true(isnan(axis_place(&a, -1)));
	/* A log axis that holds zero becomes symlog, and then zero has a place. */
	axis_set(&a, AXIS_LOG, -1, 100, 0.1);
	assert_int_equal(a.scale, AXIS_SYMLOG);
	assert_true(axis_place(&a, 0) > axis_place(&a, -0.5));
	near(axis_value(&a, axis_place(&a, 7)), 7);
	/* Nothing to show, one value only, and nonsense still give an axis. */
	axis_set(&a, AXIS_LINEAR, 3, 3, 0);
	assert_true(a.lo < 3 && a.hi > 3);
	axis_set(&a, AXIS_LINEAR, INFINITY, -INFINITY, 0);
	near(a.lo, 0);
	near(a.hi, 1);
}

static void formats(void **state)
{
	static const struct {
		double v, step;
		enum axis_unit unit;
		const char *want;
	} row[] = {
		{0, 0.1, AXIS_NUMBER, "0"},
		{0.25, 0.05, AXIS_NUMBER, "0.25"},
		{1e-5, 0, AXIS_NUMBER, "1e-5"},
		{2.5e-4, 5e-5, AXIS_NUMBER, "2.5e-4"},
		{0.123456, 0, AXIS_NUMBER, "0.1235"},
		{12000, 2000, AXIS_NUMBER, "12k"},
		{1234567, 0, AXIS_NUMBER, "1.235e6"},
		{NAN, 0, AXIS_NUMBER, "-"},
		{45, 15, AXIS_SECONDS, "45s"},
		{150, 30, AXIS_SECONDS, "2:30"},
		{3900, 300, AXIS_SECONDS, "1h05"},
		{90000, 3600, AXIS_SECONDS, "1d01h"},
		{1536, 0, AXIS_BYTES, "1.5K"},
		{3.0 * (1 << 30), 0, AXIS_BYTES, "3G"},
	};
	char s[AXIS_LABEL];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		axis_format(row[i].v, row[i].step, row[i].unit, s, sizeof(s));
		assert_string_equal(s, row[i].want);
	}
}

static void smoothing(void **state)
{
	static const double y[] = {1, 3, NAN, 5};
	double out[4];

	(void)state;
	curve_smooth(y, 4, 0.5, out);
	/* m: 0.5, 1.75, (skipped), 3.375; divided by 1 - 0.5^k. */
	near(out[0], 1);
	near(out[1], 1.75 / 0.75);
	assert_true(isnan(out[2]));
	near(out[3], 3.375 / 0.875);
	curve_smooth(y, 2, 0, out);
	near(out[1], 3);
	/* Without bias correction a constant would creep up from zero. */
	for (int i = 0; i < 4; i++)
		out[i] = 7;
	curve_smooth(out, 4, 0.99, out);
	near(out[0], 7);
	near(out[3], 7);
}

static void finding(void **state)
{
	static const double x[] = {1, 2, 2, 5};
	double lo, hi;

	(void)state;
	assert_int_equal(curve_lower(x, 4, 0), 0);
	assert_int_equal(curve_lower(x, 4, 2), 1);
	assert_int_equal(curve_lower(x, 4, 6), 4);
	assert_int_equal(curve_nearest(x, 4, 3), 2);
	assert_int_equal(curve_nearest(x, 4, 4.1), 3);
	assert_int_equal(curve_nearest(x, 4, 99), 3);
	assert_int_equal(curve_range((const double[]){NAN, 4, -1, INFINITY}, 0, 4, &lo, &hi), 2);
	near(lo, -1);
	near(hi, 4);
}

static void bulk(void **state)
{
	double y[100], lo, hi;

	(void)state;
	for (int i = 0; i < 100; i++)
		y[i] = i * 37 % 100; /* 0..99 in disorder */
	y[0] = NAN;
	y[50] = -1e9;
	y[51] = 1e9;
	curve_bulk(y, 0, 100, 0.02, &lo, &hi);
	assert_in_range((int)lo, 0, 3);
	assert_in_range((int)hi, 96, 99);
	curve_bulk(y, 0, 1, 0.02, &lo, &hi);
	assert_true(lo > hi); /* nothing finite */
	curve_bulk(y, 5, 6, 0.02, &lo, &hi);
	near(lo, y[5]);
	near(hi, y[5]);
}

static void decimation(void **state)
{
	enum { N = 100000, COLS = 50 };
	double *x = mem_alloc(N * sizeof(*x)), *y = mem_alloc(N * sizeof(*y));
	struct curve_bin bin[COLS];
	double hi = 0;

	(void)state;
	for (int i = 0; i < N; i++)
		x[i] = i, y[i] = 0.5;
	y[71234] = 99;
	y[300] = -99;
	curve_bins(x, y, 0, N, 0, N - 1, bin, COLS);
	for (int c = 0; c < COLS; c++) {
		assert_true(bin[c].first <= bin[c].last);
		if (c)
			assert_int_equal(bin[c].first, bin[c - 1].last + 1);
		hi = fmax(hi, bin[c].hi);
	}
	near(hi, 99);
	near(bin[0].lo, -99);
	assert_int_equal(bin[0].first, 0);
	assert_int_equal(bin[COLS - 1].last, N - 1);
	free(x);
	free(y);
}

static void window(void **state)
{
	struct plot_window w = {0};
	struct plot_span full = {0, 100}, s;

	(void)state;
	plot_window_zoom(&w, full, 0.5); /* about the middle */
	s = plot_window_shown(&w, full);
	near(s.lo, 25);
	near(s.hi, 75);
	plot_window_pan(&w, full, 0.1);
	near(plot_window_shown(&w, full).lo, 30);
	plot_window_pan(&w, full, 99); /* to the end: follows from now on */
	assert_true(w.follow);
	full.hi = 200;
	s = plot_window_shown(&w, full);
	near(s.lo, 150);
	near(s.hi, 200);
	plot_window_zoom(&w, full, 0.5); /* about the right edge while following */
	near(plot_window_shown(&w, full).lo, 175);
	plot_window_pan(&w, full, -1);
	assert_false(w.follow);
	full.hi = 400;
	near(plot_window_shown(&w, full).hi, 175);
	/* About the cursor: it stays at its place. */
	plot_window_cursor(&w, full);
	near(w.cursor, 175);
	plot_window_cursor_to(&w, full, 160);
	plot_window_zoom(&w, full, 0.5);
	s = plot_window_shown(&w, full);
	near((160 - s.lo) / (s.hi - s.lo), 0.4);
	/* The cursor takes the window along. */
	plot_window_cursor_to(&w, full, 300);
	s = plot_window_shown(&w, full);
	assert_true(s.lo <= 300 && s.hi >= 300 - 1e-9);
	plot_window_zoom(&w, full, 1e6);
	assert_false(w.zoomed);
}

/* While data grow, a new point must not move the old ones, except now and then. */
static void growing(void **state)
{
	struct plot_window w = {.growing = true};
	struct plot_span full = {1, 2}, s, before;
	int jumps = 0;

	(void)state;
	before = plot_window_shown(&w, full);
	for (int i = 3; i <= 10000; i++) {
		full.hi = i;
		s = plot_window_shown(&w, full);
		assert_true(s.lo == 1 && s.hi >= full.hi && s.hi <= 1 + 1.26 * (full.hi - 1));
		jumps += s.hi != before.hi;
		before = s;
	}
	assert_in_range(jumps, 1, 45);
	plot_window_follow(&w, full);
	before = plot_window_shown(&w, full);
	jumps = 0;
	for (int i = 10001; i <= 11000; i++) {
		full.hi = i;
		s = plot_window_shown(&w, full);
		assert_true(s.hi >= full.hi);
		near(s.hi - s.lo, before.hi - before.lo);
		jumps += s.hi != before.hi;
		before = s;
	}
	assert_in_range(jumps, 1, 10);
	plot_window_pan(&w, full, -0.01); /* however small, it stops following */
	assert_false(w.follow);
}

static void pointing(void **state)
{
	struct plot_window w = {0};
	struct plot_span full = {0, 100};

	(void)state;
	near(plot_value_at(109, &w, full, plot_margin(109)), 0);
	near(plot_value_at(109, &w, full, 108), 100);
	near(plot_value_at(109, &w, full, plot_margin(109) + 50), 50);
	near(plot_value_at(11, &w, full, 5), 50); /* no margin */
}

struct scene {
	struct canvas c;
	struct draw d;
};

static void scene_open(struct scene *s, int w, int h, enum glyphs g)
{
	canvas_init(&s->c, w, h, theme_find("dark"), g);
	s->d = draw_root(&s->c);
}

static uint32_t at(const struct scene *s, int x, int y)
{
	return s->c.cells[y * s->c.w + x].ch;
}

/* Row y as text, for messages and comparison; non-ASCII is shown as '?'. */
static const char *row_text(const struct scene *s, int y, char *out)
{
	for (int x = 0; x < s->c.w; x++) {
		uint32_t ch = at(s, x, y);

		out[x] = ch < 32 ? ' ' : ch < 127 ? (char)ch : '?';
	}
	out[s->c.w] = 0;
	return out;
}

static void draws_a_diagonal(void **state)
{
	static const double x[] = {0, 10}, y[] = {0, 10};
	struct plot_line l = {.name = "up", .x = x, .y = y, .n = 2, .style = ST_SERIES1};
	struct plot p = {.title = "t", .line = &l, .n_lines = 1, .fixed = true, .yhi = 10};
	struct plot_window w = {0};
	struct scene s;

	(void)state;
	scene_open(&s, 3, 3, GLYPHS_ASCII); /* 3 x 9 dots, no margins */
	plot_draw(&s.d, &p, &w, plot_span_of(&p, 1), false);
	assert_int_equal(at(&s, 0, 2) != ' ', 1);
	assert_int_equal(at(&s, 1, 1) != ' ', 1);
	assert_int_equal(at(&s, 2, 0) != ' ', 1);
	assert_int_equal(at(&s, 0, 0), ' ');
	assert_int_equal(at(&s, 2, 2), ' ');
	canvas_release(&s.c);
}

static void gap_stays_a_gap(void **state)
{
	static const double x[] = {0, 4, 8, 12, 16}, y[] = {1, 1, NAN, 1, 1};
	struct plot_line l = {.name = "gap", .x = x, .y = y, .n = 5, .style = ST_SERIES1};
	struct plot p = {.title = "", .line = &l, .n_lines = 1, .fixed = true, .yhi = 1};
	struct plot_window w = {0};
	struct scene s;
	char text[32];

	(void)state;
	scene_open(&s, 17, 3, GLYPHS_ASCII);
	plot_draw(&s.d, &p, &w, plot_span_of(&p, 1), false);
	assert_string_equal(row_text(&s, 0, text), "'''''       '''''");
	canvas_release(&s.c);
}

static void spike_is_drawn(void **state)
{
	enum { N = 50000 };
	double *x = mem_alloc(N * sizeof(*x)), *y = mem_alloc(N * sizeof(*y));
	struct plot_line l = {.name = "v", .x = x, .y = y, .n = N, .style = ST_SERIES1};
	struct plot p = {.title = "", .line = &l, .n_lines = 1, .fixed = true, .yhi = 1};
	struct plot_window w = {0};
	struct scene s;
	int top = 0;

	(void)state;
	for (int i = 0; i < N; i++)
		x[i] = i, y[i] = 0;
	y[33333] = 1;
	scene_open(&s, 12, 3, GLYPHS_BRAILLE);
	plot_draw(&s.d, &p, &w, plot_span_of(&p, 1), false);
	for (int i = 0; i < 12; i++)
		top += at(&s, i, 0) != ' ';
	assert_int_equal(top, 1);
	assert_true(at(&s, 33333 * 23 / (N - 1) / 2, 0) != ' ');
	canvas_release(&s.c);
	free(x);
	free(y);
}

static void legend_and_labels(void **state)
{
	static const double x[] = {1, 2, 3, 4}, y[] = {0.2, 0.9, 0.5, 0.7};
	struct plot_line l[2] = {
		{.name = "mean",
			.x = x,
			.y = y,
			.n = 4,
			.style = ST_SERIES1,
			.best = PLOT_BEST_MAX},
		{.name = "mean_spleen", .x = x, .y = y, .n = 3, .style = ST_SERIES2},
	};
	struct plot p = {.title = "Dice", .line = l, .n_lines = 2, .ylo = 0, .yhi = 1};
	struct plot_window w = {0};
	struct scene s;
	char text[128];

	(void)state;
	scene_open(&s, 78, 10, GLYPHS_BRAILLE);
	plot_draw(&s.d, &p, &w, plot_span_of(&p, 1), false);
	row_text(&s, 0, text);
	assert_non_null(strstr(text, "Dice"));
	assert_non_null(strstr(text, "1 mean 0.7000 best 0.9000 @2"));
	assert_non_null(strstr(text, "2 spleen 0.5000"));
	assert_non_null(strchr(row_text(&s, 9, text), '4')); /* x labels */
	/* The read-out tells the values at the cursor instead. */
	canvas_clear(&s.c);
	plot_window_cursor(&w, plot_span_of(&p, 1));
	plot_window_cursor_to(&w, plot_span_of(&p, 1), 1.2);
	plot_draw(&s.d, &p, &w, plot_span_of(&p, 1), false);
	assert_non_null(strstr(row_text(&s, 0, text), "1 mean 0.2000"));
	canvas_release(&s.c);
}

/* Every size, every kind of glyphs, nothing, one point, many points, bad values. */
static void all_sizes(void **state)
{
	static const double x[] = {0, 1, 2, 3, 4, 5};
	static const double y[] = {1e-9, NAN, -1, INFINITY, 1e12, 0};
	struct plot_line l[2] = {{.name = "bad",
					 .x = x,
					 .y = y,
					 .n = 6,
					 .style = ST_SERIES1,
					 .best = PLOT_BEST_MIN,
					 .smooth = true},
		{.name = "one", .x = x, .y = x, .n = 1, .style = ST_SERIES2}};
	struct plot p = {.title = "title", .line = l, .empty = "nothing yet", .smooth = 0.9};
	struct plot_window w = {0};

	(void)state;
	for (int k = 0; k < 3 * 3 * 3; k++) {
		p.n_lines = k % 3;
		p.yscale = (enum axis_scale)(k / 3 % 3);
		w.cursor_on = k % 2;
		for (int i = 0; i < 60; i++) {
			int cw = 1 + i * 7 % 41, ch = 1 + i % 13;
			struct scene s;

			scene_open(&s, cw, ch, (enum glyphs)(GLYPHS_ASCII + k / 9));
			plot_draw(&s.d, &p, &w, plot_span_of(&p, 1), true);
			canvas_release(&s.c);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ticks),
		cmocka_unit_test(scales),
		cmocka_unit_test(formats),
		cmocka_unit_test(smoothing),
		cmocka_unit_test(finding),
		cmocka_unit_test(bulk),
		cmocka_unit_test(decimation),
		cmocka_unit_test(window),
		cmocka_unit_test(growing),
		cmocka_unit_test(pointing),
		cmocka_unit_test(draws_a_diagonal),
		cmocka_unit_test(gap_stays_a_gap),
		cmocka_unit_test(spike_is_drawn),
		cmocka_unit_test(legend_and_labels),
		cmocka_unit_test(all_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
