/*
 * From the text of a configuration to the rows on the screen.
 *
 * A component and its "args" are one thing to people, so they are one branch here: the
 * class name stands on the row of the entry, its arguments directly below, and those
 * that are not written show the default that holds.  Components start folded with a
 * one-line summary, which makes a whole training fit one screen.
 */
#include "tui/config_rows.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

bool folds_has(const struct folds *f, const char *path)
{
	for (int i = 0; i < f->n; i++)
		if (!strcmp(f->v[i], path))
			return true;
	return false;
}

void folds_toggle(struct folds *f, const char *path)
{
	for (int i = 0; i < f->n; i++) {
		if (strcmp(f->v[i], path) != 0)
			continue;
		free(f->v[i]);
		f->v[i] = f->v[--f->n];
		return;
	}
	f->v = mem_realloc(f->v, (size_t)(f->n + 1) * sizeof(*f->v));
	f->v[f->n++] = mem_strdup(path);
}

void folds_release(struct folds *f)
{
	for (int i = 0; i < f->n; i++)
		free(f->v[i]);
	free(f->v);
	memset(f, 0, sizeof(*f));
}

struct builder {
	struct config_rows *r;
	const struct json_text *t;
	enum config_kind kind;
	const struct folds *folds;
	bool defaults;
	const struct problems *ps;
	const char *file;
};

static struct config_row *add_row(struct builder *b, enum row_kind kind, int node, int depth)
{
	struct config_row *row;

	b->r->v = mem_realloc(b->r->v, (size_t)(b->r->n + 1) * sizeof(*b->r->v));
	row = &b->r->v[b->r->n++];
	*row = (struct config_row){.kind = kind, .node = node, .depth = depth};
	row->ckind = COMPONENT_KINDS;
	return row;
}

/* A value on one line: blanks and line ends between its parts become one blank. */
static char *one_line(const struct json_text *t, int node)
{
	struct buf b = {0};
	bool in_string = false, gap = false;

	for (size_t i = t->v[node].start; i < t->v[node].end; i++) {
		char c = t->text[i];

		if (c == '"' && (i == 0 || t->text[i - 1] != '\\'))
			in_string = !in_string;
		if (!in_string && strchr(" \t\r\n", c)) {
			gap = b.len && !strchr("[{ ", b.p[b.len - 1]);
			continue;
		}
		if (gap && c != ']' && c != '}')
			buf_putc(&b, ' ');
		gap = false;
		buf_putc(&b, c);
	}
	return buf_detach(&b);
}

static bool starts_with_path(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	return !n || (!strncmp(path, prefix, n) && (!path[n] || path[n] == '.'));
}

/* Problems at this path, and those below it when that is not shown. */
static void count_problems(const struct builder *b, struct config_row *row)
{
	for (int i = 0; b->ps && i < b->ps->n; i++) {
		const struct problem *p = &b->ps->v[i];
		bool below = row->folded || row->kind == ROW_VALUE;

		if (strcmp(p->file, b->file) != 0 || !*p->path)
			continue;
		if (below ? !starts_with_path(p->path, row->path) : strcmp(p->path, row->path))
			continue;
		row->problems++;
		row->error |= p->level == PROBLEM_ERROR;
	}
}

/* Rows for arguments of defs that the object does not have. */
static void add_defaults(struct builder *b, int owner, int object, const char *path,
	const struct arg_def *defs, int depth)
{
	for (; defs && defs->name; defs++) {
		struct config_row *row;

		if (json_text_member(b->t, object, defs->name) >= 0 || defs->flags & ARG_UNUSED)
			continue;
		if (defs->alias && json_text_member(b->t, object, defs->alias) >= 0)
			continue;
		row = add_row(b, ROW_DEFAULT, owner, depth);
		row->key = mem_strdup(defs->name);
		row->text = mem_strdup(defs->def ? defs->def : "not set");
		row->path = mem_printf("%s%s%s", path, *path ? "." : "", defs->name);
		row->def = defs;
		count_problems(b, row);
	}
}

static void add_node(struct builder *b, int node, int depth);

static void add_children(struct builder *b, int node, int depth)
{
	for (int c = b->t->v[node].child; c >= 0; c = b->t->v[c].next)
		add_node(b, c, depth);
}

/* "fields=image size=[64, 64, 64]" */
static char *summary(const struct json_text *t, int entry)
{
	int args = schema_args(t, entry);
	struct buf b = {0};

	for (int c = args >= 0 ? t->v[args].child : -1; c >= 0; c = t->v[c].next) {
		char *key = json_text_key(t, c), *value = one_line(t, c);

		buf_printf(&b, "%s%s=%s", b.len ? " " : "", key, value);
		free(key);
		free(value);
	}
	return buf_detach(&b);
}

