#ifndef CORE_CPU_THIN_CONV_H
#define CORE_CPU_THIN_CONV_H

#include "core/cpu/conv_prim.h"

/*
 * Convolutions with few channels (1 to 8 on one side), for which oneDNN pads
 * channels to whole vectors.  The spec, directions and arguments are those of
 * conv_prim.h (packed and is_packed are not used; sum is not offered).  With
 * bias_back the gradient of the data is the forward of a transposed convolution.
 */
bool thin_conv_fits(const struct conv_spec *s);

/* Bytes of a->scratch. */
size_t thin_conv_work(const struct conv_spec *s, int threads);
void thin_conv_run(const struct conv_spec *s, int threads, const struct conv_args *a);

#endif
