/*
 * Convolution (cross-correlation, as every network library has it) with optional
 * bias and fused activation.
 *
 *   out[n,o,co] = act(bias[co] + sum over taps k and ci of
 *                 x[n, o * stride - pad + k, ci] * weight[co,ci,k])
 *
 * The weight is Co Ci KD KH KW (PyTorch's order, so its checkpoints fit).  The
 * backward pass tells the activation's slope from out.
 */
#include "core/graph/act.h"
#include "core/graph/window.h"

static int conv_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	const struct conv_attr *a = attr;
	char x[SHAPE_TEXT], k[SHAPE_TEXT];
	struct window w;
	bool ok = in[0].n == 5 && in[1].n == 5 && in[1].d[1] == in[0].d[4] &&
		  n_in == (a->bias ? 3 : 2);

	for (int i = 0; ok && i < 3; i++)
		ok = in[1].d[i + 2] == a->kernel[i];
	if (ok && a->bias)
		ok = in[2].n == 1 && in[2].d[0] == in[1].d[0];
	if (!ok)
		return err_set(err, ERR_DATA, "image %s and weight %s do not fit",
			shape_text(&in[0], x), shape_text(&in[1], k));
	if (window_of_conv(a, &in[0], &w, err))
		return -1;
	*out = shape5(in[0].d[0], w.out[0], w.out[1], w.out[2], in[1].d[0]);
	return 0;
}

static unsigned conv_needs(const void *attr, int n_in)
{
	const struct conv_attr *a = attr;

	(void)n_in;
	return OP_IN(0) | OP_IN(1) | (a->act.kind == ACT_NONE ? 0 : OP_NEEDS_OUT);
}

static double conv_flops(
	const void *attr, int n_in, const struct shape *in, const struct shape *out)
{
	(void)attr;
	(void)n_in;
	return 2.0 * (double)shape_count(out) * (double)shape_count(&in[1]) / (double)in[1].d[0];
}

/* What to do at one pair of voxels joined by tap k (index into KD KH KW). */
typedef void conv_tap(const struct op_io *io, int64_t xi, int64_t oi, int64_t k, int64_t taps);

static void conv_forward_tap(
	const struct op_io *io, int64_t xi, int64_t oi, int64_t k, int64_t taps)
{
	int64_t ci = io->in_shape[0].d[4], co = io->out_shape.d[4];
	const float *x = io->in[0] + xi * ci, *w = io->in[1] + k;
	double *sum = io->work;

	(void)oi;
	for (int64_t o = 0; o < co; o++)
		for (int64_t c = 0; c < ci; c++)
			sum[o] += (double)x[c] * (double)w[(o * ci + c) * taps];
}

static void conv_backward_tap(
	const struct op_io *io, int64_t xi, int64_t oi, int64_t k, int64_t taps)
{
	int64_t ci = io->in_shape[0].d[4], co = io->out_shape.d[4];
	const float *x = io->in[0] + xi * ci, *w = io->in[1] + k, *dy = io->dout + oi * co;
	double *dw = io->work;

	for (int64_t o = 0; o < co; o++) {
		for (int64_t c = 0; c < ci; c++) {
			int64_t at = (o * ci + c) * taps;

			if (io->din[0])
				io->din[0][xi * ci + c] += dy[o] * w[at];
			dw[at + k] += (double)dy[o] * (double)x[c];
		}
	}
}

