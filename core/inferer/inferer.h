#ifndef CORE_INFERER_INFERER_H
#define CORE_INFERER_INFERER_H

#include "core/base/err.h"
#include "core/component.h"
#include "core/volume/volume.h"

/*
 * An inferer applies a network to a whole volume.  It knows nothing of the engine:
 * inferer_window() says for which input shape the caller must compile, and the
 * caller's predict() runs that.
 */
struct inferer_window {
	int size[3]; /* x, y, z: the network's input is {batch, size[2], size[1], size[0], cin} */
	int batch;   /* windows per call */
	int count;   /* windows that the volume takes */
};

struct inferer_net {
	int in_channels, out_channels;
	int divisor[3]; /* x, y, z: input sizes must be multiples (16 for four strides); 1 or more
			 */
	/*
	 * in: batch x D x H x W x cin; the first n windows count, the others are zero.
	 * out: batch x D x H x W x cout, to be filled.  Returns 0 or -1; a caller that
	 * was told to stop returns -1 as well.
	 */
	int (*predict)(void *ctx, const float *in, int n, float *out, struct err *err);
	void *ctx;
	/*
	 * The network's own memory for batch windows and their predictions, which predict() is
	 * then given: no copies in between.  NULL: run() brings its own.
	 */
	float *in, *out;
};

struct inferer_ops {
	int (*window)(const void *args, const int divisor[3], const int dim[3],
		struct inferer_window *w, struct err *err);
	int (*run)(const void *args, const struct inferer_net *net, const struct volume *image,
		struct volume *out, struct err *err);
};

/* The window for volumes of dim (x, y, z).  ERR_DATA when it would be too large to compute. */
int inferer_window(const struct component_use *u, const int divisor[3], const int dim[3],
	struct inferer_window *w, struct err *err) MUST_CHECK;

/*
 * Applies net to image: a new volume of out_channels on the same grid, with the
 * network's outputs (probabilities after softmax or sigmoid), blended where
 * windows overlap.  The caller frees it.  NULL on error.
 */
struct volume *inferer_run(const struct component_use *u, const struct inferer_net *net,
	const struct volume *image, struct err *err) MUST_CHECK;

#endif
