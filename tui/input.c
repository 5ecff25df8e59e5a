/*
 * Bytes of a terminal turned into events: one state machine for UTF-8, CSI, SS3,
 * SGR mouse, bracketed paste and focus reports.
 *
 * Curses only draws; the workbench reads the terminal itself.  That makes Esc a matter
 * of a 25 ms gap instead of a second, lets all queued keys be handled before one
 * draw, and lets answers of the terminal (device attributes, colours, mode reports)
 * be swallowed whenever they come, whole or cut in two: on a slow line they arrive
 * long after anybody waits for them and must never be taken for typing.
 *
 * Sources: ECMA-48 5.4 (CSI grammar), xterm's ctlseqs (keys, mouse 1006, paste 2004,
 * focus 1004, modifyOtherKeys), kitty's keyboard protocol for "CSI code ; mods u".
 */
#include "tui/input.h"

#include <string.h>

#define PASTE_MAX (1u << 20)

enum state {
	GROUND,
	ESCAPE, /* ESC seen */
	CSI,    /* ESC [ */
	SS3,    /* ESC O */
	STRING, /* OSC, DCS, APC, PM, SOS: up to BEL or ST */
	STRING_ESC,
	UTF8,  /* inside a multi-byte character */
	X10,   /* three bytes of an old mouse report */
	LINUX, /* ESC [ [ of the Linux console's F1 - F5 */
};

typedef void emit_fn(void *ctx, const struct input *in);

static void emit_key(emit_fn *emit, void *ctx, uint32_t key, unsigned mods)
{
	struct input in = {.kind = INPUT_KEY, .key = key, .mods = mods};

	emit(ctx, &in);
}

/* A single byte below 0x80 (or DEL) as a key. */
static void emit_byte(emit_fn *emit, void *ctx, unsigned char c, unsigned mods)
{
	if (c == '\r' || c == '\n')
		emit_key(emit, ctx, IN_ENTER, mods);
	else if (c == '\t')
		emit_key(emit, ctx, IN_TAB, mods);
	else if (c == 0x7f || c == 0x08)
		emit_key(emit, ctx, IN_BACKSPACE, mods);
	else if (c == 0)
		emit_key(emit, ctx, ' ', mods | MOD_CTRL);
	else if (c < 27)
		emit_key(emit, ctx, (uint32_t)(c - 1 + 'a'), mods | MOD_CTRL);
	else if (c < 32)
		emit_key(emit, ctx, (uint32_t)(c + 64), mods | MOD_CTRL);
	else
		emit_key(emit, ctx, c, mods);
}

static unsigned mods_of(int param)
{
	unsigned m = param > 1 ? (unsigned)(param - 1) : 0, mods = 0;

	mods |= m & 1 ? MOD_SHIFT : 0;
	mods |= m & 2 ? MOD_ALT : 0;
	mods |= m & 4 ? MOD_CTRL : 0;
	return mods;
}

/* Whole numbers separated by ';' (sub-parameters after ':' are ignored); absent ones are 0. */
static int params(const unsigned char *s, size_t n, int out[8])
{
	int k = 0, sub = 0;

	memset(out, 0, 8 * sizeof(*out));
	for (size_t i = 0; i < n && k < 8; i++) {
		if (s[i] == ';') {
			k++;
			sub = 0;
		} else if (s[i] == ':') {
			sub = 1;
		} else if (s[i] >= '0' && s[i] <= '9' && !sub && out[k] < 100000) {
			out[k] = out[k] * 10 + (s[i] - '0');
		}
	}
	return k < 8 ? k + 1 : 8;
}

static uint32_t letter_key(unsigned char final)
{
	static const struct {
		unsigned char final;
		uint32_t key;
	} keys[] = {
		{'A', IN_UP},
		{'B', IN_DOWN},
		{'C', IN_RIGHT},
		{'D', IN_LEFT},
		{'H', IN_HOME},
		{'F', IN_END},
		{'Z', IN_BTAB},
		{'M', IN_ENTER},
		{'P', IN_F1},
		{'Q', IN_F1 + 1},
		{'R', IN_F1 + 2},
		{'S', IN_F1 + 3},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].final == final)
			return keys[i].key;
	return 0;
}

