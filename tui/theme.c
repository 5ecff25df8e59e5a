/*
 * Themes as tables, and colours for terminals that have fewer of them.
 *
 * The background is the terminal's own.  Dark and light differ in the text colours,
 * chosen for a contrast of at least 4.5:1 on black and on white; mono uses only
 * bold, underline and reverse.  Series colours follow Okabe and Ito (2008), and no
 * state is told by colour alone: each has a glyph or a word beside it.
 */
#include "tui/theme.h"

#include <stddef.h>
#include <string.h>

#define C(n) COLOR_INDEX(n)

static const struct theme themes[] = {
	{.name = "dark",
		.look =
			{
				[ST_TEXT] = {C(252), 0, 0},
				[ST_DIM] = {C(245), 0, 0},
				[ST_STRONG] = {C(255), 0, ATTR_BOLD},
				[ST_TITLE] = {C(117), 0, ATTR_BOLD},
				[ST_STATUS] = {C(252), C(236), 0},
				[ST_BORDER] = {C(240), 0, 0},
				[ST_FOCUS] = {C(117), 0, 0},
				[ST_HEADER] = {C(110), 0, ATTR_UNDERLINE},
				[ST_SELECTED] = {C(231), C(24), ATTR_BOLD},
				[ST_SELECTED_OFF] = {C(252), C(238), 0},
				[ST_KEY] = {C(231), C(24), ATTR_BOLD},
				[ST_KEY_TEXT] = {C(250), 0, 0},
				[ST_GOOD] = {C(114), 0, 0},
				[ST_WARN] = {C(221), 0, 0},
				[ST_BAD] = {C(210), 0, ATTR_BOLD},
				[ST_INFO] = {C(117), 0, 0},
				[ST_NAME] = {C(152), 0, 0},
				[ST_STRING] = {C(150), 0, 0},
				[ST_NUMBER] = {C(222), 0, 0},
				[ST_WORD] = {C(183), 0, 0},
				[ST_HELP] = {C(245), 0, 0},
				[ST_MATCH] = {C(221), 0, ATTR_BOLD | ATTR_UNDERLINE},
				[ST_INPUT] = {C(231), C(236), 0},
				[ST_BAR] = {C(74), 0, 0},
				[ST_SERIES1] = {C(74), 0, 0},
				[ST_SERIES2] = {C(214), 0, 0},
				[ST_SERIES3] = {C(36), 0, 0},
				[ST_SERIES4] = {C(175), 0, 0},
				[ST_SERIES5] = {C(227), 0, 0},
				[ST_SERIES6] = {C(117), 0, 0},
				[ST_SERIES7] = {C(166), 0, 0},
				[ST_SERIES8] = {C(250), 0, 0},
			}},
	{.name = "light",
		.look =
			{
				[ST_TEXT] = {C(235), 0, 0},
				[ST_DIM] = {C(241), 0, 0},
				[ST_STRONG] = {C(16), 0, ATTR_BOLD},
				[ST_TITLE] = {C(24), 0, ATTR_BOLD},
				[ST_STATUS] = {C(235), C(253), 0},
				[ST_BORDER] = {C(246), 0, 0},
				[ST_FOCUS] = {C(25), 0, 0},
				[ST_HEADER] = {C(24), 0, ATTR_UNDERLINE},
				[ST_SELECTED] = {C(231), C(25), ATTR_BOLD},
				[ST_SELECTED_OFF] = {C(235), C(252), 0},
				[ST_KEY] = {C(231), C(25), ATTR_BOLD},
				[ST_KEY_TEXT] = {C(237), 0, 0},
				[ST_GOOD] = {C(22), 0, 0},
				[ST_WARN] = {C(94), 0, 0},
				[ST_BAD] = {C(124), 0, ATTR_BOLD},
				[ST_INFO] = {C(25), 0, 0},
				[ST_NAME] = {C(24), 0, 0},
				[ST_STRING] = {C(22), 0, 0},
				[ST_NUMBER] = {C(94), 0, 0},
				[ST_WORD] = {C(90), 0, 0},
				[ST_HELP] = {C(241), 0, 0},
				[ST_MATCH] = {C(124), 0, ATTR_BOLD | ATTR_UNDERLINE},
				[ST_INPUT] = {C(16), C(254), 0},
				[ST_BAR] = {C(25), 0, 0},
				[ST_SERIES1] = {C(25), 0, 0},
				[ST_SERIES2] = {C(130), 0, 0},
				[ST_SERIES3] = {C(29), 0, 0},
				[ST_SERIES4] = {C(132), 0, 0},
				[ST_SERIES5] = {C(94), 0, 0},
				[ST_SERIES6] = {C(31), 0, 0},
				[ST_SERIES7] = {C(160), 0, 0},
				[ST_SERIES8] = {C(240), 0, 0},
			}},
	{.name = "mono",
		.look =
			{
				[ST_STRONG] = {0, 0, ATTR_BOLD},
				[ST_TITLE] = {0, 0, ATTR_BOLD},
				[ST_STATUS] = {0, 0, ATTR_REVERSE},
				[ST_FOCUS] = {0, 0, ATTR_BOLD},
				[ST_HEADER] = {0, 0, ATTR_UNDERLINE},
				[ST_SELECTED] = {0, 0, ATTR_REVERSE},
				[ST_SELECTED_OFF] = {0, 0, ATTR_UNDERLINE},
				[ST_KEY] = {0, 0, ATTR_REVERSE},
				[ST_WARN] = {0, 0, ATTR_BOLD},
				[ST_BAD] = {0, 0, ATTR_BOLD},
				[ST_NAME] = {0, 0, ATTR_BOLD},
				[ST_MATCH] = {0, 0, ATTR_BOLD | ATTR_UNDERLINE},
				[ST_INPUT] = {0, 0, ATTR_UNDERLINE},
				[ST_SERIES1] = {0, 0, ATTR_BOLD},
			}},
};

