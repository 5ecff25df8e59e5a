#ifndef CORE_TRANSFORM_FLIP_H
#define CORE_TRANSFORM_FLIP_H

#include "core/transform/sample.h"

/* Reverses the voxel axis (0: x, 1: y, 2: z) of a writable volume in place; the affine follows. */
void flip_axis(struct volume *v, int axis);

#endif
