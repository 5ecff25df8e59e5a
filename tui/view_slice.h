#ifndef TUI_VIEW_SLICE_H
#define TUI_VIEW_SLICE_H

#include <stdbool.h>
#include "core/base/buf.h"
#include "core/base/err.h"
#include "tui/theme.h"

/*
 * What the slice view takes as its argument, a line of fields separated by tabs:
 *
 *   IMAGE [label=FILE] [pred=FILE] [plane=axial|coronal|sagittal] [slice=N]
 *   mmar=FOLDER [case=ID] [plane=...] [slice=N]
 *
 * Helpers that make one; the caller frees.  NULL: not given; slice counts from 1, 0: the
 * middle.
 */
char *view_slice_arg(const char *image, const char *label, const char *plane, int slice);
char *view_slice_arg_mmar(const char *mmar, const char *case_id);

/*
 * One picture without a terminal program: the same drawing as text with colours (or,
 * with COLORS_NEVER, as plain characters), w x h cells, added to out.
 */
struct slice_once {
	const char *image, *label; /* label may be NULL */
	const char *plane;         /* NULL: axial */
	int slice;                 /* from 1; 0: the middle */
	int w, h;
	enum color_mode colors;
	enum glyphs glyphs;
};
int view_slice_once(const struct slice_once *o, struct buf *out, struct err *err) MUST_CHECK;

#endif
