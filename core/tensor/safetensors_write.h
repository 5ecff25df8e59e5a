#ifndef CORE_TENSOR_SAFETENSORS_WRITE_H
#define CORE_TENSOR_SAFETENSORS_WRITE_H

#include "core/tensor/dtype.h"
#include "core/tensor/shape.h"

/* One tensor to write; data is borrowed until the call returns. */
struct st_item {
	const char *name;
	enum dtype dtype;
	struct shape shape;
	const void *data;
};

/* One line of "__metadata__": both are text. */
struct st_meta {
	const char *key;
	const char *value;
};

/*
 * Writes a safetensors file atomically (temporary file, fsync, rename): tensors
 * in the given order, each streamed from its own memory without a second copy.
 * Names must be distinct.  meta may be NULL when n_meta is 0.
 */
int safetensors_write(const char *path, const struct st_item *items, int n,
	const struct st_meta *meta, int n_meta, struct err *err) MUST_CHECK;

/*
 * The same with a checksum of the data in the metadata (SAFETENSORS_SUM: CRC-32 in
 * eight hexadecimal digits), which safetensors_verify() compares.
 */
#define SAFETENSORS_SUM "data_crc32"
int safetensors_write_sum(const char *path, const struct st_item *items, int n,
	const struct st_meta *meta, int n_meta, struct err *err) MUST_CHECK;

#endif
