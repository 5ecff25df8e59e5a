/*
 * Maximum or average over windows; voxels outside the image do not count.  The
 * gradient of the maximum goes to its first place in the window.
 *
 * Forward keeps which tap of each window was the maximum (save: one int32 per
 * output), so the input is not needed any more.  Backward gathers: each input
 * voxel sums what the windows that hold it send, in order, which needs no atomics
 * and gives the same bits with any number of threads.
 */
#include <string.h>

#include "core/graph/window.h"

enum { POOL_LANES = 64 }; /* channels averaged at a time */

static int pool_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	struct window w;

	(void)n_in;
	if (in[0].n != 5)
		return err_set(err, ERR_DATA, "N D H W C wanted");
	if (window_of_pool(attr, &in[0], &w, err))
		return -1;
	*out = shape5(in[0].d[0], w.out[0], w.out[1], w.out[2], in[0].d[4]);
	return 0;
}

/* Splits a voxel number into n and d, h, w of a grid. */
static int64_t pool_place(const int64_t grid[3], int64_t i, int64_t at[3])
{
	at[2] = i % grid[2];
	at[1] = i / grid[2] % grid[1];
	at[0] = i / (grid[2] * grid[1]) % grid[0];
	return i / (grid[2] * grid[1] * grid[0]);
}

/* A window: first input voxel of its tap 0 (may be outside) and the taps inside. */
struct pool_taps {
	int64_t n, base[3], from[3], to[3], count;
};

static struct pool_taps pool_taps_of(const struct window *v, int64_t out)
{
	struct pool_taps t;
	int64_t o[3];

	t.n = pool_place(v->out, out, o);
	t.count = 1;
	for (int k = 0; k < 3; k++) {
		window_taps(v, k, o[k], &t.from[k], &t.to[k]);
		t.base[k] = o[k] * v->stride[k] - v->pad[k];
		t.count *= t.to[k] - t.from[k];
	}
	return t;
}

static int64_t pool_voxel(
	const struct window *v, const struct pool_taps *t, int64_t a, int64_t b, int64_t c)
{
	return ((t->n * v->in[0] + t->base[0] + a) * v->in[1] + t->base[1] + b) * v->in[2] +
	       t->base[2] + c;
}

static void pool_max(const struct window *v, const struct pool_taps *t, const float *x, int64_t c,
	float *y, int32_t *save)
{
	bool first = true;

	for (int64_t i = t->from[0]; i < t->to[0]; i++) {
		for (int64_t j = t->from[1]; j < t->to[1]; j++) {
			for (int64_t k = t->from[2]; k < t->to[2]; k++, first = false) {
				const float *at = x + pool_voxel(v, t, i, j, k) * c;
				int32_t tap = (int32_t)((i * v->kernel[1] + j) * v->kernel[2] + k);

				for (int64_t m = 0; m < c; m++) {
					bool more = first || at[m] > y[m];

					y[m] = more ? at[m] : y[m];
					save[m] = more ? tap : save[m];
				}
			}
		}
	}
}

static void pool_average(
	const struct window *v, const struct pool_taps *t, const float *x, int64_t c, float *y)
{
	for (int64_t m0 = 0; m0 < c; m0 += POOL_LANES) {
		int64_t n = m0 + POOL_LANES < c ? POOL_LANES : c - m0;
		double sum[POOL_LANES] = {0};

		for (int64_t i = t->from[0]; i < t->to[0]; i++)
			for (int64_t j = t->from[1]; j < t->to[1]; j++)
				for (int64_t k = t->from[2]; k < t->to[2]; k++) {
					const float *at = x + pool_voxel(v, t, i, j, k) * c + m0;

					for (int64_t m = 0; m < n; m++)
						sum[m] += (double)at[m];
				}
		for (int64_t m = 0; m < n; m++)
			y[m0 + m] = (float)(sum[m] / (double)t->count);
	}
}

static void pool_forward(const struct op_io *io)
{
	const struct pool_attr *a = io->attr;
	struct window v = window_pool(a, &io->in_shape[0]);
	int64_t c = io->out_shape.d[4], total = (int64_t)shape_count(&io->out_shape) / c;
	int32_t *save = io->save;

#pragma omp parallel for schedule(static)
	for (int64_t i = 0; i < total; i++) {
		struct pool_taps t = pool_taps_of(&v, i);

		if (a->max)
			pool_max(&v, &t, io->in[0], c, io->out + i * c, save + i * c);
		else
			pool_average(&v, &t, io->in[0], c, io->out + i * c);
	}
}

