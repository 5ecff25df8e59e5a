#ifndef CORE_DATA_PREFIX_CACHE_H
#define CORE_DATA_PREFIX_CACHE_H

#include <stddef.h>
#include "core/transform/sample.h"

/* What the deterministic transforms made of each case, as far as it fits. */
struct prefix_cache;

/* n: cases.  budget: bytes that may be kept. */
struct prefix_cache *prefix_cache_new(int n, size_t budget);
void prefix_cache_free(struct prefix_cache *c);

/*
 * A sample of case i that shares what is kept (the caller frees it), or NULL: then
 * the caller makes it and must call prefix_cache_put() afterwards.  When another
 * thread is at it, waits for that one.  An error (no memory) gives NULL as well.
 */
struct sample *prefix_cache_get(struct prefix_cache *c, int i);

/*
 * Offers what was made (borrowed; NULL: it failed).  It is kept when it fits: small
 * volumes as copies, large ones shared.  The caller may go on and edit its sample, since
 * shared voxels are copied by whoever writes.
 */
void prefix_cache_put(struct prefix_cache *c, int i, const struct sample *s);

size_t prefix_cache_bytes(struct prefix_cache *c);

#endif
