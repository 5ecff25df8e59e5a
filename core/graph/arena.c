/*
 * Offsets by liveness.  Best packing is NP-hard; greedy placement (each block at
 * the lowest offset that is free over its whole life) comes within a few percent
 * when large blocks go first.  Three orders are tried, the smallest result kept:
 * by size, by size times life, by birth (Pisarchyk & Lee, "Efficient memory
 * management for deep neural net inference", 2020, compare such heuristics).
 */
#include "core/graph/arena.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

static const size_t ARENA_ALIGN = 64;

struct arena_ref {
	const struct arena_block *b;
	int index;
};

static int arena_by_index(const struct arena_ref *x, const struct arena_ref *y)
{
	return x->index < y->index ? -1 : x->index > y->index;
}

static int arena_by_size(const void *a, const void *b)
{
	const struct arena_ref *x = a, *y = b;

	if (x->b->bytes != y->b->bytes)
		return x->b->bytes > y->b->bytes ? -1 : 1;
	return arena_by_index(x, y);
}

static int arena_by_area(const void *a, const void *b)
{
	const struct arena_ref *x = a, *y = b;
	double p = (double)x->b->bytes * (x->b->last - x->b->first + 1);
	double q = (double)y->b->bytes * (y->b->last - y->b->first + 1);

	if (p != q)
		return p > q ? -1 : 1;
	return arena_by_index(x, y);
}

static int arena_by_birth(const void *a, const void *b)
{
	const struct arena_ref *x = a, *y = b;

	if (x->b->first != y->b->first)
		return x->b->first < y->b->first ? -1 : 1;
	return arena_by_size(a, b);
}

/* Lowest offset at which block r fits beside the placed ones (sorted by offset). */
static size_t arena_fit(const struct arena_block *b, const int *placed, int n_placed, int r)
{
	size_t at = 0;

	for (int i = 0; i < n_placed; i++) {
		const struct arena_block *p = &b[placed[i]];

		if (p->last < b[r].first || p->first > b[r].last)
			continue;
		if (p->offset >= at + b[r].bytes)
			break;
		if (p->offset + p->bytes > at)
			at = (p->offset + p->bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
	}
	return at;
}

static size_t arena_place(struct arena_block *b, int n, const struct arena_ref *order)
{
	int *placed = mem_alloc((size_t)(n + 1) * sizeof(*placed)), count = 0;
	size_t top = 0;

	for (int i = 0; i < n; i++) {
		int r = order[i].index, k;

		b[r].offset = arena_fit(b, placed, count, r);
		if (b[r].offset + b[r].bytes > top)
			top = b[r].offset + b[r].bytes;
		for (k = count++; k > 0 && b[placed[k - 1]].offset > b[r].offset; k--)
			placed[k] = placed[k - 1];
		placed[k] = r;
	}
	free(placed);
	return (top + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
}

size_t arena_assign(struct arena_block *b, int n)
{
	int (*const orders[])(const void *, const void *) = {
		arena_by_size, arena_by_area, arena_by_birth};
	struct arena_ref *order = mem_alloc((size_t)(n + 1) * sizeof(*order));
	struct arena_block *copy = mem_alloc((size_t)(n + 1) * sizeof(*copy));
	size_t best = (size_t)-1;

	for (size_t k = 0; k < ARRAY_SIZE(orders); k++) {
		size_t top;

		memcpy(copy, b, (size_t)n * sizeof(*b));
		for (int i = 0; i < n; i++)
			order[i] = (struct arena_ref){&b[i], i};
		qsort(order, (size_t)n, sizeof(*order), orders[k]);
		top = arena_place(copy, n, order);
		if (top < best) {
			best = top;
			memcpy(b, copy, (size_t)n * sizeof(*b));
		}
	}
	free(order);
	free(copy);
	return best;
}

size_t arena_bound(const struct arena_block *b, int n)
{
	size_t most = 0;

	for (int i = 0; i < n; i++) {
		size_t sum = 0;

		for (int k = 0; k < n; k++)
			if (b[k].first <= b[i].first && b[k].last >= b[i].first)
				sum += b[k].bytes;
		most = sum > most ? sum : most;
	}
	return most;
}