/* Adds what output voxel o (with its taps t) sends to the input voxel at its tap. */
static void pool_send(
	const struct op_io *io, int64_t o, int64_t count, int64_t tap, int64_t c, float *dx)
{
	const struct pool_attr *a = io->attr;
	const float *dy = io->dout + o * c;
	const int32_t *save = (const int32_t *)io->save + (a->max ? o * c : 0);
	float share = 1 / (float)count;

	for (int64_t m = 0; m < c && a->max; m++)
		dx[m] += save[m] == tap ? dy[m] : 0;
	for (int64_t m = 0; m < c && !a->max; m++)
		dx[m] += share * dy[m];
}

/* Outputs along dimension k whose window holds input i. */
static void pool_holders(const struct window *v, int k, int64_t i, int64_t *from, int64_t *to)
{
	int64_t low = i + v->pad[k] - v->kernel[k] + 1, last = (i + v->pad[k]) / v->stride[k];

	*from = low > 0 ? (low + v->stride[k] - 1) / v->stride[k] : 0;
	*to = last + 1 < v->out[k] ? last + 1 : v->out[k];
}

static void pool_gather(const struct op_io *io, const struct window *v, int64_t voxel, float *dx)
{
	int64_t at[3], n = pool_place(v->in, voxel, at), c = io->in_shape[0].d[4];
	int64_t from[3], to[3];

	for (int k = 0; k < 3; k++)
		pool_holders(v, k, at[k], &from[k], &to[k]);
	for (int64_t i = from[0]; i < to[0]; i++) {
		for (int64_t j = from[1]; j < to[1]; j++) {
			for (int64_t k = from[2]; k < to[2]; k++) {
				int64_t o = ((n * v->out[0] + i) * v->out[1] + j) * v->out[2] + k;
				struct pool_taps t = pool_taps_of(v, o);
				int64_t tap = at[0] - t.base[0];

				tap = tap * v->kernel[1] + at[1] - t.base[1];
				tap = tap * v->kernel[2] + at[2] - t.base[2];
				pool_send(io, o, t.count, tap, c, dx);
			}
		}
	}
}

static void pool_backward(const struct op_io *io)
{
	struct window v = window_pool(io->attr, &io->in_shape[0]);
	int64_t c = io->in_shape[0].d[4], total = (int64_t)shape_count(&io->in_shape[0]) / c;

#pragma omp parallel for schedule(static)
	for (int64_t i = 0; i < total; i++) {
		float *dx = io->din[0] + i * c;

		if (!(io->acc & OP_IN(0)))
			memset(dx, 0, (size_t)c * sizeof(float));
		pool_gather(io, &v, i, dx);
	}
}

static size_t pool_save(const void *attr, int n_in, const struct shape *in, const struct shape *out)
{
	(void)n_in;
	(void)in;
	return ((const struct pool_attr *)attr)->max ? sizeof(int32_t) * shape_count(out) : 0;
}

static double pool_flops(
	const void *attr, int n_in, const struct shape *in, const struct shape *out)
{
	const struct pool_attr *a = attr;

	(void)n_in;
	(void)in;
	return (double)shape_count(out) * a->kernel[0] * a->kernel[1] * a->kernel[2];
}

static void pool_example(struct rng *r, struct op_case *c)
{
	struct pool_attr *a = (struct pool_attr *)c->attr;

	a->max = (int32_t)rng_below(r, 2);
	a->same = (int32_t)rng_below(r, 2);
	c->n_in = 1;
	c->in[0] = op_example_shape(r, 6);
	for (int i = 0; i < 3; i++) {
		a->kernel[i] = 1 + (int32_t)rng_below(r, 3);
		a->stride[i] = 1 + (int32_t)rng_below(r, 2);
		a->pad[i] = (int32_t)rng_below(r, (uint32_t)a->kernel[i]);
		a->pad_end[i] = a->kernel[i] - 1;
	}
}

const struct op op_pool = {
	.name = "pool",
	.attr_size = sizeof(struct pool_attr),
	.min_in = 1,
	.max_in = 1,
	.shape = pool_shape,
	.diff = op_bits_all,
	.bwd_needs = op_bits_none,
	.save_bytes = pool_save,
	.forward = pool_forward,
	.backward = pool_backward,
	.flops = pool_flops,
	.example = pool_example,
};
