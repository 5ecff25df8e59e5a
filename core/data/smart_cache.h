#ifndef CORE_DATA_SMART_CACHE_H
#define CORE_DATA_SMART_CACHE_H

#include <stdint.h>
#include "core/data/order.h"
#include "core/data/prefix_cache.h"

/*
 * The Smart Cache: a window of the list is in memory, and while an epoch uses it
 * a thread makes what the next epoch exchanges.
 */
struct smart_cache;

/*
 * cache and order are borrowed; order has the window.  make(): the sample of an entry after
 * the deterministic transforms, which the caller frees, or NULL.
 */
struct smart_cache *smart_cache_new(struct prefix_cache *cache, const struct order *order,
	struct sample *(*make)(void *ctx, int entry), void *ctx);
void smart_cache_free(struct smart_cache *sc); /* stops it first; NULL is fine */

/* The window of this epoch is wanted; starts the thread when epochs exchange anything. */
int smart_cache_start(struct smart_cache *sc, int64_t epoch, struct err *err) MUST_CHECK;
void smart_cache_stop(struct smart_cache *sc);

/* Nobody uses items of earlier epochs any more: what has left the window is dropped. */
void smart_cache_enter(struct smart_cache *sc, int64_t epoch);

/* An epoch is asked for: what entered the window with it should be there by now. */
void smart_cache_due(struct smart_cache *sc, int64_t epoch);

/* To be called after a case was made elsewhere: it may be the last that was missing. */
void smart_cache_note(struct smart_cache *sc);

/* Text about replacements that came late, once for each such epoch, or NULL; the caller frees. */
char *smart_cache_report(struct smart_cache *sc);

struct smart_cache_stats {
	int64_t replaced;      /* cases made ahead by the thread */
	int64_t overruns;      /* epochs whose replacements came late */
	double lag, lag_total; /* seconds that they came late: last epoch, all of them */
};
void smart_cache_stats(struct smart_cache *sc, struct smart_cache_stats *out);

#endif
