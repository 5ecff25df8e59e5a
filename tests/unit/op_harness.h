#ifndef TESTS_UNIT_OP_HARNESS_H
#define TESTS_UNIT_OP_HARNESS_H

#include "core/backend.h"

/*
 * Checks that run over any op, made from the op's own example(): the gradient
 * against finite differences, the contract (in place, adding, undeclared reads),
 * and a backend's kernel against the reference.
 */
struct op_report {
	bool ok;
	int cases;      /* examples that were run */
	int kernels;    /* parity: examples for which the backend had a kernel */
	double worst;   /* largest relative error */
	char what[200]; /* where it was */
};

/* Tolerances: relative to the larger of both values and the gradient's typical size. */
#define GRAD_TOLERANCE   2e-2
#define PARITY_TOLERANCE 2e-4

void gradcheck_op(const struct op *op, uint64_t seed, int cases, struct op_report *r);

/* made: the op that the backend is asked for; ref: whose reference is believed. */
void parity_op(struct backend *b, const struct op *ref, const struct op *made, uint64_t seed,
	int cases, struct op_report *r);

#endif
