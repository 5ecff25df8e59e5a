/*
 * Conversions between float formats, by their bits: no compiler extension and no
 * instruction set is needed, and every platform gives the same result.
 */
#include "core/tensor/convert.h"

#include <string.h>

static uint32_t convert_bits(float x)
{
	uint32_t b;

	memcpy(&b, &x, sizeof(b));
	return b;
}

static float convert_value(uint32_t b)
{
	float x;

	memcpy(&x, &b, sizeof(x));
	return x;
}

uint16_t convert_to_bf16(float x)
{
	uint32_t b = convert_bits(x);

	if ((b & 0x7fffffff) > 0x7f800000) /* NaN stays NaN, quiet */
		return (uint16_t)(b >> 16 | 0x40);
	return (uint16_t)((b + 0x7fff + (b >> 16 & 1)) >> 16);
}

float convert_from_bf16(uint16_t h)
{
	return convert_value((uint32_t)h << 16);
}

/* value * 2^-shift, rounded to nearest, ties to even. */
static uint32_t convert_shift(uint32_t value, int shift)
{
	uint32_t half = 1u << (shift - 1), rest = value & ((1u << shift) - 1);
	uint32_t out = value >> shift;

	return out + (rest > half || (rest == half && (out & 1)));
}

uint16_t convert_to_f16(float x)
{
	uint32_t b = convert_bits(x), sign = b >> 16 & 0x8000, abs = b & 0x7fffffff;
	int exponent = (int)(abs >> 23) - 127;
	uint32_t mantissa = (abs & 0x7fffff) | 0x800000;

	if (abs > 0x7f800000)
		return (uint16_t)(sign | 0x7e00);
	if (exponent > 15)
		return (uint16_t)(sign | 0x7c00);
	if (exponent >= -14) /* a carry out of the mantissa raises the exponent, as it should */
		return (uint16_t)(sign | (convert_shift(mantissa, 13) +
						 ((uint32_t)(exponent + 14) << 10)));
	if (exponent < -25)
		return (uint16_t)sign;
	return (uint16_t)(sign | convert_shift(mantissa, -exponent - 1));
}

float convert_from_f16(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, m = h & 0x3ff;

	if (exponent == 31)
		return convert_value(sign | 0x7f800000 | m << 13);
	if (exponent)
		return convert_value(sign | (exponent + 112) << 23 | m << 13);
	return (sign ? -1.0f : 1.0f) * (float)m * 5.9604644775390625e-8f; /* 2^-24 */
}

int convert_to_f32(enum dtype from, const void *src, size_t n, float *dst)
{
	const uint16_t *half = src;
	const double *wide = src;

	switch (from) {
	case DTYPE_F32:
		memcpy(dst, src, n * sizeof(*dst));
		return 0;
	case DTYPE_BF16:
		for (size_t i = 0; i < n; i++)
			dst[i] = convert_from_bf16(half[i]);
		return 0;
	case DTYPE_F16:
		for (size_t i = 0; i < n; i++)
			dst[i] = convert_from_f16(half[i]);
		return 0;
	case DTYPE_F64:
		for (size_t i = 0; i < n; i++)
			dst[i] = (float)wide[i];
		return 0;
	default:
		return -1;
	}
}

int convert_from_f32(enum dtype to, const float *src, size_t n, void *dst)
{
	uint16_t *half = dst;

	switch (to) {
	case DTYPE_F32:
		memcpy(dst, src, n * sizeof(*src));
		return 0;
	case DTYPE_BF16:
		for (size_t i = 0; i < n; i++)
			half[i] = convert_to_bf16(src[i]);
		return 0;
	case DTYPE_F16:
		for (size_t i = 0; i < n; i++)
			half[i] = convert_to_f16(src[i]);
		return 0;
	default:
		return -1;
	}
}
