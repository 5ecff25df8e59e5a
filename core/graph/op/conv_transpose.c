/*
 * Transposed convolution with optional bias: the data gradient of a strided
 * convolution S that leads from the output's size to the input's.
 *
 *   out[n, i * stride - pad + k, co] += x[n,i,ci] * weight[ci,co,k]
 *
 * over all taps k that land inside out, plus bias[co].  The weight is Ci Co KD KH
 * KW, which is PyTorch's order for ConvTranspose3d and the Co Ci order of S.  The
 * output's size is given: base = (in - 1) * stride - 2 * pad + kernel up to
 * base + stride - 1 (PyTorch's output_padding), or up to kernel - 1 less (the end
 * is cut), so that odd sizes can be met.
 */
#include "core/graph/window.h"

/* The windows of S. */
static struct window transpose_window(
	const struct conv_transpose_attr *a, const struct shape *x, const struct shape *out)
{
	struct window w = {0};

	for (int i = 0; i < 3; i++) {
		w.in[i] = out->d[i + 1];
		w.out[i] = x->d[i + 1];
		w.kernel[i] = a->kernel[i];
		w.stride[i] = a->stride[i];
		w.pad[i] = a->pad[i];
	}
	return w;
}

static int transpose_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	const struct conv_transpose_attr *a = attr;
	char x[SHAPE_TEXT], k[SHAPE_TEXT];
	bool ok = in[0].n == 5 && in[1].n == 5 && in[1].d[0] == in[0].d[4] &&
		  n_in == (a->bias ? 3 : 2);

	for (int i = 0; ok && i < 3; i++)
		ok = in[1].d[i + 2] == a->kernel[i];
	if (ok && a->bias)
		ok = in[2].n == 1 && in[2].d[0] == in[1].d[1];
	if (!ok)
		return err_set(err, ERR_DATA, "image %s and weight %s do not fit",
			shape_text(&in[0], x), shape_text(&in[1], k));
	for (int i = 0; i < 3; i++) {
		int64_t base =
			(in[0].d[i + 1] - 1) * a->stride[i] - 2 * (int64_t)a->pad[i] + a->kernel[i];

		if (a->kernel[i] < 1 || a->stride[i] < 1 || a->pad[i] < 0 ||
			a->pad[i] >= a->kernel[i])
			return err_set(err, ERR_DATA,
				"kernel %d, stride %d and padding %d cannot be", a->kernel[i],
				a->stride[i], a->pad[i]);
		if (a->size[i] < 1 || a->size[i] >= base + a->stride[i] ||
			a->size[i] <= base - a->kernel[i])
			return err_set(err, ERR_DATA,
				"kernel %d with stride %d makes %lld voxels of %lld, not %d",
				a->kernel[i], a->stride[i], (long long)base,
				(long long)in[0].d[i + 1], a->size[i]);
	}
	*out = shape5(in[0].d[0], a->size[0], a->size[1], a->size[2], in[1].d[1]);
	return 0;
}

static double transpose_flops(
	const void *attr, int n_in, const struct shape *in, const struct shape *out)
{
	(void)attr;
	(void)n_in;
	(void)out;
	return 2.0 * (double)shape_count(&in[0]) * (double)shape_count(&in[1]) / (double)in[1].d[0];
}

/* What to do with a voxel of x, one of out, and the tap k that joins them. */
typedef void transpose_tap(const struct op_io *io, int64_t xi, int64_t oi, int64_t k, int64_t taps);

static void transpose_forward_tap(
	const struct op_io *io, int64_t xi, int64_t oi, int64_t k, int64_t taps)
{
	int64_t ci = io->in_shape[0].d[4], co = io->out_shape.d[4];
	const float *x = io->in[0] + xi * ci, *w = io->in[1] + k;
	double *sum = (double *)io->work + oi * co;

	for (int64_t c = 0; c < ci; c++)
		for (int64_t o = 0; o < co; o++)
			sum[o] += (double)x[c] * (double)w[(c * co + o) * taps];
}

static void transpose_backward_tap(
	const struct op_io *io, int64_t xi, int64_t oi, int64_t k, int64_t taps)
{
	int64_t ci = io->in_shape[0].d[4], co = io->out_shape.d[4];
	const float *x = io->in[0] + xi * ci, *w = io->in[1] + k, *dy = io->dout + oi * co;
	double *dw = io->work;

	for (int64_t c = 0; c < ci; c++) {
		double dx = 0;

		for (int64_t o = 0; o < co; o++) {
			int64_t at = (c * co + o) * taps;

			dx += (double)dy[o] * (double)w[at];
			dw[at + k] += (double)dy[o] * (double)x[c];
		}
		if (io->din[0])
			io->din[0][xi * ci + c] += (float)dx;
	}
}

