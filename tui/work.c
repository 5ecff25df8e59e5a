/*
 * The background thread of the workbench.
 *
 * Scanning folders, reading runs, checking configurations: anything that may touch a
 * slow file system happens here, so that the UI thread only ever waits in poll().
 * Items move by ownership: UI -> todo queue -> worker -> done queue -> UI.  The
 * thread blocks all signals; they belong to the UI thread.
 */
#include "tui/work.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/queue.h"

#define WORK_CAPACITY 256

struct work {
	struct queue *todo, *done;
	pthread_t thread;
	bool running;
	int fd;
	int pending; /* UI thread only */
};

static void *work_main(void *arg)
{
	struct work *w = arg;
	struct work_item *item;
	uint64_t one = 1;

	while ((item = queue_pop(w->todo, -1))) {
		item->work(item->arg);
		if (!queue_push(w->done, item)) {
			if (item->drop)
				item->drop(item->arg);
			free(item);
		}
		if (write(w->fd, &one, sizeof(one)) < 0)
			break;
	}
	return NULL;
}

struct work *work_new(void)
{
	struct work *w = mem_zalloc(sizeof(*w));

	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->todo = queue_new(WORK_CAPACITY);
	w->done = queue_new(WORK_CAPACITY * 2);
	return w;
}

static void drop_item(void *p)
{
	struct work_item *item = p;

	if (item->drop)
		item->drop(item->arg);
	free(item);
}

void work_free(struct work *w)
{
	if (!w)
		return;
	queue_close(w->done);
	/* Take back what the worker has not begun. */
	for (void *p; queue_len(w->todo) && (p = queue_pop(w->todo, 0));)
		drop_item(p);
	queue_close(w->todo);
	if (w->running)
		pthread_join(w->thread, NULL);
	queue_free(w->todo, drop_item);
	queue_free(w->done, drop_item);
	close(w->fd);
	free(w);
}

static void start(struct work *w)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	w->running = !pthread_create(&w->thread, NULL, work_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void work_add(struct work *w, const struct work_item *item)
{
	struct work_item *copy = mem_alloc(sizeof(*copy));

	*copy = *item;
	if (!w->running)
		start(w);
	if (!w->running || queue_len(w->todo) >= WORK_CAPACITY || !queue_push(w->todo, copy))
		drop_item(copy);
	else
		w->pending++;
}

int work_fd(const struct work *w)
{
	return w->fd;
}

bool work_take(struct work *w, struct work_item *item)
{
	uint64_t n;
	struct work_item *p;

	if (read(w->fd, &n, sizeof(n)) < 0)
		n = 0;
	p = queue_pop(w->done, 0);
	if (!p)
		return false;
	*item = *p;
	free(p);
	w->pending--;
	return true;
}

int work_pending(const struct work *w)
{
	return w->pending;
}
