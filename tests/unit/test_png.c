/* PNG files: what is written comes back, no chunk carries text, bad files are refused; charts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/volume/plot_png.h"
#include "core/volume/png.h"
#include "tests/unit/nifti_file.h"

static char dir[] = "/tmp/axial-png-XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	return sys_remove_tree(dir, &err);
}

static void test_round_trip(void **state)
{
	struct err err = ERR_INIT;
	char *path = sys_join(dir, "a.png");
	uint8_t px[3 * 17 * 9], *got;
	struct buf b = {0};
	int w, h;

	(void)state;
	for (int i = 0; i < 459; i++)
		px[i] = (uint8_t)(i * 37);
	for (int c = 1; c <= 3; c += 2) {
		assert_int_equal(png_file_write(path, 17, 9, c, px, &err), 0);
		got = png_file_read(path, c, &w, &h, &err);
		assert_non_null(got);
		assert_true(w == 17 && h == 9);
		assert_memory_equal(got, px, (size_t)(c * 17 * 9));
		free(got);
		buf_reset(&b);
		assert_int_equal(sys_read_file(path, 1 << 20, &b, &err), 0);
		for (size_t i = 0; i + 4 <= b.len; i++)
			assert_true(memcmp(b.p + i, "tEXt", 4) && memcmp(b.p + i, "tIME", 4) &&
				    memcmp(b.p + i, "iTXt", 4) && memcmp(b.p + i, "zTXt", 4));
	}
	/* Broken files: every truncation, then every damaged byte. */
	for (size_t n = 0; n < b.len; n++) {
		nifti_file_put(dir, "a.png", b.p, n);
		got = png_file_read(path, 3, &w, &h, &err);
		assert_true(got || err.code == ERR_DATA);
		assert_true(!got || n > b.len - 16);
		free(got);
	}
	for (size_t n = 0; n < b.len; n++) {
		b.p[n] ^= 0x55;
		nifti_file_put(dir, "a.png", b.p, b.len);
		free(png_file_read(path, 3, &w, &h, &err));
		b.p[n] ^= 0x55;
	}
	buf_release(&b);
	free(path);
}

static void test_refused(void **state)
{
	struct err err = ERR_INIT;
	uint8_t px[3] = {0};
	int w, h;

	(void)state;
	assert_int_equal(png_file_write("x.png", 0, 1, 1, px, &err), -1);
	assert_int_equal(png_file_write("x.png", 65535, 65535, 1, px, &err), -1);
	assert_int_equal(png_file_write("/nowhere/x.png", 1, 1, 1, px, &err), -1);
	assert_int_equal(err.code, ERR_IO);
	assert_null(png_file_read("/nowhere/x.png", 1, &w, &h, &err));
	assert_int_equal(err.code, ERR_NOINPUT);
	assert_null(png_file_read("/dev/zero", 1, &w, &h, &err));
	assert_int_equal(err.code, ERR_DATA);
}

/* How many pixels have this colour. */
static int count(const uint8_t *px, int n, uint32_t rgb)
{
	int k = 0;

	for (int i = 0; i < n; i++)
		k += px[3 * i] == rgb >> 16 && px[3 * i + 1] == (rgb >> 8 & 255) &&
		     px[3 * i + 2] == (rgb & 255);
	return k;
}

static void test_chart(void **state)
{
	double x[200], y[200], z[200];
	struct plot_series s[2] = {
		{.name = "train loss", .x = x, .y = y, .n = 200, .rgb = 0x123456},
		{.name = "dice", .x = x, .y = z, .n = 200, .rgb = 0xaa2200, .markers = true}};
	struct plot_chart c[2] = {
		{.title = "loss", .xlabel = "step", .ylabel = "loss", .series = s, .n = 2},
		{.title = "log", .series = s, .n = 1, .log_y = true}};
	struct err err = ERR_INIT;
	char *path = sys_join(dir, "plot.png"), *path2 = sys_join(dir, "plot2.png");
	struct buf a = {0}, b = {0};
	uint8_t *px;
	int w, h, with, without;

	(void)state;
	for (int i = 0; i < 200; i++) {
		x[i] = i;
		y[i] = exp(-i / 40.0) + 0.02;
		z[i] = i == 100 ? NAN : 1 - y[i] / 2;
	}
	assert_int_equal(plot_png_write(path, c, 2, 800, 600, &err), 0);
	px = png_file_read(path, 3, &w, &h, &err);
	assert_non_null(px);
	assert_true(w == 800 && h == 600);
	with = count(px, w * h, 0xaa2200);
	assert_true(count(px, w * h, 0x123456) > 300); /* two curves and two legend strokes */
	assert_true(with > 300);
	assert_true(count(px, w * h, 0xffffff) > 800 * 600 / 2);
	free(px);
	/* The same input gives the same file; without the second series its colour is gone. */
	assert_int_equal(plot_png_write(path2, c, 2, 800, 600, &err), 0);
	assert_int_equal(sys_read_file(path, 1 << 24, &a, &err), 0);
	assert_int_equal(sys_read_file(path2, 1 << 24, &b, &err), 0);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.p, b.p, a.len);
	c[0].n = 1;
	assert_int_equal(plot_png_write(path, c, 2, 800, 600, &err), 0);
	px = png_file_read(path, 3, &w, &h, &err);
	without = count(px, w * h, 0xaa2200);
	assert_int_equal(without, 0);
	free(px);
	buf_release(&a);
	buf_release(&b);
	free(path);
	free(path2);
}

/* Empty, constant, hostile and tiny charts draw something and never crash. */
static void test_chart_edges(void **state)
{
	double x[4] = {0, 1, 2, 3}, same[4] = {5, 5, 5, 5},
	       bad[4] = {NAN, INFINITY, -INFINITY, NAN};
	double huge[4] = {-1.7e308, 1.7e308, 0, 1e-300};
	struct plot_series s = {.name = "\x1b[2J \xff very long name of a series that does not fit",
		.x = x,
		.y = same,
		.n = 4};
	struct plot_chart c = {.title = "t", .series = &s, .n = 1};
	const double *ys[] = {same, bad, huge, x};
	struct err err = ERR_INIT;
	char *path = sys_join(dir, "edge.png");

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(ys); k++)
		for (int log_y = 0; log_y < 2; log_y++)
			for (int n = 0; n <= 4; n++) {
				s.y = ys[k];
				s.n = n;
				c.log_y = log_y;
				assert_int_equal(plot_png_write(path, &c, 1, 160, 120, &err), 0);
			}
	s.x = huge;
	assert_int_equal(plot_png_write(path, &c, 1, 400, 300, &err), 0);
	c.n = 0;
	assert_int_equal(plot_png_write(path, &c, 1, 400, 300, &err), 0);
	assert_int_equal(plot_png_write(path, &c, 1, 40, 300, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_int_equal(plot_png_write(path, &c, 1, 1 << 20, 1 << 20, &err), -1);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_chart),
		cmocka_unit_test(test_chart_edges),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
