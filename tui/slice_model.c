/*
 * The state of the slice view and what keys do to it.
 *
 * The crosshair's voxel is the one source of truth: the slice of every plane follows
 * from it, so a step in one plane, a click in another and the read-out never disagree.
 * Movements are made in picture coordinates (up is up on the screen) and turned into
 * voxels by the slice map, whatever way the image is stored.
 */
#include "tui/slice_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/volume/affine.h"

struct preset {
	double width, level;
};

static const struct preset presets[] = {
	{80, 40},     /* brain */
	{1500, -600}, /* lung */
	{1800, 400},  /* bone */
	{400, 50},    /* abdomen */
};

void slice_model_init(struct slice_model *m)
{
	memset(m, 0, sizeof(*m));
	m->show_overlay = true;
	m->outline = false;
	m->opacity = 0.4;
	m->zoom = 1;
	m->width = m->auto_width = 1;
}

void slice_model_release(struct slice_model *m)
{
	volume_free(m->image);
	volume_free(m->overlay[0]);
	volume_free(m->overlay[1]);
	m->image = m->overlay[0] = m->overlay[1] = NULL;
}

static void set_preset(struct slice_model *m, int i)
{
	m->level = presets[i].level;
	m->width = presets[i].width;
	m->is_auto = false;
}

static void set_auto(struct slice_model *m)
{
	m->level = m->auto_level;
	m->width = m->auto_width;
	m->is_auto = true;
}

/* Air far below zero: Hounsfield units, for which the quantiles make a useless window. */
static bool looks_like_ct(const struct slice_model *m)
{
	return m->auto_level - m->auto_width / 2 < -700;
}

void slice_model_image(
	struct slice_model *m, struct volume *image, double level, double width, bool keep_place)
{
	bool same = m->image && image && keep_place &&
		    !memcmp(m->image->dim, image->dim, sizeof(image->dim));

	slice_model_release(m);
	m->image = image;
	m->auto_level = level;
	m->auto_width = width;
	m->npanes = 0;
	if (!image)
		return;
	for (int i = 0; i < 3 && !same; i++)
		m->voxel[i] = image->dim[i] / 2;
	set_auto(m);
	if (looks_like_ct(m))
		set_preset(m, 3);
}

void slice_model_overlay(struct slice_model *m, enum slice_source which, struct volume *v)
{
	volume_free(m->overlay[which]);
	m->overlay[which] = v;
	if (v && affine_invert(v->affine, m->to_overlay[which]))
		slice_model_overlay(m, which, NULL);
	if (!m->overlay[0] != !m->overlay[1])
		m->source = m->overlay[0] ? SLICE_LABEL : SLICE_PREDICTION;
}

static void map_of(const struct slice_model *m, struct slice_map *map, int *x, int *y, int *slice)
{
	slice_map_init(map, m->image->dim, m->image->affine, m->plane, m->neurological);
	slice_from_voxel(map, m->voxel, x, y, slice);
}

