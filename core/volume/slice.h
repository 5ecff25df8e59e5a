#ifndef CORE_VOLUME_SLICE_H
#define CORE_VOLUME_SLICE_H

#include "core/volume/volume.h"

/*
 * Two-dimensional pictures of a volume.  A picture is width x height pixels, one
 * per voxel, row 0 on top.  Orientation follows the affine's nearest patient axes:
 * axial with anterior on top, coronal and sagittal with superior on top, sagittal
 * with anterior on the left.  Radiological: patient right on the left of axial and
 * coronal pictures; neurological: the other way round.
 */
enum slice_plane {
	SLICE_AXIAL,
	SLICE_CORONAL,
	SLICE_SAGITTAL,
};

struct slice_map {
	enum slice_plane plane;
	int axis[3];  /* voxel axis of picture x, picture y and depth */
	bool flip[3]; /* the voxel index falls as picture x, y or depth grows */
	int width;    /* pixels */
	int height;
	int depth;    /* how many slices; slice 0 is most inferior, posterior or left */
	double mm[3]; /* pixel size along x and y, distance of slices */
	char edge[4]; /* patient side at the left, right, top, bottom: one of LRAPSI */
};

/* "axial", "coronal", "sagittal". */
const char *slice_plane_name(enum slice_plane plane);

void slice_map_init(struct slice_map *m, const int dim[3], const double affine[4][4],
	enum slice_plane plane, bool neurological);

/* Voxel to pixel and slice number, and back; indices are not clamped. */
void slice_from_voxel(const struct slice_map *m, const int voxel[3], int *x, int *y, int *slice);
void slice_to_voxel(const struct slice_map *m, int x, int y, int slice, int voxel[3]);

/*
 * Grey levels of one slice of channel c: value level - width/2 and below gives 0,
 * level + width/2 and above 255.  width <= 0 is a step at level.  out holds
 * width * height bytes.  A slice outside of the volume is black.
 */
void slice_grey(const struct slice_map *m, const struct volume *v, int c, int slice, double level,
	double width, uint8_t *out);

/* Values of the same pixels (for a read-out or a colour map). */
void slice_values(const struct slice_map *m, const struct volume *v, int c, int slice, float *out);

/*
 * Label ids of an overlay for the pixels of the same slice of v: the nearest voxel
 * of label by both affines, 0 outside of it, clamped to 255.  The two grids may differ.
 */
void slice_labels(const struct slice_map *m, const struct volume *v, const struct volume *label,
	int slice, uint8_t *out);

/*
 * Level and width that span the quantiles lo and hi (0.005 and 0.995 are usual) of
 * channel c; at most 262144 voxels, evenly spread, are looked at.  A constant
 * volume gives width 1.
 */
void slice_auto_window(
	const struct volume *v, int c, double lo, double hi, double *level, double *width);

#endif
