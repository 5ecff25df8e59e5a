#ifndef TUI_SLICE_MODEL_H
#define TUI_SLICE_MODEL_H

#include <stdbool.h>
#include "core/volume/slice.h"
#include "core/volume/volume.h"
#include "tui/bindings.h"
#include "tui/draw.h"

/* What the slice view shows and how: everything but files and threads. */
enum slice_source {
	SLICE_LABEL,
	SLICE_PREDICTION,
	SLICE_DIFFERENCE,
	SLICE_SOURCES,
};

/* What the arrows do. */
enum slice_mode {
	SLICE_STEP,   /* up and down go through the slices */
	SLICE_CROSS,  /* move the crosshair */
	SLICE_WINDOW, /* change window and level */
};

/* A plane as it was drawn last, for the mouse. */
struct slice_pane {
	struct rect at;
	enum slice_plane plane;
	struct slice_map map;
	double x0, y0, per_col, per_row;
};

struct slice_model {
	struct volume *image;       /* NULL: none yet */
	struct volume *overlay[2];  /* label, prediction; NULL: none */
	double to_overlay[2][4][4]; /* mm to its voxels */
	int voxel[3];               /* the crosshair; also tells which slices are shown */
	enum slice_plane plane;     /* shown, or in ortho the active one */
	bool ortho;
	enum slice_mode mode;
	double level, width;           /* now */
	double auto_level, auto_width; /* of the image's quantiles */
	bool is_auto;
	bool show_overlay, outline;
	enum slice_source source;
	double opacity, zoom;
	bool neurological, rgb;
	const char *const *names; /* of labels by number, borrowed; NULL: none */
	int nnames;
	struct slice_pane pane[3]; /* as drawn, in coordinates of the view */
	int npanes;
	int base_x, base_y; /* the view's place on the canvas at that time */
};

void slice_model_init(struct slice_model *m);
void slice_model_release(struct slice_model *m);

/*
 * Takes over an image (may be NULL: shows nothing), drops the overlays, and centres
 * the crosshair, unless keep_place is set and it has the same size.  level, width:
 * the automatic window (slice_auto_window()).
 */
void slice_model_image(
	struct slice_model *m, struct volume *image, double level, double width, bool keep_place);

/* Takes over an overlay; NULL removes it. */
void slice_model_overlay(struct slice_model *m, enum slice_source which, struct volume *v);

/* Goes to slice n (from 0) of the present plane; false when there is no such slice. */
bool slice_model_goto(struct slice_model *m, int n);

/* Number of the shown slice of the present plane and how many there are. */
int slice_model_slice(const struct slice_model *m, int *depth);

/* A key of the groups "slice" and "move"; shift: with the shift key. False: not known. */
bool slice_model_action(struct slice_model *m, enum action a, bool shift);

/* Esc: one level back; false when there is nothing to go back from. */
bool slice_model_back(struct slice_model *m);

/* Mouse at a cell of the last drawing. */
bool slice_model_click(struct slice_model *m, int x, int y);

/* Changes window and level by steps of 2.5 % of the width. */
void slice_model_window_by(struct slice_model *m, int dwidth, int dlevel);

/* Label number under the crosshair in an overlay; -1: no such overlay. */
int slice_model_label_at(const struct slice_model *m, int which);

/* Draws pictures, edge letters and the info lines; note: a short text for the last line, or "". */
void slice_model_draw(struct slice_model *m, const struct draw *d, const char *note);

#endif
