#ifndef CORE_GRAPH_LOSSES_H
#define CORE_GRAPH_LOSSES_H

#include "core/graph/graph.h"

/*
 * Loss ops: in[0] is N D H W C (probabilities or logits), in[1] the label, N D H
 * W 1 of class numbers or N D H W C (onehot); out is a scalar.  They differentiate
 * in in[0].  With C = 1 the channel is the foreground, to which a label above 0.5
 * belongs, and skip_background has no effect.  A label outside 0 .. C-1 belongs
 * to no class.
 */
struct dice_attr {
	int32_t onehot, skip_background;
	int32_t squared; /* squares in the denominator */
	int32_t jaccard; /* the intersection is taken off the denominator */
	float smooth, top_smooth;
};

/* What in[0] of a loss with logarithms is. */
enum entropy_form {
	ENTROPY_SOFTMAX_LOGITS, /* the op takes the softmax itself */
	ENTROPY_SIGMOID_LOGITS, /* the op takes the sigmoid itself */
	ENTROPY_SOFTMAX_PROB,
	ENTROPY_SIGMOID_PROB,
};

#define ENTROPY_ALPHA_MAX 16

struct entropy_attr {
	int32_t form; /* enum entropy_form */
	int32_t onehot, skip_background;
	float smooth;    /* cross entropy of probabilities: log(p + smooth) */
	float gamma;     /* focal */
	int32_t n_alpha; /* focal: 0 none, 1 one for all classes, or C */
	float alpha[ENTROPY_ALPHA_MAX];
};

/* Each adds the loss to g and returns its scalar node, or NULL: shapes that do not fit. */
struct node *layer_dice(struct graph *g, struct node *prediction, struct node *label,
	const struct dice_attr *attr, struct err *err) MUST_CHECK;
struct node *layer_cross_entropy(struct graph *g, struct node *x, struct node *label,
	const struct entropy_attr *attr, struct err *err) MUST_CHECK;
struct node *layer_focal(struct graph *g, struct node *x, struct node *label,
	const struct entropy_attr *attr, struct err *err) MUST_CHECK;

/* Shape rule of the three: checks the label for onehot or class numbers; out {1}. */
int losses_shape(int onehot, const struct shape *in, struct shape *out, struct err *err) MUST_CHECK;

#endif
