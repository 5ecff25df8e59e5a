/*
 * Mean of the squared difference of two tensors of one shape.  The sum runs over a
 * fixed number of parts, added in order: the same bits for any number of threads.
 */
#include "core/graph/losses.h"

enum { MSE_PARTS = 64 };

static int mse_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	(void)attr;
	(void)n_in;
	if (!shape_eq(&in[0], &in[1]))
		return err_set(err, ERR_DATA, "two tensors of one shape wanted");
	*out = shape1(1);
	return 0;
}

static void mse_forward(const struct op_io *io)
{
	size_t n = shape_count(&io->in_shape[0]);
	const float *a = io->in[0], *b = io->in[1];
	double sum[MSE_PARTS], total = 0;

#pragma omp parallel for schedule(static)
	for (int p = 0; p < MSE_PARTS; p++) {
		double s = 0;

		for (size_t i = n * (size_t)p / MSE_PARTS; i < n * (size_t)(p + 1) / MSE_PARTS;
			i++) {
			double d = (double)a[i] - (double)b[i];

			s += d * d;
		}
		sum[p] = s;
	}
	for (int p = 0; p < MSE_PARTS; p++)
		total += sum[p];
	io->out[0] = (float)(total / (double)n);
}

static void mse_backward(const struct op_io *io)
{
	size_t n = shape_count(&io->in_shape[0]);
	float f = (float)(2 * (double)io->dout[0] / (double)n);

	for (int k = 0; k < 2; k++) {
		const float *a = io->in[k], *b = io->in[1 - k];
		float *d = io->din[k];
		bool acc = io->acc & OP_IN(k);

		if (!d)
			continue;
#pragma omp parallel for schedule(static)
		for (size_t i = 0; i < n; i++)
			d[i] = (acc ? d[i] : 0) + f * (a[i] - b[i]);
	}
}

static void mse_example(struct rng *r, struct op_case *c)
{
	c->n_in = 2;
	c->in[0] = c->in[1] = op_example_shape(r, 6);
}

const struct op op_loss_mse = {
	.name = "loss_mse",
	.min_in = 2,
	.max_in = 2,
	.flags = OP_LOSS,
	.shape = mse_shape,
	.diff = op_bits_all,
	.bwd_needs = op_bits_all,
	.forward = mse_forward,
	.backward = mse_backward,
	.example = mse_example,
};