/* Calls fn for every tap inside the image of output voxel (n, d, h, w). */
static void conv_taps(const struct op_io *io, const struct window *v, const int64_t o[4],
	int64_t oi, conv_tap *fn)
{
	int64_t a[3], b[3], taps = v->kernel[0] * v->kernel[1] * v->kernel[2];

	for (int i = 0; i < 3; i++)
		window_taps(v, i, o[i + 1], &a[i], &b[i]);
	for (int64_t i = a[0]; i < b[0]; i++) {
		for (int64_t j = a[1]; j < b[1]; j++) {
			for (int64_t k = a[2]; k < b[2]; k++) {
				int64_t d = o[1] * v->stride[0] - v->pad[0] + i;
				int64_t h = o[2] * v->stride[1] - v->pad[1] + j;
				int64_t w = o[3] * v->stride[2] - v->pad[2] + k;
				int64_t xi = ((o[0] * v->in[0] + d) * v->in[1] + h) * v->in[2] + w;

				fn(io, xi, oi, (i * v->kernel[1] + j) * v->kernel[2] + k, taps);
			}
		}
	}
}

static void conv_start(const struct op_io *io)
{
	const struct conv_attr *a = io->attr;
	double *sum = io->work;

	for (int64_t c = 0; c < io->out_shape.d[4]; c++)
		sum[c] = a->bias ? (double)io->in[2][c] : 0;
}

static void conv_forward(const struct op_io *io)
{
	const struct conv_attr *a = io->attr;
	struct window v = window_conv(a, &io->in_shape[0]);
	int64_t co = io->out_shape.d[4], total = (int64_t)shape_count(&io->out_shape) / co;
	double *sum = io->work;

	for (int64_t i = 0; i < total; i++) {
		int64_t r = i, o[4];

		for (int k = 2; k >= 0; k--) {
			o[k + 1] = r % v.out[k];
			r /= v.out[k];
		}
		o[0] = r;
		conv_start(io);
		conv_taps(io, &v, o, i, conv_forward_tap);
		for (int64_t c = 0; c < co; c++)
			io->out[i * co + c] = act_apply(a->act.kind, a->act.slope, (float)sum[c]);
	}
}

static void conv_backward(const struct op_io *io)
{
	const struct conv_attr *a = io->attr;
	struct window v = window_conv(a, &io->in_shape[0]);
	int64_t co = io->out_shape.d[4], total = (int64_t)shape_count(&io->out_shape) / co;
	size_t nw = shape_count(&io->in_shape[1]);
	double *dw = io->work, *db = dw + nw;

	for (size_t i = 0; i < nw + (size_t)co; i++)
		dw[i] = 0;
	if (io->din[0] && !(io->acc & OP_IN(0)))
		for (size_t i = 0; i < shape_count(&io->in_shape[0]); i++)
			io->din[0][i] = 0;
	for (int64_t i = 0; i < total; i++) {
		int64_t r = i, o[4];

		for (int k = 2; k >= 0; k--) {
			o[k + 1] = r % v.out[k];
			r /= v.out[k];
		}
		o[0] = r;
		for (int64_t c = 0; c < co; c++) {
			if (a->act.kind != ACT_NONE)
				io->dout[i * co + c] *=
					act_slope(a->act.kind, a->act.slope, io->out[i * co + c]);
			db[c] += (double)io->dout[i * co + c];
		}
		conv_taps(io, &v, o, i, conv_backward_tap);
	}
	for (size_t i = 0; io->din[1] && i < nw; i++)
		op_store(&io->din[1][i], (float)dw[i], io->acc & OP_IN(1));
	for (int64_t c = 0; a->bias && io->din[2] && c < co; c++)
		op_store(&io->din[2][c], (float)db[c], io->acc & OP_IN(2));
}

static size_t conv_work(
	const void *attr, int n_in, const struct shape *in, const struct shape *out, bool backward)
{
	(void)attr;
	(void)n_in;
	return sizeof(double) *
	       ((backward ? shape_count(&in[1]) : 0) + (size_t)shape_channels(out));
}

