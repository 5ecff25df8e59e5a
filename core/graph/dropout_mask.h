#ifndef CORE_GRAPH_DROPOUT_MASK_H
#define CORE_GRAPH_DROPOUT_MASK_H

#include "core/graph/layers.h"

/* The mask of a dropout call, so that reference and kernels draw the same one. */
struct dropout_mask {
	struct rng r;
	uint32_t limit; /* words below are dropped */
	float scale;
	bool on;
};

static inline struct dropout_mask dropout_mask_of(const struct op_io *io)
{
	const struct dropout_attr *a = (const struct dropout_attr *)io->attr;

	return (struct dropout_mask){rng_stream(io->seed, io->step, io->node, 0x64726f70),
		(uint32_t)((double)a->rate * 4294967296.0), 1 / (1 - a->rate), io->training};
}

/* Factors of the elements 4 * block ... 4 * block + 3. */
static inline void dropout_mask_block(const struct dropout_mask *m, uint64_t block, float keep[4])
{
	uint32_t ctr[4] = {(uint32_t)block, (uint32_t)(block >> 32), m->r.ctr[2], m->r.ctr[3]};
	uint32_t word[4];

	if (m->on)
		rng_philox(ctr, m->r.key, word);
	for (int i = 0; i < 4; i++)
		keep[i] = !m->on ? 1 : word[i] < m->limit ? 0 : m->scale;
}

#endif
