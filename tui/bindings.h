#ifndef TUI_BINDINGS_H
#define TUI_BINDINGS_H

#include <stdbool.h>
#include "core/base/buf.h"
#include "tui/input.h"

/*
 * The one table of keys, bindings.def.  It feeds dispatch, the help overlay, the key
 * bar, the palette and the man page, so none of them can disagree.
 *
 *   BIND(view, action, "keys", "bar", "help")
 *
 * view: a view of views.def, or "app" (everywhere), "move" (cursor movement, sent to
 * the view), "common" (keys that many views share, sent to the view).
 * keys: blank-separated: a character, Up Down Left Right Home End PgUp PgDn Ins Del
 * BS Tab BTab Enter Esc Space F1..F20, with C- M- S- in front.  "" = palette only.
 * bar: short label for the key bar, "" = not shown there.
 */
enum action {
	ACT_NONE,
#define BIND(view, action, keys, bar, help) ACT_##view##_##action,
#include "tui/bindings.def"
#undef BIND
	ACT_COUNT,
};

struct binding {
	enum action action;
	const char *view;
	const char *name; /* "smooth_more": for :commands */
	const char *keys;
	const char *bar;
	const char *help;
};

/* Rows in table order, NULL at the end. */
const struct binding *binding_at(int i);
const struct binding *binding_of(enum action a);

/* The action of a key in a group ("run", "move", "app"), ACT_NONE when it has none. */
enum action binding_find(const char *view, const struct input *in);

/* Does this key match the blank-separated list? */
bool binding_match(const char *keys, const struct input *in);

/* First key of the list as text for the key bar: "^P", "Enter", "F1". */
void binding_first_key(const struct binding *b, struct buf *out);

/* All its keys, separated by blanks. */
void binding_all_keys(const struct binding *b, struct buf *out);

/* All groups as text (roff = false) or as man page source. */
void bindings_print(struct buf *out, bool roff);

#endif
