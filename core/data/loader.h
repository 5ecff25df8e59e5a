#ifndef CORE_DATA_LOADER_H
#define CORE_DATA_LOADER_H

#include <pthread.h>
#include <stdatomic.h>
#include "core/data/batch.h"
#include "core/data/order.h"
#include "core/data/prefix_cache.h"
#include "core/data/smart_cache.h"

/*
 * The threads of a pipeline.  Work is cut in units: a batch, or one sample in
 * validation.  Units live in a ring; the slot and the contents of a unit are given
 * by its number, so nothing depends on which thread is faster.
 */
struct unit {
	int64_t index;         /* which unit is in this slot; -1: none */
	int left;              /* items that are not in yet */
	struct err *err;       /* what went wrong in it, or NULL */
	struct batch *batch;   /* training */
	struct sample *sample; /* validation; NULL: left out */
};

struct loader {
	const struct pipeline_config *config; /* borrowed, as all of this */
	const struct datalist *list;
	struct prefix_cache *cache; /* NULL: none */
	struct smart_cache *smart;  /* of a training with a Smart Cache, else NULL */
	int prefix;                 /* deterministic transforms at the front */
	int items;                  /* cases per unit */
	int crops;                  /* samples made of each by crops that batch */
	int64_t steps;              /* units per epoch */
	bool endless;               /* goes on with the next epoch */

	struct order order;
	struct unit *ring;
	int depth;

	pthread_mutex_t lock;
	pthread_cond_t work, ready;
	pthread_t *threads;
	int n_threads;
	atomic_bool stop, cancelled;

	int64_t epoch0, step0; /* where unit 0 is */
	int64_t next_item;     /* over all units */
	int64_t released;      /* units that the consumer is done with */
	int64_t wanted;        /* next unit for the consumer */
	int64_t window_epoch;  /* whose window the smart cache has */
	int in_flight;         /* items taken and not finished */

	bool *bad;           /* per entry: it is left out */
	bool *noted;         /* per entry: a warning was given */
	int n_bad;           /* cases left out */
	struct buf warnings; /* of them, one NUL-terminated text after the other */
	struct pipeline_stats stats;
};

/* The sample of an entry after the deterministic transforms, or NULL. */
struct sample *loader_prefix(struct loader *l, int entry, struct err *err) MUST_CHECK;

/* Starts n threads at unit 0 = (epoch0, step0). */
int loader_start(
	struct loader *l, int n, int64_t epoch0, int64_t step0, struct err *err) MUST_CHECK;

/* Joins the threads and empties the ring. */
void loader_stop(struct loader *l);

/*
 * The next unit, waiting for it; what the caller got before may be overwritten.
 * Returns 1, 0 at the end of an epoch that is not followed by another, or -1.
 */
int loader_next(struct loader *l, struct unit **unit, struct err *err) MUST_CHECK;

/* Epoch and step of a unit. */
void loader_place(const struct loader *l, int64_t unit, int64_t *epoch, int64_t *step);

#endif
