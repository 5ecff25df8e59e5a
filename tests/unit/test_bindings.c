/*
 * The key table: every action is documented and can be reached, no key means two
 * things in one place, and the printed list is made from the same rows.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tui/bindings.h"
#include "tui/fuzzy.h"
#include "tui/outbuf.h"
#include "tui/view.h"

static struct input key(uint32_t k, unsigned mods)
{
	return (struct input){.kind = INPUT_KEY, .key = k, .mods = mods};
}

static void test_every_action_is_documented(void **state)
{
	(void)state;
	for (int i = 0; binding_at(i); i++) {
		const struct binding *b = binding_at(i);

		assert_int_equal(b->action, i + 1);
		assert_ptr_equal(binding_of(b->action), b);
		assert_true(strlen(b->help) >= 5);
		assert_true(strlen(b->bar) <= 10);
		assert_false(ispunct((unsigned char)b->help[strlen(b->help) - 1]) &&
			     b->help[strlen(b->help) - 1] == '.');
	}
	assert_int_equal(binding_at(ACT_COUNT - 2)->action, ACT_COUNT - 1);
	assert_null(binding_at(ACT_COUNT - 1));
}

static void test_groups_are_views(void **state)
{
	(void)state;
	for (int i = 0; binding_at(i); i++) {
		const char *v = binding_at(i)->view;

		if (strcmp(v, "app") && strcmp(v, "move") && strcmp(v, "common"))
			assert_non_null(view_find(v));
	}
	for (int i = 0; view_at(i); i++) {
		const struct view_ops *ops = view_at(i);

		assert_ptr_equal(view_find(ops->name), ops);
		assert_non_null(ops->help);
		assert_non_null(ops->title);
		assert_non_null(ops->action);
		assert_non_null(ops->draw);
	}
}

/* Each word of a key list must name a key, and no two rows of a group the same one. */
static void test_no_key_twice(void **state)
{
	struct input all[400];
	int n = 0;

	(void)state;
	for (uint32_t c = ' '; c < 127; c++)
		all[n++] = key(c, 0);
	for (uint32_t c = 'a'; c <= 'z'; c++)
		all[n++] = key(c, MOD_CTRL);
	for (uint32_t k = IN_UP; k <= IN_F20; k++)
		for (unsigned m = 0; m < 8; m++)
			if (n < 400)
				all[n++] = key(k, m);
	for (int i = 0; i < n; i++)
		for (int a = 0; binding_at(a); a++)
			for (int b = a + 1; binding_at(b); b++)
				if (!strcmp(binding_at(a)->view, binding_at(b)->view) &&
					binding_match(binding_at(a)->keys, &all[i]))
					assert_false(binding_match(binding_at(b)->keys, &all[i]));
}

static void test_every_word_is_a_key(void **state)
{
	(void)state;
	for (int i = 0; binding_at(i); i++) {
		const char *k = binding_at(i)->keys;

		while (*k) {
			size_t n = strcspn(k, " ");
			char word[32];
			bool hit = false;

			assert_true(n < sizeof(word));
			memcpy(word, k, n);
			word[n] = '\0';
			for (unsigned m = 0; m < 8 && !hit; m++) {
				for (uint32_t c = ' '; c < 0x250 && !hit; c++) {
					struct input in = key(c, m);

					hit = binding_match(word, &in);
				}
				for (uint32_t c = IN_UP; c <= IN_F20 && !hit; c++) {
					struct input in = key(c, m);

					hit = binding_match(word, &in);
				}
			}
			if (!hit)
				fail_msg("'%s' of %s.%s names no key", word, binding_at(i)->view,
					binding_at(i)->name);
			k += n + (k[n] == ' ');
		}
	}
}

static void test_dispatch(void **state)
{
	struct input q = key('q', 0), big = key('Q', MOD_SHIFT), f10 = key(IN_F1 + 9, 0);
	struct input palette = key('p', MOD_CTRL), one = key('1', 0), nothing = key(0x3b1, 0);

	(void)state;
	assert_int_equal(binding_find("app", &q), ACT_app_close);
	assert_int_equal(binding_find("app", &big), ACT_app_quit);
	assert_int_equal(binding_find("app", &f10), ACT_app_quit);
	assert_int_equal(binding_find("app", &palette), ACT_app_palette);
	assert_int_equal(binding_find("app", &one), ACT_app_pane);
	assert_int_equal(binding_find("app", &nothing), ACT_NONE);
}

static void test_printed_list(void **state)
{
	struct buf text = {0}, man = {0};

	(void)state;
	bindings_print(&text, false);
	bindings_print(&man, true);
	for (int i = 0; binding_at(i); i++)
		assert_non_null(strstr(text.p, binding_at(i)->help));
	assert_non_null(strstr(text.p, "^P"));
	assert_non_null(strstr(man.p, ".TP\n.B \"? F1\"\n"));
	buf_release(&text);
	buf_release(&man);
}

static void test_fuzzy(void **state)
{
	(void)state;
	assert_int_equal(fuzzy_score("anything", ""), 1);
	assert_int_equal(fuzzy_score("resume", "xyz"), 0);
	assert_true(fuzzy_score("smooth more", "smo") > fuzzy_score("resume most", "smo"));
	assert_true(fuzzy_score("toggle mouse", "tm") > 0);
	assert_true(fuzzy_score("Unet", "UNET") >= 100);
}

/* A frame may be dropped only between whole sequences. */
static void test_cut(void **state)
{
	static const char s[] = "ab\x1b[38;5;1mx\xe2\x82\xac\x1b]52;c;QQ==\ay\x1b(Bz";
	const size_t len = sizeof(s) - 1;

	(void)state;
	assert_int_equal(outbuf_cut(s, len, 0), 0);
	assert_int_equal(outbuf_cut(s, len, 1), 1);
	for (size_t at = 3; at <= 11; at++)
		assert_int_equal(outbuf_cut(s, len, at), 11);
	assert_int_equal(outbuf_cut(s, len, 13), 15);
	assert_int_equal(outbuf_cut(s, len, 16), 27);
	assert_int_equal(outbuf_cut(s, len, 29), 31);
	assert_int_equal(outbuf_cut(s, len, 100), len);
	assert_int_equal(outbuf_cut("\x1b[3", 3, 1), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_action_is_documented),
		cmocka_unit_test(test_groups_are_views),
		cmocka_unit_test(test_no_key_twice),
		cmocka_unit_test(test_every_word_is_a_key),
		cmocka_unit_test(test_dispatch),
		cmocka_unit_test(test_printed_list),
		cmocka_unit_test(test_fuzzy),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
