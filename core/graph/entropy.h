#ifndef CORE_GRAPH_ENTROPY_H
#define CORE_GRAPH_ENTROPY_H

#include "core/graph/losses.h"

/* What cross entropy and focal loss share; see entropy.c for the formulas. */
int entropy_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err);
unsigned entropy_bwd_needs(const void *attr, int n_in);
size_t entropy_work_bytes(
	const void *attr, int n_in, const struct shape *in, const struct shape *out, bool backward);
size_t entropy_save_bytes(
	const void *attr, int n_in, const struct shape *in, const struct shape *out);

/*
 * Factor of the sum of terms over in (N D H W C).  norm: for means over labels, the sum over
 * voxels and classes that count of weight times target, or of the targets of a class whose
 * weight is not 0.
 */
double entropy_scale(const struct entropy_attr *a, const struct shape *in, bool focal, double norm);

void entropy_forward(const struct op_io *io, bool focal);
void entropy_backward(const struct op_io *io, bool focal);
void entropy_example(struct rng *r, struct op_case *c, bool focal);

#endif
