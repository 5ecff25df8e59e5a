#ifndef CORE_TRANSFORM_INTENSITY_H
#define CORE_TRANSFORM_INTENSITY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Passes over the voxels of a field, at the speed of memory.  The order of sums depends
 * on n alone.
 */

/* Smallest and largest of n > 0 values. */
void intensity_range(const float *x, size_t n, float *least, float *most);

/*
 * Mean and standard deviation (of the whole, not of a sample) in double, in two passes;
 * nonzero: values of 0 are left out.  Returns how many counted; none: 0 and 0.
 */
size_t intensity_moments(const float *x, size_t n, bool nonzero, double *mean, double *deviation);

/* x[i] = (x[i] - sub) * factor; nonzero: values of 0 stay. */
void intensity_center(float *x, size_t n, bool nonzero, float sub, float factor);

/* x[i] = ((x[i] - lo) * scale)^gamma * range + lo, where what is below lo becomes lo. */
void intensity_gamma(float *x, size_t n, float lo, float scale, float range, float gamma);

#endif
