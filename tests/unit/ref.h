#ifndef TESTS_UNIT_REF_H
#define TESTS_UNIT_REF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reference dumps made by the scripts in tests/ref (PyTorch); tests/ref/ref.py is
 * the other side of these functions.  A missing dump or tensor fails the test.
 */
struct ref;

/* tests/ref/data/NAME.safetensors. */
struct ref *ref_open(const char *name);
void ref_close(struct ref *r);

/* A tensor as float32 or float64, n values (checked); valid until ref_close(). */
const float *ref_f32(struct ref *r, const char *tensor, size_t n);
const double *ref_f64(struct ref *r, const char *tensor, size_t n);

/* The same numbers as values() and labels() of ref.py. */
void ref_values(const char *name, float *x, size_t n, double scale);
void ref_labels(const char *name, float *x, size_t n, int classes);

/* |a - b| / max(|b|) over n values. */
double ref_error(const float *a, const float *b, size_t n);

/* Largest relative difference between the digest of x and the dumped one, norm-wise. */
double ref_digest_error(
	struct ref *r, const char *tensor, const char *name, const float *x, size_t n);

#endif
