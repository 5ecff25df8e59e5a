#ifndef CORE_VOLUME_WARP_H
#define CORE_VOLUME_WARP_H

#include "core/base/rng.h"
#include "core/volume/resample.h"

/*
 * A window of a volume through one composed mapping: rotation, scale, shift and an
 * elastic displacement, sampled once from the source, so that nothing is blurred
 * twice and only the window is computed.
 *
 *     source voxel = m * (o + d(o)),   o: voxel of the window
 *
 * d is a cubic B-spline over a grid of control points (Rueckert et al., 1999).
 */
struct warp {
	double m[3][4]; /* the last column is the shift */
	/* Control points, already multiplied by m's 3 x 3 part: [axis][z][y][x]; NULL: none. */
	float *control;
	int knots[3];  /* control points along x, y, z */
	double gap[3]; /* distance between them, voxels of the window */
};

/* What to do with source positions outside of the volume. */
enum warp_padding {
	WARP_ZEROS,  /* 0 there; between the last voxel and one further the image fades out */
	WARP_BORDER, /* the nearest voxel of the border */
};

/* The box that begins at source voxel start: no rotation, no deformation. */
void warp_init(struct warp *w, const int start[3]);
void warp_release(struct warp *w);

/*
 * Turns what is seen about the middle of a window of size voxels by the angles (radians,
 * about x, then y, then z), after it was made larger by scale, then moves it by shift
 * (voxels).  spacing: voxel size, for rotations in mm where voxels are no cubes.
 */
void warp_affine(struct warp *w, const int size[3], const double spacing[3], const double angle[3],
	const double scale[3], const double shift[3]);

/*
 * Adds a random displacement: control points every gap voxels (at least 4), each moved by up
 * to strength * gap along each axis.  Up to 0.4 it does not fold (Choi and Lee, 2000).  After
 * warp_affine().
 */
void warp_deform(struct warp *w, const int size[3], const double gap[3], const double strength[3],
	struct rng *rng);

/*
 * The window as a new volume, all channels.  The grid is that of the box at m's shift before
 * any turning: the caller sets the affine.  Keeps file and original grid.  One thread.
 */
struct volume *warp_volume(const struct volume *v, const int size[3], const struct warp *w,
	enum resample_mode mode, enum warp_padding padding, struct err *err) MUST_CHECK;

#endif
