#ifndef CORE_GRAPH_PLAN_BUILD_H
#define CORE_GRAPH_PLAN_BUILD_H

#include "core/graph/arena.h"
#include "core/graph/plan.h"
#include "core/graph/steps.h"

/* Inside of a plan: shared by plan.c (running), plan_build.c, plan_info.c only. */
struct plan_step {
	struct step s;
	struct shape in_shape[OP_MAX_IN];
	struct kernel *k;
	bool reference; /* k wraps the reference op */
	bool active;    /* backward runs */
	unsigned want;  /* gradients that backward makes */
	struct op_io io;
	int save, fwd_work, bwd_work, keep; /* blocks, -1: none */
	int temp[OP_MAX_IN];                /* block of a gradient to be added, -1: none */
	float *add_to[OP_MAX_IN];
	double fwd_sec, bwd_sec;
};

struct plan {
	struct graph *g;
	struct params *params;
	struct backend *b;
	struct plan_opts opts;
	struct plan_step *step;
	int n;
	struct arena_block *block;
	char **what; /* name of each block */
	int n_block;
	int *value, *grad;    /* block by node id, -1: none */
	int *made, *last_use; /* by node id: step that makes it (-1), time of its last use */
	size_t arena_bytes;
	char *arena;
	bool forward_done, timing;
	uint64_t version; /* of the parameters at the last forward */
};

/* Steps, kernels, blocks, arena, pointers.  On failure the caller frees p. */
int plan_build(struct plan *p, struct err *err) MUST_CHECK;

void *plan_block_ptr(const struct plan *p, int block); /* NULL for -1 */

#endif
