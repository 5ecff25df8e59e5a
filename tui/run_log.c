/*
 * Log tail.
 *
 * The pane shows the newest lines and follows them; as soon as the user scrolls up,
 * or a search stands on a line, it stays at that place while new lines come in below.
 * All text was made safe by the reader, and the draw layer shows control characters
 * again as text, so no log line can drive the terminal.
 */
#include "tui/run_log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "core/base/mem.h"

void run_log_init(struct run_log *l)
{
	memset(l, 0, sizeof(*l));
	l->hit = -1;
}

void run_log_release(struct run_log *l)
{
	free(l->needle);
	run_log_init(l);
}

/* New lines push the view up when it does not follow. */
static void stay_in_place(struct run_log *l, const struct run_reader *r)
{
	if (r->nnotes < l->seen) {
		l->back = 0;
		l->hit = -1;
	} else if (l->back > 0) {
		l->back += r->nnotes - l->seen;
	}
	l->seen = r->nnotes;
}

static void limit(struct run_log *l, const struct run_reader *r)
{
	if (l->back > r->nnotes - 1)
		l->back = r->nnotes - 1;
	if (l->back < 0)
		l->back = 0;
}

bool run_log_scroll(struct run_log *l, const struct run_reader *r, int lines)
{
	int before = l->back;

	stay_in_place(l, r);
	l->back += lines;
	limit(l, r);
	return l->back != before;
}

static bool matches(const struct run_log *l, const struct run_note *n)
{
	return l->needle && strcasestr(n->text, l->needle);
}

int run_log_search(struct run_log *l, const struct run_reader *r, const char *text)
{
	int n = 0;

	free(l->needle);
	l->needle = text && *text ? mem_strdup(text) : NULL;
	l->hit = -1;
	if (!l->needle)
		return 0;
	for (int i = 0; i < r->nnotes; i++)
		n += matches(l, &r->notes[i]);
	if (n)
		run_log_next(l, r, -1);
	return n;
}

bool run_log_next(struct run_log *l, const struct run_reader *r, int dir)
{
	int n = r->nnotes, at = l->hit >= 0 ? l->hit : dir < 0 ? n : -1;

	for (int k = 0; k < n; k++) {
		at = (at + dir + n) % n;
		if (!matches(l, &r->notes[at]))
			continue;
		l->hit = at;
		l->seen = n;
		l->back = n - 1 - at;
		return true;
	}
	return false;
}

static enum style style_of(const struct run_note *n)
{
	switch (n->kind) {
	case EVENT_VALIDATION:
		return ST_GOOD;
	case EVENT_START:
	case EVENT_RESUME:
	case EVENT_END:
		return ST_INFO;
	case EVENT_LOG:
		return strncmp(n->text, "error", 5)
			       ? strncmp(n->text, "warning", 7) ? ST_TEXT : ST_WARN
			       : ST_BAD;
	case EVENT_STEP:
		return ST_DIM;
	default:
		return ST_TEXT;
	}
}

static void draw_line(
	const struct draw *d, int y, const struct run_log *l, const struct run_note *n, bool hit)
{
	time_t t = (time_t)n->time;
	struct tm tm;
	char clock[16] = "";
	int x = 0;

	if (d->w >= 40 && localtime_r(&t, &tm) && strftime(clock, sizeof(clock), "%H:%M:%S ", &tm))
		x = draw_text(d, 0, y, ST_DIM, clock);
	draw_fit(d, x, y, d->w - x, style_of(n), n->text);
	if (matches(l, n))
		draw_restyle(d, 0, y, d->w, 1, hit ? ST_SELECTED : ST_MATCH);
}

void run_log_draw(const struct draw *d, struct run_log *l, const struct run_reader *r)
{
	int bottom;

	stay_in_place(l, r);
	limit(l, r);
	bottom = r->nnotes - 1 - l->back;
	if (bottom < d->h - 1) /* the oldest lines: from the top, not alone at the bottom */
		bottom = d->h < r->nnotes ? d->h - 1 : r->nnotes - 1;
	for (int y = bottom < d->h - 1 ? bottom : d->h - 1; y >= 0 && bottom >= 0; y--, bottom--)
		draw_line(d, y, l, &r->notes[bottom], bottom == l->hit);
	if (l->back > 0)
		draw_printf(d, d->w - 12 > 0 ? d->w - 12 : 0, d->h - 1, ST_FOCUS, " %d below ",
			l->back);
}
