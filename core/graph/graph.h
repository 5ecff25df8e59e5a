#ifndef CORE_GRAPH_GRAPH_H
#define CORE_GRAPH_GRAPH_H

#include "core/graph/op.h"

/*
 * A network as a static graph: nodes in the order in which they were made, which
 * is a valid order of computation.  The graph owns its nodes; free with
 * graph_free().  Names of parameters and states are stable: checkpoints use them.
 */
enum node_kind {
	NODE_INPUT, /* given before each step: image, label */
	NODE_PARAM, /* trained */
	NODE_STATE, /* kept with the weights, not trained: running statistics */
	NODE_OP,
};

enum init_kind {
	INIT_CONST,
	INIT_HE_NORMAL,      /* N(0, 2 / fan_in), He et al. 2015 */
	INIT_GLOROT_UNIFORM, /* U(+-sqrt(6 / (fan_in + fan_out))), Glorot & Bengio 2010 */
};

struct init {
	enum init_kind kind;
	double value; /* INIT_CONST */
	double fan_in, fan_out;
};

struct node {
	int id;
	enum node_kind kind;
	char *name;
	struct shape shape;
	struct init init;
	const struct op *op;
	void *attr;
	int n_in;
	struct node *in[OP_MAX_IN];
	bool output; /* its value is wanted after forward */
	bool grad;   /* depends on a parameter through differentiable inputs */
};

struct graph {
	struct node **node;
	int n;
	struct {
		struct node *node;
		float weight;
	} loss[512]; /* a regulariser may have one per layer */
	int n_loss;
	bool training; /* set before building: branches that only the loss needs are wanted */
};

struct graph *graph_new(void);
void graph_free(struct graph *g);

/* Names must be new in the graph; a second one is ERR_DATA. */
struct node *graph_input(
	struct graph *g, const char *name, const struct shape *shape, struct err *err) MUST_CHECK;
struct node *graph_param(struct graph *g, const char *name, const struct shape *shape,
	struct init init, struct err *err) MUST_CHECK;
struct node *graph_state(struct graph *g, const char *name, const struct shape *shape, double value,
	struct err *err) MUST_CHECK;

/* attr (op->attr_size bytes) is copied.  name may be NULL: made from op and id. */
struct node *graph_op(struct graph *g, const struct op *op, const void *attr,
	struct node *const *in, int n_in, const char *name, struct err *err) MUST_CHECK;

/* Keeps the node's value readable after forward. */
void graph_output(struct graph *g, struct node *node);

/* Adds weight * node (a scalar) to the loss that backward differentiates. */
int graph_add_loss(struct graph *g, struct node *node, float weight, struct err *err) MUST_CHECK;

/* By name; NULL when there is none. */
struct node *graph_find(const struct graph *g, const char *name);

#endif
