#ifndef TUI_APP_H
#define TUI_APP_H

#include <stdbool.h>
#include "core/base/err.h"
#include "tui/view.h"

/*
 * The services of the workbench that views use.  Only the UI thread calls these,
 * except app_work()'s work callback, which runs on the worker thread.
 */

enum flash_level {
	FLASH_INFO,
	FLASH_GOOD,
	FLASH_WARN,
	FLASH_BAD,
};

/* One line above the key bar for some seconds; also kept in the message history. */
void app_flash(struct app *app, enum flash_level level, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Opens a view on a page of its own, above the present one.  Faults are flashed; -1 then. */
int app_open(struct app *app, const char *view, const char *arg);

/* Closes a view (a question was answered with yes). */
void app_close(struct app *app, struct view *v);

/* Opens a view as a further pane of the page that v stands on, without moving the focus. */
int app_open_beside(struct app *app, struct view *v, const char *view, const char *arg);

/*
 * Slow work.  work(arg) runs on the worker thread; then done(v, arg) on the UI
 * thread, if v is still open; then drop(arg) in every case.  done and drop may be
 * NULL.  done returns view_result bits.  Works of one app run one after another.
 */
void app_work(struct app *app, struct view *v, void (*work)(void *arg),
	unsigned (*done)(struct view *v, void *arg), void (*drop)(void *arg), void *arg);

/*
 * Asks for a line.  accept gets the text; it returns NULL when fine, or a message
 * (static or valid until the next call) and the prompt stays open.  change (may be
 * NULL) is called at every edit, cancel (may be NULL) on Esc.
 */
struct prompt_ops {
	const char *(*accept)(struct view *v, const char *text, void *ctx);
	void (*change)(struct view *v, const char *text, void *ctx);
	void (*cancel)(struct view *v, void *ctx);
	const char *history; /* lines of this name share a history, NULL: none */
	const char *help;    /* shown beside the line, copied; may be NULL */
};
void app_prompt(struct app *app, struct view *v, const char *label, const char *initial,
	const struct prompt_ops *ops, void *ctx);

/* Asks yes or no; yes(v, ctx) is called on y or Enter. */
void app_confirm(struct app *app, struct view *v, const char *question,
	void (*yes)(struct view *v, void *ctx), void *ctx);

/* Tells all open views. */
void app_event(struct app *app, enum app_event_kind kind, const char *text);

/* Ask for a tick of v in s seconds at the latest. */
void app_tick_in(struct app *app, struct view *v, double s);

/* Copies text to the clipboard of the terminal (OSC 52). */
void app_copy(struct app *app, const char *text);

#endif
