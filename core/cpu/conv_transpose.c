/*
 * Transposed convolution by the primitives of the strided convolution S whose
 * data gradient it is (core/graph/op/conv_transpose.c):
 *
 *   forward   out = S.bwd_data(x), then the bias
 *   backward  dx  = S.forward(dout), dW = S.bwd_weights(dout, x)
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/cpu/conv_prim.h"
#include "core/cpu/cpu_backend.h"
#include "core/cpu/pointwise.h"

struct transpose_kernel {
	struct kernel base;
	int threads;
	bool bias, training;
	struct conv_prim *fwd, *bwd_d, *bwd_w; /* directions of the op, not of S */
	uint64_t version;                      /* of the weights in keep */
};

static size_t transpose_align(size_t n)
{
	return (n + 63) / 64 * 64;
}

static size_t transpose_need(const struct conv_prim *p)
{
	return p ? transpose_align(conv_prim_packed(p)) + conv_prim_scratch(p) : 0;
}

static int transpose_forward(struct kernel *base, const struct op_io *io, struct err *err)
{
	static const struct act_attr none = {ACT_NONE, 0};
	struct transpose_kernel *k = (struct transpose_kernel *)base;
	size_t packed = transpose_align(conv_prim_packed(k->fwd));
	bool keep = !k->training && packed;
	int64_t co = io->out_shape.d[4];
	struct conv_args a = {.src = io->out,
		.weights = io->in[1],
		.bias = k->bias ? io->in[2] : NULL,
		.dst = io->in[0],
		.packed = keep ? k->base.keep : io->work,
		.scratch = keep ? io->work : (char *)io->work + packed,
		.is_packed = keep && k->version == io->param_version};

	k->version = io->param_version;
	if (conv_prim_run(k->fwd, &a, err))
		return -1;
	if (k->bias && !conv_prim_adds_bias(k->fwd))
		pointwise_bias_act(k->threads, &none, io->in[2], io->out,
			(int64_t)shape_count(&io->out_shape) / co, co);
	return 0;
}

static int transpose_run(
	struct conv_prim *p, const struct op_io *io, float *x, float *w, struct err *err)
{
	struct conv_args a = {.src = io->dout,
		.weights = w,
		.dst = x,
		.packed = io->work,
		.scratch = (char *)io->work + transpose_align(conv_prim_packed(p))};

	return conv_prim_run(p, &a, err);
}

static int transpose_backward(struct kernel *base, const struct op_io *io, struct err *err)
{
	struct transpose_kernel *k = (struct transpose_kernel *)base;
	int64_t co = io->out_shape.d[4];

	if (k->bwd_w && transpose_run(k->bwd_w, io, io->in[0], io->din[1], err))
		return -1;
	if (k->bias && io->din[2])
		pointwise_channel_sum(
			io->dout, io->din[2], (int64_t)shape_count(&io->out_shape) / co, co);
	return k->bwd_d ? transpose_run(k->bwd_d, io, io->din[0], io->in[1], err) : 0;
}

static void transpose_free(struct kernel *base)
{
	struct transpose_kernel *k = (struct transpose_kernel *)base;

	conv_prim_free(k->fwd);
	conv_prim_free(k->bwd_d);
	conv_prim_free(k->bwd_w);
	free(k);
}

static const struct kernel_ops transpose_kernel_ops = {
	transpose_forward, transpose_backward, transpose_free};

/* S: from the output's size and channels to the input's. */
static struct conv_spec transpose_strided(const struct kernel_spec *s)
{
	const struct conv_transpose_attr *a = s->attr;
	struct conv_spec c = {.n = s->in[0].d[0],
		.ci = s->out.d[4],
		.co = s->in[0].d[4],
		.ci_stride = s->out.d[4],
		.bias_back = a->bias};

	for (int i = 0; i < 3; i++) {
		int64_t end;

		c.in[i] = s->out.d[i + 1];
		c.out[i] = s->in[0].d[i + 1];
		c.kernel[i] = a->kernel[i];
		c.stride[i] = a->stride[i];
		c.pad[i] = a->pad[i];
		/* as much as the last window sticks out; nothing where it ends inside */
		end = (c.out[i] - 1) * c.stride[i] + c.kernel[i] - c.pad[i] - c.in[i];
		c.pad_end[i] = end > 0 ? end : 0;
	}
	return c;
}

static int transpose_prims(struct cpu_backend *b, struct transpose_kernel *k,
	const struct kernel_spec *s, struct err *err)
{
	struct conv_spec c = transpose_strided(s);

	c.dir = CONV_BWD_D;
	k->fwd = conv_prim_new(b->engine, &c, err);
	if (!k->fwd)
		return -1;
	if (s->training && (s->want_grad & OP_IN(0))) {
		c.dir = CONV_FWD;
		k->bwd_d = conv_prim_new(b->engine, &c, err);
		if (!k->bwd_d)
			return -1;
	}
	if (s->training && (s->want_grad & OP_IN(1))) {
		c.dir = CONV_BWD_W;
		k->bwd_w = conv_prim_new(b->engine, &c, err);
		if (!k->bwd_w)
			return -1;
	}
	return 0;
}

int cpu_conv_transpose_new(
	struct cpu_backend *b, const struct kernel_spec *s, struct kernel **out, struct err *err)
{
	const struct conv_transpose_attr *a = s->attr;
	struct transpose_kernel *k = mem_zalloc(sizeof(*k));
	size_t d, w;

	k->base.ops = &transpose_kernel_ops;
	k->threads = b->threads;
	k->bias = a->bias;
	k->training = s->training;
	if (transpose_prims(b, k, s, err)) {
		transpose_free(&k->base);
		return -1;
	}
	d = transpose_need(k->bwd_d);
	w = transpose_need(k->bwd_w);
	k->base.bwd_work = d > w ? d : w;
	k->base.fwd_work = k->training ? transpose_need(k->fwd) : conv_prim_scratch(k->fwd);
	k->base.keep_bytes = k->training ? 0 : conv_prim_packed(k->fwd);
	*out = &k->base;
	return 0;
}
