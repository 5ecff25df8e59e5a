#ifndef TUI_VIEW_H
#define TUI_VIEW_H

#include <stdbool.h>
#include "core/base/buf.h"
#include "core/base/err.h"
#include "tui/bindings.h"
#include "tui/draw.h"
#include "tui/input.h"

struct app;
struct view;

/* What a handler returns: bits. */
enum view_result {
	VIEW_IGNORED = 0,      /* not mine: the key goes on to the next level */
	VIEW_HANDLED = 1 << 0, /* taken */
	VIEW_REDRAW = 1 << 1,  /* draw me again (implies taken) */
	VIEW_CLOSE = 1 << 2,   /* close me */
};

/* Things that happen outside of the keyboard; broadcast to all open views. */
enum app_event_kind {
	APP_EVENT_JOBS,   /* the engine's job table changed; see app_engine.h */
	APP_EVENT_ENGINE, /* link to the engine came or went */
	APP_EVENT_RUN,    /* something was appended to the run in text (its folder) */
	APP_EVENT_FILES, /* archives, configurations or runs changed on disk (text: path or NULL) */
};

struct app_event {
	enum app_event_kind kind;
	const char *text;
};

/*
 * A view: one const struct per file and one row in views.def.  The app allocates
 * state_size zeroed bytes as view->state.  All of it runs on the UI thread: no
 * callback may wait for files, the engine or computation (use app_work()).
 */
struct view_ops {
	const char *name;   /* "run": for :open, bindings and titles */
	const char *help;   /* one line */
	const char *shared; /* actions of the group "common" it knows: "open search"; NULL: none */
	size_t state_size;

	/* arg: what to show (an archive, a run folder, a file), NULL: nothing given.  Must be
	 * quick. */
	int (*open)(struct view *v, const char *arg, struct err *err);
	void (*close)(struct view *v); /* frees what the state holds; may be NULL */

	/* Short name for the crumbs on the status line ("seg_ct", "run 3"). */
	void (*title)(struct view *v, struct buf *out);

	/*
	 * A binding of this view, or of the group "move", was pressed.  in: the key itself.
	 * ACT_common_back (Esc): undo one level inside the view, or return VIEW_IGNORED.
	 */
	unsigned (*action)(struct view *v, enum action a, const struct input *in);

	/* A key without binding, or a paste; may be NULL. */
	unsigned (*key)(struct view *v, const struct input *in);

	/* Mouse, in coordinates of the view; may be NULL. */
	unsigned (*mouse)(struct view *v, const struct input *in);

	/* Something happened; may be NULL. */
	unsigned (*event)(struct view *v, const struct app_event *ev);

	/*
	 * Regular work (sampling, following a file): called when its time came.  Sets
	 * *next_s to the seconds until the next call (0: no more until something happens).
	 * Called once soon after opening.  May be NULL.
	 */
	unsigned (*tick)(struct view *v, double now, double *next_s);

	/* True when closing would lose changes: the app asks first.  May be NULL. */
	bool (*unsaved)(struct view *v);

	/* Draws the whole view into d; focused: it has the keyboard. */
	void (*draw)(struct view *v, const struct draw *d, bool focused);
};

struct view {
	const struct view_ops *ops;
	void *state;
	struct app *app;
	unsigned id;      /* never used twice */
	double next_tick; /* sys_now() time, 0: none */
	bool visible;     /* was drawn in the last frame */
};

/* Does the view know this action of the group "common"?  ("back" means something everywhere.) */
bool view_shares(const struct view_ops *ops, const char *action);

/* Rows of views.def; NULL at the end / when there is none. */
const struct view_ops *view_at(int i);
const struct view_ops *view_find(const char *name);

#endif
