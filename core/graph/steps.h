#ifndef CORE_GRAPH_STEPS_H
#define CORE_GRAPH_STEPS_H

#include "core/graph/graph.h"

/* What a plan runs: one op with its attributes, after fusion. */
struct step {
	const struct op *op;
	_Alignas(16) unsigned char attr[OP_ATTR_MAX];
	int n_in;
	const struct node *in[OP_MAX_IN];
	const struct node *out;
};

struct steps {
	struct step *v;
	int n;
};

/* Does the backend have a kernel for this step? */
typedef bool steps_offer(void *ctx, const struct step *s);

/*
 * The steps of a graph in order: nodes that no output and no loss needs are left
 * out; with fuse the table of patterns is applied.  offer is asked about ops that
 * only a kernel makes worth while.
 */
void steps_init(struct steps *s, const struct graph *g, bool fuse, steps_offer *offer, void *ctx);
void steps_release(struct steps *s);

#endif
