/*
 * Philox 4x32-10 random streams.
 *
 * Reference: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC'11; the known-answer vectors of that paper are in the tests.
 * The key mixes seed, epoch, item and purpose through SplitMix64, so that
 * neighbouring names give unrelated streams.
 */
#include "core/base/rng.h"

#include <math.h>
#include <string.h>

static const uint32_t PHILOX_M0 = 0xD2511F53u, PHILOX_M1 = 0xCD9E8D57u;
static const uint32_t PHILOX_W0 = 0x9E3779B9u, PHILOX_W1 = 0xBB67AE85u;

void rng_philox(const uint32_t ctr[4], const uint32_t key[2], uint32_t out[4])
{
	uint32_t c0 = ctr[0], c1 = ctr[1], c2 = ctr[2], c3 = ctr[3];
	uint32_t k0 = key[0], k1 = key[1];

	for (int i = 0; i < 10; i++) {
		uint64_t p0 = (uint64_t)PHILOX_M0 * c0, p1 = (uint64_t)PHILOX_M1 * c2;

		c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
		c1 = (uint32_t)p1;
		c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
		c3 = (uint32_t)p0;
		k0 += PHILOX_W0;
		k1 += PHILOX_W1;
	}
	out[0] = c0;
	out[1] = c1;
	out[2] = c2;
	out[3] = c3;
}

static uint64_t rng_mix(uint64_t x)
{
	x += 0x9E3779B97F4A7C15ull;
	x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
	x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
	return x ^ (x >> 31);
}

struct rng rng_stream(uint64_t seed, uint64_t epoch, uint64_t item, uint64_t purpose)
{
	uint64_t a = rng_mix(seed), b = rng_mix(a ^ epoch);
	uint64_t k = rng_mix(b ^ item), c = rng_mix(k ^ purpose);
	struct rng r = {{(uint32_t)k, (uint32_t)(k >> 32)}, {0}, {0}, 4};

	r.key[0] ^= (uint32_t)c;
	r.key[1] ^= (uint32_t)(c >> 32);
	r.ctr[2] = (uint32_t)rng_mix(c);
	r.ctr[3] = (uint32_t)(rng_mix(c) >> 32);
	return r;
}

uint32_t rng_u32(struct rng *r)
{
	if (r->used >= 4) {
		rng_philox(r->ctr, r->key, r->out);
		if (++r->ctr[0] == 0)
			r->ctr[1]++;
		r->used = 0;
	}
	return r->out[r->used++];
}

enum { PHILOX_LANES = 8 };

typedef uint64_t lanes __attribute__((vector_size(64)));

/* Blocks ctr, ctr + 1 ...: what rng_philox() gives, eight words of 32 bits in 64 at a time. */
static void philox_lanes(struct rng *r, uint32_t *out)
{
	const lanes zero = {0}, step = {0, 1, 2, 3, 4, 5, 6, 7}, low32 = zero + 0xffffffffu;
	uint64_t low = (uint64_t)r->ctr[1] << 32 | r->ctr[0];
	uint64_t k0 = r->key[0], k1 = r->key[1];
	lanes at = step + low, c0 = at & low32, c1 = at >> 32, c2 = zero + r->ctr[2],
	      c3 = zero + r->ctr[3];

	for (int round = 0; round < 10; round++) {
		lanes p0 = c0 * (uint64_t)PHILOX_M0, p1 = c2 * (uint64_t)PHILOX_M1;

		c0 = (p1 >> 32) ^ c1 ^ k0;
		c1 = p1 & low32;
		c2 = (p0 >> 32) ^ c3 ^ k1;
		c3 = p0 & low32;
		k0 = (uint32_t)(k0 + PHILOX_W0);
		k1 = (uint32_t)(k1 + PHILOX_W1);
	}
	for (int i = 0; i < PHILOX_LANES; i++) {
		out[4 * i] = (uint32_t)c0[i];
		out[4 * i + 1] = (uint32_t)c1[i];
		out[4 * i + 2] = (uint32_t)c2[i];
		out[4 * i + 3] = (uint32_t)c3[i];
	}
	low += PHILOX_LANES;
	r->ctr[0] = (uint32_t)low;
	r->ctr[1] = (uint32_t)(low >> 32);
}

void rng_words(struct rng *r, uint32_t *out, size_t n)
{
	size_t i = 0;

	while (i < n && r->used < 4)
		out[i++] = rng_u32(r);
	for (; n - i >= 4 * PHILOX_LANES; i += 4 * PHILOX_LANES) {
		philox_lanes(r, out + i);
		/* As if the words had been taken one by one: the state is comparable. */
		memcpy(r->out, out + i + 4 * PHILOX_LANES - 4, sizeof(r->out));
	}
	while (i < n)
		out[i++] = rng_u32(r);
}

double rng_uniform(struct rng *r)
{
	return rng_u32(r) * (1.0 / 4294967296.0);
}

double rng_range(struct rng *r, double a, double b)
{
	return a + (b - a) * rng_uniform(r);
}

uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)(((uint64_t)rng_u32(r) * n) >> 32);
}

double rng_normal(struct rng *r)
{
	double u = (rng_u32(r) + 0.5) * (1.0 / 4294967296.0);
	double v = rng_uniform(r);

	return sqrt(-2.0 * log(u)) * cos(2.0 * M_PI * v);
}

uint64_t rng_hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3ull;
	return h;
}
