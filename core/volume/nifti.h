#ifndef CORE_VOLUME_NIFTI_H
#define CORE_VOLUME_NIFTI_H

#include "core/volume/volume.h"

/* What the header says, without reading voxels; a file that was cut is found nevertheless. */
struct nifti_info {
	int ndim;
	int dim[7];
	double affine[4][4];
	int datatype;          /* NIfTI code: 4 int16, 16 float32 ... */
	const char *type_name; /* "int16" */
	size_t bytes;          /* of voxel data, unpacked */
};

/*
 * Reads a NIfTI-1/2 file (.nii, .nii.gz; any real datatype, either byte order;
 * scl_slope and scl_inter applied; sform before qform before pixdim).  A 4-D file
 * becomes channels.  Every size is checked against the file before memory is
 * taken.  Faults: ERR_NOINPUT missing, ERR_DATA malformed (with what and where).
 */
struct volume *nifti_read(const char *path, struct err *err) MUST_CHECK;
int nifti_read_info(const char *path, struct nifti_info *info, struct err *err) MUST_CHECK;

enum nifti_dtype {
	NIFTI_OUT_UINT8,
	NIFTI_OUT_INT16,
	NIFTI_OUT_FLOAT32,
};

/*
 * Writes v (.nii or .nii.gz by name), atomically; integer types are rounded and
 * clamped.  All text fields of the header are zero and the gzip header carries no
 * name and no time.
 */
int nifti_write(const char *path, const struct volume *v, enum nifti_dtype type,
	struct err *err) MUST_CHECK;

#endif
