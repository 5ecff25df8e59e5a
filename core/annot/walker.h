#ifndef CORE_ANNOT_WALKER_H
#define CORE_ANNOT_WALKER_H

#include <stddef.h>
#include <stdint.h>
#include "core/base/err.h"

/* What is known of a voxel before the walk. */
enum walker_seed { WALKER_FREE, WALKER_FORE, WALKER_BACK };

struct walker_input {
	int dim[3];                /* x, y, z; x fastest */
	double spacing[3];         /* mm */
	const float *image;        /* intensities */
	const unsigned char *seed; /* enum walker_seed; at least one of each */
	double contrast;    /* intensity difference that a walker crosses with weight exp(-1) */
	const float *prior; /* may be NULL: 0 ... 1, how much a voxel looks like foreground */
	double prior_weight;
	int iterations; /* of the solver, at most */
};

/*
 * Random walker (Grady, "Random Walks for Image Segmentation", 2006; with a prior as in Grady
 * 2005): out[i] is the probability that a walker from voxel i meets a foreground seed first;
 * exactly 1 and 0 at the seeds.  Edges weigh exp(-(difference / contrast)^2) / spacing^2.
 * Conjugate gradients with the diagonal as preconditioner: the same bits for the same input.
 * ERR_NOMEM.
 */
int walker_solve(const struct walker_input *in, float *out, struct err *err) MUST_CHECK;

/*
 * The cheapest path of 26-neighbours from voxel a to voxel b of a field of costs (Dijkstra):
 * a step costs (cost[from] + cost[to]) / 2 times its length in mm.  path gets 1 at its voxels,
 * others stay.  ERR_NOMEM.
 */
int walker_path(const int dim[3], const double spacing[3], const float *cost, const int a[3],
	const int b[3], unsigned char *path, struct err *err) MUST_CHECK;

#endif
