/*
 * Divergence of a diagonal Gaussian from N(0, 1), as the variational branch of
 * SegResnet weighs it (Myronenko 2018): in[0] is N 1 1 1 2Z, means and then
 * logarithms of the variances,
 *
 *   L = scale / N * sum of mean^2 + var - log(var) - 1
 */
#include <math.h>

#include "core/graph/losses.h"

static int kl_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	(void)attr;
	(void)n_in;
	if (in[0].n != 5 || shape_voxels(&in[0]) != 1 || in[0].d[4] % 2)
		return err_set(err, ERR_DATA, "N 1 1 1 2Z means and variances wanted");
	*out = shape1(1);
	return 0;
}

static void kl_forward(const struct op_io *io)
{
	const struct kl_attr *a = io->attr;
	int64_t n = io->in_shape[0].d[0], z = io->in_shape[0].d[4] / 2;
	double sum = 0;

	for (int64_t i = 0; i < n; i++) {
		const float *mean = io->in[0] + i * 2 * z, *log_var = mean + z;

		for (int64_t k = 0; k < z; k++)
			sum += (double)mean[k] * (double)mean[k] + exp((double)log_var[k]) -
			       (double)log_var[k] - 1;
	}
	io->out[0] = (float)((double)a->scale * sum / (double)n);
}

static void kl_backward(const struct op_io *io)
{
	const struct kl_attr *a = io->attr;
	int64_t n = io->in_shape[0].d[0], z = io->in_shape[0].d[4] / 2;
	double f = (double)a->scale * (double)io->dout[0] / (double)n;

	for (int64_t i = 0; i < n; i++) {
		const float *mean = io->in[0] + i * 2 * z, *log_var = mean + z;
		float *d = io->din[0] + i * 2 * z;

		for (int64_t k = 0; k < z; k++) {
			op_store(&d[k], (float)(2 * f * (double)mean[k]), io->acc & OP_IN(0));
			op_store(&d[z + k], (float)(f * (exp((double)log_var[k]) - 1)),
				io->acc & OP_IN(0));
		}
	}
}

static void kl_example(struct rng *r, struct op_case *c)
{
	struct kl_attr *a = (struct kl_attr *)c->attr;

	a->scale = (float)rng_range(r, 0.1, 2);
	c->n_in = 1;
	c->in[0] = shape5(1 + (int64_t)rng_below(r, 3), 1, 1, 1, 2 + 2 * (int64_t)rng_below(r, 9));
}

const struct op op_loss_kl = {
	.name = "loss_kl",
	.attr_size = sizeof(struct kl_attr),
	.min_in = 1,
	.max_in = 1,
	.flags = OP_LOSS,
	.shape = kl_shape,
	.diff = op_bits_all,
	.bwd_needs = op_bits_first,
	.forward = kl_forward,
	.backward = kl_backward,
	.example = kl_example,
};