static void transpose_voxel(const struct op_io *io, const struct window *v, const int64_t x[4],
	int64_t xi, transpose_tap *fn)
{
	int64_t a[3], b[3], taps = v->kernel[0] * v->kernel[1] * v->kernel[2];

	for (int i = 0; i < 3; i++)
		window_taps(v, i, x[i + 1], &a[i], &b[i]);
	for (int64_t i = a[0]; i < b[0]; i++) {
		for (int64_t j = a[1]; j < b[1]; j++) {
			for (int64_t k = a[2]; k < b[2]; k++) {
				int64_t d = x[1] * v->stride[0] - v->pad[0] + i;
				int64_t h = x[2] * v->stride[1] - v->pad[1] + j;
				int64_t w = x[3] * v->stride[2] - v->pad[2] + k;
				int64_t oi = ((x[0] * v->in[0] + d) * v->in[1] + h) * v->in[2] + w;

				fn(io, xi, oi, (i * v->kernel[1] + j) * v->kernel[2] + k, taps);
			}
		}
	}
}

static void transpose_walk(const struct op_io *io, transpose_tap *fn)
{
	struct window v = transpose_window(io->attr, &io->in_shape[0], &io->out_shape);
	int64_t total = io->in_shape[0].d[0] * shape_voxels(&io->in_shape[0]);

	for (int64_t i = 0; i < total; i++) {
		int64_t r = i, x[4];

		for (int k = 2; k >= 0; k--) {
			x[k + 1] = r % v.out[k];
			r /= v.out[k];
		}
		x[0] = r;
		transpose_voxel(io, &v, x, i, fn);
	}
}

static void transpose_forward(const struct op_io *io)
{
	const struct conv_transpose_attr *a = io->attr;
	size_t n = shape_count(&io->out_shape), co = (size_t)io->out_shape.d[4];
	double *sum = io->work;

	for (size_t i = 0; i < n; i++)
		sum[i] = a->bias ? (double)io->in[2][i % co] : 0;
	transpose_walk(io, transpose_forward_tap);
	for (size_t i = 0; i < n; i++)
		io->out[i] = (float)sum[i];
}

static void transpose_backward(const struct op_io *io)
{
	const struct conv_transpose_attr *a = io->attr;
	size_t nw = shape_count(&io->in_shape[1]), co = (size_t)io->out_shape.d[4];
	double *dw = io->work, *db = dw + nw;

	for (size_t i = 0; i < nw + co; i++)
		dw[i] = 0;
	if (io->din[0] && !(io->acc & OP_IN(0)))
		for (size_t i = 0; i < shape_count(&io->in_shape[0]); i++)
			io->din[0][i] = 0;
	transpose_walk(io, transpose_backward_tap);
	for (size_t i = 0; i < shape_count(&io->out_shape); i++)
		db[i % co] += (double)io->dout[i];
	for (size_t i = 0; io->din[1] && i < nw; i++)
		op_store(&io->din[1][i], (float)dw[i], io->acc & OP_IN(1));
	for (size_t c = 0; a->bias && io->din[2] && c < co; c++)
		op_store(&io->din[2][c], (float)db[c], io->acc & OP_IN(2));
}

static unsigned transpose_needs(const void *attr, int n_in)
{
	(void)attr;
	(void)n_in;
	return OP_IN(0) | OP_IN(1);
}

static size_t transpose_work(
	const void *attr, int n_in, const struct shape *in, const struct shape *out, bool backward)
{
	(void)attr;
	(void)n_in;
	return sizeof(double) *
	       (backward ? shape_count(&in[1]) + (size_t)shape_channels(out) : shape_count(out));
}

static void transpose_example(struct rng *r, struct op_case *c)
{
	static const int64_t channels[] = {1, 2, 3, 16, 17};
	struct conv_transpose_attr *a = (struct conv_transpose_attr *)c->attr;
	int64_t co = channels[rng_below(r, 5)];

	c->in[0] = op_example_shape(r, 4);
	for (int i = 0; i < 3; i++) {
		int64_t base, n = c->in[0].d[i + 1];

		a->stride[i] = 1 + (int32_t)rng_below(r, 3);
		a->kernel[i] = rng_below(r, 2) ? a->stride[i] : 1 + (int32_t)rng_below(r, 4);
		a->pad[i] = (int32_t)rng_below(r, (uint32_t)(a->kernel[i] + 1) / 2);
		base = (n - 1) * a->stride[i] - 2 * (int64_t)a->pad[i] + a->kernel[i];
		a->size[i] = (int32_t)(base + (int64_t)rng_below(r, (uint32_t)a->stride[i]));
		if (rng_below(r, 4) == 0 && base > 1 && a->kernel[i] > 1)
			a->size[i] = (int32_t)base - 1;
		if (a->size[i] < 1) { /* more padding than voxels */
			a->pad[i] = 0;
			a->size[i] = (int32_t)((n - 1) * a->stride[i] + a->kernel[i]);
		}
	}
	a->bias = (int32_t)rng_below(r, 2);
	c->in[1] = shape5(c->in[0].d[4], co, a->kernel[0], a->kernel[1], a->kernel[2]);
	c->in[2] = shape1(co);
	c->n_in = a->bias ? 3 : 2;
	c->fill[1] = FILL_SMALL;
}

const struct op op_conv_transpose = {
	.name = "conv_transpose",
	.attr_size = sizeof(struct conv_transpose_attr),
	.min_in = 2,
	.max_in = 3,
	.shape = transpose_shape,
	.diff = op_bits_all,
	.bwd_needs = transpose_needs,
	.work_bytes = transpose_work,
	.forward = transpose_forward,
	.backward = transpose_backward,
	.flops = transpose_flops,
	.example = transpose_example,
};
