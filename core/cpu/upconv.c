/*
 * conv(concat(upsample(a), skip)) without the doubled tensor.
 *
 * A 3x3x3 convolution of a nearest-neighbour doubled image reads each source
 * voxel with several taps: along one axis out[2i] = w0 a[i-1] + (w1 + w2) a[i] and
 * out[2i+1] = (w0 + w1) a[i] + w2 a[i+1].  That is a transposed convolution with
 * kernel 4, stride 2, padding 1 and the folded weights [w2, w1+w2, w0+w1, w0],
 * which costs 64 instead of 216 multiplications per source voxel.  A transposed
 * convolution is the data gradient of a strided one, so with S that strided
 * convolution (full size -> half size):
 *
 *   forward   out  = S.bwd_data(a), then += conv(skip) with bias and activation
 *   backward  da   = S.forward(dout), dskip and the skip weights as usual
 *             dW   = unfold(S.bwd_weights(dout, a))
 *
 * Sizes that are not doubles (odd ones) do not fit; fusion leaves those alone.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/cpu/bf16.h"
#include "core/cpu/conv_prim.h"
#include "core/cpu/cpu_backend.h"
#include "core/cpu/pointwise.h"
#include "core/cpu/upfold.h"
#include "core/cpu/wino.h"

struct upconv_kernel {
	struct kernel base;
	int threads;
	struct upconv_attr attr;
	int64_t ca, cs, co;
	struct conv_prim *up_fwd, *up_bwd_d, *up_bwd_w; /* directions of the op, not of S */
	struct conv_prim *skip_fwd, *skip_bwd_d, *skip_bwd_w;
	bool wino_fwd, wino_bwd; /* skip_fwd and skip_bwd_d by wino.c instead */
	struct wino_spec wino;
};

static size_t upconv_align(size_t n)
{
	return (n + 63) / 64 * 64;
}

/* Work: folded weights, packed weights, scratch; one primitive at a time. */
static size_t upconv_folded(const struct upconv_kernel *k)
{
	return upconv_align((size_t)(k->ca * k->co) * 64 * sizeof(float));
}

static size_t upconv_need(const struct upconv_kernel *k, const struct conv_prim *p)
{
	return p ? upconv_folded(k) + upconv_align(conv_prim_packed(p)) + conv_prim_scratch(p) : 0;
}

static int upconv_run(const struct upconv_kernel *k, struct conv_prim *p, void *work,
	struct conv_args a, struct err *err)
{
	a.packed = (char *)work + upconv_folded(k);
	a.scratch = (char *)a.packed + upconv_align(conv_prim_packed(p));
	return conv_prim_run(p, &a, err);
}

static int upconv_forward(struct kernel *base, const struct op_io *io, struct err *err)
{
	struct upconv_kernel *k = (struct upconv_kernel *)base;
	int w = 1 + k->attr.skip;
	float *bias = k->attr.conv.bias ? io->in[w + 1] : NULL;
	struct conv_args up = {.src = io->out, .weights = io->work, .dst = io->in[0]};
	struct conv_args skip = {
		.src = io->in[1], .weights = io->in[w] + k->ca * 27, .bias = bias, .dst = io->out};

	upfold(k->threads, io->in[w], io->work, k->co, k->ca, k->ca + k->cs);
	if (upconv_run(k, k->up_fwd, io->work, up, err))
		return -1;
	if (k->skip_fwd)
		return upconv_run(k, k->skip_fwd, io->work, skip, err);
	if (k->wino_fwd) {
		wino_run(&k->wino, io->in[1], skip.weights, bias, io->out, io->work);
		return 0;
	}
	pointwise_bias_act(k->threads, &k->attr.conv.act, bias, io->out,
		(int64_t)shape_count(&io->out_shape) / k->co, k->co);
	return 0;
}

static int upconv_backward_weights(
	struct upconv_kernel *k, const struct op_io *io, float *dw, float *db, struct err *err)
{
	struct conv_args up = {.src = io->dout, .weights = io->work, .dst = io->in[0]};
	struct conv_args skip = {
		.src = io->in[1], .weights = dw + k->ca * 27, .bias = db, .dst = io->dout};

