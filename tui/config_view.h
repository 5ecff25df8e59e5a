#ifndef TUI_CONFIG_VIEW_H
#define TUI_CONFIG_VIEW_H

#include <stdbool.h>
#include <string.h>
#include "tui/config_file.h"
#include "tui/config_rows.h"
#include "tui/list.h"
#include "tui/view.h"

/* The state of the configuration view, shared by view_config.c, config_edit.c and config_draw.c. */
struct config_view {
	char *path, *label, *root; /* file, its name, folder of its MMAR */
	struct err err;            /* why it cannot be shown; code 0: it can */
	bool loaded;
	struct buf saved; /* as on the disk */
	struct json_text text;
	enum config_kind kind;
	struct config_rows rows;
	struct folds folds;
	struct list list;
	struct problems problems;
	bool checked;
	int serial; /* counts texts, to know which check is the newest */
	char **undo, **redo;
	int nundo, nredo;
	char *find;
	int problem; /* the one that was shown last */
};

static inline bool config_dirty(const struct config_view *s)
{
	return s->loaded &&
	       (s->text.len != s->saved.len || memcmp(s->text.text, s->saved.p, s->text.len) != 0);
}

/* The row under the cursor, NULL when there is none. */
const struct config_row *config_current(const struct config_view *s);

/* Rows anew from the text; the cursor goes to path (NULL: stays). */
void config_rebuild(struct config_view *s, const char *path);

/* Starts a check of the text as it is now. */
void config_start_check(struct view *v);

/* config_edit.c */
void config_edit(struct view *v);
void config_toggle(struct view *v);
void config_unset(struct view *v);
void config_undo(struct view *v, bool redo);
/* Sets the value of a row as JSON text, recording the undo.  What the prompt does after checking.
 */
int config_set(
	struct view *v, const struct config_row *row, const char *json, struct err *err) MUST_CHECK;
void config_edit_release(struct config_view *s);

/* config_draw.c */
void config_draw(struct view *v, const struct draw *d, bool focused);

#endif
