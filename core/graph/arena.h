#ifndef CORE_GRAPH_ARENA_H
#define CORE_GRAPH_ARENA_H

#include <stddef.h>

/* A piece of memory that is wanted from time first to time last, both included. */
struct arena_block {
	size_t bytes;
	int first, last;
	size_t offset; /* result: multiple of 64 */
};

/*
 * Gives every block an offset so that blocks alive at the same time do not
 * overlap, and returns the bytes needed.
 */
size_t arena_assign(struct arena_block *b, int n);

/* The most bytes alive at one time: no assignment can need less. */
size_t arena_bound(const struct arena_block *b, int n);

#endif
