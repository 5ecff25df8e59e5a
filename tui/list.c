/*
 * The arithmetic of scrolling lists, shared by all of them.
 */
#include "tui/list.h"

void list_set(struct list *l, int n)
{
	l->n = n;
	if (l->cur >= n)
		l->cur = n - 1;
	if (l->cur < 0)
		l->cur = 0;
}

static void list_to(struct list *l, int cur)
{
	l->cur = cur >= l->n ? l->n - 1 : cur;
	if (l->cur < 0)
		l->cur = 0;
}

bool list_move(struct list *l, enum action a)
{
	int page = l->h > 1 ? l->h - 1 : 1;

	switch (a) {
	case ACT_move_up:
		list_to(l, l->cur - 1);
		return true;
	case ACT_move_down:
		list_to(l, l->cur + 1);
		return true;
	case ACT_move_page_up:
		list_to(l, l->cur - page);
		return true;
	case ACT_move_page_down:
		list_to(l, l->cur + page);
		return true;
	case ACT_move_half_up:
		list_to(l, l->cur - (page + 1) / 2);
		return true;
	case ACT_move_half_down:
		list_to(l, l->cur + (page + 1) / 2);
		return true;
	case ACT_move_first:
		list_to(l, 0);
		return true;
	case ACT_move_last:
		list_to(l, l->n - 1);
		return true;
	default:
		return false;
	}
}

bool list_mouse(struct list *l, const struct input *in, int first_y, bool *again)
{
	int row = l->top + in->y - first_y;

	*again = false;
	if (in->act == MOUSE_WHEEL_UP || in->act == MOUSE_WHEEL_DOWN) {
		list_to(l, l->cur + (in->act == MOUSE_WHEEL_UP ? -3 : 3));
		return true;
	}
	if (in->act != MOUSE_PRESS || in->button != 1 || in->y < first_y || row >= l->n)
		return false;
	*again = row == l->cur;
	l->cur = row;
	return true;
}

void list_show(struct list *l, int h)
{
	l->h = h;
	if (l->cur < l->top)
		l->top = l->cur;
	if (h > 0 && l->cur >= l->top + h)
		l->top = l->cur - h + 1;
	if (l->top > l->n - h)
		l->top = l->n - h;
	if (l->top < 0)
		l->top = 0;
}

void list_draw_scroll(const struct list *l, const struct draw *d, int x, int y, int h)
{
	int size, at;

	if (l->n <= h || h < 2)
		return;
	size = h * h / l->n;
	size = size < 1 ? 1 : size;
	at = (h - size) * l->top / (l->n - h);
	for (int i = 0; i < size; i++)
		draw_char(d, x, y + at + i, ST_BORDER, d->glyphs == GLYPHS_ASCII ? '#' : 0x2590);
}
