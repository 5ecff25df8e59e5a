/*
 * Batch and group normalisation (Ioffe & Szegedy 2015; Wu & He 2018; instance
 * norm is group norm with one channel per group), with a fused activation:
 *
 *   xhat = (x - mean) / sqrt(var + eps),  out = act(gamma * xhat + beta)
 *
 * var is the biased variance; the running one of batch norm is biased too (as in
 * TensorFlow).  Where the activation can be turned back, backward reads only out
 * and computes xhat = (act^-1(out) - beta) / gamma, so out may lie in x's memory:
 * one tensor per layer instead of two (In-Place ABN, Rota Bulo et al. 2018).  The
 * price: the gradient of a gamma that is exactly 0 is 0.  A plain norm has gamma 1
 * and beta 0 and no such parameters.
 *
 * With slopes (fusion) the activation is a PReLU (core/graph/op/prelu.c), whose slopes
 * are the last input; it cannot be turned back, so backward reads in[0].
 *
 * save: mean and 1/sqrt(var + eps) per set; a set is a channel (batch norm) or
 * an item's group.
 */
#include "core/graph/act.h"

#include <stdlib.h>

/* One set of elements that share statistics: items n0..n1, channels c0..c1 of all voxels. */
struct norm_set {
	int64_t n0, n1, c0, c1;
};

static int norm_inputs(const struct norm_attr *a)
{
	return (a->kind == NORM_BATCH ? 5 : a->plain ? 1 : 3) + (a->slopes ? 1 : 0);
}

static bool norm_from_out(const struct norm_attr *a)
{
	return !a->slopes && act_invertible(&a->act);
}

/* Slope of channel c below 0; only with slopes. */
static float norm_prelu(const struct op_io *io, int64_t c)
{
	const struct norm_attr *a = io->attr;

	return io->in[io->n_in - 1][a->slopes > 1 ? c : 0];
}

static double norm_gamma(const struct op_io *io, int64_t c)
{
	return ((const struct norm_attr *)io->attr)->plain ? 1 : (double)io->in[1][c];
}

static double norm_beta(const struct op_io *io, int64_t c)
{
	return ((const struct norm_attr *)io->attr)->plain ? 0 : (double)io->in[2][c];
}

static int norm_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	const struct norm_attr *a = attr;
	bool ok = in[0].n == 5 && n_in == norm_inputs(a) && !(a->plain && a->kind == NORM_BATCH);

	for (int i = 1; ok && i < n_in; i++)
		ok = in[i].n == 1 &&
		     in[i].d[0] == (a->slopes && i == n_in - 1 ? a->slopes : in[0].d[4]);
	ok &= !a->slopes || a->slopes == 1 || a->slopes == in[0].d[4];
	if (!ok)
		return err_set(err, ERR_DATA, "one gamma and beta per channel wanted");
	if (a->kind == NORM_GROUP && (a->groups < 1 || in[0].d[4] % a->groups))
		return err_set(err, ERR_DATA, "%lld channels cannot be split into %d groups",
			(long long)in[0].d[4], a->groups);
	*out = in[0];
	return 0;
}

static unsigned norm_diff(const void *attr, int n_in)
{
	const struct norm_attr *a = attr;

	return OP_IN(0) | (a->plain ? 0 : OP_IN(1) | OP_IN(2)) | (a->slopes ? OP_IN(n_in - 1) : 0);
}

static unsigned norm_needs(const void *attr, int n_in)
{
	const struct norm_attr *a = attr;

	return (a->plain ? 0 : OP_IN(1) | OP_IN(2)) | (a->slopes ? OP_IN(n_in - 1) : 0) |
	       (norm_from_out(a) ? OP_NEEDS_OUT : OP_IN(0));
}

static int64_t norm_sets(const struct norm_attr *a, const struct shape *x)
{
	return a->kind == NORM_BATCH ? x->d[4] : x->d[0] * a->groups;
}

static struct norm_set norm_set(const struct norm_attr *a, const struct shape *x, int64_t i)
{
	int64_t width = a->kind == NORM_BATCH ? 1 : x->d[4] / a->groups;

	if (a->kind == NORM_BATCH)
		return (struct norm_set){0, x->d[0], i, i + 1};
	return (struct norm_set){i / a->groups, i / a->groups + 1, i % a->groups * width,
		(i % a->groups + 1) * width};
}

