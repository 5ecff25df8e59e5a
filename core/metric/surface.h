#ifndef CORE_METRIC_SURFACE_H
#define CORE_METRIC_SURFACE_H

#include <stddef.h>

/*
 * Distances in mm between the surfaces of two masks.  The surface of a mask are its
 * voxels with a face neighbour outside (the edge of the image counts as outside), as in
 * MONAI.  Distances are in the order of the voxels.
 */
struct surface_distances {
	double *pred;  /* from each surface voxel of the prediction to the label's surface */
	double *label; /* from each of the label's to the prediction's */
	size_t n_pred, n_label;
};

/* Masks of dim[0] x dim[1] x dim[2], x fastest.  Both sides are empty when one mask is. */
void surface_distances(struct surface_distances *s, const unsigned char *pred,
	const unsigned char *label, const int dim[3], const double spacing[3]);
void surface_release(struct surface_distances *s);

/* Percentile (0 .. 100) with linear interpolation, as NumPy's; sorts x.  NaN when n is 0. */
double surface_percentile(double *x, size_t n, double percentile);

#endif
