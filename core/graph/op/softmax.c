/*
 * Softmax over the channels.  Backward needs only the result:
 * dx = y * (dy - sum(dy * y)).
 */
#include "core/graph/op.h"

#include <math.h>

static void softmax_forward(const struct op_io *io)
{
	int64_t c = shape_channels(&io->out_shape);
	int64_t total = (int64_t)shape_count(&io->out_shape) / c;

	for (int64_t i = 0; i < total; i++) {
		const float *x = io->in[0] + i * c;
		float *y = io->out + i * c, top = x[0];
		double sum = 0;

		for (int64_t k = 1; k < c; k++)
			top = x[k] > top ? x[k] : top;
		for (int64_t k = 0; k < c; k++) {
			y[k] = expf(x[k] - top);
			sum += (double)y[k];
		}
		for (int64_t k = 0; k < c; k++)
			y[k] = (float)((double)y[k] / sum);
	}
}

static void softmax_backward(const struct op_io *io)
{
	int64_t c = shape_channels(&io->out_shape);
	int64_t total = (int64_t)shape_count(&io->out_shape) / c;

	for (int64_t i = 0; i < total; i++) {
		const float *y = io->out + i * c, *dy = io->dout + i * c;
		double dot = 0;

		for (int64_t k = 0; k < c; k++)
			dot += (double)y[k] * (double)dy[k];
		for (int64_t k = 0; k < c; k++)
			op_store(&io->din[0][i * c + k],
				(float)((double)y[k] * ((double)dy[k] - dot)), io->acc & OP_IN(0));
	}
}

static void softmax_example(struct rng *r, struct op_case *c)
{
	c->n_in = 1;
	c->in[0] = op_example_shape(r, 6);
}

const struct op op_softmax = {
	.name = "softmax",
	.min_in = 1,
	.max_in = 1,
	.flags = OP_INPLACE | OP_BWD_INPLACE,
	.shape = op_shape_same,
	.diff = op_bits_all,
	.bwd_needs = op_bits_out,
	.forward = softmax_forward,
	.backward = softmax_backward,
	.example = softmax_example,
};