static size_t norm_save(const void *attr, int n_in, const struct shape *in, const struct shape *out)
{
	(void)n_in;
	(void)out;
	return 2 * sizeof(float) * (size_t)norm_sets(attr, &in[0]);
}

static void norm_statistics(const struct op_io *io, struct norm_set s, double *mean, double *var)
{
	int64_t c = io->in_shape[0].d[4], v = shape_voxels(&io->in_shape[0]);
	double count = (double)((s.n1 - s.n0) * v * (s.c1 - s.c0)), sum = 0;

	for (int64_t i = s.n0 * v; i < s.n1 * v; i++)
		for (int64_t k = s.c0; k < s.c1; k++)
			sum += (double)io->in[0][i * c + k];
	*mean = sum / count;
	sum = 0;
	for (int64_t i = s.n0 * v; i < s.n1 * v; i++) {
		for (int64_t k = s.c0; k < s.c1; k++) {
			double d = (double)io->in[0][i * c + k] - *mean;

			sum += d * d;
		}
	}
	*var = sum / count;
}

static void norm_forward(const struct op_io *io)
{
	const struct norm_attr *a = io->attr;
	int64_t c = io->in_shape[0].d[4], v = shape_voxels(&io->in_shape[0]);
	float *save = io->save;

	for (int64_t i = 0; i < norm_sets(a, &io->in_shape[0]); i++) {
		struct norm_set s = norm_set(a, &io->in_shape[0], i);
		double mean, var, rstd;

		if (a->kind == NORM_BATCH && !io->training) {
			mean = (double)io->in[3][i];
			var = (double)io->in[4][i];
		} else {
			norm_statistics(io, s, &mean, &var);
		}
		if (a->kind == NORM_BATCH && io->training) {
			io->in[3][i] = a->momentum * io->in[3][i] + (1 - a->momentum) * (float)mean;
			io->in[4][i] = a->momentum * io->in[4][i] + (1 - a->momentum) * (float)var;
		}
		rstd = 1 / sqrt(var + (double)a->eps);
		save[2 * i] = (float)mean;
		save[2 * i + 1] = (float)rstd;
		for (int64_t j = s.n0 * v; j < s.n1 * v; j++) {
			for (int64_t k = s.c0; k < s.c1; k++) {
				double xhat = ((double)io->in[0][j * c + k] - mean) * rstd;
				double z = norm_gamma(io, k) * xhat + norm_beta(io, k);
				float y = act_apply(a->act.kind, a->act.slope, (float)z);

				io->out[j * c + k] =
					a->slopes && !(y > 0) ? y * norm_prelu(io, k) : y;
			}
		}
	}
}

/*
 * xhat of element at of channel k, *dz, the gradient before the activation, and its
 * share in the gradient of the PReLU's slope.
 */
static double norm_xhat(const struct op_io *io, const float *save, int64_t at, int64_t k,
	double *dz, double *dslope)
{
	const struct norm_attr *a = io->attr;
	double gamma = norm_gamma(io, k), beta = norm_beta(io, k), xhat, y;

	if (!norm_from_out(a)) {
		xhat = ((double)io->in[0][at] - (double)save[0]) * (double)save[1];
		y = (double)act_apply(a->act.kind, a->act.slope, (float)(gamma * xhat + beta));
	} else {
		y = (double)io->out[at];
		xhat = a->act.kind == ACT_LEAKY && y < 0 ? y / (double)a->act.slope : y;
		xhat = gamma != 0 ? (xhat - beta) / gamma : 0;
	}
	*dz = (double)io->dout[at] * (double)act_slope(a->act.kind, a->act.slope, (float)y);
	*dslope = 0;
	if (a->slopes && !(y > 0)) {
		*dslope = *dz * y;
		*dz *= (double)norm_prelu(io, k);
	}
	return xhat;
}