	if (upconv_run(k, k->up_bwd_w, io->work, up, err))
		return -1;
	upunfold(k->threads, io->work, dw, k->co, k->ca, k->ca + k->cs);
	if (k->skip_bwd_w)
		return upconv_run(k, k->skip_bwd_w, io->work, skip, err);
	if (db)
		pointwise_channel_sum(
			io->dout, db, (int64_t)shape_count(&io->out_shape) / k->co, k->co);
	return 0;
}

static int upconv_backward(struct kernel *base, const struct op_io *io, struct err *err)
{
	struct upconv_kernel *k = (struct upconv_kernel *)base;
	int w = 1 + k->attr.skip;
	struct conv_args a = {.weights = io->work};

	if (k->attr.conv.act.kind != ACT_NONE)
		pointwise_act_slope(k->threads, &k->attr.conv.act, io->out, io->dout,
			shape_count(&io->out_shape));
	if (k->up_bwd_w && upconv_backward_weights(k, io, io->din[w],
				   k->attr.conv.bias ? io->din[w + 1] : NULL, err))
		return -1;
	if (k->skip_bwd_d) {
		a.src = io->din[1];
		a.weights = io->in[w] + k->ca * 27;
		a.dst = io->dout;
		if (upconv_run(k, k->skip_bwd_d, io->work, a, err))
			return -1;
	}
	if (k->wino_bwd) {
		struct wino_spec t = wino_turned(&k->wino);

		wino_run(&t, io->dout, io->in[w] + k->ca * 27, NULL, io->din[1], io->work);
	}
	if (!k->up_bwd_d)
		return 0;
	upfold(k->threads, io->in[w], io->work, k->co, k->ca, k->ca + k->cs);
	a.src = io->dout;
	a.weights = io->work;
	a.dst = io->din[0];
	return upconv_run(k, k->up_bwd_d, io->work, a, err);
}

static void upconv_free(struct kernel *base)
{
	struct upconv_kernel *k = (struct upconv_kernel *)base;

	conv_prim_free(k->up_fwd);
	conv_prim_free(k->up_bwd_d);
	conv_prim_free(k->up_bwd_w);
	conv_prim_free(k->skip_fwd);
	conv_prim_free(k->skip_bwd_d);
	conv_prim_free(k->skip_bwd_w);
	free(k);
}

static const struct kernel_ops upconv_kernel_ops = {upconv_forward, upconv_backward, upconv_free};

/* S: from the full size with co channels to the half size with ca channels. */
static struct conv_spec upconv_strided(const struct upconv_kernel *k, const struct kernel_spec *s)
{
	struct conv_spec c = {.n = s->in[0].d[0], .ci = k->co, .co = k->ca, .ci_stride = k->co};

	for (int i = 0; i < 3; i++) {
		c.in[i] = s->out.d[i + 1];
		c.out[i] = s->in[0].d[i + 1];
		c.kernel[i] = 4;
		c.stride[i] = 2;
		c.pad[i] = c.pad_end[i] = 1;
	}
	return c;
}

static struct conv_spec upconv_skip(const struct upconv_kernel *k, const struct kernel_spec *s)
{
	const struct conv_attr *a = &k->attr.conv;
	struct conv_spec c = {.n = s->in[0].d[0],
		.ci = k->cs,
		.co = k->co,
		.ci_stride = k->ca + k->cs,
		.bias = a->bias,
		.sum = true,
		.act = a->act.kind != ACT_NONE,
		.slope = a->act.kind == ACT_LEAKY ? a->act.slope : 0};

	for (int i = 0; i < 3; i++) {
		c.in[i] = c.out[i] = s->out.d[i + 1];
		c.kernel[i] = 3;
		c.stride[i] = c.pad[i] = c.pad_end[i] = 1;
	}
	return c;
}

