#ifndef CORE_METRIC_EDT_H
#define CORE_METRIC_EDT_H

/*
 * Exact squared Euclidean distance of every voxel to the nearest voxel of a set
 * (Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions", 2012): one
 * lower envelope of parabolas per line, along x, then y, then z, with the spacing in mm.
 *
 * set: dim[0] * dim[1] * dim[2] values, x fastest, not 0 where a voxel belongs to it.
 * out: squared mm; INFINITY everywhere when the set is empty.
 */
void edt_squared(const unsigned char *set, const int dim[3], const double spacing[3], double *out);

#endif