const struct theme *theme_at(int i)
{
	return i >= 0 && i < (int)(sizeof(themes) / sizeof(themes[0])) ? &themes[i] : NULL;
}

const struct theme *theme_find(const char *name)
{
	for (int i = 0; theme_at(i); i++)
		if (!strcmp(themes[i].name, name))
			return &themes[i];
	return NULL;
}

static void color_rgb(uint32_t color, int rgb[3])
{
	static const int ansi[16][3] = {{0, 0, 0}, {205, 0, 0}, {0, 205, 0}, {205, 205, 0},
		{0, 0, 238}, {205, 0, 205}, {0, 205, 205}, {229, 229, 229}, {127, 127, 127},
		{255, 0, 0}, {0, 255, 0}, {255, 255, 0}, {92, 92, 255}, {255, 0, 255},
		{0, 255, 255}, {255, 255, 255}};
	int n = (int)(color & 0xff);

	if (color >> 24 == 2) {
		rgb[0] = color >> 16 & 0xff;
		rgb[1] = color >> 8 & 0xff;
		rgb[2] = color & 0xff;
	} else if (n < 16) {
		memcpy(rgb, ansi[n], sizeof(ansi[n]));
	} else if (n < 232) {
		n -= 16;
		rgb[0] = n / 36 ? 55 + n / 36 * 40 : 0;
		rgb[1] = n / 6 % 6 ? 55 + n / 6 % 6 * 40 : 0;
		rgb[2] = n % 6 ? 55 + n % 6 * 40 : 0;
	} else {
		rgb[0] = rgb[1] = rgb[2] = 8 + (n - 232) * 10;
	}
}

static int square(int a)
{
	return a * a;
}

static int cube_step(int v)
{
	return v < 48 ? 0 : v < 115 ? 1 : (v - 35) / 40;
}

int color_to_256(uint32_t color)
{
	int rgb[3], q[3], v[3], grey, level, dist_cube = 0, dist_grey = 0;

	if (color >> 24 == 1)
		return (int)(color & 0xff);
	color_rgb(color, rgb);
	for (int i = 0; i < 3; i++) {
		q[i] = cube_step(rgb[i]);
		v[i] = q[i] ? 55 + q[i] * 40 : 0;
		dist_cube += square(v[i] - rgb[i]);
	}
	grey = (rgb[0] + rgb[1] + rgb[2]) / 3;
	level = grey < 4 ? -1 : grey > 238 ? 23 : (grey - 3) / 10;
	for (int i = 0; i < 3; i++)
		dist_grey += square((level < 0 ? 0 : 8 + level * 10) - rgb[i]);
	if (dist_grey < dist_cube && level >= 0)
		return 232 + level;
	return 16 + 36 * q[0] + 6 * q[1] + q[2];
}

int color_to_16(uint32_t color)
{
	int rgb[3], ref[3], best = 0, dist, least = 1 << 30;

	if (color >> 24 == 1 && (color & 0xff) < 16)
		return (int)(color & 0xff);
	color_rgb(color, rgb);
	for (int i = 0; i < 16; i++) {
		color_rgb(COLOR_INDEX(i), ref);
		dist = square(ref[0] - rgb[0]) + square(ref[1] - rgb[1]) + square(ref[2] - rgb[2]);
		if (dist < least) {
			least = dist;
			best = i;
		}
	}
	return best;
}
