/*
 * Normal noise: Box and Muller's transform in single precision, both of its values
 * used, on words straight from the stream: words 2 i and 2 i + 1 give voxels 2 i and
 * 2 i + 1.  Logarithm, sine and cosine are loops that the compiler turns
 * into vector code.
 */
#include "core/transform/noise.h"

#include <math.h>

#include "core/graph/fmath.h"

enum { NOISE_BLOCK = 1024 };

/* Cosine and sine of 2 pi v, v in [0, 1) with at most 24 bits: errors below 2e-7. */
static inline void noise_turn(float v, float *c, float *s)
{
	float q = (float)(int32_t)(4 * v + 0.5f), a = (v - 0.25f * q) * 6.28318530718f, a2 = a * a;
	int32_t k = (int32_t)q;
	float sin_a = 1.0f / 362880, cos_a = 1.0f / 40320, x, y;

	/* Taylor's series up to |a| = pi / 4. */
	sin_a = sin_a * a2 - 1.0f / 5040;
	sin_a = sin_a * a2 + 1.0f / 120;
	sin_a = sin_a * a2 - 1.0f / 6;
	sin_a = sin_a * a2 * a + a;
	cos_a = cos_a * a2 - 1.0f / 720;
	cos_a = cos_a * a2 + 1.0f / 24;
	cos_a = cos_a * a2 - 0.5f;
	cos_a = cos_a * a2 + 1;
	x = k & 1 ? sin_a : cos_a;
	y = k & 1 ? cos_a : sin_a;
	*c = (k + 1) & 2 ? -x : x;
	*s = k & 2 ? -y : y;
}

static void noise_block(
	float *restrict x, const uint32_t *restrict words, size_t pairs, float sigma)
{
	for (size_t i = 0; i < pairs; i++) {
		/* 24 bits, so that u is never rounded to 0 or above 1 in float. */
		float u = ((float)(int32_t)(words[2 * i] >> 8) + 0.5f) * (1.0f / 16777216.0f);
		float v = (float)(int32_t)(words[2 * i + 1] >> 8) * (1.0f / 16777216.0f), c, s;
		float t = -2.0f * fmath_log(u), r = sigma * sqrtf(t > 0 ? t : 0);

		noise_turn(v, &c, &s);
		x[2 * i] += r * c;
		x[2 * i + 1] += r * s;
	}
}

void noise_add(float *x, size_t n, float sigma, struct rng *rng)
{
	uint32_t words[NOISE_BLOCK];

	for (size_t i = 0; i < n; i += NOISE_BLOCK) {
		size_t k = n - i < NOISE_BLOCK ? n - i : NOISE_BLOCK;

		rng_words(rng, words, (k + 1) / 2 * 2);
		noise_block(x + i, words, k / 2, sigma);
		if (k % 2) {
			float last[2] = {x[n - 1], 0};

			noise_block(last, words + k - 1, 1, sigma);
			x[n - 1] = last[0];
		}
	}
}
