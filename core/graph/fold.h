#ifndef CORE_GRAPH_FOLD_H
#define CORE_GRAPH_FOLD_H

#include "core/graph/params.h"

/*
 * A batch norm with fixed statistics is a scale and a shift per channel, so it
 * can be taken into the convolution before it:
 *
 *   scale = gamma / sqrt(var + eps)
 *   weight' = scale * weight,  beta' = beta + scale * (bias - mean)
 *
 * The folded network is the convolution with weight' and with beta' as its bias;
 * gamma, mean, var and the convolution's own bias are gone, the other names stay.
 * Group and instance norms depend on the image and cannot be folded, nor can a
 * batch norm that does not directly follow a convolution.
 */
struct graph_fold {
	char *weight, *gamma, *beta, *mean, *var;
	char *bias; /* of the convolution; NULL: none */
	float eps;
	int axis; /* of the output channels in weight */
};

struct graph_folds {
	struct graph_fold *v;
	int n;
};

/*
 * Makes g, which must be an inference graph, the folded one: its losses go, batch
 * norms are folded where they can be, and nodes that no output needs are removed
 * (inputs stay).  Pointers to nodes that are still needed stay good, ids change.
 * What was folded is added to folds (may be NULL).
 */
void graph_fold(struct graph *g, struct graph_folds *folds);

/*
 * PReLUs with one slope become leaky ReLUs of the slope that params has now, which fuse into
 * the convolution before.  Slopes below 0.01, negative ones among them, stay as they are.
 */
void graph_fold_prelu(struct graph *g, const struct params *params);
void graph_folds_release(struct graph_folds *folds);

#endif
