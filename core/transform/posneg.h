#ifndef CORE_TRANSFORM_POSNEG_H
#define CORE_TRANSFORM_POSNEG_H

#include "core/transform/sample.h"
#include "core/base/rng.h"

/*
 * Centres of crops: a foreground voxel with probability pos / (pos + neg), else a
 * background one, uniform over the voxels of its class.  One scan of the label
 * serves any number of draws.
 *
 * Foreground: label > 0; of a label with several channels (one-hot or nested
 * classes) any channel but the first, as in MONAI.  Background: the others, and
 * when image is given only those where its first channel is above 0 (MONAI's
 * image_threshold); when there are none of these, all others.
 */
struct posneg {
	const float *label; /* one channel; not owned unless map is set */
	const float *image; /* NULL: not asked */
	float *map;         /* owned: label made of several channels */
	int dim[3];
	size_t *plane[2]; /* voxels per plane: background, foreground; owned */
	size_t total[2];
};

/* Scans.  label (and image, may be NULL) must live until posneg_close(). */
void posneg_open(struct posneg *p, const struct volume *label, const struct volume *image);
void posneg_close(struct posneg *p);

/* One centre.  A class without voxels is replaced by the other. */
void posneg_draw(const struct posneg *p, double pos, double neg, struct rng *rng, int centre[3]);

#endif
