#ifndef CORE_TRANSFORM_REORIENT_H
#define CORE_TRANSFORM_REORIENT_H

#include "core/transform/sample.h"

/*
 * Replaces v by a volume whose axis i is the old axis from[i], a permutation of 0, 1, 2.
 * The affine follows; voxels keep their place in the patient.
 */
int reorient_axes(struct volume *v, const int from[3], struct err *err) MUST_CHECK;

/* k quarter turns from axis a towards axis b (numpy's rot90). */
int reorient_rot90(struct volume *v, int k, int a, int b, struct err *err) MUST_CHECK;

/*
 * Exchanges and mirrors axes so that voxel axis i runs along patient axis axis[i] (0: left to
 * right, 1: posterior to anterior, 2: inferior to superior), towards its end where sign[i]
 * is 1, as nearly as that goes without interpolation.
 */
int reorient_closest(
	struct volume *v, const int axis[3], const int sign[3], struct err *err) MUST_CHECK;

#endif
