/*
 * Dropout: in training each element is zeroed with probability rate, the others
 * are scaled by 1 / (1 - rate); otherwise the identity.  The draw of element i is
 * word i % 4 of Philox block i / 4 in the stream (seed, step, node), so backward
 * makes the mask again instead of keeping it, and any split over threads agrees.
 */
#include "core/graph/dropout_mask.h"

static int dropout_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	const struct dropout_attr *a = attr;

	(void)n_in;
	if (!(a->rate >= 0 && a->rate < 1))
		return err_set(
			err, ERR_DATA, "dropout rate %g is not in 0 <= rate < 1", (double)a->rate);
	*out = in[0];
	return 0;
}

/* y = x * mask */
static void dropout_run(const struct op_io *io, const float *x, float *y, bool add)
{
	size_t n = shape_count(&io->out_shape);
	struct dropout_mask m = dropout_mask_of(io);
	float keep[4];

	for (size_t i = 0; i < n; i++) {
		if (i % 4 == 0)
			dropout_mask_block(&m, i / 4, keep);
		op_store(&y[i], x[i] * keep[i % 4], add);
	}
}

static void dropout_forward(const struct op_io *io)
{
	dropout_run(io, io->in[0], io->out, false);
}

static void dropout_backward(const struct op_io *io)
{
	dropout_run(io, io->dout, io->din[0], io->acc & OP_IN(0));
}

static void dropout_example(struct rng *r, struct op_case *c)
{
	struct dropout_attr *a = (struct dropout_attr *)c->attr;

	a->rate = (float)rng_range(r, 0, 0.9);
	c->n_in = 1;
	c->in[0] = op_example_shape(r, 6);
}

const struct op op_dropout = {
	.name = "dropout",
	.attr_size = sizeof(struct dropout_attr),
	.min_in = 1,
	.max_in = 1,
	.flags = OP_INPLACE | OP_BWD_INPLACE,
	.shape = dropout_shape,
	.diff = op_bits_all,
	.bwd_needs = op_bits_none,
	.forward = dropout_forward,
	.backward = dropout_backward,
	.example = dropout_example,
};
