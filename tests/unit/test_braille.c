/*
 * The dot canvas: bit order of braille cells, layers, clipping, the fall-backs for
 * terminals without braille, and bars.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tui/braille.h"

static void braille_bits(void **state)
{
	/* Dots 1..8 of the Unicode block, by position. */
	static const struct {
		int x, y;
		uint32_t ch;
	} want[] = {
		{0, 0, 0x2801},
		{0, 1, 0x2802},
		{0, 2, 0x2804},
		{1, 0, 0x2808},
		{1, 1, 0x2810},
		{1, 2, 0x2820},
		{0, 3, 0x2840},
		{1, 3, 0x2880},
	};
	struct dots d;

	(void)state;
	for (int i = 0; i < 8; i++) {
		dots_init(&d, DOTS_BRAILLE, 2, 2);
		assert_int_equal(d.w, 4);
		assert_int_equal(d.h, 8);
		dots_point(&d, want[i].x + 2, want[i].y + 4, 0, 5);
		assert_int_equal(dots_get(&d, 1, 1).ch, want[i].ch);
		assert_int_equal(dots_get(&d, 1, 1).fg, 5);
		assert_int_equal(dots_get(&d, 0, 0).ch, 0);
		dots_release(&d);
	}
}

static void layers_hide(void **state)
{
	struct dots d;

	(void)state;
	dots_init(&d, DOTS_BRAILLE, 1, 1);
	dots_column(&d, 0, 0, 3, 1, 1);
	dots_point(&d, 1, 0, 2, 7); /* higher: replaces the cell */
	assert_int_equal(dots_get(&d, 0, 0).ch, 0x2808);
	assert_int_equal(dots_get(&d, 0, 0).fg, 7);
	dots_point(&d, 0, 0, 1, 1); /* lower: dropped, whatever the order */
	assert_int_equal(dots_get(&d, 0, 0).ch, 0x2808);
	dots_point(&d, 1, 1, 2, 7); /* same: added */
	assert_int_equal(dots_get(&d, 0, 0).ch, 0x2818);
	dots_clear(&d);
	assert_int_equal(dots_get(&d, 0, 0).ch, 0);
	dots_release(&d);
}

static void lines(void **state)
{
	struct dots d;

	(void)state;
	dots_init(&d, DOTS_BRAILLE, 4, 2); /* 8 x 8 dots: the diagonal */
	dots_line(&d, 0, 0, 7, 7, 0, 1);
	assert_int_equal(dots_get(&d, 0, 0).ch, 0x2811);
	assert_int_equal(dots_get(&d, 1, 0).ch, 0x2884);
	assert_int_equal(dots_get(&d, 2, 0).ch, 0);
	assert_int_equal(dots_get(&d, 2, 1).ch, 0x2811);
	assert_int_equal(dots_get(&d, 3, 1).ch, 0x2884);
	dots_release(&d);
}

static void clipping_keeps_slope(void **state)
{
	struct dots d, e;

	(void)state;
	dots_init(&d, DOTS_BRAILLE, 10, 10);
	dots_init(&e, DOTS_BRAILLE, 10, 10);
	/* The same straight line from far outside and from the edges. */
	dots_line(&d, -1e9, -1e9, 1e9, 1e9, 0, 1);
	dots_line(&e, 0, 0, 19, 19, 0, 1);
	for (int y = 0; y < 10; y++)
		for (int x = 0; x < 10; x++)
			assert_int_equal(dots_get(&d, x, y).ch, dots_get(&e, x, y).ch);
	dots_clear(&d);
	dots_line(&d, -50, 3, -2, 30, 0, 1);
	dots_line(&d, NAN, 3, 5, 5, 0, 1);
	dots_line(&d, 3, INFINITY, 5, 5, 0, 1);
	dots_point(&d, 20, 0, 0, 1);
	dots_point(&d, 0, 40, 0, 1);
	dots_point(&d, -1, -1, 0, 1);
	for (int y = 0; y < 10; y++)
		for (int x = 0; x < 10; x++)
			assert_int_equal(dots_get(&d, x, y).ch, 0);
	dots_release(&d);
	dots_release(&e);
}

static void fallbacks(void **state)
{
	struct dots d;

	(void)state;
	dots_init(&d, DOTS_BLOCK, 1, 1);
	assert_int_equal(d.w, 1);
	assert_int_equal(d.h, 2);
	dots_point(&d, 0, 0, 0, 3);
	assert_int_equal(dots_get(&d, 0, 0).ch, 0x2580);
	dots_point(&d, 0, 1, 0, 4);
	assert_int_equal(dots_get(&d, 0, 0).ch, 0x2580);
	assert_int_equal(dots_get(&d, 0, 0).fg, 3);
	assert_int_equal(dots_get(&d, 0, 0).bg, 4);
	dots_point(&d, 0, 1, 1, 3);
	assert_int_equal(dots_get(&d, 0, 0).ch, 0x2588);
	dots_release(&d);

	dots_init(&d, DOTS_ASCII, 3, 1);
	assert_int_equal(d.h, 3);
	dots_line(&d, 0, 2, 2, 0, 0, 1);
	assert_int_equal(dots_get(&d, 0, 0).ch, '.');
	assert_int_equal(dots_get(&d, 1, 0).ch, '-');
	assert_int_equal(dots_get(&d, 2, 0).ch, '\'');
	dots_column(&d, 0, 0, 2, 0, 1);
	assert_int_equal(dots_get(&d, 0, 0).ch, '|');
	dots_release(&d);
}

static void bars(void **state)
{
	(void)state;
	assert_int_equal(dots_bar(0, 4, 0, true), ' ');
	assert_int_equal(dots_bar(NAN, 4, 0, true), ' ');
	assert_int_equal(dots_bar(0.001, 4, 0, true), 0x258f); /* not nothing */
	assert_int_equal(dots_bar(0.5, 4, 1, true), 0x2588);
	assert_int_equal(dots_bar(0.5, 4, 2, true), ' ');
	assert_int_equal(dots_bar(0.625, 4, 2, true), 0x258c); /* half of the third cell */
	assert_int_equal(dots_bar(7, 4, 3, true), 0x2588);
	assert_int_equal(dots_bar(1, 4, 3, false), '#');
	assert_int_equal(dots_vbar(0.25, 1, 0, true), 0x2582);
	assert_int_equal(dots_vbar(1, 2, 1, true), 0x2588);
	assert_int_equal(dots_vbar(0.5, 2, 1, true), ' ');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(braille_bits),
		cmocka_unit_test(layers_hide),
		cmocka_unit_test(lines),
		cmocka_unit_test(clipping_keeps_slope),
		cmocka_unit_test(fallbacks),
		cmocka_unit_test(bars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
