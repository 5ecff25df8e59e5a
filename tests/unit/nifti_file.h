#ifndef TESTS_UNIT_NIFTI_FILE_H
#define TESTS_UNIT_NIFTI_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Hand-made NIfTI files for tests: every field can be made wrong. */
struct nifti_file {
	uint8_t *p; /* header and voxels */
	size_t len;
	int version;
	bool swap; /* fields are stored in the other byte order */
};

/*
 * A correct file of x * y * z voxels of a type (NIfTI code, bytes each), all bytes 0,
 * voxels at 352 (NIfTI-1) or 544, sform and qform 0, voxel size 1 mm.
 */
void nifti_file_init(
	struct nifti_file *f, int version, bool swap, int x, int y, int z, int code, int bytes);
void nifti_file_release(struct nifti_file *f);

/* Stores numbers at a byte offset in the file's byte order. */
void nifti_file_i16(struct nifti_file *f, size_t at, int v);
void nifti_file_i32(struct nifti_file *f, size_t at, int32_t v);
void nifti_file_i64(struct nifti_file *f, size_t at, int64_t v);
void nifti_file_f32(struct nifti_file *f, size_t at, double v);
void nifti_file_f64(struct nifti_file *f, size_t at, double v);

/* Offset of the first voxel. */
size_t nifti_file_voxels(const struct nifti_file *f);

/* Writes len bytes to DIR/NAME and returns the path (static, until the next call). */
const char *nifti_file_put(const char *dir, const char *name, const void *data, size_t len);

/* The same packed as a gzip member; the packed size goes to *packed when not NULL. */
const char *nifti_file_put_gz(
	const char *dir, const char *name, const void *data, size_t len, size_t *packed);

/* $AXIAL_TEST_DATA (default ../shared/data) joined with sub; NULL, after a message, when absent. */
const char *nifti_test_data(const char *sub);

#endif
