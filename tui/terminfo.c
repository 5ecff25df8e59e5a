/*
 * Which terminfo entry to draw with.
 *
 * Curses sends 256 colours only through an entry that says so.  A terminal that calls
 * itself "xterm" but is asked for more gets xterm-256color; every emulator of the last
 * fifteen years that claims the one can do the other.
 */
#include "tui/terminfo.h"

#include <stdlib.h>
#include <string.h>

const char *terminfo_pick(const char *name, enum color_mode colors)
{
	if (colors < COLORS_256)
		return name;
	if (!strcmp(name, "xterm") || !strcmp(name, "xterm-color") ||
		!strcmp(name, "xterm-16color"))
		return "xterm-256color";
	if (!strcmp(name, "screen"))
		return "screen-256color";
	return name;
}

int terminfo_direct(uint32_t color)
{
	int rgb = (int)(color & 0xffffff);

	/* 1 - 7 mean the ANSI colours there: step aside to a blue nobody can tell apart. */
	return rgb > 0 && rgb < 8 ? 8 : rgb;
}
