#ifndef TUI_THEME_H
#define TUI_THEME_H

#include <stdint.h>

/* Colours of a cell. */
#define COLOR_DEFAULT      0u
#define COLOR_INDEX(n)     (0x01000000u | (uint32_t)(n)) /* of the 256-colour palette */
#define COLOR_RGB(r, g, b) (0x02000000u | (uint32_t)(r) << 16 | (uint32_t)(g) << 8 | (uint32_t)(b))

enum cell_attr {
	ATTR_BOLD = 1 << 0,
	ATTR_DIM = 1 << 1,
	ATTR_UNDERLINE = 1 << 2,
	ATTR_REVERSE = 1 << 3,
	ATTR_ITALIC = 1 << 4,
};

/* How many colours the terminal is trusted with. */
enum color_mode {
	COLORS_AUTO,
	COLORS_NEVER,
	COLORS_16,
	COLORS_256,
	COLORS_TRUE,
};

/* Which characters it can show. */
enum glyphs {
	GLYPHS_AUTO,
	GLYPHS_ASCII,
	GLYPHS_BLOCK,   /* line drawing and blocks, no braille */
	GLYPHS_BRAILLE, /* all of Unicode */
};

/* What a piece of text is; the theme says how it looks. */
enum style {
	ST_TEXT,
	ST_DIM,    /* of less importance */
	ST_STRONG, /* bold */
	ST_TITLE,  /* crumbs and pane titles */
	ST_STATUS, /* the status line */
	ST_BORDER,
	ST_FOCUS,        /* border and title of the focused pane */
	ST_HEADER,       /* column heads */
	ST_SELECTED,     /* the row under the cursor */
	ST_SELECTED_OFF, /* the same in a pane without focus */
	ST_KEY,          /* a key in the key bar */
	ST_KEY_TEXT,     /* what it does */
	ST_GOOD,
	ST_WARN,
	ST_BAD,
	ST_INFO,
	ST_NAME,    /* JSON keys, argument names */
	ST_STRING,  /* JSON strings */
	ST_NUMBER,  /* JSON numbers */
	ST_WORD,    /* true, false, null */
	ST_HELP,    /* help lines beside a value */
	ST_MATCH,   /* characters that a filter matched */
	ST_INPUT,   /* the prompt line */
	ST_BAR,     /* filled part of a bar */
	ST_SERIES1, /* plots and labels: Okabe-Ito order, safe for colour-blind eyes */
	ST_SERIES2,
	ST_SERIES3,
	ST_SERIES4,
	ST_SERIES5,
	ST_SERIES6,
	ST_SERIES7,
	ST_SERIES8,
	ST_COUNT,
};

struct look {
	uint32_t fg, bg;
	uint16_t attr;
};

struct theme {
	const char *name; /* "dark", "light", "mono" */
	struct look look[ST_COUNT];
};

/* By name; NULL when there is none.  The first one is "dark". */
const struct theme *theme_find(const char *name);
const struct theme *theme_at(int i); /* NULL at the end */

/* Nearest palette index of a colour: 16 + cube + greys, or the 16 ANSI colours. */
int color_to_256(uint32_t color);
int color_to_16(uint32_t color);

#endif
