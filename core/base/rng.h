#ifndef CORE_BASE_RNG_H
#define CORE_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/*
 * Counter-based random numbers (Philox 4x32-10, Salmon et al., SC'11).  A stream
 * is named by its key, so draws do not depend on which thread makes them or on
 * what other streams did.  The whole state is this struct: copy it to save it.
 */
struct rng {
	uint32_t key[2];
	uint32_t ctr[4];
	uint32_t out[4];
	uint32_t used; /* how many words of out are spent; 4: none left */
};

/* The stream of (seed, epoch, item, purpose); equal names give equal streams. */
struct rng rng_stream(uint64_t seed, uint64_t epoch, uint64_t item, uint64_t purpose);

uint32_t rng_u32(struct rng *r);
void rng_words(struct rng *r, uint32_t *out, size_t n); /* the next n words of rng_u32() */
double rng_uniform(struct rng *r);                      /* in [0, 1) */
double rng_range(struct rng *r, double a, double b);    /* in [a, b) */
uint32_t rng_below(struct rng *r, uint32_t n);          /* in 0 .. n-1; n > 0 */
double rng_normal(struct rng *r);                       /* mean 0, deviation 1 */

/* Philox block function: four words from a counter and a key (for kernels and tests). */
void rng_philox(const uint32_t ctr[4], const uint32_t key[2], uint32_t out[4]);

/* A stable 64-bit hash of a string (FNV-1a): names a stream after a case id. */
uint64_t rng_hash(const char *s);

#endif
