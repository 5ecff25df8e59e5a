/*
 * Drawing of the slice view: one or three planes, edge letters, read-out.
 *
 * The letters of the patient's sides are part of the picture and always there; a
 * slice without them is a trap.  In ortho the three planes share the room evenly,
 * side by side where it is wide enough, else in a square with the read-out beside.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/mem.h"
#include "core/volume/affine.h"
#include "tui/slice_model.h"
#include "tui/slice_picture.h"

/* Labels of the overlay on one slice, as they are to be shown; seen[] counts their pixels. */
static uint8_t *overlay_of(
	const struct slice_model *m, const struct slice_map *map, int slice, int seen[256])
{
	size_t n = (size_t)map->width * (size_t)map->height;
	uint8_t *a = NULL, *b = NULL;

	if (!m->show_overlay)
		return NULL;
	if (m->overlay[0] && m->source != SLICE_PREDICTION) {
		a = mem_alloc(n);
		slice_labels(map, m->image, m->overlay[0], slice, a);
	}
	if (m->overlay[1] && m->source != SLICE_LABEL) {
		b = mem_alloc(n);
		slice_labels(map, m->image, m->overlay[1], slice, b);
	}
	if (a && b) /* difference: 1 missed, 2 too much, 3 another label */
		for (size_t i = 0; i < n; i++)
			a[i] = a[i] == b[i] ? 0 : !b[i] ? 1 : !a[i] ? 2 : 3;
	if (a)
		free(b);
	else
		a = b;
	for (size_t i = 0; a && i < n; i++)
		seen[a[i]]++;
	return a;
}

/* Beside the picture where there is room, else on its edge. */
static void edge_letters(
	const struct draw *d, const struct slice_map *map, const struct slice_fit *f)
{
	int left = (int)ceil(-f->x0 / f->per_col) - 1, top = (int)ceil(-f->y0 / f->per_row) - 1;
	int right = (int)floor((map->width - f->x0) / f->per_col);
	int bottom = (int)floor((map->height - f->y0) / f->per_row);
	int at[4][2];

	if (d->w < 3 || d->h < 3)
		return;
	left = left < 0 ? 0 : left;
	top = top < 0 ? 0 : top;
	right = right > d->w - 1 ? d->w - 1 : right;
	bottom = bottom > d->h - 1 ? d->h - 1 : bottom;
	at[0][0] = left, at[0][1] = d->h / 2;
	at[1][0] = right, at[1][1] = d->h / 2;
	at[2][0] = d->w / 2, at[2][1] = top;
	at[3][0] = d->w / 2, at[3][1] = bottom;
	for (int i = 0; i < 4; i++)
		draw_char(d, at[i][0], at[i][1], ST_STATUS, (uint32_t)map->edge[i]);
}

static void draw_plane(
	struct slice_model *m, const struct draw *d, enum slice_plane plane, int seen[256])
{
	struct slice_pane *pane = &m->pane[m->npanes++];
	struct slice_picture p = {0};
	struct slice_fit fit;
	uint8_t *grey, *label;
	int x, y, slice;

	if (d->w < 1 || d->h < 1) {
		m->npanes--;
		return;
	}
	slice_map_init(&pane->map, m->image->dim, m->image->affine, plane, m->neurological);
	slice_from_voxel(&pane->map, m->voxel, &x, &y, &slice);
	grey = mem_alloc((size_t)pane->map.width * (size_t)pane->map.height);
	slice_grey(&pane->map, m->image, 0, slice, m->level, m->width, grey);
	label = overlay_of(m, &pane->map, slice, seen);
	p.map = &pane->map;
	p.grey = grey;
	p.label = label;
	p.zoom = m->zoom;
	p.centre_x = x;
	p.centre_y = y;
	p.outline = m->outline;
	p.opacity = m->opacity;
	p.rgb = m->rgb;
	p.cross = m->mode == SLICE_CROSS || m->ortho;
	p.cross_x = x;
	p.cross_y = y;
	slice_picture_draw(d, &p);
	slice_fit(&p, d->w, d->h, &fit);
	pane->plane = plane;
	pane->at = (struct rect){d->r.x - m->base_x, d->r.y - m->base_y, d->w, d->h};
	pane->x0 = fit.x0, pane->y0 = fit.y0;
	pane->per_col = fit.per_col, pane->per_row = fit.per_row;
	edge_letters(d, &pane->map, &fit);
	if (m->ortho)
		draw_printf(d, 0, 0, plane == m->plane ? ST_SELECTED : ST_STATUS, "%s %d/%d",
			slice_plane_name(plane), slice + 1, pane->map.depth);
	free(grey);
	free(label);
}

