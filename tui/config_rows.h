#ifndef TUI_CONFIG_ROWS_H
#define TUI_CONFIG_ROWS_H

#include <stdbool.h>
#include "tui/config_schema.h"

/* The rows of the configuration view: the tree flattened, with what the tables know. */
enum row_kind {
	ROW_GROUP,     /* an object or a list without special meaning */
	ROW_COMPONENT, /* a component entry; its arguments stand below it */
	ROW_VALUE,
	ROW_DEFAULT, /* an argument that is not written: its default holds */
};

struct config_row {
	enum row_kind kind;
	int node; /* in the text; ROW_DEFAULT: the entry (or the root) it would go into */
	int depth;
	char *key;  /* as shown: "size", "3" */
	char *text; /* value, component name, or summary of a folded one */
	char *path; /* as in messages; also for defaults */
	const struct arg_def *def;
	const struct component *c;
	enum component_kind ckind;
	enum jt_type type;
	bool foldable, folded, disabled;
	int problems; /* errors and warnings that stand here or (folded) below */
	bool error;
};

struct config_rows {
	struct config_row *v;
	int n;
};

/* Paths whose fold state differs from the default (components are folded, the rest open). */
struct folds {
	char **v;
	int n;
};
bool folds_has(const struct folds *f, const char *path);
void folds_toggle(struct folds *f, const char *path);
void folds_release(struct folds *f);

/* defaults: show arguments that are not written, too.  file: its label in ps. */
void config_rows_build(struct config_rows *r, const struct json_text *t, enum config_kind kind,
	const struct folds *folds, bool defaults, const struct problems *ps, const char *file);
void config_rows_release(struct config_rows *r);

/* Index of the row with this path, or of the nearest one above it; 0 when there is none. */
int config_rows_find(const struct config_rows *r, const char *path);

/* Unfolds everything above path. */
void config_unfold_to(const struct json_text *t, struct folds *f, const char *path);

#endif