static void norm_backward_set(const struct op_io *io, struct norm_set s, const float *save)
{
	int64_t c = io->in_shape[0].d[4], v = shape_voxels(&io->in_shape[0]);
	double count = (double)((s.n1 - s.n0) * v * (s.c1 - s.c0)), sum_d = 0, sum_x = 0, low;
	const struct norm_attr *a = io->attr;

	for (int64_t k = s.c0; k < s.c1; k++) {
		double dgamma = 0, dbeta = 0, dslope = 0, gamma = norm_gamma(io, k);

		for (int64_t j = s.n0 * v; j < s.n1 * v; j++) {
			double dz, xhat = norm_xhat(io, save, j * c + k, k, &dz, &low);

			dslope += low;
			dgamma += dz * xhat;
			dbeta += dz;
		}
		sum_d += gamma * dbeta;
		sum_x += gamma * dgamma;
		if (!a->plain && io->din[1])
			io->din[1][k] += (float)dgamma;
		if (!a->plain && io->din[2])
			io->din[2][k] += (float)dbeta;
		if (a->slopes && io->din[io->n_in - 1])
			io->din[io->n_in - 1][a->slopes > 1 ? k : 0] += (float)dslope;
	}
	if (a->kind == NORM_BATCH && !io->training)
		sum_d = sum_x = 0; /* running statistics do not depend on x */
	for (int64_t k = s.c0; io->din[0] && k < s.c1; k++) {
		for (int64_t j = s.n0 * v; j < s.n1 * v; j++) {
			double dz, xhat = norm_xhat(io, save, j * c + k, k, &dz, &low);
			double dx = (double)save[1] *
				    (norm_gamma(io, k) * dz - sum_d / count - xhat * sum_x / count);

			op_store(&io->din[0][j * c + k], (float)dx, io->acc & OP_IN(0));
		}
	}
}

static void norm_backward(const struct op_io *io)
{
	const struct norm_attr *a = io->attr;
	const float *save = io->save;

	for (int i = 1; i < io->n_in; i++)
		for (int64_t k = 0; io->din[i] && !(io->acc & OP_IN(i)) && k < io->in_shape[i].d[0];
			k++)
			io->din[i][k] = 0;
	for (int64_t i = 0; i < norm_sets(a, &io->in_shape[0]); i++)
		norm_backward_set(io, norm_set(a, &io->in_shape[0], i), save + 2 * i);
}

static double norm_flops(
	const void *attr, int n_in, const struct shape *in, const struct shape *out)
{
	(void)attr;
	(void)n_in;
	(void)in;
	return 7 * (double)shape_count(out);
}

static void norm_example(struct rng *r, struct op_case *c)
{
	struct norm_attr *a = (struct norm_attr *)c->attr;
	int64_t channels;

	c->in[0] = op_example_shape(r, 6);
	c->in[0].d[1] += 2; /* a set of one element has no variance to speak of */
	c->in[0].d[3] += 1;
	channels = c->in[0].d[4];
	a->kind = rng_below(r, 2) ? NORM_BATCH : NORM_GROUP;
	a->groups = channels % 8 == 0 && rng_below(r, 2) ? 8 : rng_below(r, 2) ? (int)channels : 1;
	a->eps = 1e-5f;
	a->momentum = 0.9f;
	a->act.kind = (int32_t[]){ACT_NONE, ACT_RELU, ACT_LEAKY}[rng_below(r, 3)];
	a->act.slope = 0.2f;
	if (rng_below(r, 3) == 0) {
		a->act.kind = ACT_NONE;
		a->slopes = rng_below(r, 2) ? 1 : (int32_t)channels;
	}
	a->plain = a->kind == NORM_GROUP && rng_below(r, 3) == 0;
	c->n_in = norm_inputs(a);
	for (int i = 1; i < c->n_in; i++) {
		c->in[i] = shape1(a->slopes && i == c->n_in - 1 ? a->slopes : channels);
		c->fill[i] = !a->plain && (i == 1 || i == 4) ? FILL_POSITIVE : FILL_SMALL;
	}
	c->training = a->kind == NORM_GROUP || rng_below(r, 4) > 0;
}

const struct op op_norm = {
	.name = "norm",
	.attr_size = sizeof(struct norm_attr),
	.min_in = 1,
	.max_in = 6, /* with the slopes of a PReLU */
	.flags = OP_INPLACE | OP_BWD_INPLACE,
	.shape = norm_shape,
	.diff = norm_diff,
	.bwd_needs = norm_needs,
	.save_bytes = norm_save,
	.forward = norm_forward,
	.backward = norm_backward,
	.flops = norm_flops,
	.example = norm_example,
};
