#ifndef CORE_TRANSFORM_CLICKS_H
#define CORE_TRANSFORM_CLICKS_H

#include "core/base/rng.h"
#include "core/transform/sample.h"

/*
 * Clicks of an annotator (deepgrow) are a field of two channels on the grid of the
 * label: 1 at the voxels clicked as foreground (channel 0) and as background (1).
 */

/*
 * Draws one voxel where mask is not 0, deep inside it more probable: weight exp(d) - 1, d the
 * chessboard distance in voxels to the nearest voxel of the image that is outside; all alike
 * when the mask is the whole image.  dim: x, y, z; x fastest.  Returns its index, or -1 when the
 * mask is empty.
 */
long clicks_draw(const unsigned char *mask, const int dim[3], struct rng *rng);

#endif
