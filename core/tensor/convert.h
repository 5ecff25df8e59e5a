#ifndef CORE_TENSOR_CONVERT_H
#define CORE_TENSOR_CONVERT_H

#include <stdint.h>
#include "core/tensor/dtype.h"

/*
 * Between fp32 and the half-width formats that weight files may hold: bf16 (the
 * upper half of an fp32) and IEEE fp16.  Narrowing rounds to nearest, ties to
 * even; what is too large for fp16 becomes an infinity.
 */
uint16_t convert_to_bf16(float x);
float convert_from_bf16(uint16_t h);
uint16_t convert_to_f16(float x);
float convert_from_f16(uint16_t h);

/* Largest finite fp16. */
#define CONVERT_F16_MAX 65504.0f

/* n values of type from (F32, BF16, F16 or F64) to fp32.  -1: another type, dst untouched. */
int convert_to_f32(enum dtype from, const void *src, size_t n, float *dst);

/* n fp32 values to type to (F32, BF16 or F16).  -1: another type, dst untouched. */
int convert_from_f32(enum dtype to, const float *src, size_t n, void *dst);

#endif
