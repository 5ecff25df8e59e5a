#ifndef CORE_VOLUME_NIFTI_HEADER_H
#define CORE_VOLUME_NIFTI_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/volume/voxel.h"
#include "core/base/err.h"

#define NIFTI_HEADER_MAX 544 /* bytes of a NIfTI-2 header with its extension flag */
#define NIFTI_OUT_OFFSET 352 /* where voxels begin in files that we write */

/* A checked header: every number in it is safe to use. */
struct nifti_header {
	int version;  /* 1 or 2 */
	bool swapped; /* the other byte order */
	bool pair;    /* voxels in a separate .img file */
	int ndim;
	int dim[7];   /* at least 1 each */
	int channels; /* dim[3] */
	const struct voxel_type *type;
	size_t voxels;       /* of all channels */
	size_t bytes;        /* of voxel data */
	size_t offset;       /* where it begins */
	double slope, inter; /* 1, 0 when the file does not scale */
	double affine[4][4];
};

/*
 * Checks the first len bytes of a file and fills h.  ERR_DATA names path, field and
 * its byte offset; what is odd but harmless goes to the log.
 */
int nifti_header_parse(const void *data, size_t len, const char *path, struct nifti_header *h,
	struct err *err) MUST_CHECK;

/* A NIfTI-1 header (and 4 zero bytes) for voxels of a type; the text fields are zero. */
int nifti_header_make(const int dim[3], int channels, const double affine[4][4],
	const struct voxel_type *type, uint8_t out[NIFTI_OUT_OFFSET], struct err *err) MUST_CHECK;

#endif