static int clampi(int v, int lo, int hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

/* Moves the crosshair in picture coordinates of the present plane. */
static void move_by(struct slice_model *m, int dx, int dy, int dslice)
{
	struct slice_map map;
	int x, y, slice;

	if (!m->image)
		return;
	map_of(m, &map, &x, &y, &slice);
	slice_to_voxel(&map, clampi(x + dx, 0, map.width - 1), clampi(y + dy, 0, map.height - 1),
		clampi(slice + dslice, 0, map.depth - 1), m->voxel);
}

bool slice_model_goto(struct slice_model *m, int n)
{
	int depth, now = slice_model_slice(m, &depth);

	if (n < 0 || n >= depth)
		return false;
	move_by(m, 0, 0, n - now);
	return true;
}

int slice_model_slice(const struct slice_model *m, int *depth)
{
	struct slice_map map;
	int x, y, slice;

	*depth = 0;
	if (!m->image)
		return 0;
	map_of(m, &map, &x, &y, &slice);
	*depth = map.depth;
	return slice;
}

void slice_model_window_by(struct slice_model *m, int dwidth, int dlevel)
{
	double step = m->width * 0.025;

	m->level += dlevel * step;
	m->width = fmax(m->width + dwidth * step, m->auto_width * 1e-3);
	m->is_auto = false;
}

static bool arrow(struct slice_model *m, int dx, int dy, bool shift)
{
	int n = shift ? 5 : 1;

	switch (m->mode) {
	case SLICE_CROSS:
		move_by(m, n * dx, n * dy, 0);
		return true;
	case SLICE_WINDOW:
		slice_model_window_by(m, 2 * n * dx, -2 * n * dy);
		return true;
	case SLICE_STEP:
		break;
	}
	if (dx)
		return false;
	move_by(m, 0, 0, -n * dy);
	return true;
}

static bool move(struct slice_model *m, enum action a, bool shift)
{
	switch (a) {
	case ACT_move_up:
		return arrow(m, 0, -1, shift);
	case ACT_move_down:
		return arrow(m, 0, 1, shift);
	case ACT_move_left:
		return arrow(m, -1, 0, shift);
	case ACT_move_right:
		return arrow(m, 1, 0, shift);
	case ACT_move_page_up:
		move_by(m, 0, 0, 1);
		return true;
	case ACT_move_page_down:
		move_by(m, 0, 0, -1);
		return true;
	case ACT_move_half_up:
	case ACT_slice_up10:
		move_by(m, 0, 0, 10);
		return true;
	case ACT_move_half_down:
	case ACT_slice_down10:
		move_by(m, 0, 0, -10);
		return true;
	case ACT_move_first:
		move_by(m, 0, 0, -1000000);
		return true;
	case ACT_move_last:
		move_by(m, 0, 0, 1000000);
		return true;
	default:
		return false;
	}
}

static void set_mode(struct slice_model *m, enum slice_mode mode)
{
	m->mode = m->mode == mode ? SLICE_STEP : mode;
}

static bool overlay_keys(struct slice_model *m, enum action a)
{
	switch (a) {
	case ACT_slice_overlay:
		m->show_overlay = !m->show_overlay;
		return true;
	case ACT_slice_outline:
		m->outline = !m->outline;
		return true;
	case ACT_slice_less:
		m->opacity = fmax(m->opacity - 0.1, 0.1);
		return true;
	case ACT_slice_more:
		m->opacity = fmin(m->opacity + 0.1, 1);
		return true;
	case ACT_slice_source:
		if (m->overlay[0] && m->overlay[1])
			m->source = (enum slice_source)((m->source + 1) % SLICE_SOURCES);
		return true;
	default:
		return false;
	}
}

static bool view_keys(struct slice_model *m, enum action a)
{
	switch (a) {
	case ACT_slice_axial:
		m->plane = SLICE_AXIAL;
		return true;
	case ACT_slice_coronal:
		m->plane = SLICE_CORONAL;
		return true;
	case ACT_slice_sagittal:
		m->plane = SLICE_SAGITTAL;
		return true;
	case ACT_slice_ortho:
		m->ortho = !m->ortho;
		return true;
	case ACT_slice_zoom_in:
		m->zoom = fmin(m->zoom * 1.25, 64);
		return true;
	case ACT_slice_zoom_out:
		m->zoom = fmax(m->zoom / 1.25, 1);
		return true;
	case ACT_slice_fit:
		m->zoom = 1;
		return true;
	case ACT_slice_side:
		m->neurological = !m->neurological;
		return true;
	case ACT_slice_rgb:
		m->rgb = !m->rgb;
		return true;
	default:
		return false;
	}
}

bool slice_model_action(struct slice_model *m, enum action a, bool shift)
{
	switch (a) {
	case ACT_slice_cross:
		set_mode(m, SLICE_CROSS);
		return true;
	case ACT_slice_window:
		set_mode(m, SLICE_WINDOW);
		return true;
	case ACT_slice_preset1:
	case ACT_slice_preset2:
	case ACT_slice_preset3:
	case ACT_slice_preset4:
		set_preset(m, (int)a - ACT_slice_preset1);
		return true;
	default:
		return move(m, a, shift) || overlay_keys(m, a) || view_keys(m, a);
	}
}

bool slice_model_back(struct slice_model *m)
{
	if (m->mode == SLICE_WINDOW) {
		m->mode = SLICE_STEP;
		set_auto(m);
	} else if (m->mode == SLICE_CROSS) {
		m->mode = SLICE_STEP;
	} else if (m->image && !m->is_auto) {
		set_auto(m);
	} else if (m->zoom > 1) {
		m->zoom = 1;
	} else {
		return false;
	}
	return true;
}

bool slice_model_click(struct slice_model *m, int x, int y)
{
	for (int i = 0; i < m->npanes; i++) {
		const struct slice_pane *p = &m->pane[i];
		int px, py, vx, vy, slice;

		if (x < p->at.x || y < p->at.y || x >= p->at.x + p->at.w || y >= p->at.y + p->at.h)
			continue;
		px = (int)floor(p->x0 + (x - p->at.x + 0.5) * p->per_col);
		py = (int)floor(p->y0 + (y - p->at.y + 0.5) * p->per_row);
		slice_from_voxel(&p->map, m->voxel, &vx, &vy, &slice);
		m->plane = p->plane;
		slice_to_voxel(&p->map, clampi(px, 0, p->map.width - 1),
			clampi(py, 0, p->map.height - 1), slice, m->voxel);
		return true;
	}
	return false;
}

int slice_model_label_at(const struct slice_model *m, int which)
{
	const struct volume *v = m->overlay[which];
	double p[3];
	int i[3];

	if (!v || !m->image)
		return -1;
	for (int k = 0; k < 3; k++)
		p[k] = m->voxel[k];
	affine_apply(m->image->affine, p, p);
	affine_apply(m->to_overlay[which], p, p);
	for (int k = 0; k < 3; k++) {
		i[k] = (int)lround(p[k]);
		if (i[k] < 0 || i[k] >= v->dim[k])
			return 0;
	}
	return (int)lround((double)v->data[((size_t)i[2] * (size_t)v->dim[1] + (size_t)i[1]) *
						   (size_t)v->dim[0] +
					   (size_t)i[0]]);
}
