/*
 * Bounded queue: one mutex, two condition variables, a ring of pointers.
 *
 * Send moves ownership to the queue, receive moves it on (the contract that
 * curl's thread queue states best).  Time-outs use CLOCK_MONOTONIC, so a clock
 * step neither fires nor sticks them.
 */
#include "core/base/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/mem.h"

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t can_push, can_pop;
	size_t cap, head, len;
	bool closed;
	void **ring;
};

struct queue *queue_new(size_t capacity)
{
	struct queue *q = mem_zalloc(sizeof(*q));
	pthread_condattr_t attr;

	q->cap = capacity ? capacity : 1;
	q->ring = mem_alloc(q->cap * sizeof(*q->ring));
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->can_push, &attr);
	pthread_cond_init(&q->can_pop, &attr);
	pthread_condattr_destroy(&attr);
	return q;
}

void queue_free(struct queue *q, void (*drop)(void *item))
{
	if (!q)
		return;
	for (size_t i = 0; drop && i < q->len; i++)
		drop(q->ring[(q->head + i) % q->cap]);
	pthread_cond_destroy(&q->can_push);
	pthread_cond_destroy(&q->can_pop);
	pthread_mutex_destroy(&q->lock);
	free(q->ring);
	free(q);
}

bool queue_push(struct queue *q, void *item)
{
	bool taken;

	pthread_mutex_lock(&q->lock);
	while (q->len == q->cap && !q->closed)
		pthread_cond_wait(&q->can_push, &q->lock);
	taken = !q->closed;
	if (taken) {
		q->ring[(q->head + q->len++) % q->cap] = item;
		pthread_cond_signal(&q->can_pop);
	}
	pthread_mutex_unlock(&q->lock);
	return taken;
}

void *queue_pop(struct queue *q, int timeout_ms)
{
	struct timespec until;
	void *item = NULL;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms > 0 ? timeout_ms / 1000 : 0;
	until.tv_nsec += timeout_ms > 0 ? timeout_ms % 1000 * 1000000L : 0;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&q->lock);
	while (!q->len && !q->closed) {
		if (timeout_ms < 0)
			pthread_cond_wait(&q->can_pop, &q->lock);
		else if (pthread_cond_timedwait(&q->can_pop, &q->lock, &until) == ETIMEDOUT)
			break;
	}
	if (q->len) {
		item = q->ring[q->head];
		q->head = (q->head + 1) % q->cap;
		q->len--;
		pthread_cond_signal(&q->can_push);
	}
	pthread_mutex_unlock(&q->lock);
	return item;
}

void queue_close(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->can_push);
	pthread_cond_broadcast(&q->can_pop);
	pthread_mutex_unlock(&q->lock);
}

size_t queue_len(struct queue *q)
{
	size_t n;

	pthread_mutex_lock(&q->lock);
	n = q->len;
	pthread_mutex_unlock(&q->lock);
	return n;
}