/* Read-out: pieces in order of importance that flow into the rows there are. */
struct flow {
	const struct draw *d;
	int x, y;
};

static void put(struct flow *f, const char *label, enum style st, const char *text)
{
	int lw = label[0] ? draw_width(label) + 1 : 0, need = lw + draw_width(text);
	int gap = f->x ? 2 : 0;

	if (f->x + gap + need > f->d->w && f->x && f->y + 1 < f->d->h) {
		f->y++;
		f->x = gap = 0;
	}
	if (f->x + gap + need > f->d->w)
		return;
	f->x += gap;
	if (lw)
		f->x += draw_text(f->d, f->x, f->y, ST_DIM, label) + 1;
	f->x += draw_text(f->d, f->x, f->y, st, text);
}

static void put_place(struct flow *f, const struct slice_model *m)
{
	static const char side[3][2] = {{'L', 'R'}, {'P', 'A'}, {'I', 'S'}};
	const struct volume *v = m->image;
	double p[3] = {m->voxel[0], m->voxel[1], m->voxel[2]};
	int depth, slice = slice_model_slice(m, &depth);
	size_t at = ((size_t)m->voxel[2] * (size_t)v->dim[1] + (size_t)m->voxel[1]) *
			    (size_t)v->dim[0] +
		    (size_t)m->voxel[0];
	char s[96];

	snprintf(s, sizeof(s), "%d/%d", slice + 1, depth);
	put(f, slice_plane_name(m->plane), ST_STRONG, s);
	snprintf(s, sizeof(s), "%.5g", (double)v->data[at]);
	put(f, "value", ST_STRONG, s);
	snprintf(s, sizeof(s), "%d %d %d", m->voxel[0], m->voxel[1], m->voxel[2]);
	put(f, "voxel", ST_TEXT, s);
	affine_apply(v->affine, p, p);
	snprintf(s, sizeof(s), "%c%.1f %c%.1f %c%.1f", side[0][p[0] >= 0], fabs(p[0]),
		side[1][p[1] >= 0], fabs(p[1]), side[2][p[2] >= 0], fabs(p[2]));
	put(f, "mm", ST_TEXT, s);
}

static const char *name_of(const struct slice_model *m, int label, char *out, size_t size)
{
	if (label >= 0 && label < m->nnames && m->names[label])
		snprintf(out, size, "%d %s", label, m->names[label]);
	else
		snprintf(out, size, "%d", label);
	return out;
}

static void put_labels_here(struct flow *f, const struct slice_model *m)
{
	static const char *const what[2] = {"label", "prediction"};
	char s[64];

	for (int k = 0; k < 2; k++) {
		int l = slice_model_label_at(m, k);

		if (l >= 0)
			put(f, what[k], l ? ST_STRONG : ST_DIM, name_of(m, l, s, sizeof(s)));
	}
}

static void put_window(struct flow *f, const struct slice_model *m)
{
	char s[64];

	snprintf(s, sizeof(s), "%.4g/%.4g%s", m->width, m->level, m->is_auto ? " auto" : "");
	put(f, "window", m->mode == SLICE_WINDOW ? ST_FOCUS : ST_TEXT, s);
	if (m->zoom > 1.001) {
		snprintf(s, sizeof(s), "%.1fx", m->zoom);
		put(f, "zoom", ST_TEXT, s);
	}
	if (m->mode != SLICE_STEP)
		put(f, "arrows:", ST_FOCUS, m->mode == SLICE_CROSS ? "crosshair" : "window");
}

