/*
 * Trilinear interpolation to a given size (bilinear when D stays as it is), with
 * PyTorch's two conventions for where output voxel o of m lies among n inputs:
 *
 *   align_corners 0: max((o + 1/2) n / m - 1/2, 0), the same field of view
 *   align_corners 1: o (n - 1) / (m - 1), the corner voxels keep their places
 *
 * A place between voxels i and i + 1 takes from both; beyond the last, the last.
 * Backward gathers by rows of the input: each row sums the output rows that read
 * it, in order, so the bits do not depend on the number of threads.
 */
#include <string.h>

#include "core/graph/layers.h"
#include "core/graph/resize.h"

static int resize_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	const struct resize_attr *a = attr;

	(void)n_in;
	if (in[0].n != 5 || a->size[0] < 1 || a->size[1] < 1 || a->size[2] < 1)
		return err_set(err, ERR_DATA, "N D H W C and a size of at least 1x1x1 wanted");
	*out = shape5(in[0].d[0], a->size[0], a->size[1], a->size[2], in[0].d[4]);
	return 0;
}

/* y (+)= weight * row of x, interpolated along W. */
static void resize_row(const struct resize_attr *a, const float *x, int64_t n, float *y, int64_t c,
	float weight, bool add)
{
	for (int64_t w = 0; w < a->size[2]; w++) {
		struct resize_tap t = resize_tap(a->align_corners, n, a->size[2], w);
		const float *lo = x + t.lo * c, *hi = x + t.hi * c;
		float v = weight * t.t, u = weight - v;

		for (int64_t k = 0; k < c; k++)
			y[w * c + k] = (add ? y[w * c + k] : 0) + u * lo[k] + v * hi[k];
	}
}

static void resize_forward(const struct op_io *io)
{
	const struct resize_attr *a = io->attr;
	const int64_t *o = io->out_shape.d, *s = io->in_shape[0].d;
	int64_t c = o[4];

#pragma omp parallel for schedule(static)
	for (int64_t r = 0; r < o[0] * o[1] * o[2]; r++) {
		struct resize_tap h = resize_tap(a->align_corners, s[2], o[2], r % o[2]);
		struct resize_tap d = resize_tap(a->align_corners, s[1], o[1], r / o[2] % o[1]);
		const float *x = io->in[0] + r / (o[2] * o[1]) * s[1] * s[2] * s[3] * c;
		float *y = io->out + r * o[3] * c;
		bool add = false;

		for (int i = 0; i < 4; i++) {
			int64_t row = (i / 2 ? d.hi : d.lo) * s[2] + (i % 2 ? h.hi : h.lo);
			float weight = (i / 2 ? d.t : 1 - d.t) * (i % 2 ? h.t : 1 - h.t);

			if (add && weight == 0)
				continue;
			resize_row(a, x + row * s[3] * c, s[3], y, c, weight, add);
			add = true;
		}
	}
}

/* dx += weight * (gradient of a row of outputs), along W. */
static void resize_row_back(
	const struct resize_attr *a, const float *dy, float *dx, int64_t n, int64_t c, float weight)
{
	for (int64_t w = 0; w < a->size[2]; w++) {
		struct resize_tap t = resize_tap(a->align_corners, n, a->size[2], w);
		float v = weight * t.t, u = weight - v;

		for (int64_t k = 0; k < c; k++)
			dx[t.lo * c + k] += u * dy[w * c + k];
		for (int64_t k = 0; k < c && v != 0; k++)
			dx[t.hi * c + k] += v * dy[w * c + k];
	}
}

/* Outputs along a dimension that may read input i: a range that holds them all. */
static void resize_readers(int64_t n, int64_t m, int64_t i, int64_t *from, int64_t *to)
{
	double step = (double)m / (double)n + (n > 1 ? (double)m / (double)(n - 1) : 0);
	double low = (double)(i - 1) * (double)m / (double)n - step - 2;
	double high = (double)(i + 2) * (double)m / (double)n + step + 2;

	*from = low > 0 ? (int64_t)low : 0;
	*to = high < (double)m ? (int64_t)high : m;
}

static void resize_gather(const struct op_io *io, int64_t r, float *dx)
{
	const struct resize_attr *a = io->attr;
	const int64_t *o = io->out_shape.d, *s = io->in_shape[0].d;
	int64_t d = r / s[2] % s[1], h = r % s[2], n = r / (s[2] * s[1]), from[2], to[2];

	resize_readers(s[1], o[1], d, &from[0], &to[0]);
	resize_readers(s[2], o[2], h, &from[1], &to[1]);
	for (int64_t i = from[0]; i < to[0]; i++) {
		float wd = resize_share(resize_tap(a->align_corners, s[1], o[1], i), d);

		for (int64_t j = from[1]; j < to[1] && wd != 0; j++) {
			struct resize_tap t = resize_tap(a->align_corners, s[2], o[2], j);
			float weight = wd * resize_share(t, h);
			const float *dy = io->dout + ((n * o[1] + i) * o[2] + j) * o[3] * o[4];

			if (weight != 0)
				resize_row_back(a, dy, dx, s[3], s[4], weight);
		}
	}
}

static void resize_backward(const struct op_io *io)
{
	const int64_t *s = io->in_shape[0].d;

#pragma omp parallel for schedule(static)
	for (int64_t r = 0; r < s[0] * s[1] * s[2]; r++) {
		float *dx = io->din[0] + r * s[3] * s[4];

		if (!(io->acc & OP_IN(0)))
			memset(dx, 0, (size_t)(s[3] * s[4]) * sizeof(float));
		resize_gather(io, r, dx);
	}
}

static double resize_flops(
	const void *attr, int n_in, const struct shape *in, const struct shape *out)
{
	(void)attr;
	(void)n_in;
	(void)in;
	return 16 * (double)shape_count(out);
}

static void resize_example(struct rng *r, struct op_case *c)
{
	struct resize_attr *a = (struct resize_attr *)c->attr;

	c->n_in = 1;
	c->in[0] = op_example_shape(r, 5);
	a->align_corners = (int32_t)rng_below(r, 2);
	for (int i = 0; i < 3; i++)
		a->size[i] = rng_below(r, 2) ? 2 * (int32_t)c->in[0].d[i + 1]
					     : 1 + (int32_t)rng_below(r, 9);
}

const struct op op_resize = {
	.name = "resize",
	.attr_size = sizeof(struct resize_attr),
	.min_in = 1,
	.max_in = 1,
	.shape = resize_shape,
	.diff = op_bits_all,
	.bwd_needs = op_bits_none,
	.forward = resize_forward,
	.backward = resize_backward,
	.flops = resize_flops,
	.example = resize_example,
};
