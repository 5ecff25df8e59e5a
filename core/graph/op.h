#ifndef CORE_GRAPH_OP_H
#define CORE_GRAPH_OP_H

#include <stdbool.h>
#include "core/base/rng.h"
#include "core/tensor/shape.h"

/*
 * An op: one row of ops.def and one file in core/graph/op/.  It states its shape
 * rule, what its gradient needs, a plain C reference of both directions, and how
 * to draw a random example of itself, from which the gradient check and the
 * parity tests are made.  Backends may bring faster kernels; the reference is
 * the definition and the fallback.
 *
 * All values are fp32, channels last.  Inputs of an op are other ops' outputs,
 * graph inputs, parameters or states, in the order the op documents.
 */
#define OP_MAX_IN    8
#define OP_ATTR_MAX  512
#define OP_NEEDS_OUT (1u << 31) /* for bwd_needs(): backward reads out */
#define OP_IN(i)     (1u << (i))

enum op_flags {
	OP_INPLACE = 1 << 0,     /* out may be the memory of in[0] (same count) */
	OP_BWD_INPLACE = 1 << 1, /* din[0] may be the memory of dout */
	OP_LOSS = 1 << 2,        /* out is a scalar {1}; dout holds its weight */
};

/*
 * One call of an op.  forward() reads in, writes out (and save).  backward()
 * reads dout, save, and those values that bwd_needs() asked for (others may be
 * gone: NULL), and for each i with din[i] != NULL stores the gradient of in[i]:
 * it adds when bit i of acc is set, else it overwrites all of it.  dout is free to
 * be overwritten.  work is scratch of work_bytes() bytes.
 */
struct op_io {
	const void *attr;
	int n_in;
	const struct shape *in_shape;
	struct shape out_shape;
	float *in[OP_MAX_IN]; /* not const: training forward updates states */
	float *out;
	float *dout;
	float *din[OP_MAX_IN];
	unsigned acc;
	void *save; /* kept from forward to backward */
	void *work;
	bool training;          /* dropout drops, batch norm uses batch statistics */
	uint64_t seed, step;    /* random ops draw from (seed, step, node) */
	uint64_t node;          /* id of the node in its graph */
	uint64_t param_version; /* changes whenever a parameter may have changed */
};

/* How a random example fills an input. */
enum op_fill {
	FILL_NORMAL,   /* N(0, 1) */
	FILL_POSITIVE, /* uniform in [0.5, 1.5) */
	FILL_LABEL,    /* whole numbers 0 .. classes - 1, stored as float */
	FILL_PROB,     /* positive, sums to 1 over the last dimension */
	FILL_SMALL,    /* N(0, 0.3) */
};

struct op_case {
	_Alignas(16) unsigned char attr[OP_ATTR_MAX];
	int n_in;
	struct shape in[OP_MAX_IN];
	enum op_fill fill[OP_MAX_IN];
	int classes;   /* for FILL_LABEL */
	bool training; /* run forward in training mode */
};

struct op {
	const char *name;
	size_t attr_size;
	int min_in, max_in;
	unsigned flags; /* enum op_flags */

	/* Checks inputs and sets *out.  err says what does not fit. */
	int (*shape)(const void *attr, int n_in, const struct shape *in, struct shape *out,
		struct err *err);

	/* Bit i: the op is differentiable in in[i] (labels and states are not). */
	unsigned (*diff)(const void *attr, int n_in);

	/* OP_IN(i) and OP_NEEDS_OUT bits: the values that backward reads. */
	unsigned (*bwd_needs)(const void *attr, int n_in);

	/* May be NULL: none needed. */
	size_t (*save_bytes)(
		const void *attr, int n_in, const struct shape *in, const struct shape *out);
	size_t (*work_bytes)(const void *attr, int n_in, const struct shape *in,
		const struct shape *out, bool backward);

	void (*forward)(const struct op_io *io);
	void (*backward)(const struct op_io *io); /* NULL: no gradient */

	/* Floating-point operations of forward; may be NULL: counts one per output element. */
	double (*flops)(
		const void *attr, int n_in, const struct shape *in, const struct shape *out);

	/* Draws a small random example (a few thousand elements at most). */
	void (*example)(struct rng *r, struct op_case *c);
};

#define OP(name) extern const struct op op_##name;
#include "core/graph/ops.def"
#undef OP

/* All rows of ops.def: i = 0 ..., NULL at the end. */
const struct op *op_at(int i);
const struct op *op_find(const char *name);

/* Stores a gradient element as acc says. */
static inline void op_store(float *d, float v, bool add)
{
	*d = add ? *d + v : v;
}

/* For ops that differentiate in all inputs, in the first only, and need no values. */
unsigned op_bits_all(const void *attr, int n_in);
unsigned op_bits_first(const void *attr, int n_in);
unsigned op_bits_none(const void *attr, int n_in);
unsigned op_bits_out(const void *attr, int n_in); /* OP_NEEDS_OUT */

/* Shape rule "out as in[0]". */
int op_shape_same(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err);

/* Shape rule of losses: in[0] N D H W C (prediction), in[1] N D H W 1 (label) -> {1}. */
int op_shape_loss(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err);

/* A random activation shape: N <= 2, edges 1 .. max_edge, C from 1, 2, 3, 5, 16, 17. */
struct shape op_example_shape(struct rng *r, int max_edge);

#endif