/* The key of "CSI n ~". */
static uint32_t tilde_key(int n)
{
	static const uint32_t keys[] = {[1] = IN_HOME,
		[2] = IN_INS,
		[3] = IN_DEL,
		[4] = IN_END,
		[5] = IN_PGUP,
		[6] = IN_PGDN,
		[7] = IN_HOME,
		[8] = IN_END,
		[11] = IN_F1,
		[12] = IN_F1 + 1,
		[13] = IN_F1 + 2,
		[14] = IN_F1 + 3,
		[15] = IN_F1 + 4,
		[17] = IN_F1 + 5,
		[18] = IN_F1 + 6,
		[19] = IN_F1 + 7,
		[20] = IN_F1 + 8,
		[21] = IN_F1 + 9,
		[23] = IN_F1 + 10,
		[24] = IN_F1 + 11,
		[25] = IN_F1 + 12,
		[26] = IN_F1 + 13,
		[28] = IN_F1 + 14,
		[29] = IN_F1 + 15,
		[31] = IN_F1 + 16,
		[32] = IN_F1 + 17,
		[33] = IN_F1 + 18,
		[34] = IN_F1 + 19};

	return n >= 0 && n < (int)(sizeof(keys) / sizeof(keys[0])) ? keys[n] : 0;
}

/* A key that came as a number (CSI u, modifyOtherKeys): the same event as its plain form. */
static void emit_code(emit_fn *emit, void *ctx, int code, unsigned mods)
{
	if (code == 27)
		emit_key(emit, ctx, IN_ESC, mods);
	else if (code < 32 || code == 127)
		emit_byte(emit, ctx, (unsigned char)code, mods);
	else if (code < 0x110000)
		emit_key(emit, ctx, (uint32_t)code, mods);
}

static void emit_mouse(emit_fn *emit, void *ctx, const int p[8], bool release)
{
	struct input in = {.kind = INPUT_MOUSE, .x = p[1] - 1, .y = p[2] - 1};
	int b = p[0];

	in.mods = (b & 4 ? MOD_SHIFT : 0) | (b & 8 ? MOD_ALT : 0) | (b & 16 ? MOD_CTRL : 0);
	if (in.x < 0 || in.y < 0)
		return;
	if (b & 64) {
		if ((b & 3) > 1)
			return;
		in.act = b & 1 ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP;
	} else {
		in.button = (b & 3) + 1;
		if (b & 32)
			in.act = in.button == 4 ? MOUSE_MOVE : MOUSE_DRAG;
		else
			in.act = release ? MOUSE_RELEASE : MOUSE_PRESS;
		if (in.button == 4)
			in.button = 0;
	}
	emit(ctx, &in);
}

static void end_csi(struct input_parser *p, unsigned char final, emit_fn *emit, void *ctx)
{
	const unsigned char *s = p->seq;
	struct input in = {.kind = INPUT_FOCUS};
	int v[8], n;

	p->state = GROUND;
	if (p->skip)
		return;
	if (p->n && s[0] == '<' && (final == 'M' || final == 'm')) {
		if (params(s + 1, p->n - 1, v) >= 3)
			emit_mouse(emit, ctx, v, final == 'm');
		return;
	}
	/* Private and intermediate bytes: an answer, not a key. */
	for (size_t i = 0; i < p->n; i++)
		if ((s[i] >= '<' && s[i] <= '?') || s[i] < '0')
			return;
	n = params(s, p->n, v);
	if (final == '~' && v[0] == 200) {
		p->in_paste = true;
		buf_reset(&p->paste);
	} else if (final == '~' && v[0] == 27 && n >= 3) {
		emit_code(emit, ctx, v[2], mods_of(v[1]));
	} else if (final == '~') {
		if (tilde_key(v[0]))
			emit_key(emit, ctx, tilde_key(v[0]), mods_of(n > 1 ? v[1] : 0));
	} else if (final == 'u') {
		emit_code(emit, ctx, v[0], mods_of(n > 1 ? v[1] : 0));
	} else if (!p->n && (final == 'I' || final == 'O')) {
		in.key = final == 'I';
		emit(ctx, &in);
	} else if (!p->n && final == 'M') {
		p->state = X10;
	} else if (letter_key(final) && (!p->n || (v[0] == 1 && n == 2 && final != 'R'))) {
		emit_key(emit, ctx, letter_key(final), mods_of(n > 1 ? v[1] : 0));
	}
}

static void start(struct input_parser *p, int state)
{
	p->state = state;
	p->n = 0;
	p->skip = false;
}

static void keep(struct input_parser *p, unsigned char c)
{
	if (p->n < sizeof(p->seq))
		p->seq[p->n++] = c;
	else
		p->skip = true;
}

/* A character of several bytes, put together from as many reads as it takes. */
static void feed_utf8(struct input_parser *p, unsigned char c, emit_fn *emit, void *ctx)
{
	uint32_t cp;
	size_t want;

	p->seq[p->n++] = c;
	want = p->seq[0] >= 0xf0 ? 4 : p->seq[0] >= 0xe0 ? 3 : 2;
	if (p->n < want)
		return;
	cp = p->seq[0] & (0xff >> (want + 1));
	for (size_t i = 1; i < want; i++)
		cp = cp << 6 | (p->seq[i] & 0x3f);
	p->state = GROUND;
	if (cp >= 0xa0 && cp < 0x110000 && (cp < 0xd800 || cp > 0xdfff))
		emit_key(emit, ctx, cp, p->esc_pending ? MOD_ALT : 0);
	p->esc_pending = false;
}

