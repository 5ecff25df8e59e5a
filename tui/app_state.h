#ifndef TUI_APP_STATE_H
#define TUI_APP_STATE_H

#include <stdbool.h>
#include "tui/app.h"
#include "tui/app_engine.h"
#include "tui/overlay.h"
#include "tui/term.h"
#include "tui/work.h"

/* The inside of the workbench, for app*.c, loop.c and the overlays; views use app.h. */
#define PANES_MAX 9

/* A page: one or more panes side by side; the pages form a stack. */
struct page {
	struct view *panes[PANES_MAX];
	int n, focus;
	bool zoom;
	struct rect where[PANES_MAX]; /* of the last frame; w = 0: not shown */
};

struct message {
	enum flash_level level;
	double wall;
	char *text;
};

struct app {
	struct term *term; /* NULL in tests */
	struct canvas canvas;
	const char *const *roots; /* folders of the command line */
	int nroots;

	struct page *pages;
	int npages, pages_cap;
	unsigned next_id;

	struct overlay overlay;
	struct rect keybar[32]; /* clickable parts of the key bar in the last frame */
	enum action keybar_action[32];
	int nkeybar;

	struct message *messages;
	int nmessages;
	double flash_until; /* sys_now() time */
	struct history *histories;
	int nhistories;

	struct work *work;
	double work_since;  /* since when work is under way, 0: none */
	bool reading_shown; /* the status line says so */
	struct app_engine engine;

	bool dirty;    /* draw at once: a key changed something */
	bool dirty_bg; /* draw with the next regular frame */
	double drawn;  /* when the last frame was drawn */
	bool ended;
	int exit_code;
	double interrupted; /* when ^C was pressed last */
};

/* app.c */
struct app *app_new(struct term *term, const struct theme *theme, enum glyphs glyphs, int w, int h);
void app_free(struct app *app);
struct page *app_page(struct app *app);  /* on top; NULL when there is none */
struct view *app_focus(struct app *app); /* with the keyboard; NULL when there is none */
struct view *app_view(struct app *app, unsigned id);               /* NULL when it was closed */
void app_result(struct app *app, struct view *v, unsigned result); /* acts on view_result bits */
void app_set_theme(struct app *app, const struct theme *theme);
void app_work_done(struct app *app);          /* takes finished work */
double app_tick(struct app *app, double now); /* runs due ticks; seconds until the next */

/* app_draw.c */
void app_draw(struct app *app); /* into app->canvas */

/* app_keys.c */
void app_input(struct app *app, const struct input *in);
void app_do(struct app *app, enum action a, const struct input *in);

/* loop.c: until the user leaves; returns the exit code.  engine: connect to it, start it when
 * needed */
int app_loop(struct app *app, bool engine);

#endif
