#ifndef CORE_VOLUME_COMPONENTS_H
#define CORE_VOLUME_COMPONENTS_H

#include <stddef.h>
#include <stdint.h>
#include "core/base/err.h"

enum components_connectivity {
	COMPONENTS_6 = 6,   /* faces */
	COMPONENTS_26 = 26, /* faces, edges and corners */
};

/*
 * Labels the connected components of the voxels where mask is not 0.  mask and
 * labels hold dim[0] * dim[1] * dim[2] values, x fastest.  labels gets 0 for the
 * background and 1 ... n in the order of each component's first voxel.  Returns n,
 * or -1 (ERR_NOMEM).
 */
int components_label(const uint8_t *mask, const int dim[3], enum components_connectivity conn,
	int32_t *labels, struct err *err) MUST_CHECK;

/*
 * Keeps the largest component of mask and clears the rest; of equal ones the first.
 * *voxels (may be NULL) gets its size, 0 for an empty mask.
 */
int components_keep_largest(uint8_t *mask, const int dim[3], enum components_connectivity conn,
	size_t *voxels, struct err *err) MUST_CHECK;

#endif
