#ifndef CORE_BASE_QUEUE_H
#define CORE_BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A bounded queue between threads that moves ownership: a pushed pointer belongs
 * to the queue until a pop hands it on.  Blocked threads sleep, they never spin.
 */
struct queue;

struct queue *queue_new(size_t capacity);

/* Frees the queue; what is still in it goes to drop (may be NULL). */
void queue_free(struct queue *q, void (*drop)(void *item));

/* Waits for room.  True when the item was taken, false when the queue is closed. */
bool queue_push(struct queue *q, void *item);

/*
 * Waits for an item, at most timeout_ms (negative: for ever).  NULL on time-out,
 * or when the queue is closed and empty.
 */
void *queue_pop(struct queue *q, int timeout_ms);

/* Wakes everybody: pushes fail from now on, pops drain what is left. */
void queue_close(struct queue *q);

size_t queue_len(struct queue *q);

#endif
