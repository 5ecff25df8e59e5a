#ifndef CORE_GRAPH_DICE_H
#define CORE_GRAPH_DICE_H

#include <stddef.h>
#include "core/graph/losses.h"

/* What the op loss_dice and kernels for it share; formulas in op/loss_dice.c. */
struct dice_sums {
	double i, t, p; /* intersection, target, prediction */
};

struct dice_coef {
	double t, p, one; /* d(mean of f)/dp = t * target + p * prediction + one */
};

/* Chunks of LOSS_CHUNK voxels per item of N D H W C. */
size_t dice_chunks(const struct shape *in);

/*
 * The loss from the sums of all chunks (part: items x chunks x classes) of a prediction of
 * shape in, and the coefficients of its gradient (coef: items x classes), whose sign is that
 * of the mean of f: the loss has the opposite.
 */
double dice_finish(const struct dice_attr *a, const struct shape *in, const struct dice_sums *part,
	struct dice_coef *coef);

/*
 * For fusion: the op dice over the activation act (with act_attr) as one op, and with a
 * second loss of the same logits and label.  false: it cannot be put that way.
 */
bool dice_logits_of_dice(const struct op *act, const void *act_attr, const struct dice_attr *dice,
	struct dice_logits_attr *to);
bool dice_logits_add(
	struct dice_logits_attr *a, const struct op *second, const struct entropy_attr *entropy);

#endif
