#ifndef CORE_GRAPH_FMATH_H
#define CORE_GRAPH_FMATH_H

#include <stdint.h>
#include <string.h>

/*
 * exp and log in single precision for loops that the compiler turns into vector
 * code: branch-free, no table, no errno (glibc's vector versions are only offered
 * under -ffast-math).  Relative error below 2e-7 each.
 */

/* e^x; 0 below -87.3, about 2e38 above 88. */
static inline float fmath_exp(float x)
{
	const float shift = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
	float y = x < -87.3f ? -87.3f : x > 88.0f ? 88.0f : x;
	float k = y * 1.44269504f + shift - shift;
	float r = y - k * 0.693359375f + k * 2.12194440e-4f; /* ln 2 in two parts */
	float p = 1.0f / 5040;
	uint32_t bits = ((uint32_t)(int32_t)k + 127) << 23;
	float scale;

	/* Taylor's series: the first term left out is 5e-9 at |r| = ln 2 / 2. */
	p = p * r + 1.0f / 720;
	p = p * r + 1.0f / 120;
	p = p * r + 1.0f / 24;
	p = p * r + 1.0f / 6;
	p = p * r + 0.5f;
	p = p * r + 1;
	p = p * r + 1;
	memcpy(&scale, &bits, sizeof(scale));
	return x < -87.3f ? 0 : p * scale;
}

/* Natural logarithm of a normal positive number (1.2e-38 and above); NaN of NaN. */
static inline float fmath_log(float x)
{
	uint32_t bits;
	int32_t k;
	float m, s, s2, p, e;

	memcpy(&bits, &x, sizeof(bits));
	k = (int32_t)(bits - 0x3f3504f3) >> 23; /* so that m lies in sqrt(1/2) .. sqrt(2) */
	bits -= (uint32_t)k << 23;
	memcpy(&m, &bits, sizeof(m));
	e = (float)k;
	/* log m = 2 artanh((m - 1) / (m + 1)): the first term left out is 7e-10. */
	s = (m - 1) / (m + 1);
	s2 = s * s;
	p = 2.0f / 9;
	p = p * s2 + 2.0f / 7;
	p = p * s2 + 2.0f / 5;
	p = p * s2 + 2.0f / 3;
	p = e * 0.693359375f + (s * s2 * p + (2 * s - e * 2.12194440e-4f));
	return x == x ? p : x;
}

#endif