static uint32_t label_colour(const struct slice_model *m, int label)
{
	return m->rgb ? slice_label_rgb(label) : COLOR_INDEX(slice_label_index(label));
}

/* Which labels the slices show, each with its colour and its number. */
static void put_legend(struct flow *f, const struct slice_model *m, const int seen[256])
{
	static const char *const diff[] = {"", "missed", "too much", "other label"};
	char s[64];

	if (!m->show_overlay) {
		if (m->overlay[0] || m->overlay[1])
			put(f, "overlay", ST_DIM, "off");
		return;
	}
	for (int i = 1; i < 256; i++) {
		const char *text = name_of(m, i, s, sizeof(s));
		int need;

		if (!seen[i])
			continue;
		if (m->source == SLICE_DIFFERENCE && i < 4)
			text = diff[i];
		need = draw_width(text) + 2;
		if (f->x + 2 + need > f->d->w && f->y + 1 < f->d->h)
			f->x = 0, f->y++;
		if (f->x + 2 + need > f->d->w)
			return;
		f->x += f->x ? 2 : 0;
		if (f->d->theme->look[ST_SERIES1].fg == COLOR_DEFAULT)
			draw_char(f->d, f->x, f->y, ST_STRONG, (uint32_t)slice_label_char(i));
		else
			draw_cell(f->d, f->x, f->y, ' ', COLOR_DEFAULT, label_colour(m, i), 0);
		draw_text(f->d, f->x + 2, f->y, ST_TEXT, text);
		f->x += need;
	}
}

static void draw_readout(
	const struct draw *d, const struct slice_model *m, const int seen[256], const char *note)
{
	static const char *const sources[] = {"label", "prediction", "difference"};
	struct flow f = {d, 0, 0};

	put_place(&f, m);
	put_labels_here(&f, m);
	put_window(&f, m);
	if (note[0])
		put(&f, "", ST_TEXT, note);
	if (m->overlay[0] && m->overlay[1] && m->show_overlay)
		put(&f, "overlay", ST_TEXT, sources[m->source]);
	put(&f, "", ST_DIM, m->neurological ? "neurological" : "radiological");
	put_legend(&f, m, seen);
}

/* Three planes: in a row, or in a square whose last quarter the caller may use. */
static struct draw draw_ortho(struct slice_model *m, const struct draw *d, int seen[256])
{
	static const enum slice_plane order[3] = {SLICE_AXIAL, SLICE_CORONAL, SLICE_SAGITTAL};
	bool row = d->w >= 5 * d->h;
	int w = row ? (d->w - 2) / 3 : (d->w - 1) / 2, h = row ? d->h : (d->h - 1) / 2;

	for (int i = 0; i < 3; i++) {
		struct draw part = row ? draw_sub(d, i * (w + 1), 0, w, h)
				       : draw_sub(d, i % 2 * (w + 1), i / 2 * (h + 1), w, h);

		draw_plane(m, &part, order[i], seen);
	}
	return row ? draw_sub(d, 0, d->h, d->w, 0)
		   : draw_sub(d, w + 2, h + 1, d->w - w - 2, d->h - h - 1);
}

void slice_model_draw(struct slice_model *m, const struct draw *d, const char *note)
{
	int seen[256] = {0}, rows = d->h < 4 ? 0 : d->h < 12 ? 1 : d->h < 24 ? 2 : 3;
	struct draw part;

	m->npanes = 0;
	m->base_x = d->r.x;
	m->base_y = d->r.y;
	if (!m->image)
		return;
	if (m->ortho && d->w >= 24 && d->h >= 9) {
		bool row = d->w >= 5 * (d->h - rows);

		part = draw_sub(d, 0, 0, d->w, row ? d->h - rows : d->h);
		part = draw_ortho(m, &part, seen);
		if (row)
			part = draw_sub(d, 0, d->h - rows, d->w, rows);
		draw_readout(&part, m, seen, note);
		return;
	}
	part = draw_sub(d, 0, 0, d->w, d->h - rows);
	draw_plane(m, &part, m->plane, seen);
	part = draw_sub(d, 0, d->h - rows, d->w, rows);
	if (rows)
		draw_readout(&part, m, seen, note);
}
