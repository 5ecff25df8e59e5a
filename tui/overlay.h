#ifndef TUI_OVERLAY_H
#define TUI_OVERLAY_H

#include <stdbool.h>
#include "tui/app.h"
#include "tui/draw.h"
#include "tui/input.h"
#include "tui/line.h"
#include "tui/list.h"

/* Something that stands over the views and has the keyboard: at most one at a time. */
struct overlay_ops {
	const char *name;
	/* Every input goes here.  Closes itself with overlay_close(). */
	void (*input)(struct app *app, const struct input *in);
	void (*draw)(struct app *app, const struct draw *screen);
	void (*close)(struct app *app); /* frees state; may be NULL */
	const char *keys;               /* text for the key bar: "Enter accept  Esc cancel" */
};

struct overlay {
	const struct overlay_ops *ops; /* NULL: none */
	void *state;
};

void overlay_set(struct app *app, const struct overlay_ops *ops, void *state);
void overlay_close(struct app *app);

/* The overlays. */
extern const struct overlay_ops prompt_overlay;
void help_open(struct app *app);
void palette_open(struct app *app);
void messages_open(struct app *app);

/* Lines typed into prompts of the same name. */
struct history {
	const char *name;
	char **v;
	int n;
};
void history_add(struct app *app, const char *name, const char *text);
void history_free(struct app *app);

/* A box in the middle of the screen for w x h cells of text; returns its inside, cleared. */
struct draw overlay_box(const struct draw *screen, int w, int h, const char *title);

#endif
