/*
 * One slice as text, for pipes, scripts and documents: the view's own drawing on a
 * canvas in memory, written row by row with the fewest colour changes.
 */
#include "core/base/mem.h"
#include "core/volume/nifti.h"
#include "tui/slice_model.h"
#include "tui/utf8.h"
#include "tui/view_slice.h"

#include <string.h>

static void put_colour(struct buf *out, uint32_t c, bool bg, enum color_mode mode)
{
	if (c == COLOR_DEFAULT)
		buf_printf(out, "\033[%dm", bg ? 49 : 39);
	else if (mode == COLORS_TRUE && c >> 24 == 2)
		buf_printf(out, "\033[%d;2;%u;%u;%um", bg ? 48 : 38, c >> 16 & 0xff, c >> 8 & 0xff,
			c & 0xff);
	else if (mode == COLORS_16) {
		int n = color_to_16(c);

		buf_printf(out, "\033[%dm", (n < 8 ? 30 + n : 82 + n) + (bg ? 10 : 0));
	} else {
		buf_printf(out, "\033[%d;5;%dm", bg ? 48 : 38, color_to_256(c));
	}
}

static void put_row(struct buf *out, const struct canvas *c, int y, enum color_mode mode)
{
	uint32_t fg = COLOR_DEFAULT, bg = COLOR_DEFAULT;
	int end = c->w;
	char u[5];

	while (end > 0) { /* blanks at the end need not be written */
		const struct cell *k = &c->cells[y * c->w + end - 1];

		if (k->ch != ' ' || k->bg != COLOR_DEFAULT)
			break;
		end--;
	}
	for (int x = 0; x < end; x++) {
		const struct cell *k = &c->cells[y * c->w + x];

		if (mode != COLORS_NEVER && k->bg != bg)
			put_colour(out, bg = k->bg, true, mode);
		if (mode != COLORS_NEVER && k->ch != ' ' && k->fg != fg)
			put_colour(out, fg = k->fg, false, mode);
		if (k->ch) {
			utf8_put(u, k->ch);
			buf_puts(out, u);
		}
	}
	if (fg != COLOR_DEFAULT || bg != COLOR_DEFAULT)
		buf_puts(out, "\033[0m");
	buf_putc(out, '\n');
}

static enum slice_plane plane_named(const char *name)
{
	for (int i = SLICE_AXIAL; name && i <= SLICE_SAGITTAL; i++)
		if (!strncmp(slice_plane_name((enum slice_plane)i), name, strlen(name)))
			return (enum slice_plane)i;
	return SLICE_AXIAL;
}

static int load(struct slice_model *m, const struct slice_once *o, struct err *err)
{
	struct volume *v = nifti_read(o->image, err);
	double level, width;
	int depth;

	if (!v)
		return -1;
	slice_auto_window(v, 0, 0.005, 0.995, &level, &width);
	slice_model_image(m, v, level, width, false);
	if (o->label) {
		v = nifti_read(o->label, err);
		if (!v)
			return -1;
		slice_model_overlay(m, SLICE_LABEL, v);
	}
	m->plane = plane_named(o->plane);
	m->rgb = o->colors == COLORS_TRUE;
	slice_model_slice(m, &depth);
	if (o->slice > 0 && !slice_model_goto(m, o->slice - 1))
		return err_set(err, ERR_USAGE, "no slice %d in '%s': the %s plane has 1 to %d",
			o->slice, o->image, slice_plane_name(m->plane), depth);
	return 0;
}

int view_slice_once(const struct slice_once *o, struct buf *out, struct err *err)
{
	struct slice_model m;
	struct canvas c;
	struct draw d;
	int rc;

	slice_model_init(&m);
	rc = load(&m, o, err);
	if (!rc) {
		canvas_init(&c, o->w < 1 ? 1 : o->w, o->h < 1 ? 1 : o->h,
			theme_find(o->colors == COLORS_NEVER ? "mono" : "dark"), o->glyphs);
		d = draw_root(&c);
		slice_model_draw(&m, &d, "");
		for (int y = 0; y < c.h; y++)
			put_row(out, &c, y, o->colors);
		canvas_release(&c);
	}
	slice_model_release(&m);
	return rc;
}
