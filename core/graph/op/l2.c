/*
 * Sum of squares of a parameter: the L2 regulariser (weighted by the graph's
 * loss weight).
 */
#include "core/graph/op.h"

static int l2_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	(void)attr;
	(void)n_in;
	(void)in;
	(void)err;
	*out = shape1(1);
	return 0;
}

static void l2_forward(const struct op_io *io)
{
	size_t n = shape_count(&io->in_shape[0]);
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)io->in[0][i] * (double)io->in[0][i];
	io->out[0] = (float)sum;
}

static void l2_backward(const struct op_io *io)
{
	size_t n = shape_count(&io->in_shape[0]);

	for (size_t i = 0; i < n; i++)
		op_store(&io->din[0][i], 2 * io->in[0][i] * io->dout[0], io->acc & OP_IN(0));
}

static void l2_example(struct rng *r, struct op_case *c)
{
	c->n_in = 1;
	c->in[0] = op_example_shape(r, 4);
}

const struct op op_l2 = {
	.name = "l2",
	.min_in = 1,
	.max_in = 1,
	.flags = OP_LOSS,
	.shape = l2_shape,
	.diff = op_bits_all,
	.bwd_needs = op_bits_first,
	.forward = l2_forward,
	.backward = l2_backward,
	.example = l2_example,
};
