#ifndef CORE_CPU_UPFOLD_H
#define CORE_CPU_UPFOLD_H

#include <stdint.h>

/*
 * Weights of a 3x3x3 convolution over a doubled image (Co, then ci_all channels of
 * 27 taps, of which the first ca count) folded to those of the strided convolution
 * that upconv uses: Ca Co 4 4 4.
 */
void upfold(int threads, const float *w, float *folded, int64_t co, int64_t ca, int64_t ci_all);

/* The adjoint: gradients by the folded weights to gradients by the plain ones (overwritten). */
void upunfold(int threads, const float *folded, float *dw, int64_t co, int64_t ca, int64_t ci_all);

#endif
