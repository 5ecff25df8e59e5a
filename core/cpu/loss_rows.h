#ifndef CORE_CPU_LOSS_ROWS_H
#define CORE_CPU_LOSS_ROWS_H

#include "core/graph/loss_block.h"
#include "core/graph/losses.h"

/*
 * A block of up to 256 voxels in rows, one per class: value c of voxel i is [c * len + i].
 * z holds logits (or probabilities), p their softmax or sigmoid, t targets, g gradients.
 */
struct loss_rows {
	int classes, len, n;
	float *z, *p, *t, *g;
	int32_t top[256];                   /* softmax: the largest class, */
	float rest[256];                    /* part of the other classes in the sum, */
	float log_sum[256];                 /* log of the sum over z less its maximum, */
	float max[256], sum[256], inv[256]; /* that maximum, the sum, 1 over it */
};

void loss_rows_load(struct loss_rows *b, const float *x);
void loss_rows_target(struct loss_rows *b, const float *label, int label_channels);
void loss_rows_store(const struct loss_rows *b, float *dx, bool add);

/* p = softmax(z); logs: takes the maximum off z, and makes log_sum, top and rest. */
void loss_rows_softmax(struct loss_rows *b, bool logs);
void loss_rows_sigmoid(struct loss_rows *b);

/* Sums of the terms of cross entropy or focal loss, and what their mean is over. */
struct loss_terms {
	double loss, norm;
};

/*
 * Terms of the block, after loss_rows_softmax(b, true) where the form is softmax logits.
 * scale != 0: adds scale times the gradient to g (where the logits are z) as well.  Targets
 * may be overwritten.
 */
struct loss_terms loss_rows_entropy(
	struct loss_rows *b, const struct entropy_attr *a, bool focal, float scale);

#endif
