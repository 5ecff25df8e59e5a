#ifndef TUI_WORK_H
#define TUI_WORK_H

#include <stdbool.h>

struct view;

struct view;

/*
 * One background thread for everything slow.  Items are done in the order they
 * came; finished ones come back through work_take() after work_fd() got readable.
 */
struct work_item {
	void (*work)(void *arg); /* on the worker thread */
	void (*drop)(void *arg); /* frees arg; may be NULL */
	void *arg;
	unsigned view;                               /* id of the view that asked */
	unsigned (*done)(struct view *v, void *arg); /* for the caller of work_take() */
};

struct work;

struct work *work_new(void); /* the thread starts with the first item */

/* Waits for the item under way, drops all others. */
void work_free(struct work *w);

void work_add(struct work *w, const struct work_item *item);
int work_fd(const struct work *w);

/* The next finished item; false when there is none. */
bool work_take(struct work *w, struct work_item *item);

/* How many items are waiting or under way. */
int work_pending(const struct work *w);

#endif
