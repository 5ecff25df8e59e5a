/*
 * The key table and what is made from it: dispatch, labels, the printed list.
 */
#include "tui/bindings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "tui/utf8.h"

static const struct binding bindings[] = {
#define BIND(v, a, k, b, h) \
	{.action = ACT_##v##_##a, .view = #v, .name = #a, .keys = k, .bar = b, .help = h},
#include "tui/bindings.def"
#undef BIND
};

static const struct {
	const char *name;
	uint32_t key;
} key_names[] = {
	{"Up", IN_UP},
	{"Down", IN_DOWN},
	{"Left", IN_LEFT},
	{"Right", IN_RIGHT},
	{"Home", IN_HOME},
	{"End", IN_END},
	{"PgUp", IN_PGUP},
	{"PgDn", IN_PGDN},
	{"Ins", IN_INS},
	{"Del", IN_DEL},
	{"BS", IN_BACKSPACE},
	{"Tab", IN_TAB},
	{"BTab", IN_BTAB},
	{"Enter", IN_ENTER},
	{"Esc", IN_ESC},
	{"Space", ' '},
};

const struct binding *binding_at(int i)
{
	return i >= 0 && i < (int)ARRAY_SIZE(bindings) ? &bindings[i] : NULL;
}

const struct binding *binding_of(enum action a)
{
	return binding_at((int)a - 1);
}

/* The key that a word like "C-p", "F10" or "G" names; 0 when it names none. */
static uint32_t key_of(const char *word, size_t len, unsigned *mods)
{
	char name[16];
	uint32_t cp;

	*mods = 0;
	while (len > 2 && word[1] == '-') {
		*mods |= word[0] == 'C' ? MOD_CTRL : word[0] == 'M' ? MOD_ALT : MOD_SHIFT;
		word += 2;
		len -= 2;
	}
	if (len >= sizeof(name))
		return 0;
	memcpy(name, word, len);
	name[len] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(key_names); i++)
		if (!strcmp(key_names[i].name, name))
			return key_names[i].key;
	if (name[0] == 'F' && isdigit((unsigned char)name[1]))
		return IN_F1 + (uint32_t)strtoul(name + 1, NULL, 10) - 1;
	return utf8_next(name, &cp) == (int)len && len ? cp : 0;
}

bool binding_match(const char *keys, const struct input *in)
{
	unsigned mods, have = in->mods;
	uint32_t key;
	size_t n;

	if (in->kind != INPUT_KEY)
		return false;
	if (in->key < INPUT_KEY_BASE)
		have &= ~(unsigned)MOD_SHIFT; /* Shift is in the character already */
	for (const char *k = keys; *k; k += n + (k[n] == ' ')) {
		n = strcspn(k, " ");
		key = key_of(k, n, &mods);
		if (key && key == in->key && mods == have)
			return true;
	}
	return false;
}

enum action binding_find(const char *view, const struct input *in)
{
	for (size_t i = 0; i < ARRAY_SIZE(bindings); i++)
		if (!strcmp(bindings[i].view, view) && binding_match(bindings[i].keys, in))
			return bindings[i].action;
	return ACT_NONE;
}

static void key_label(const char *word, size_t n, struct buf *out)
{
	for (; n > 2 && word[1] == '-'; word += 2, n -= 2)
		buf_puts(out, word[0] == 'C' ? "^" : word[0] == 'M' ? "Alt-" : "Shift-");
	if (n == 1 && out->len && out->p[out->len - 1] == '^')
		buf_putc(out, (char)toupper((unsigned char)*word));
	else
		buf_add(out, word, n);
}

void binding_first_key(const struct binding *b, struct buf *out)
{
	key_label(b->keys, strcspn(b->keys, " "), out);
}

void binding_all_keys(const struct binding *b, struct buf *out)
{
	size_t n;

	for (const char *k = b->keys; *k; k += n + (k[n] == ' ')) {
		struct buf one = {0};

		n = strcspn(k, " ");
		key_label(k, n, &one);
		buf_puts(out, out->len ? " " : "");
		buf_puts(out, one.p);
		buf_release(&one);
	}
}

static const char *group_title(const char *view)
{
	if (!strcmp(view, "app"))
		return "Everywhere";
	if (!strcmp(view, "move"))
		return "Movement";
	if (!strcmp(view, "common"))
		return "In most views";
	return view;
}

/* In man pages a backslash and a leading dot or quote mean something else. */
static void put_roff(struct buf *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '\\')
			buf_puts(out, "\\e");
		else if (*s == '-')
			buf_puts(out, "\\-");
		else
			buf_putc(out, *s);
	}
}

void bindings_print(struct buf *out, bool roff)
{
	const char *group = "";

	for (size_t i = 0; i < ARRAY_SIZE(bindings); i++) {
		const struct binding *b = &bindings[i];
		struct buf keys = {0};

		if (strcmp(group, b->view) != 0) {
			group = b->view;
			buf_printf(out, roff ? ".SS %s\n" : "%s\n", group_title(group));
		}
		binding_all_keys(b, &keys);
		if (!keys.len)
			buf_printf(&keys, ":%s", b->name);
		if (roff) {
			buf_puts(out, ".TP\n.B \"");
			put_roff(out, keys.p);
			buf_puts(out, "\"\n");
			put_roff(out, b->help);
			buf_putc(out, '\n');
		} else {
			buf_printf(out, "  %-22s %s\n", keys.p, b->help);
		}
		buf_release(&keys);
	}
}
