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

/* The factor of class c's terms. */
static inline float entropy_class_weight(const struct entropy_attr *a, int c)
{
	return a->n_weight ? a->weight[a->n_weight > 1 ? c : 0] : 1;
}

/* Of a class against the rest: gamma, and the factors of its positive and negative terms. */
struct entropy_weights {
	float gamma, pos, neg;
};

static inline struct entropy_weights entropy_weights(
	const struct entropy_attr *a, int c, bool focal)
{
	struct entropy_weights w = {focal ? a->gamma : 0, 1, 1};

	if (a->n_alpha) {
		w.pos = a->alpha[a->n_alpha > 1 ? c : 0];
		w.neg = 1 - w.pos;
	}
	if (a->alpha_rule == ENTROPY_ALPHA_POSITIVE)
		w.neg = 1;
	else if (a->alpha_rule == ENTROPY_ALPHA_ONLY)
		w.neg = 0;
	w.pos *= entropy_class_weight(a, c);
	w.neg *= entropy_class_weight(a, c);
	return w;
}

void entropy_forward(const struct op_io *io, bool focal);
void entropy_backward(const struct op_io *io, bool focal);
void entropy_example(struct rng *r, struct op_case *c, bool focal);

#endif
