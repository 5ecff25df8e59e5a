#ifndef TUI_INPUT_H
#define TUI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/buf.h"

/*
 * Bytes of a terminal turned into events.  Keys are Unicode code points, or one of
 * the KEY_ codes above the Unicode range; modifiers are bits of mods.
 */
enum input_key {
	INPUT_KEY_BASE = 0x110000,
	IN_UP,
	IN_DOWN,
	IN_LEFT,
	IN_RIGHT,
	IN_HOME,
	IN_END,
	IN_PGUP,
	IN_PGDN,
	IN_INS,
	IN_DEL,
	IN_BACKSPACE,
	IN_TAB,
	IN_BTAB, /* Shift-Tab */
	IN_ENTER,
	IN_ESC,
	IN_F1, /* IN_F1 + n - 1 is F<n>, up to F20 */
	IN_F20 = IN_F1 + 19,
};

enum input_mods {
	MOD_SHIFT = 1 << 0,
	MOD_ALT = 1 << 1,
	MOD_CTRL = 1 << 2,
};

enum input_kind {
	INPUT_KEY,
	INPUT_MOUSE,
	INPUT_PASTE, /* text of a bracketed paste, in paste */
	INPUT_FOCUS, /* the terminal got (key = 1) or lost (key = 0) the focus */
};

enum mouse_act {
	MOUSE_PRESS,
	MOUSE_RELEASE,
	MOUSE_DRAG, /* moved with a button held */
	MOUSE_MOVE,
	MOUSE_WHEEL_UP,
	MOUSE_WHEEL_DOWN,
};

struct input {
	enum input_kind kind;
	uint32_t key; /* letters with MOD_CTRL are lower case: Ctrl-P is 'p' + MOD_CTRL */
	unsigned mods;
	enum mouse_act act;
	int button;        /* 1 left, 2 middle, 3 right */
	int x, y;          /* cells from 0; of the screen, or of the view when it gets it */
	const char *paste; /* valid until the next input_feed() */
};

/* State between reads: sequences may be split anywhere. Zero-initialise. */
struct input_parser {
	unsigned char seq[256]; /* the unfinished sequence */
	size_t n;
	int state;
	bool skip; /* the sequence outgrew seq: swallow it to its end */
	struct buf paste;
	bool in_paste;
	bool esc_pending; /* a lone ESC waits for INPUT_ESC_GAP_MS */
};

#define INPUT_ESC_GAP_MS 25

/*
 * Parses len bytes and calls emit for every event, in order.  Replies of the
 * terminal (DA, DSR, OSC, DCS, mode reports) are swallowed, whole or split.
 */
void input_feed(struct input_parser *p, const void *data, size_t len,
	void (*emit)(void *ctx, const struct input *in), void *ctx);

/*
 * To call when nothing came for INPUT_ESC_GAP_MS: a waiting ESC becomes the Esc key.
 * Sequences other than a lone ESC keep waiting (a late half of a reply).
 */
void input_gap(struct input_parser *p, void (*emit)(void *ctx, const struct input *in), void *ctx);

/* True while input_gap() should be called after the gap. */
bool input_waits(const struct input_parser *p);

void input_release(struct input_parser *p);

#endif
