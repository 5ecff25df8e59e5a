#ifndef CORE_VOLUME_VOXEL_H
#define CORE_VOLUME_VOXEL_H

#include <stdbool.h>
#include <stddef.h>

/* Voxel types of NIfTI files. */
struct voxel_type {
	int code; /* NIfTI's */
	const char *name;
	int bytes;     /* 0: no whole bytes */
	bool readable; /* a real number that voxel_to_float() takes */
	double max;    /* largest magnitude (integers), else 0 */
};

/* NULL for a code that NIfTI does not know. */
const struct voxel_type *voxel_type_find(int code);

/*
 * out[i] = src[i] * slope + inter as fp32, in double precision in between; swap: src
 * has the other byte order.  NaN and Inf become 0 and are counted in the result.
 * src need not be aligned.  Types of at most 4 bytes may lie in the same memory as
 * out when they end where out ends or later: each voxel is read before it is
 * written over.
 */
size_t voxel_to_float(const struct voxel_type *type, bool swap, double slope, double inter,
	const void *src, float *out, size_t n);

/* Rounds (half to even) and clamps n floats to the range of uint8 or int16. */
void voxel_to_uint8(const float *src, unsigned char *out, size_t n);
void voxel_to_int16(const float *src, short *out, size_t n);

#endif
