#ifndef CORE_TENSOR_TENSOR_H
#define CORE_TENSOR_TENSOR_H

#include "core/tensor/dtype.h"
#include "core/tensor/shape.h"

/* Bytes in host memory, 64-byte aligned, shared by reference count (safe between threads). */
struct buffer;

struct buffer *buffer_new(size_t bytes, const char *what, struct err *err) MUST_CHECK;
struct buffer *buffer_ref(struct buffer *b);
void buffer_unref(struct buffer *b); /* NULL is fine */
void *buffer_data(const struct buffer *b);
size_t buffer_bytes(const struct buffer *b);

/*
 * A dense row-major tensor: a window into a buffer.  Zero-initialised it is
 * empty.  Copying the struct borrows; tensor_ref() makes a second owner.
 */
struct tensor {
	enum dtype dtype;
	struct shape shape;
	struct buffer *buf;
	size_t offset; /* bytes from the start of buf */
};

/* New buffer, contents undefined.  what names it in the message when memory is short. */
int tensor_init(struct tensor *t, enum dtype dtype, const struct shape *shape, const char *what,
	struct err *err) MUST_CHECK;
struct tensor tensor_ref(const struct tensor *t);
void tensor_release(struct tensor *t);

void *tensor_data(const struct tensor *t);
float *tensor_f32(const struct tensor *t); /* NULL when it is of another type */
size_t tensor_count(const struct tensor *t);
size_t tensor_bytes(const struct tensor *t);

/* Item i of the first dimension, as a window that owns a reference. */
struct tensor tensor_slice(const struct tensor *t, int64_t i);

#endif
