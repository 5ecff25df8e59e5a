#ifndef CORE_LOSS_LOSS_H
#define CORE_LOSS_LOSS_H

#include "core/base/err.h"
#include "core/component.h"

struct graph;
struct node;

/* The network's final activation. */
enum loss_activation {
	LOSS_LINEAR, /* prediction and logits are the same values */
	LOSS_SOFTMAX,
	LOSS_SIGMOID, /* channels are independent of each other */
};

/*
 * What a loss is built from; all nodes are N D H W C, fp32.
 *   prediction  C channels, after the final activation
 *   logits      C channels, before it; NULL when unknown.  Losses with a logarithm
 *               prefer it: log-softmax neither overflows nor loses the gradient at p = 0
 *   label       one channel of class numbers 0 .. C-1, or C channels (is_onehot_targets)
 * With C = 1 the only channel is the foreground: a label above 0.5 belongs to it.
 */
struct loss_input {
	struct node *prediction;
	struct node *logits;
	struct node *label;
	enum loss_activation activation;
};

struct loss_ops {
	/* Adds the nodes to g; *loss is a scalar node (shape {1}).  Errors: shapes that disagree.
	 */
	int (*build)(const void *args, struct graph *g, const struct loss_input *in,
		struct node **loss, struct err *err);
	/* Faults across arguments; may be NULL. */
	void (*check)(const void *args, const char *file, const char *path, struct problems *ps);
};

/* Builds the configured loss; the error names the component and its place. */
int loss_build(const struct component_use *u, struct graph *g, const struct loss_input *in,
	struct node **loss, struct err *err) MUST_CHECK;

#endif
