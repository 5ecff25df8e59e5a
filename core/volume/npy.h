#ifndef CORE_VOLUME_NPY_H
#define CORE_VOLUME_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include "core/volume/volume.h"
#include "core/volume/voxel.h"

#define NPY_MAX_HEADER ((size_t)64 << 10)

/* A checked header of a .npy file. */
struct npy_info {
	int dim[3];   /* x, y, z: the first three indices of the array, 1 where there are fewer */
	int channels; /* the fourth index */
	bool fortran; /* the first index runs fastest in the file */
	bool swapped; /* big endian */
	const struct voxel_type *type;
	size_t offset, bytes; /* of the values */
};

/*
 * Reads the header: format versions 1 to 3, numbers of 1 to 8 bytes, 1 to 4 dimensions.
 * ERR_DATA names what is wrong; the size of the file must be exactly that of the array.
 */
int npy_read_info(const char *path, struct npy_info *info, struct err *err) MUST_CHECK;

/* The array as a volume: index [x, y, z, channel]; the affine is the identity. */
struct volume *npy_read(const char *path, struct err *err) MUST_CHECK;

#endif
