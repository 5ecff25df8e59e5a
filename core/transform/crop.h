#ifndef CORE_TRANSFORM_CROP_H
#define CORE_TRANSFORM_CROP_H

#include <stdbool.h>
#include <stdint.h>
#include "core/transform/sample.h"

/*
 * Replaces the voxels of v by the box of size voxels that begins at start (may lie
 * partly outside: 0 there).  The affine moves along; file and original grid stay.
 * Only the box is allocated and read.
 */
int crop_box(struct volume *v, const int start[3], const int size[3], struct err *err) MUST_CHECK;

/*
 * Where a crop of size begins so that its middle is at centre as nearly as it can be without
 * leaving dim.  Along an axis where dim is smaller than size the volume lies in the middle.
 */
void crop_clamp(const int centre[3], const int size[3], const int dim[3], int start[3]);

/* First and last index per axis of the voxels above 0 in any channel; false: there are none. */
bool crop_foreground(const struct volume *v, int lo[3], int hi[3]);

/* A configured size (checked by its table to be 1 ... 4096) as int. */
void crop_size(const int64_t from[3], int size[3]);

#endif
