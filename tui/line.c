/*
 * A line editor: the prompt, the filter and the palette all use this one.
 */
#include "tui/line.h"

#include <string.h>

#include "tui/utf8.h"

const char *line_text(const struct line *l)
{
	return l->text.p ? l->text.p : "";
}

void line_set(struct line *l, const char *text)
{
	buf_reset(&l->text);
	buf_puts(&l->text, text);
	l->at = l->text.len;
}

void line_release(struct line *l)
{
	buf_release(&l->text);
	l->at = 0;
}

static void line_insert(struct line *l, const char *s, size_t n)
{
	struct buf rest = {0};

	buf_add(&rest, line_text(l) + l->at, l->text.len - l->at);
	l->text.len = l->at;
	buf_add(&l->text, s, n);
	l->at += n;
	if (rest.len)
		buf_add(&l->text, rest.p, rest.len);
	buf_release(&rest);
}

static void line_cut(struct line *l, size_t from, size_t to)
{
	if (from >= to)
		return;
	memmove(l->text.p + from, l->text.p + to, l->text.len - to + 1);
	l->text.len -= to - from;
	l->at = from;
}

/* Start of the character before the cursor, with its combining marks. */
static size_t line_before(const struct line *l)
{
	size_t i = l->at;
	uint32_t cp;

	do {
		while (i > 0 && (l->text.p[--i] & 0xc0) == 0x80)
			;
		if (!utf8_next(l->text.p + i, &cp))
			break;
	} while (i > 0 && !utf8_columns(cp));
	return i;
}

static size_t line_after(const struct line *l)
{
	size_t i = l->at;
	uint32_t cp;

	i += (size_t)utf8_next(line_text(l) + i, &cp);
	while (i < l->text.len && utf8_next(l->text.p + i, &cp) && !utf8_columns(cp))
		i += (size_t)utf8_next(l->text.p + i, &cp);
	return i;
}

static size_t line_word(const struct line *l)
{
	size_t i = l->at;

	while (i > 0 && l->text.p[i - 1] == ' ')
		i--;
	while (i > 0 && l->text.p[i - 1] != ' ')
		i--;
	return i;
}

static bool line_ctrl(struct line *l, uint32_t key)
{
	switch (key) {
	case 'a':
		l->at = 0;
		return true;
	case 'e':
		l->at = l->text.len;
		return true;
	case 'u':
		line_cut(l, 0, l->at);
		return true;
	case 'k':
		line_cut(l, l->at, l->text.len);
		return true;
	case 'w':
		line_cut(l, line_word(l), l->at);
		return true;
	default:
		return false;
	}
}

bool line_key(struct line *l, const struct input *in, bool *changed)
{
	size_t len = l->text.len;
	char utf8[5];

	*changed = false;
	if (in->kind == INPUT_PASTE) {
		line_insert(l, in->paste, strcspn(in->paste, "\r\n"));
		*changed = true;
		return true;
	}
	if (in->kind != INPUT_KEY || in->mods & MOD_ALT)
		return false;
	if (in->mods & MOD_CTRL) {
		bool taken = line_ctrl(l, in->key);

		*changed = l->text.len != len;
		return taken;
	}
	if (in->key == IN_LEFT) {
		l->at = line_before(l);
	} else if (in->key == IN_RIGHT) {
		l->at = line_after(l);
	} else if (in->key == IN_HOME) {
		l->at = 0;
	} else if (in->key == IN_END) {
		l->at = l->text.len;
	} else if (in->key == IN_BACKSPACE && l->at) {
		line_cut(l, line_before(l), l->at);
	} else if (in->key == IN_DEL && l->at < len) {
		line_cut(l, l->at, line_after(l));
	} else if (in->key < INPUT_KEY_BASE && utf8_columns(in->key) >= 0) {
		line_insert(l, utf8, (size_t)utf8_put(utf8, in->key));
	} else {
		return in->key == IN_BACKSPACE || in->key == IN_DEL;
	}
	*changed = l->text.len != len;
	return true;
}

void line_draw(const struct line *l, const struct draw *d, int x, int y, int w, enum style st)
{
	struct draw box = draw_sub(d, x, y, w, 1);
	struct buf head = {0};
	int before, shift;

	buf_add(&head, line_text(l), l->at);
	before = head.p ? draw_width(head.p) : 0;
	shift = before >= w ? before - w + 1 : 0;
	draw_fill(&box, 0, 0, w, 1, st, ' ');
	draw_text(&box, -shift, 0, st, line_text(l));
	draw_cursor(&box, before - shift, 0);
	buf_release(&head);
}
