#ifndef TESTS_UNIT_LOSS_REF_H
#define TESTS_UNIT_LOSS_REF_H

#include "core/graph/losses.h"

/*
 * Loss functions written down once more, in double, as directly as their
 * definitions read: what the ops are compared with.  x is N x voxels x C,
 * label N x voxels x (C if onehot, else 1).
 */
double loss_ref_dice(const struct dice_attr *a, const double *x, const float *label, int items,
	int voxels, int classes);
double loss_ref_cross_entropy(
	const struct entropy_attr *a, const double *x, const float *label, int voxels, int classes);
double loss_ref_focal(
	const struct entropy_attr *a, const double *x, const float *label, int voxels, int classes);

#endif
