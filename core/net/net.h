#ifndef CORE_NET_NET_H
#define CORE_NET_NET_H

#include "core/graph/graph.h"

/*
 * A network component (COMPONENT_NETWORK) builds its graph from an image node of
 * shape N D H W C; the number of input channels is the image's.  An image with D = 1
 * makes a 2-D network: kernels, strides and pooling are 1 in D then.  A classifier's
 * output is N 1 1 1 classes.  With g->training, branches that only the loss needs (a
 * variational decoder) are added; their parameters are absent otherwise.
 */
struct net_out {
	struct node *logits; /* before the final activation, N D H W classes */
	struct node *pred;   /* after it (the same node when it is linear); marked as output */
};

struct net_ops {
	/*
	 * args: the component's parsed arguments.  Adds regularisers through
	 * graph_add_loss().  An argument that does not fit the image is ERR_DATA.
	 */
	int (*build)(const void *args, struct graph *g, struct node *image, struct net_out *out,
		struct err *err);
	int (*classes)(const void *args); /* channels of the output */
};

#endif
