/*
 * Zoom, pan, follow and cursor: pure functions of the interval that the data
 * cover, so that they can be tested without a screen.
 *
 * The rule for live data: a window whose right edge is at the newest point stays
 * there (follow); one that the user moved away stays where it is while the data
 * grow.  Panning back to the end follows again.
 */
#include "tui/plot_window.h"

#include <math.h>

/* The narrowest interval: a hundred-thousandth of everything. */
static double narrowest(struct plot_span full)
{
	return fmax((full.hi - full.lo) * 1e-5, 1e-9);
}

/* The width rounded up to a power of 1.25. */
static struct plot_span with_room(struct plot_span s)
{
	double k = ceil(log(s.hi - s.lo) / log(1.25) - 1e-9);

	s.hi = s.lo + pow(1.25, k);
	return s;
}

struct plot_span plot_window_shown(const struct plot_window *w, struct plot_span full)
{
	struct plot_span s = w->shown;
	double width = s.hi - s.lo, part = width / 8;

	if (!w->zoomed)
		return w->growing ? with_room(full) : full;
	if (w->follow) {
		s.hi = w->growing ? full.lo + ceil((full.hi - full.lo) / part) * part : full.hi;
		s.lo = fmax(full.lo, s.hi - width);
	}
	return s;
}

static void set_shown(struct plot_window *w, struct plot_span full, struct plot_span s)
{
	double width = s.hi - s.lo, all = full.hi - full.lo;

	if (!(width < all)) {
		plot_window_fit(w);
		return;
	}
	if (s.hi > full.hi)
		s.lo -= s.hi - full.hi, s.hi = full.hi;
	if (s.lo < full.lo)
		s.hi += full.lo - s.lo, s.lo = full.lo;
	w->zoomed = true;
	w->shown = s;
	w->follow = s.hi >= full.hi - width * 1e-9;
}

void plot_window_zoom(struct plot_window *w, struct plot_span full, double factor)
{
	struct plot_span s = plot_window_shown(w, full);
	double width = s.hi - s.lo, centre = (s.lo + s.hi) / 2, part;

	if (!(width > 0))
		return;
	if (w->cursor_on && w->cursor >= s.lo && w->cursor <= s.hi)
		centre = w->cursor;
	else if (w->zoomed && w->follow)
		centre = s.hi;
	part = (centre - s.lo) / width;
	width = fmax(width * factor, narrowest(full));
	s.lo = centre - part * width;
	s.hi = centre + (1 - part) * width;
	set_shown(w, full, s);
}

void plot_window_pan(struct plot_window *w, struct plot_span full, double part)
{
	struct plot_span s = plot_window_shown(w, full);
	double by = (s.hi - s.lo) * part;

	if (!w->zoomed)
		return;
	s.lo += by, s.hi += by;
	set_shown(w, full, s);
	/* With room on the right a small step back still reaches the newest point. */
	w->follow = w->follow && part > 0;
}

void plot_window_follow(struct plot_window *w, struct plot_span full)
{
	double width;

	if (w->zoomed && w->follow) {
		w->shown = plot_window_shown(w, full);
		w->follow = false;
		return;
	}
	width = w->zoomed ? w->shown.hi - w->shown.lo : (full.hi - full.lo) / 10;
	if (!(width > 0))
		return;
	w->zoomed = true;
	w->follow = true;
	w->shown.hi = full.hi;
	w->shown.lo = full.hi - width;
}

void plot_window_fit(struct plot_window *w)
{
	w->zoomed = false;
	w->follow = false;
}

void plot_window_cursor(struct plot_window *w, struct plot_span full)
{
	struct plot_span s = plot_window_shown(w, full);

	w->cursor_on = !w->cursor_on;
	w->cursor = fmin(s.hi, full.hi);
}

void plot_window_cursor_to(struct plot_window *w, struct plot_span full, double x)
{
	struct plot_span s = plot_window_shown(w, full);

	w->cursor = fmin(fmax(x, full.lo), full.hi);
	if (!w->zoomed)
		return;
	if (w->cursor < s.lo)
		plot_window_pan(w, full, (w->cursor - s.lo) / (s.hi - s.lo));
	else if (w->cursor > s.hi)
		plot_window_pan(w, full, (w->cursor - s.hi) / (s.hi - s.lo));
}
