#ifndef CORE_VOLUME_AFFINE_H
#define CORE_VOLUME_AFFINE_H

#include "core/base/err.h"

/* 4x4 matrices that take voxel indices to mm in RAS+ (NIfTI); the last row is 0 0 0 1. */

void affine_identity(double a[4][4]);

/* out = a * b; out may be a or b. */
void affine_mul(const double a[4][4], const double b[4][4], double out[4][4]);

/* out = a^-1 (out may be a).  -1 when a is singular or not finite; out is then untouched. */
int affine_invert(const double a[4][4], double out[4][4]) MUST_CHECK;

/* out = a * p (out may be p): voxel to mm, or mm to voxel with the inverse. */
void affine_apply(const double a[4][4], const double p[3], double out[3]);

/* Lengths of the three columns: voxel size in mm. */
void affine_spacing(const double a[4][4], double spacing[3]);

/*
 * For each voxel axis the patient axis that it runs along most closely (0: left-right,
 * 1: posterior-anterior, 2: inferior-superior) and its sign (+1: towards R, A, S).
 * Each patient axis is used once: the assignment with the largest sum of |cosines|.
 */
void affine_axes(const double a[4][4], int axis[3], int sign[3]);

/* The same as three letters: "RAS", "LPS" ...: where each voxel index increases towards. */
void affine_codes(const double a[4][4], char codes[4]);

/* The affine of a grid made from a's by scaling the voxel indices about pixel centres: new
 * index i is old index (i + 0.5) * scale - 0.5 along each axis. */
void affine_rescale(const double a[4][4], const double scale[3], double out[4][4]);

/* The affine of a crop that begins at voxel start (may be negative, for padding). */
void affine_shift(const double a[4][4], const double start[3], double out[4][4]);

/* The affine after voxel axis i of n voxels was reversed. */
void affine_flip(const double a[4][4], int i, int n, double out[4][4]);

#endif
