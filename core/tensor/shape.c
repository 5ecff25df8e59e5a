/*
 * Shapes: products are checked where they can come from outside (files,
 * configurations), so that later code may multiply freely.
 */
#include "core/tensor/shape.h"

#include <stdio.h>

#include "core/base/mem.h"

struct shape shape1(int64_t a)
{
	return (struct shape){1, {a}};
}

struct shape shape5(int64_t n, int64_t d, int64_t h, int64_t w, int64_t c)
{
	return (struct shape){5, {n, d, h, w, c}};
}

size_t shape_count(const struct shape *s)
{
	size_t n = 1;

	for (int i = 0; i < s->n; i++)
		n *= (size_t)s->d[i];
	return n;
}

int shape_bytes(const struct shape *s, size_t elem, size_t *bytes)
{
	size_t n = elem;

	for (int i = 0; i < s->n; i++) {
		if (s->d[i] < 0 || mem_mul(n, (size_t)s->d[i], &n))
			return -1;
	}
	if (n > PTRDIFF_MAX)
		return -1;
	*bytes = n;
	return 0;
}

bool shape_eq(const struct shape *a, const struct shape *b)
{
	if (a->n != b->n)
		return false;
	for (int i = 0; i < a->n; i++)
		if (a->d[i] != b->d[i])
			return false;
	return true;
}

char *shape_text(const struct shape *s, char out[SHAPE_TEXT])
{
	size_t n = 0;

	if (!s->n)
		snprintf(out, SHAPE_TEXT, "scalar");
	for (int i = 0; i < s->n; i++)
		n += (size_t)snprintf(
			out + n, SHAPE_TEXT - n, i ? "x%lld" : "%lld", (long long)s->d[i]);
	return out;
}

int64_t shape_voxels(const struct shape *s)
{
	return s->d[1] * s->d[2] * s->d[3];
}

int64_t shape_channels(const struct shape *s)
{
	return s->d[s->n - 1];
}
