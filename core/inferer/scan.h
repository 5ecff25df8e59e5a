#ifndef CORE_INFERER_SCAN_H
#define CORE_INFERER_SCAN_H

#include "core/inferer/inferer.h"

/*
 * Windows over a volume, one axis at a time: the windows are all combinations of
 * the starts of the three axes, and a voxel's weight in a window is the product of
 * three numbers, so the sum of weights over all windows is a product as well and
 * needs no volume of its own.
 */
struct scan_axis {
	int size;      /* window */
	int n;         /* how many starts */
	int *start;    /* in voxels of the volume; below 0 or past the end is padding */
	float *weight; /* size values: of a voxel in the window */
	float *total;  /* dim values: sum of weights over all windows that cover the voxel */
};

struct scan {
	struct scan_axis axis[3]; /* x, y, z */
	int batch;
};

/*
 * Starts for an axis of dim voxels with windows of size voxels that overlap by
 * that fraction, as MONAI places them: steps of size * (1 - overlap), the last
 * window flush with the end.  dim below size: one window, padding split evenly.
 * sigma: deviation of Gaussian weights in voxels; 0: weights 1.
 */
void scan_axis_init(struct scan_axis *a, int dim, int size, double overlap, double sigma);
void scan_release(struct scan *s);

/* Number of windows; INT_MAX when above that. */
int scan_count(const struct scan *s);

/* Runs net over all windows of image and blends into out (same grid, out_channels). */
int scan_run(const struct scan *s, const struct inferer_net *net, const struct volume *image,
	struct volume *out, struct err *err) MUST_CHECK;

#endif
