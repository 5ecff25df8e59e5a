/*
 * Sum of two tensors of one shape (residual connections).
 */
#include "core/graph/op.h"

static int add_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	char a[SHAPE_TEXT], b[SHAPE_TEXT];

	(void)attr;
	(void)n_in;
	if (!shape_eq(&in[0], &in[1]))
		return err_set(err, ERR_DATA, "cannot add %s and %s", shape_text(&in[0], a),
			shape_text(&in[1], b));
	*out = in[0];
	return 0;
}

static void add_forward(const struct op_io *io)
{
	size_t n = shape_count(&io->out_shape);

	for (size_t i = 0; i < n; i++)
		io->out[i] = io->in[0][i] + io->in[1][i];
}

static void add_backward(const struct op_io *io)
{
	size_t n = shape_count(&io->out_shape);

	for (int k = 1; k >= 0; k--)
		for (size_t i = 0; io->din[k] && i < n; i++)
			op_store(&io->din[k][i], io->dout[i], io->acc & OP_IN(k));
}

static void add_example(struct rng *r, struct op_case *c)
{
	c->n_in = 2;
	c->in[0] = c->in[1] = op_example_shape(r, 7);
}

const struct op op_add = {
	.name = "add",
	.min_in = 2,
	.max_in = 2,
	.flags = OP_INPLACE | OP_BWD_INPLACE,
	.shape = add_shape,
	.diff = op_bits_all,
	.bwd_needs = op_bits_none,
	.forward = add_forward,
	.backward = add_backward,
	.example = add_example,
};
