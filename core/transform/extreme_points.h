#ifndef CORE_TRANSFORM_EXTREME_POINTS_H
#define CORE_TRANSFORM_EXTREME_POINTS_H

#include "core/base/rng.h"
#include "core/transform/sample.h"

/*
 * The six outermost voxels of a label's foreground (first channel above 0), in the
 * order least x, most x, least y, most y, least z, most z (Maninis et al., "Deep
 * Extreme Cut", 2018).  Of several candidates the middle one, or with rng a random
 * one that is then moved by up to pert voxels along each axis, inside the volume.
 * False: there is no foreground.
 */
enum { EXTREME_POINTS = 6 };

bool extreme_points_find(
	const struct volume *label, struct rng *rng, int pert, int p[EXTREME_POINTS][3]);

#endif
