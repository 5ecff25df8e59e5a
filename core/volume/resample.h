#ifndef CORE_VOLUME_RESAMPLE_H
#define CORE_VOLUME_RESAMPLE_H

#include "core/volume/volume.h"

enum resample_mode {
	RESAMPLE_NEAREST,
	RESAMPLE_LINEAR,
};

/*
 * A new volume of out_dim voxels that covers the same extent as v: out index i
 * maps to in index (i + 0.5) * in/out - 0.5 (pixel centres, edges clamped).  The
 * affine is updated.  Keeps file and original grid.
 */
struct volume *resample_to_dim(const struct volume *v, const int out_dim[3],
	enum resample_mode mode, struct err *err) MUST_CHECK;

/* The same to a spacing in mm; the size is round(dim * spacing / target), at least 1. */
struct volume *resample_to_spacing(const struct volume *v, const double target[3],
	enum resample_mode mode, struct err *err) MUST_CHECK;

/* Onto another grid by both affines; outside: the value 0. */
struct volume *resample_to_grid(const struct volume *v, const struct volume_grid *grid,
	enum resample_mode mode, struct err *err) MUST_CHECK;

/* The same; outside: the nearest voxel of the border. */
struct volume *resample_to_grid_border(const struct volume *v, const struct volume_grid *grid,
	enum resample_mode mode, struct err *err) MUST_CHECK;

#endif
