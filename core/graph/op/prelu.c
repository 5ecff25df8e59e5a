/*
 * Leaky ReLU with a learned slope (He et al. 2015): in[1] holds one slope, shared
 * by all channels, or one per channel.
 *
 *   out = x > 0 ? x : slope * x
 *
 * Any slope is allowed, negative ones too, so backward reads x and not out.
 */
#include "core/graph/op.h"

static int prelu_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	(void)attr;
	(void)n_in;
	if (in[1].n != 1 || (in[1].d[0] != 1 && in[1].d[0] != shape_channels(&in[0])))
		return err_set(err, ERR_DATA, "one slope or one per channel wanted");
	*out = in[0];
	return 0;
}

static unsigned prelu_needs(const void *attr, int n_in)
{
	(void)attr;
	(void)n_in;
	return OP_IN(0) | OP_IN(1);
}

static size_t prelu_work(
	const void *attr, int n_in, const struct shape *in, const struct shape *out, bool backward)
{
	(void)attr;
	(void)n_in;
	(void)out;
	return backward ? sizeof(double) * (size_t)in[1].d[0] : 0;
}

static void prelu_forward(const struct op_io *io)
{
	size_t n = shape_count(&io->out_shape), slopes = (size_t)io->in_shape[1].d[0];

	for (size_t i = 0; i < n; i++) {
		float x = io->in[0][i];

		io->out[i] = x > 0 ? x : x * io->in[1][i % slopes];
	}
}

static void prelu_backward(const struct op_io *io)
{
	size_t n = shape_count(&io->out_shape), slopes = (size_t)io->in_shape[1].d[0];
	double *sum = io->work;

	for (size_t i = 0; i < slopes; i++)
		sum[i] = 0;
	for (size_t i = 0; i < n; i++) {
		float x = io->in[0][i], dy = io->dout[i];

		if (!(x > 0))
			sum[i % slopes] += (double)x * (double)dy;
		if (io->din[0])
			op_store(&io->din[0][i], x > 0 ? dy : dy * io->in[1][i % slopes],
				io->acc & OP_IN(0));
	}
	for (size_t i = 0; io->din[1] && i < slopes; i++)
		op_store(&io->din[1][i], (float)sum[i], io->acc & OP_IN(1));
}

static void prelu_example(struct rng *r, struct op_case *c)
{
	c->n_in = 2;
	c->in[0] = op_example_shape(r, 7);
	c->in[1] = shape1(rng_below(r, 2) ? 1 : c->in[0].d[4]);
	c->fill[1] = FILL_SMALL;
}

const struct op op_prelu = {
	.name = "prelu",
	.min_in = 2,
	.max_in = 2,
	.flags = OP_INPLACE | OP_BWD_INPLACE,
	.shape = prelu_shape,
	.diff = op_bits_all,
	.bwd_needs = prelu_needs,
	.work_bytes = prelu_work,
	.forward = prelu_forward,
	.backward = prelu_backward,
	.example = prelu_example,
};
