#ifndef CORE_TENSOR_SAFETENSORS_READ_H
#define CORE_TENSOR_SAFETENSORS_READ_H

#include "core/tensor/dtype.h"
#include "core/tensor/shape.h"

/*
 * A safetensors file opened for reading.  Format: 8 bytes N (little-endian), N
 * bytes of JSON, then the data.  Strict: N <= 100 MB and inside the file, UTF-8,
 * known dtypes, rank <= 5, checked products, tensors that tile the data exactly
 * (no overlap, no hole, nothing behind them), distinct names, "__metadata__" of
 * strings only.  Zero-size tensors and 0-d scalars are accepted.
 */
struct safetensors;

struct st_info {
	char *name;
	enum dtype dtype;
	struct shape shape;  /* n == 0: a scalar */
	size_t begin, bytes; /* place inside the data section */
};

struct safetensors *safetensors_open(const char *path, struct err *err) MUST_CHECK;
void safetensors_close(struct safetensors *st); /* NULL is fine */

int safetensors_count(const struct safetensors *st);
const struct st_info *safetensors_at(const struct safetensors *st, int i);
const struct st_info *safetensors_find(const struct safetensors *st, const char *name);

/* Value of a "__metadata__" key, or NULL. */
const char *safetensors_meta(const struct safetensors *st, const char *key);

/*
 * Compares the data with the checksum of safetensors_write_sum(): ERR_DATA when they
 * differ.  A file without one passes.
 */
int safetensors_verify(const struct safetensors *st, struct err *err) MUST_CHECK;

/* Reads a tensor's data; bytes must equal info->bytes. */
int safetensors_load(const struct safetensors *st, const struct st_info *info, void *dst,
	size_t bytes, struct err *err) MUST_CHECK;

/* Finds name, requires dtype and shape, reads it.  A missing or different tensor is ERR_DATA. */
int safetensors_load_named(const struct safetensors *st, const char *name, enum dtype dtype,
	const struct shape *shape, void *dst, struct err *err) MUST_CHECK;

/*
 * The same for weights: F16, BF16 and F64 are converted to float; another type is
 * ERR_DATA.
 */
int safetensors_load_f32(const struct safetensors *st, const char *name, const struct shape *shape,
	float *dst, struct err *err) MUST_CHECK;

/* Can safetensors_load_f32() read this type? */
bool safetensors_is_float(enum dtype t);

#endif