static void conv_example(struct rng *r, struct op_case *c)
{
	struct conv_attr *a = (struct conv_attr *)c->attr;
	int64_t channels[] = {1, 2, 3, 16, 17};
	int64_t co = channels[rng_below(r, 5)];
	int same_kernel = rng_below(r, 2) ? 3 : 1;

	c->in[0] = op_example_shape(r, 7);
	for (int i = 0; i < 3; i++) {
		a->kernel[i] = rng_below(r, 4) ? same_kernel : 1 + (int32_t)rng_below(r, 3);
		a->stride[i] = rng_below(r, 3) ? 1 : 2;
		a->pad[i] = (int32_t)rng_below(r, (uint32_t)a->kernel[i]);
		a->pad_end[i] = a->kernel[i] - 1;
	}
	a->same = rng_below(r, 4) > 0;
	if (rng_below(r, 6) == 0) { /* the last layer of a network: 1x1x1, few outputs */
		c->in[0].d[4] = 16;
		co = 1 + (int64_t)rng_below(r, 4);
		for (int i = 0; i < 3; i++)
			a->kernel[i] = a->stride[i] = 1;
		a->same = 1;
	} else if (rng_below(r, 4) == 0) { /* its middle: 3x3x3, whole vectors of channels */
		c->in[0].d[4] = rng_below(r, 2) ? 16 : 32;
		co = rng_below(r, 2) ? 16 : 32;
		for (int i = 0; i < 3; i++) {
			a->kernel[i] = 3;
			a->stride[i] = 1;
		}
		c->in[0].d[3] = 9 + (int64_t)rng_below(r, 20);
		c->in[0].d[2] = 3 + (int64_t)rng_below(r, 3);
		c->in[0].d[1] = 3 + (int64_t)rng_below(r, 3);
		a->same = 1;
	}
	if (rng_below(r, 5) == 0) { /* deep: many channels over few voxels */
		c->in[0] = shape5(1 + (int64_t)rng_below(r, 3), 1 + (int64_t)rng_below(r, 4),
			2 + (int64_t)rng_below(r, 3), 2 + (int64_t)rng_below(r, 3),
			32 + 16 * (int64_t)rng_below(r, 3));
		co = 32 + 16 * (int64_t)rng_below(r, 3);
		for (int i = 0; i < 3; i++) {
			a->kernel[i] = 3;
			a->stride[i] = rng_below(r, 3) ? 1 : 2;
		}
		a->same = 1;
	}
	if (rng_below(r, 8) == 0) { /* 2-D, or a first layer: wide kernels with strides */
		int wide = 5 + 2 * (int)rng_below(r, 4);

		c->in[0] = shape5(1, 1 + (int64_t)rng_below(r, 2) * (int64_t)rng_below(r, 9),
			3 + (int64_t)rng_below(r, 9), 3 + (int64_t)rng_below(r, 9),
			c->in[0].d[4] < 3 ? c->in[0].d[4] : 8);
		for (int i = 0; i < 3; i++) {
			a->kernel[i] = i || c->in[0].d[1] > 1 ? wide : 1;
			a->stride[i] = i || c->in[0].d[1] > 1 ? 1 + (int32_t)rng_below(r, 4) : 1;
		}
		a->same = 1;
		co = 8;
	}
	a->bias = (int32_t)rng_below(r, 2);
	a->act.kind = (int32_t[]){ACT_NONE, ACT_RELU, ACT_LEAKY}[rng_below(r, 3)];
	a->act.slope = 0.2f;
	c->in[1] = shape5(co, c->in[0].d[4], a->kernel[0], a->kernel[1], a->kernel[2]);
	c->in[2] = shape1(co);
	c->n_in = a->bias ? 3 : 2;
	c->fill[1] = FILL_SMALL;
}

const struct op op_conv3d = {
	.name = "conv3d",
	.attr_size = sizeof(struct conv_attr),
	.min_in = 2,
	.max_in = 3,
	.shape = conv_shape,
	.diff = op_bits_all,
	.bwd_needs = conv_needs,
	.work_bytes = conv_work,
	.forward = conv_forward,
	.backward = conv_backward,
	.flops = conv_flops,
	.example = conv_example,
};
