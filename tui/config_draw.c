/*
 * How a configuration looks: a tree with aligned values, and below it what is known of
 * the row under the cursor and what is wrong with it.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "tui/config_view.h"

static enum style value_style(const struct config_row *r)
{
	if (r->kind == ROW_DEFAULT)
		return ST_DIM;
	switch (r->type) {
	case JT_STRING:
		return ST_STRING;
	case JT_NUMBER:
		return ST_NUMBER;
	case JT_WORD:
		return ST_WORD;
	default:
		return ST_TEXT;
	}
}

static void draw_component(const struct draw *d, int x, int y, int w, const struct config_row *r)
{
	size_t n = strcspn(r->text, " ");
	char *name;
	int used;

	if (!strncmp(r->text, "as ", 3))
		n = 3 + strcspn(r->text + 3, " ");
	name = mem_strndup(r->text, n);
	used = draw_fit(d, x, y, w, r->disabled ? ST_DIM : ST_STRONG, name);
	free(name);
	if (r->disabled)
		used += draw_fit(d, x + used, y, w - used, ST_WARN, "  off");
	draw_fit(d, x + used, y, w - used, ST_DIM, r->text + n);
}

static void draw_row(const struct draw *d, int y, const struct config_row *r)
{
	int x = 1 + r->depth * 2, col = r->depth * 2 + (d->w < 60 ? 16 : d->w < 100 ? 30 : 36);
	int keep = d->w - 1;

	if (r->problems)
		draw_char(d, 0, y, r->error ? ST_BAD : ST_WARN, r->error ? 'E' : 'W');
	if (r->foldable)
		draw_char(d, x, y, ST_BORDER,
			draw_glyph(d->glyphs, r->folded ? GLYPH_FOLDED : GLYPH_UNFOLDED));
	x += 2;
	/* Entries of a list are counted, not named: their number needs little room. */
	if (r->kind == ROW_COMPONENT && *r->key >= '0' && *r->key <= '9')
		col = x + 4;
	col = col > d->w * 2 / 3 ? d->w * 2 / 3 : col;
	draw_fit(d, x, y, col - x - 1,
		r->kind == ROW_DEFAULT ? ST_DIM
		: r->kind == ROW_GROUP ? ST_TITLE
				       : ST_NAME,
		r->key);
	if (r->kind == ROW_COMPONENT)
		draw_component(d, col, y, keep - col, r);
	else if (r->kind == ROW_GROUP)
		draw_fit(d, col, y, keep - col, ST_DIM, r->text);
	else {
		int n = draw_fit(d, col, y, keep - col, value_style(r), r->text);

		if (r->kind == ROW_DEFAULT)
			draw_fit(d, col + n + 1, y, keep - col - n - 1, ST_DIM, "(default)");
		else if (r->def && r->def->unit)
			draw_fit(d, col + n + 1, y, keep - col - n - 1, ST_HELP, r->def->unit);
	}
}

/* The first problem that stands at or below the row. */
static const struct problem *problem_of(const struct config_view *s, const struct config_row *r)
{
	size_t n = strlen(r->path);

	for (int i = 0; r->problems && i < s->problems.n; i++) {
		const struct problem *p = &s->problems.v[i];

		if (!strcmp(p->file, s->label) && !strncmp(p->path, r->path, n))
			return p;
	}
	return NULL;
}

static void draw_about(const struct config_view *s, const struct draw *d)
{
	const struct config_row *r = config_current(s);
	const struct problem *p;
	struct buf b = {0};
	int y = 1;

	draw_hline(d, 0, 0, d->w, ST_BORDER);
	if (!r)
		return;
	draw_fit(d, 2, 0, d->w - 4, ST_DIM, r->path);
	p = problem_of(s, r);
	if (p) {
		buf_printf(&b, "%s%s%s%s", p->text, p->fix ? " (" : "", p->fix ? p->fix : "",
			p->fix ? ")" : "");
		draw_fit(d, 1, y++, d->w - 2, p->level == PROBLEM_ERROR ? ST_BAD : ST_WARN, b.p);
		buf_reset(&b);
	}
	if (r->kind == ROW_COMPONENT && r->c) {
		draw_fit(d, 1, y++, d->w - 2, ST_TEXT, r->c->help ? r->c->help : r->c->name);
	} else if (r->kind == ROW_COMPONENT) {
		draw_fit(d, 1, y++, d->w - 2, ST_DIM, "not a component of this program");
	} else if (r->def) {
		if (r->def->help)
			draw_fit(d, 1, y++, d->w - 2, ST_TEXT, r->def->help);
		schema_describe(r->def, &b);
		draw_fit(d, 1, y++, d->w - 2, ST_HELP, b.p);
	} else if (r->kind == ROW_VALUE) {
		draw_fit(d, 1, y++, d->w - 2, ST_DIM, "nothing is known of this key; it is kept");
	}
	buf_release(&b);
}

static void draw_head(const struct config_view *s, const struct draw *d)
{
	int errors = problems_errors(&s->problems), warnings = problems_warnings(&s->problems);
	struct buf b = {0};
	int x;

	draw_fill(d, 0, 0, d->w, 1, ST_HEADER, ' ');
	x = 1 + draw_fit(d, 1, 0, d->w - 2, ST_HEADER, config_kind_name(s->kind));
	if (config_dirty(s))
		x += draw_fit(d, x + 2, 0, d->w - x - 3, ST_WARN, "changed, not saved") + 2;
	if (!s->checked)
		buf_puts(&b, "checking");
	else if (errors || warnings)
		buf_printf(&b, "%d error%s, %d warning%s", errors, errors == 1 ? "" : "s", warnings,
			warnings == 1 ? "" : "s");
	else
		buf_puts(&b, "no problems");
	draw_right(d, x + 1, 0, d->w - x - 2,
		!s->checked ? ST_DIM
		: errors    ? ST_BAD
		: warnings  ? ST_WARN
			    : ST_GOOD,
		b.p);
	buf_release(&b);
}

void config_draw(struct view *v, const struct draw *d, bool focused)
{
	struct config_view *s = v->state;
	int about = d->h >= 12 ? 4 : 0, h = d->h - 1 - about;
	struct draw below = draw_sub(d, 0, d->h - about, d->w, about);

	if (!s->loaded) {
		draw_fit(d, 1, 1, d->w - 2, s->err.code ? ST_BAD : ST_DIM,
			s->err.code ? s->err.msg : "reading");
		return;
	}
	draw_head(s, d);
	list_show(&s->list, h);
	for (int y = 0; y < h && s->list.top + y < s->rows.n; y++) {
		int i = s->list.top + y;

		draw_row(d, y + 1, &s->rows.v[i]);
		if (i != s->list.cur)
			continue;
		draw_restyle(d, 1, y + 1, d->w - 2, 1, focused ? ST_SELECTED : ST_SELECTED_OFF);
		if (focused)
			draw_cursor(d, 1, y + 1);
	}
	list_draw_scroll(&s->list, d, d->w - 1, 1, h);
	if (!s->rows.n)
		draw_fit(d, 1, 2, d->w - 2, ST_DIM, "an empty configuration");
	if (about)
		draw_about(s, &below);
}
