#ifndef CORE_TRANSFORM_NOISE_H
#define CORE_TRANSFORM_NOISE_H

#include <stddef.h>
#include "core/base/rng.h"

/* Adds independent normal noise of mean 0 and deviation sigma to n values. */
void noise_add(float *x, size_t n, float sigma, struct rng *rng);

#endif
