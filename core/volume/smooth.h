#ifndef CORE_VOLUME_SMOOTH_H
#define CORE_VOLUME_SMOOTH_H

#include "core/volume/volume.h"

/*
 * Gaussian blur of every channel of a writable volume, sigma in voxels along x, y, z
 * (0: none): sampled kernels of 4 sigma on either side that sum to 1, the border
 * voxel repeated beyond it.  One thread.
 */
int smooth_gaussian(struct volume *v, const double sigma[3], struct err *err) MUST_CHECK;

#endif