static char *component_text(const struct json_text *t, int entry, bool folded)
{
	int name = json_text_member(t, entry, "name");
	char *word = json_text_string(t, name >= 0 ? name : json_text_member(t, entry, "ref"));
	char *sum = folded ? summary(t, entry) : mem_strdup("");
	char *text = mem_printf("%s%s%s%s", name >= 0 ? "" : "as ", word, *sum ? "  " : "", sum);

	free(word);
	free(sum);
	return text;
}

static void add_component(struct builder *b, int node, struct config_row *row, int depth)
{
	int args = schema_args(b->t, node);
	const struct component *c = row->c;
	char *args_path = mem_printf("%s.args", row->path);
	bool is_ref = json_text_member(b->t, node, "ref") >= 0;

	row->foldable = !is_ref;
	row->folded = !folds_has(b->folds, row->path);
	row->disabled = schema_disabled(b->t, node);
	row->text = component_text(b->t, node, row->folded);
	count_problems(b, row);
	if (row->folded || is_ref) {
		free(args_path);
		return;
	}
	if (args >= 0)
		add_children(b, args, depth + 1);
	if (b->defaults && c)
		add_defaults(b, node, args, args_path, c->args, depth + 1);
	/* What else stands in the entry: unknown keys are kept and can be seen. */
	for (int k = b->t->v[node].child; k >= 0; k = b->t->v[k].next) {
		char *key = json_text_key(b->t, k);

		if (k != args && strcmp(key, "name") && strcmp(key, "disabled"))
			add_node(b, k, depth + 1);
		free(key);
	}
	free(args_path);
}

/* Lists of plain values are one value. */
static bool is_plain(const struct json_text *t, int node)
{
	if (t->v[node].type != JT_LIST)
		return t->v[node].type != JT_OBJECT;
	for (int c = t->v[node].child; c >= 0; c = t->v[c].next)
		if (t->v[c].type == JT_OBJECT || t->v[c].type == JT_LIST)
			return false;
	return true;
}

static void add_node(struct builder *b, int node, int depth)
{
	const struct json_text *t = b->t;
	const struct component *c;
	enum component_kind ckind = COMPONENT_KINDS;
	bool entry = schema_entry(t, node, &ckind, &c), plain = !entry && is_plain(t, node);
	struct config_row *row = add_row(b,
		entry   ? ROW_COMPONENT
		: plain ? ROW_VALUE
			: ROW_GROUP,
		node, depth);
	int at = b->r->n - 1;
	char *path = json_text_path(t, node);

	row->path = path;
	row->type = t->v[node].type;
	row->key = t->v[node].key_end ? json_text_key(t, node)
				      : mem_printf("%d", t->v[node].index + 1);
	if (entry) {
		row->c = c;
		row->ckind = ckind;
		add_component(b, node, row, depth);
		return;
	}
	if (plain) {
		row->def = schema_of(t, node, b->kind);
		row->text = one_line(t, node);
		count_problems(b, row);
		return;
	}
	row->foldable = true;
	row->folded = folds_has(b->folds, path);
	row->text = one_line(t, node);
	if (t->v[node].type == JT_LIST && !row->folded) {
		free(row->text);
		row->text = mem_strdup("");
	} else if (!row->folded) {
		row->text[0] = '\0';
	}
	count_problems(b, row);
	if (!b->r->v[at].folded)
		add_children(b, node, depth + 1);
}

void config_rows_build(struct config_rows *r, const struct json_text *t, enum config_kind kind,
	const struct folds *folds, bool defaults, const struct problems *ps, const char *file)
{
	struct builder b = {r, t, kind, folds, defaults, ps, file};

	config_rows_release(r);
	for (int c = t->n ? t->v[0].child : -1; c >= 0; c = t->v[c].next) {
		/* First-level values first, the way they are written; sections follow as they come.
		 */
		add_node(&b, c, 0);
	}
	if (defaults && t->n && t->v[0].type == JT_OBJECT)
		add_defaults(&b, 0, 0, "", schema_top(kind), 0);
}

void config_rows_release(struct config_rows *r)
{
	for (int i = 0; i < r->n; i++) {
		free(r->v[i].key);
		free(r->v[i].text);
		free(r->v[i].path);
	}
	free(r->v);
	memset(r, 0, sizeof(*r));
}

int config_rows_find(const struct config_rows *r, const char *path)
{
	int best = 0;
	size_t best_len = 0;

	for (int i = 0; i < r->n; i++) {
		size_t n = strlen(r->v[i].path);

		if (n > best_len && starts_with_path(path, r->v[i].path)) {
			best = i;
			best_len = n;
		}
	}
	return best;
}

void config_unfold_to(const struct json_text *t, struct folds *f, const char *path)
{
	int node = json_text_find(t, path);
	enum component_kind kind;
	const struct component *c;

	for (; node > 0; node = t->v[node].parent) {
		char *p = json_text_path(t, node);
		bool entry = schema_entry(t, node, &kind, &c);

		/* For components the list holds the open ones, for groups the folded ones. */
		if (strcmp(p, path) != 0 && folds_has(f, p) != entry)
			folds_toggle(f, p);
		free(p);
	}
}