/* Fills k->wino when the skip tensor's part suits it. */
static void upconv_try_wino(struct upconv_kernel *k, const struct conv_spec *c, bool dskip)
{
	struct wino_spec turned;
	size_t f, r;

	k->wino = (struct wino_spec){.n = c->n,
		.d = c->in[0],
		.h = c->in[1],
		.w = c->in[2],
		.from = c->ci,
		.to = c->co,
		.ci_stride = c->ci_stride,
		.sum = true,
		.act = c->act,
		.slope = c->slope,
		.threads = k->threads};
	k->wino_fwd = k->attr.skip && wino_fits(&k->wino);
	k->wino_bwd = k->wino_fwd && dskip;
	turned = wino_turned(&k->wino);
	f = k->wino_fwd ? wino_work(&k->wino) : 0;
	r = k->wino_bwd ? wino_work(&turned) : 0;
	k->base.fwd_work = f;
	k->base.bwd_work = r;
}

/* Makes the primitive unless it is not wanted. */
static int upconv_make(struct cpu_backend *b, struct upconv_kernel *k, struct conv_prim **p,
	struct conv_spec c, enum conv_dir dir, bool wanted, size_t *work, struct err *err)
{
	size_t need;

	if (!wanted)
		return 0;
	c.dir = dir;
	*p = conv_prim_new(b->engine, &c, err);
	if (!*p)
		return -1;
	need = upconv_need(k, *p);
	*work = need > *work ? need : *work;
	return 0;
}

static int upconv_prims(struct cpu_backend *b, struct upconv_kernel *k, const struct kernel_spec *s,
	struct err *err)
{
	struct conv_spec up = upconv_strided(k, s), skip = upconv_skip(k, s);
	int w = 1 + k->attr.skip;
	bool data = s->training && (s->want_grad & OP_IN(0)), has = k->attr.skip;
	bool weights = s->training && (s->want_grad & OP_IN(w));
	bool dskip = has && s->training && (s->want_grad & OP_IN(1));
	size_t *f = &k->base.fwd_work, *r = &k->base.bwd_work;

	up.bf16 = s->dtype == DTYPE_BF16 && bf16_supported() && bf16_pays(&up);
	skip.bf16 = s->dtype == DTYPE_BF16 && bf16_supported() && bf16_pays(&skip);
	if (!skip.bf16)
		upconv_try_wino(k, &skip, dskip);
	if (upconv_make(b, k, &k->up_fwd, up, CONV_BWD_D, true, f, err) ||
		upconv_make(b, k, &k->skip_fwd, skip, CONV_FWD, has && !k->wino_fwd, f, err) ||
		upconv_make(b, k, &k->up_bwd_d, up, CONV_FWD, data, r, err) ||
		upconv_make(b, k, &k->up_bwd_w, up, CONV_BWD_W, weights, r, err) ||
		upconv_make(b, k, &k->skip_bwd_d, skip, CONV_BWD_D, dskip && !k->wino_bwd, r, err))
		return -1;
	return upconv_make(b, k, &k->skip_bwd_w, skip, CONV_BWD_W, has && weights, r, err);
}

static bool upconv_fits(const struct kernel_spec *s)
{
	const struct upconv_attr *a = s->attr;
	int w = 1 + a->skip;

	for (int i = 0; i < 3; i++)
		if (s->out.d[i + 1] != 2 * s->in[0].d[i + 1])
			return false;
	if (a->conv.bias && !(s->want_grad & OP_IN(w)) != !(s->want_grad & OP_IN(w + 1)))
		return false;
	return a->conv.act.kind != ACT_SIGMOID;
}

int cpu_upconv_new(
	struct cpu_backend *b, const struct kernel_spec *s, struct kernel **out, struct err *err)
{
	const struct upconv_attr *a = s->attr;
	struct upconv_kernel *k;

	if (!upconv_fits(s))
		return 0;
	k = mem_zalloc(sizeof(*k));
	k->base.ops = &upconv_kernel_ops;
	k->threads = b->threads;
	k->attr = *a;
	k->ca = s->in[0].d[4];
	k->cs = a->skip ? s->in[1].d[4] : 0;
	k->co = s->out.d[4];
	if (upconv_prims(b, k, s, err)) {
		upconv_free(&k->base);
		return -1;
	}
	*out = &k->base;
	return 0;
}
