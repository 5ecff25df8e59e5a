#ifndef CORE_DATA_PREFIX_CACHE_H
#define CORE_DATA_PREFIX_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include "core/transform/sample.h"

/* What the deterministic transforms made of each case, as far as it fits. */
struct prefix_cache;

/*
 * n: cases.  budget: bytes that may be kept; 0: as long as the machine has half a gibibyte
 * to spare.
 */
struct prefix_cache *prefix_cache_new(int n, size_t budget);
void prefix_cache_free(struct prefix_cache *c);

/*
 * A sample of case i that shares what is kept (the caller frees it), or NULL: then
 * the caller makes it and must call prefix_cache_put() afterwards.  When another
 * thread is at it, waits for that one.  An error (no memory) gives NULL as well.
 */
struct sample *prefix_cache_get(struct prefix_cache *c, int i);

/* True when nobody has made or makes case i: the caller does, and calls prefix_cache_put(). */
bool prefix_cache_claim(struct prefix_cache *c, int i);

/*
 * Offers what was made (borrowed; NULL: it failed).  It is kept when it fits: small
 * volumes as copies, large ones shared.  The caller may go on and edit its sample, since
 * shared voxels are copied by whoever writes.
 */
void prefix_cache_put(struct prefix_cache *c, int i, const struct sample *s);

/* All cases are wanted at first; one that is no longer is dropped and not kept again. */
void prefix_cache_want(struct prefix_cache *c, int i, bool wanted);

/* True when case i was made: it is kept, or known not to fit. */
bool prefix_cache_has(struct prefix_cache *c, int i);

struct prefix_cache_info {
	size_t bytes; /* kept now */
	int kept;     /* cases */
	int refused;  /* how often one did not fit */
};
void prefix_cache_info(struct prefix_cache *c, struct prefix_cache_info *out);

#endif
