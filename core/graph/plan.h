#ifndef CORE_GRAPH_PLAN_H
#define CORE_GRAPH_PLAN_H

#include "core/backend.h"
#include "core/base/buf.h"
#include "core/graph/params.h"

/*
 * A graph compiled for one backend: fused steps, kernels, and one arena in which
 * every activation, gradient, saved value and workspace has an offset fixed by
 * liveness.  Nothing is allocated inside a step.  A plan borrows graph, params
 * and backend, which must outlive it; it is used by one thread at a time.
 *
 *   plan_upload(image), plan_upload(label)
 *   plan_forward(p, true, seed, step) -> plan_loss()
 *   plan_backward(p)                  -> params->g, then the optimizer, params_touch()
 */
struct plan;

struct plan_opts {
	bool training;  /* gradients; without it the arena is much smaller */
	bool no_fuse;   /* keep every node as a step of its own (tests) */
	bool reference; /* run the reference ops only (tests) */
	bool dry;       /* sizes and kernels only: no arena, no gradients, cannot run */
	/*
	 * BF16: convolutions round their operands to bf16 where the device gains by it; sums,
	 * weights, norms and losses stay fp32.
	 */
	enum dtype dtype;
};

struct plan *plan_new(struct graph *g, struct params *params, struct backend *b,
	const struct plan_opts *opts, struct err *err) MUST_CHECK;
void plan_free(struct plan *p);

/* Bytes of the arena (activations, gradients, saved values, workspaces). */
size_t plan_arena_bytes(const struct plan *p);

/*
 * Memory of a graph input, to be filled before forward, or of an output node after
 * it; host memory on the CPU backend.  NULL when the plan does not keep the node.
 * An input's memory may be reused inside a step: fill it before every step.
 */
float *plan_value(struct plan *p, const struct node *node);

/* Copies a whole input in, or an output out (works for every backend). */
int plan_upload(
	struct plan *p, const struct node *node, const float *src, struct err *err) MUST_CHECK;
int plan_download(struct plan *p, const struct node *node, float *dst, struct err *err) MUST_CHECK;

/*
 * training: dropout and batch statistics (running ones are updated); random ops
 * draw from (seed, step, node).
 */
int plan_forward(
	struct plan *p, bool training, uint64_t seed, uint64_t step, struct err *err) MUST_CHECK;

/* Weighted sum of the graph's losses after forward. */
double plan_loss(const struct plan *p);

/* Gradients of plan_loss() by every parameter into params->g (overwritten). */
int plan_backward(struct plan *p, struct err *err) MUST_CHECK;

/* Layers, parameters, arena bytes and FLOPs of a step, for people. */
void plan_describe(const struct plan *p, struct buf *out);

/* Floating-point operations of one forward (training: forward and backward). */
double plan_flops(const struct plan *p);

/* One step of the plan, for tests and the bench: what it is and how long it took last. */
struct plan_step_info {
	const char *op, *name;
	bool reference;          /* no kernel of the backend: the reference runs */
	double flops;            /* forward */
	double fwd_sec, bwd_sec; /* the last call; 0 unless plan_time(p, true) */
};
int plan_steps(const struct plan *p);
struct plan_step_info plan_step_info(const struct plan *p, int i);
void plan_time(struct plan *p, bool on);

/* One block of the arena, for tests: alive from step first to last (backward follows forward). */
struct plan_block_info {
	const char *what;
	size_t offset, bytes;
	int first, last;
};
int plan_blocks(const struct plan *p);
struct plan_block_info plan_block_info(const struct plan *p, int i);

#endif
