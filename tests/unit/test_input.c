/*
 * The input parser on byte strings: every kind of sequence, cut at every place, and the
 * answers of terminals that must never be taken for keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/base/buf.h"
#include "tui/input.h"

struct got {
	struct input v[256];
	int n;
	struct buf paste;
};

static void on_event(void *ctx, const struct input *in)
{
	struct got *g = ctx;

	assert_true(g->n < 256);
	g->v[g->n++] = *in;
	if (in->kind == INPUT_PASTE)
		buf_puts(&g->paste, in->paste);
}

/* Feeds bytes in pieces of the given size (0: whole), then the gap. */
static void feed(struct got *g, const char *s, size_t len, size_t piece)
{
	struct input_parser p = {0};

	memset(g, 0, sizeof(*g));
	for (size_t i = 0; i < len; i += piece ? piece : len) {
		size_t n = piece && len - i > piece ? piece : piece ? len - i : len;

		input_feed(&p, s + i, n, on_event, g);
	}
	if (input_waits(&p))
		input_gap(&p, on_event, g);
	input_release(&p);
}

static void expect_key(const char *bytes, uint32_t key, unsigned mods)
{
	for (size_t piece = 0; piece < 3; piece++) {
		struct got g;

		feed(&g, bytes, strlen(bytes), piece);
		assert_int_equal(g.n, 1);
		assert_int_equal(g.v[0].kind, INPUT_KEY);
		assert_int_equal(g.v[0].key, key);
		assert_int_equal(g.v[0].mods, mods);
		buf_release(&g.paste);
	}
}

static void test_keys(void **state)
{
	(void)state;
	expect_key("a", 'a', 0);
	expect_key("Q", 'Q', 0);
	expect_key("\x10", 'p', MOD_CTRL);
	expect_key("\r", IN_ENTER, 0);
	expect_key("\t", IN_TAB, 0);
	expect_key("\x7f", IN_BACKSPACE, 0);
	expect_key("\x1b[A", IN_UP, 0);
	expect_key("\x1bOB", IN_DOWN, 0);
	expect_key("\x1b[1;2C", IN_RIGHT, MOD_SHIFT);
	expect_key("\x1b[1;5D", IN_LEFT, MOD_CTRL);
	expect_key("\x1b[H", IN_HOME, 0);
	expect_key("\x1b[4~", IN_END, 0);
	expect_key("\x1b[5~", IN_PGUP, 0);
	expect_key("\x1b[6;3~", IN_PGDN, MOD_ALT);
	expect_key("\x1b[Z", IN_BTAB, 0);
	expect_key("\x1bOP", IN_F1, 0);
	expect_key("\x1b[[A", IN_F1, 0);
	expect_key("\x1b[21~", IN_F1 + 9, 0);
	expect_key("\x1b[24~", IN_F1 + 11, 0);
	expect_key("\x1bx", 'x', MOD_ALT);
	expect_key("\x1b", IN_ESC, 0);
	expect_key("\x1b[27;5;112~", 'p', MOD_CTRL);
	expect_key("\x1b[27u", IN_ESC, 0);
	expect_key("\x1b[97;5u", 'a', MOD_CTRL);
}

static void test_utf8(void **state)
{
	(void)state;
	expect_key("\xc3\xa4", 0xe4, 0);
	expect_key("\xe2\x82\xac", 0x20ac, 0);
	expect_key("\xf0\x9f\x99\x82", 0x1f642, 0);
	expect_key("\x1b\xc3\xa4", 0xe4, MOD_ALT);
}

static void test_bad_utf8(void **state)
{
	static const char *const bad[] = {
		"\x80", "\xff", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xc2\x9b"};
	struct got g;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		feed(&g, bad[i], strlen(bad[i]), 0);
		assert_int_equal(g.n, 0);
	}
	/* A cut character does not swallow the key after it. */
	feed(&g, "\xc3q", 2, 0);
	assert_int_equal(g.n, 1);
	assert_int_equal(g.v[0].key, 'q');
}

static void test_mouse(void **state)
{
	static const char mice[] = "\x1b[<0;300;100M\x1b[<0;300;100m\x1b[<64;1;2M\x1b[<34;5;6M";
	struct got g;

	(void)state;
	feed(&g, mice, strlen(mice), 1);
	assert_int_equal(g.n, 4);
	assert_int_equal(g.v[0].kind, INPUT_MOUSE);
	assert_int_equal(g.v[0].act, MOUSE_PRESS);
	assert_int_equal(g.v[0].button, 1);
	assert_int_equal(g.v[0].x, 299);
	assert_int_equal(g.v[0].y, 99);
	assert_int_equal(g.v[1].act, MOUSE_RELEASE);
	assert_int_equal(g.v[2].act, MOUSE_WHEEL_UP);
	assert_int_equal(g.v[3].act, MOUSE_DRAG);
	assert_int_equal(g.v[3].button, 3);
	/* Coordinates from nowhere are no click. */
	feed(&g, "\x1b[<0;0;0M", 9, 0);
	assert_int_equal(g.n, 0);
	/* The old form carries three raw bytes, which are no keys. */
	feed(&g, "\x1b[M !!x", 7, 1);
	assert_int_equal(g.n, 1);
	assert_int_equal(g.v[0].key, 'x');
}

