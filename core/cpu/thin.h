#ifndef CORE_CPU_THIN_H
#define CORE_CPU_THIN_H

#include "core/graph/layers.h"

/*
 * Backward of a 1x1x1 convolution with few outputs (the last layer of a
 * segmentation network), in one pass over memory: dx (NULL: not wanted, may not be
 * x), dw Co Ci and db (NULL: none).  ci is a multiple of 16 up to THIN_MAX_CI,
 * co at most THIN_MAX_CO.  work: thin_work() bytes.
 */
#define THIN_MAX_CO 4
#define THIN_MAX_CI 64

struct thin_args {
	const float *x, *w, *dy;
	float *dx, *dw, *db;
	int64_t rows, ci, co;
};

size_t thin_work(int threads);
void thin_backward(int threads, const struct thin_args *a, void *work);

#endif
