/*
 * A draw from a diagonal Gaussian (Kingma & Welling 2014): in[0] is N 1 1 1 2Z, the
 * means and then the logarithms of the variances; out is N 1 1 1 Z,
 *
 *   z = mean + exp(log_var / 2) * e,   e ~ N(0, 1)
 *
 * e comes from the stream (seed, step, node), so backward draws it again; outside of
 * training it is 0.
 */
#include <math.h>

#include "core/graph/op.h"

static int sample_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	(void)attr;
	(void)n_in;
	if (in[0].n != 5 || shape_voxels(&in[0]) != 1 || in[0].d[4] % 2)
		return err_set(err, ERR_DATA, "N 1 1 1 2Z means and variances wanted");
	*out = in[0];
	out->d[4] /= 2;
	return 0;
}

static struct rng sample_stream(const struct op_io *io)
{
	return rng_stream(io->seed, io->step, io->node, 0x76616520);
}

static void sample_forward(const struct op_io *io)
{
	int64_t z = io->out_shape.d[4], n = io->out_shape.d[0];
	struct rng r = sample_stream(io);

	for (int64_t i = 0; i < n; i++) {
		const float *mean = io->in[0] + i * 2 * z, *log_var = mean + z;

		for (int64_t k = 0; k < z; k++) {
			double e = io->training ? rng_normal(&r) : 0;

			io->out[i * z + k] = mean[k] + (float)(exp(0.5 * (double)log_var[k]) * e);
		}
	}
}

static void sample_backward(const struct op_io *io)
{
	int64_t z = io->out_shape.d[4], n = io->out_shape.d[0];
	struct rng r = sample_stream(io);

	for (int64_t i = 0; i < n; i++) {
		const float *log_var = io->in[0] + i * 2 * z + z, *dz = io->dout + i * z;
		float *d = io->din[0] + i * 2 * z;

		for (int64_t k = 0; k < z; k++) {
			double e = io->training ? rng_normal(&r) : 0;
			double slope = 0.5 * exp(0.5 * (double)log_var[k]) * e;

			op_store(&d[k], dz[k], io->acc & OP_IN(0));
			op_store(&d[z + k], (float)(slope * (double)dz[k]), io->acc & OP_IN(0));
		}
	}
}

static void sample_example(struct rng *r, struct op_case *c)
{
	c->n_in = 1;
	c->in[0] = shape5(1 + (int64_t)rng_below(r, 3), 1, 1, 1, 2 + 2 * (int64_t)rng_below(r, 9));
}

const struct op op_vae_sample = {
	.name = "vae_sample",
	.min_in = 1,
	.max_in = 1,
	.shape = sample_shape,
	.diff = op_bits_all,
	.bwd_needs = op_bits_first,
	.forward = sample_forward,
	.backward = sample_backward,
	.example = sample_example,
};
