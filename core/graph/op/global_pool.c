/*
 * Average or maximum over all voxels of an item: N D H W C -> N 1 1 1 C.  What a
 * classifier ends with, so that its weights do not depend on the image's size.
 *
 * Sums run in double over chunks of a fixed number of voxels, which are added in
 * order.  The gradient of the maximum goes to its first place (save: the voxel).
 */
#include "core/graph/layers.h"

enum { CHUNK = 512 }; /* voxels */

static int global_pool_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	(void)attr;
	(void)n_in;
	if (in[0].n != 5)
		return err_set(err, ERR_DATA, "N D H W C wanted");
	*out = shape5(in[0].d[0], 1, 1, 1, in[0].d[4]);
	return 0;
}

static int64_t global_pool_chunks(const struct shape *x)
{
	return (shape_voxels(x) + CHUNK - 1) / CHUNK;
}

/* Chunk i of all items: sums (or the place of the maximum) per channel into part. */
static void global_pool_part(const struct op_io *io, int64_t i, double *part)
{
	bool max = ((const struct global_pool_attr *)io->attr)->max;
	const struct shape *s = &io->in_shape[0];
	int64_t c = s->d[4], v = shape_voxels(s), chunks = global_pool_chunks(s);
	int64_t from = i % chunks * CHUNK, to = from + CHUNK < v ? from + CHUNK : v;
	const float *x = io->in[0] + i / chunks * v * c;

	for (int64_t k = 0; k < c; k++)
		part[k] = max ? (double)from : 0;
	for (int64_t j = from; j < to; j++)
		for (int64_t k = 0; k < c; k++) {
			if (!max)
				part[k] += (double)x[j * c + k];
			else if (x[j * c + k] > x[(int64_t)part[k] * c + k])
				part[k] = (double)j;
		}
}

static void global_pool_forward(const struct op_io *io)
{
	bool max = ((const struct global_pool_attr *)io->attr)->max;
	const struct shape *s = &io->in_shape[0];
	int64_t c = s->d[4], v = shape_voxels(s), chunks = global_pool_chunks(s);
	double *part = io->work;
	int32_t *save = io->save;

#pragma omp parallel for schedule(static) if (s->d[0] * chunks > 1)
	for (int64_t i = 0; i < s->d[0] * chunks; i++)
		global_pool_part(io, i, part + i * c);
	for (int64_t i = 0; i < s->d[0] * c; i++) {
		const double *p = part + i / c * chunks * c + i % c;
		const float *x = io->in[0] + i / c * v * c + i % c;
		double sum = 0;
		int64_t best = 0;

		for (int64_t j = 0; j < chunks; j++) {
			sum += p[j * c];
			if (max && x[(int64_t)p[j * c] * c] > x[best * c])
				best = (int64_t)p[j * c];
		}
		io->out[i] = max ? x[best * c] : (float)(sum / (double)v);
		if (max)
			save[i] = (int32_t)best;
	}
}

static void global_pool_backward(const struct op_io *io)
{
	bool max = ((const struct global_pool_attr *)io->attr)->max, acc = io->acc & OP_IN(0);
	const struct shape *s = &io->in_shape[0];
	int64_t c = s->d[4], v = shape_voxels(s);
	const int32_t *save = io->save;
	float share = max ? 0 : 1 / (float)v;

#pragma omp parallel for schedule(static) if (s->d[0] * v > CHUNK)
	for (int64_t i = 0; i < s->d[0] * v; i++)
		for (int64_t k = 0; k < c; k++)
			op_store(&io->din[0][i * c + k], share * io->dout[i / v * c + k], acc);
	for (int64_t i = 0; max && i < s->d[0] * c; i++)
		io->din[0][(i / c * v + save[i]) * c + i % c] += io->dout[i];
}

static size_t global_pool_save(
	const void *attr, int n_in, const struct shape *in, const struct shape *out)
{
	(void)n_in;
	(void)in;
	return ((const struct global_pool_attr *)attr)->max ? sizeof(int32_t) * shape_count(out)
							    : 0;
}

static size_t global_pool_work(
	const void *attr, int n_in, const struct shape *in, const struct shape *out, bool backward)
{
	(void)attr;
	(void)n_in;
	return backward ? 0
			: sizeof(double) * shape_count(out) * (size_t)global_pool_chunks(&in[0]);
}

static double global_pool_flops(
	const void *attr, int n_in, const struct shape *in, const struct shape *out)
{
	(void)attr;
	(void)n_in;
	(void)out;
	return (double)shape_count(&in[0]);
}

static void global_pool_example(struct rng *r, struct op_case *c)
{
	struct global_pool_attr *a = (struct global_pool_attr *)c->attr;

	a->max = (int32_t)rng_below(r, 2);
	c->n_in = 1;
	c->in[0] = op_example_shape(r, 6);
	if (rng_below(r, 4) == 0) { /* more than one chunk */
		c->in[0] = shape5(2, 5, 11, 12, 3);
	}
}

const struct op op_global_pool = {
	.name = "global_pool",
	.attr_size = sizeof(struct global_pool_attr),
	.min_in = 1,
	.max_in = 1,
	.shape = global_pool_shape,
	.diff = op_bits_all,
	.bwd_needs = op_bits_none,
	.save_bytes = global_pool_save,
	.work_bytes = global_pool_work,
	.forward = global_pool_forward,
	.backward = global_pool_backward,
	.flops = global_pool_flops,
	.example = global_pool_example,
};
