#ifndef CORE_DATA_BATCH_H
#define CORE_DATA_BATCH_H

#include "core/data/pipeline.h"

/* Memory of one batch of this shape. */
struct batch *batch_new(const struct pipeline_shape *shape, struct err *err) MUST_CHECK;
void batch_free(struct batch *b);

/* Bytes of its voxels. */
size_t batch_bytes(const struct batch *b);

/*
 * Writes the fields "image" and "label" of s into place i, channels last.  Other
 * places may be written by other threads meanwhile.  A sample without label is all
 * zeros.  ERR_DATA when sizes or channels are not those of the batch.
 */
int batch_put(struct batch *b, int i, struct sample *s, struct err *err) MUST_CHECK;

#endif
