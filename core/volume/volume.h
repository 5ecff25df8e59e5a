#ifndef CORE_VOLUME_VOLUME_H
#define CORE_VOLUME_VOLUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/err.h"

/*
 * A 3D image in memory: fp32, x fastest, channels slowest:
 *     value(c, x, y, z) = data[((c * dim[2] + z) * dim[1] + y) * dim[0] + x]
 * Configured sizes ([x, y, z]) are in this order.  In a network's NDHWC tensor
 * D = z, H = y, W = x, so a one-channel volume needs no reordering.
 *
 * The voxels are shared and counted: volume_share() is cheap, and whoever wants
 * to write calls volume_make_writable() first.  The grid at load time is kept,
 * so that results can be written on it.
 */
struct volume_data; /* refcounted voxels */

struct volume_grid {
	int dim[3];
	double affine[4][4]; /* voxel index -> mm, RAS+ (NIfTI convention) */
};

struct volume {
	int channels;
	int dim[3];          /* x, y, z */
	double affine[4][4]; /* voxel index -> mm, RAS+ */
	float *data;         /* channels * x * y * z values; do not write when shared */
	struct volume_data *owner;
	struct volume_grid original; /* of the file it was read from */
	char *file;                  /* path it was read from, or NULL */
	size_t nonfinite;            /* voxels of the file that were NaN or Inf and became 0 */
};

/* A volume of undefined voxels, identity affine.  ERR_NOMEM when too large. */
struct volume *volume_new(int channels, const int dim[3], struct err *err) MUST_CHECK;

/* The same over voxels from mem_try_big() that are large enough; the volume frees them. */
struct volume *volume_wrap(int channels, const int dim[3], float *voxels);

struct volume *volume_share(const struct volume *v);
void volume_free(struct volume *v);

/* Makes sure that no other volume shares the voxels (copies them when one does). */
int volume_make_writable(struct volume *v, struct err *err) MUST_CHECK;

/* Replaces the voxels of v by those of from (which is consumed); keeps file and original grid. */
void volume_take(struct volume *v, struct volume *from);

size_t volume_voxels(const struct volume *v); /* x * y * z, channels not counted */

/* Voxel size in mm along x, y, z: lengths of the affine's columns. */
void volume_spacing(const struct volume *v, double spacing[3]);

/*
 * For label maps: values within 1e-3 of a whole number are rounded; a fraction, a
 * negative value, one above max_label, NaN or Inf is ERR_DATA with file and voxel.
 */
int volume_check_label(struct volume *v, int max_label, struct err *err) MUST_CHECK;

/* ERR_DATA when sizes differ, spacings differ by 1 % or corners lie more than 1 mm apart. */
int volume_check_same_grid(
	const struct volume *a, const struct volume *b, struct err *err) MUST_CHECK;

#endif
