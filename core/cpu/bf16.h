#ifndef CORE_CPU_BF16_H
#define CORE_CPU_BF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conv_spec;

/* Has this CPU instructions for products of bf16 (AVX512_BF16, AMX), as oneDNN sees it? */
bool bf16_supported(void);

/*
 * Is the convolution faster with bf16 operands?  A rule by shape alone, never by
 * timing, so that the bits of a training do not depend on the load of the machine.
 */
bool bf16_pays(const struct conv_spec *s);

/* Rounds n floats to bf16, to the nearest and ties to even; NaN stays NaN. */
void bf16_round(uint16_t *dst, const float *src, size_t n);

#endif
