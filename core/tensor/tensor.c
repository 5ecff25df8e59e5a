/*
 * Tensors: a shape and a window into a reference-counted buffer.  Loader threads
 * hand batches to the job thread by moving or sharing buffers, so the count is
 * atomic; the bytes themselves are not locked: whoever shares one does not write.
 */
#include "core/tensor/tensor.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "core/base/mem.h"

struct buffer {
	atomic_int refs;
	size_t bytes;
	void *data;
};

struct buffer *buffer_new(size_t bytes, const char *what, struct err *err)
{
	struct buffer *b;
	void *data = mem_try_big(bytes ? bytes : 1, what, err);

	if (!data)
		return NULL;
	b = mem_zalloc(sizeof(*b));
	atomic_init(&b->refs, 1);
	b->bytes = bytes;
	b->data = data;
	return b;
}

struct buffer *buffer_ref(struct buffer *b)
{
	atomic_fetch_add(&b->refs, 1);
	return b;
}

void buffer_unref(struct buffer *b)
{
	if (!b || atomic_fetch_sub(&b->refs, 1) > 1)
		return;
	free(b->data);
	free(b);
}

void *buffer_data(const struct buffer *b)
{
	return b->data;
}

size_t buffer_bytes(const struct buffer *b)
{
	return b->bytes;
}

int tensor_init(struct tensor *t, enum dtype dtype, const struct shape *shape, const char *what,
	struct err *err)
{
	char text[SHAPE_TEXT];
	size_t bytes;

	*t = (struct tensor){.dtype = dtype, .shape = *shape};
	if (shape_bytes(shape, dtype_size(dtype), &bytes))
		return err_set(err, ERR_DATA, "%s: size %s is out of range", what,
			shape_text(shape, text));
	t->buf = buffer_new(bytes, what, err);
	return t->buf ? 0 : -1;
}

struct tensor tensor_ref(const struct tensor *t)
{
	if (t->buf)
		buffer_ref(t->buf);
	return *t;
}

void tensor_release(struct tensor *t)
{
	buffer_unref(t->buf);
	*t = (struct tensor){0};
}

void *tensor_data(const struct tensor *t)
{
	return t->buf ? (char *)t->buf->data + t->offset : NULL;
}

float *tensor_f32(const struct tensor *t)
{
	return t->dtype == DTYPE_F32 ? tensor_data(t) : NULL;
}

size_t tensor_count(const struct tensor *t)
{
	return t->buf ? shape_count(&t->shape) : 0;
}

size_t tensor_bytes(const struct tensor *t)
{
	return tensor_count(t) * dtype_size(t->dtype);
}

struct tensor tensor_slice(const struct tensor *t, int64_t i)
{
	struct tensor s = tensor_ref(t);

	s.shape.n = t->shape.n - 1;
	for (int k = 0; k < s.shape.n; k++)
		s.shape.d[k] = t->shape.d[k + 1];
	s.offset += (size_t)i * shape_count(&s.shape) * dtype_size(t->dtype);
	return s;
}