static void feed_ground(struct input_parser *p, unsigned char c, emit_fn *emit, void *ctx)
{
	if (c == 0x1b) {
		start(p, ESCAPE);
	} else if (c >= 0xc2 && c <= 0xf4) {
		start(p, UTF8);
		p->esc_pending = false;
		feed_utf8(p, c, emit, ctx);
	} else if (c < 0x80) {
		emit_byte(emit, ctx, c, 0);
	}
}

static void feed_escape(struct input_parser *p, unsigned char c, emit_fn *emit, void *ctx)
{
	if (c == '[') {
		start(p, CSI);
	} else if (c == 'O') {
		start(p, SS3);
	} else if (c == ']' || c == 'P' || c == '_' || c == '^' || c == 'X') {
		start(p, STRING);
	} else if (c == 0x1b) {
		emit_key(emit, ctx, IN_ESC, 0);
		start(p, ESCAPE);
	} else if (c >= 0xc2 && c <= 0xf4) {
		start(p, UTF8);
		p->esc_pending = true;
		feed_utf8(p, c, emit, ctx);
	} else {
		p->state = GROUND;
		if (c < 0x80)
			emit_byte(emit, ctx, c, MOD_ALT);
	}
}

static void feed_csi(struct input_parser *p, unsigned char c, emit_fn *emit, void *ctx)
{
	if (c == 0x1b)
		start(p, ESCAPE);
	else if (c == 0x18 || c == 0x1a)
		p->state = GROUND;
	else if (c == '[' && !p->n)
		p->state = LINUX;
	else if (c >= 0x40 && c <= 0x7e)
		end_csi(p, c, emit, ctx);
	else if (c >= 0x20 && c < 0x40)
		keep(p, c);
	else
		feed_ground(p, c, emit, ctx);
}

static void feed_paste(struct input_parser *p, unsigned char c, emit_fn *emit, void *ctx)
{
	static const char end[] = "\x1b[201~";
	const size_t n = sizeof(end) - 1;
	struct input in = {.kind = INPUT_PASTE};

	if (p->paste.len >= PASTE_MAX)
		buf_consume(&p->paste, p->paste.len - n);
	buf_putc(&p->paste, (char)c);
	if (p->paste.len < n || memcmp(p->paste.p + p->paste.len - n, end, n) != 0)
		return;
	p->paste.len -= n;
	p->paste.p[p->paste.len] = '\0';
	p->in_paste = false;
	in.paste = p->paste.p;
	emit(ctx, &in);
}

static void feed_byte(struct input_parser *p, unsigned char c, emit_fn *emit, void *ctx)
{
	switch ((enum state)p->state) {
	case GROUND:
		feed_ground(p, c, emit, ctx);
		break;
	case ESCAPE:
		feed_escape(p, c, emit, ctx);
		break;
	case CSI:
		feed_csi(p, c, emit, ctx);
		break;
	case SS3:
		p->state = GROUND;
		if (c == 0x1b)
			start(p, ESCAPE);
		else if (letter_key(c))
			emit_key(emit, ctx, letter_key(c), 0);
		break;
	case STRING:
		if (c == 0x1b)
			p->state = STRING_ESC;
		else if (c == 0x07 || c == 0x18 || c == 0x1a)
			p->state = GROUND;
		break;
	case STRING_ESC:
		p->state = GROUND;
		if (c != '\\')
			feed_escape(p, c, emit, ctx);
		break;
	case UTF8:
		if ((c & 0xc0) == 0x80) {
			feed_utf8(p, c, emit, ctx);
		} else {
			p->state = GROUND;
			feed_ground(p, c, emit, ctx);
		}
		break;
	case X10:
		keep(p, c);
		if (p->n == 3)
			p->state = GROUND;
		break;
	case LINUX:
		p->state = GROUND;
		if (c >= 'A' && c <= 'E')
			emit_key(emit, ctx, IN_F1 + (uint32_t)(c - 'A'), 0);
		break;
	}
}

void input_feed(struct input_parser *p, const void *data, size_t len, emit_fn *emit, void *ctx)
{
	const unsigned char *s = data;

	for (size_t i = 0; i < len; i++) {
		if (p->in_paste)
			feed_paste(p, s[i], emit, ctx);
		else
			feed_byte(p, s[i], emit, ctx);
	}
}

bool input_waits(const struct input_parser *p)
{
	return p->state == ESCAPE;
}

void input_gap(struct input_parser *p, emit_fn *emit, void *ctx)
{
	if (p->state != ESCAPE)
		return;
	p->state = GROUND;
	emit_key(emit, ctx, IN_ESC, 0);
}

void input_release(struct input_parser *p)
{
	buf_release(&p->paste);
}
