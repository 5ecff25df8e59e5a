#ifndef CORE_ANNOT_ANNOT_H
#define CORE_ANNOT_ANNOT_H

#include <stddef.h>
#include "core/volume/volume.h"

/*
 * Segmentation of one object without a model: from its six extreme points (any order, more are
 * fine), from clicks, or both.  Points are voxel indices x, y, z of the image.
 */
struct annot_request {
	const int (*extreme)[3]; /* on the object's surface; none, or 6 and more */
	int n_extreme;
	const int (*fore)[3], (*back)[3]; /* clicks inside and outside */
	int n_fore, n_back;
	double reach_mm;   /* with clicks alone: how far the object may reach; 0: 40 */
	size_t max_voxels; /* of the grid that is computed on: bounds the time; 0: ANNOT_FINE */
};

/* Grids for a first answer and for a good one. */
enum { ANNOT_COARSE = 16384, ANNOT_FINE = 262144 };

/*
 * mask: a byte per voxel of image (first channel), 1 inside.  Every foreground click is inside
 * and every background click outside.  Equal input, equal mask.  Errors: ERR_USAGE neither six
 * extreme points nor a foreground click, a point outside of the image, the same voxel clicked as
 * both; ERR_NOMEM.
 */
int annot_segment(const struct volume *image, const struct annot_request *q, unsigned char *mask,
	struct err *err) MUST_CHECK;

#endif