static void test_paste_and_focus(void **state)
{
	static const char bytes[] = "\x1b[200~one\x1b[A\rtwo\x1b[201~z\x1b[I\x1b[O";

	(void)state;
	for (size_t piece = 0; piece < 4; piece++) {
		struct got g;

		feed(&g, bytes, sizeof(bytes) - 1, piece);
		assert_int_equal(g.n, 4);
		assert_int_equal(g.v[0].kind, INPUT_PASTE);
		assert_string_equal(g.paste.p, "one\x1b[A\rtwo");
		assert_int_equal(g.v[1].key, 'z');
		assert_int_equal(g.v[2].kind, INPUT_FOCUS);
		assert_int_equal(g.v[2].key, 1);
		assert_int_equal(g.v[3].key, 0);
		buf_release(&g.paste);
	}
}

/* Answers come late and in pieces; the 'q' after them is the only key. */
static void test_replies_are_swallowed(void **state)
{
	static const char *const replies[] = {"\x1b[?62;22c", "\x1b[>41;379;0c", "\x1b[0n",
		"\x1b[24;80R", "\x1b[6;16;8t", "\x1b]11;rgb:1010/1010/1010\x1b\\",
		"\x1b]11;rgb:1010/1010/1010\a", "\x1bP>|XTerm(379)\x1b\\", "\x1b_Gi=31;OK\x1b\\",
		"\x1b[?2026;2$y", "\x1b[?1;0;256S", "\x1bP1+r5463\x1b\\"};

	(void)state;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
		for (size_t cut = 2; cut < strlen(replies[i]); cut++) {
			struct input_parser p = {0};
			struct got g = {.n = 0};

			input_feed(&p, replies[i], cut, on_event, &g);
			/* A pause in the middle must not turn the rest into keys. */
			input_gap(&p, on_event, &g);
			input_feed(&p, replies[i] + cut, strlen(replies[i]) - cut, on_event, &g);
			input_feed(&p, "q", 1, on_event, &g);
			if (g.n == 2 && g.v[0].key == IN_ESC)
				continue; /* cut inside the final ESC \ : harmless */
			assert_int_equal(g.n, 1);
			assert_int_equal(g.v[0].key, 'q');
			input_release(&p);
		}
}

static void test_esc_gap(void **state)
{
	struct input_parser p = {0};
	struct got g = {.n = 0};

	(void)state;
	input_feed(&p, "\x1b", 1, on_event, &g);
	assert_int_equal(g.n, 0);
	assert_true(input_waits(&p));
	input_gap(&p, on_event, &g);
	assert_int_equal(g.n, 1);
	assert_int_equal(g.v[0].key, IN_ESC);
	assert_false(input_waits(&p));
	/* Two at once are two. */
	g.n = 0;
	input_feed(&p, "\x1b\x1b", 2, on_event, &g);
	input_gap(&p, on_event, &g);
	assert_int_equal(g.n, 2);
	input_release(&p);
}

static void test_fifty_keys_in_one_read(void **state)
{
	char bytes[150];
	struct got g;

	(void)state;
	for (int i = 0; i < 50; i++)
		memcpy(bytes + 3 * i, "\x1b[B", 3);
	feed(&g, bytes, sizeof(bytes), 0);
	assert_int_equal(g.n, 50);
	for (int i = 0; i < 50; i++)
		assert_int_equal(g.v[i].key, IN_DOWN);
}

/* No input may hang or overrun the parser; a key after it is understood again. */
static void test_noise(void **state)
{
	uint32_t seed = 12345;
	char bytes[4096];

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct input_parser p = {0};
		struct got g;

		for (size_t i = 0; i < sizeof(bytes); i++) {
			static const char alphabet[] =
				"\x1b\x1b[[]OP<;0123456789~mMucRt?\x07\\\xc3\xa4 ";

			seed = seed * 1664525u + 1013904223u;
			bytes[i] = seed >> 30 ? (char)(seed >> 16)
					      : alphabet[(seed >> 8) % (sizeof(alphabet) - 1)];
		}
		for (size_t i = 0; i < sizeof(bytes); i += 64) {
			g.n = 0;
			memset(&g.paste, 0, sizeof(g.paste));
			input_feed(&p, bytes + i, 64, on_event, &g);
			buf_release(&g.paste);
		}
		input_release(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_bad_utf8),
		cmocka_unit_test(test_mouse),
		cmocka_unit_test(test_paste_and_focus),
		cmocka_unit_test(test_replies_are_swallowed),
		cmocka_unit_test(test_esc_gap),
		cmocka_unit_test(test_fifty_keys_in_one_read),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
