/*
 * Convolution kernel: up to three directions (forward, gradient of the data, gradient
 * of the weights), each by oneDNN or our own products per tap as conv_way.c chooses.
 * Bias and (leaky) ReLU ride along; the activation's slope is put on the incoming
 * gradient first, in place.  Two kinds of layers take other ways: large 3x3x3 ones with
 * whole vectors of channels (wino.c, forward and data) and the last 1x1x1 one (thin.c,
 * backward).
 *
 * Packed weights: in training they go to the workspace, made anew in each
 * direction of each step, because the optimizer changes the plain ones.  A plan
 * without training keeps them until the parameters change.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/cpu/bf16.h"
#include "core/cpu/conv_way.h"
#include "core/cpu/cpu_backend.h"
#include "core/cpu/pointwise.h"
#include "core/cpu/thin.h"
#include "core/cpu/wino.h"
#include "core/graph/window.h"

struct conv_kernel {
	struct kernel base;
	int threads;
	struct conv_attr attr;
	struct conv_way *fwd, *bwd_d, *bwd_w;
	bool training, thin;     /* thin: backward by thin.c */
	bool wino_fwd, wino_bwd; /* forward, gradient of the data by wino.c */
	struct wino_spec wino;   /* forward; backward with from and to exchanged */
	uint64_t version;        /* of the weights in keep */
};

static size_t conv_need(const struct conv_way *w)
{
	return conv_way_packed(w) + conv_way_scratch(w);
}

static int conv_forward_way(struct conv_kernel *k, const struct op_io *io, struct err *err)
{
	size_t packed = conv_way_packed(k->fwd);
	bool keep = !k->training && packed;
	struct conv_args a = {.src = io->in[0],
		.weights = io->in[1],
		.bias = k->attr.bias ? io->in[2] : NULL,
		.dst = io->out,
		.packed = keep ? k->base.keep : io->work,
		.scratch = keep ? io->work : (char *)io->work + packed,
		.is_packed = keep && k->version == io->param_version};

	k->version = io->param_version;
	return conv_way_run(k->fwd, &a, err);
}

static int conv_forward(struct kernel *base, const struct op_io *io, struct err *err)
{
	struct conv_kernel *k = (struct conv_kernel *)base;

	if (!k->wino_fwd)
		return conv_forward_way(k, io, err);
	wino_run(
		&k->wino, io->in[0], io->in[1], k->attr.bias ? io->in[2] : NULL, io->out, io->work);
	return 0;
}

static int conv_backward_thin(const struct conv_kernel *k, const struct op_io *io)
{
	struct thin_args a = {.x = io->in[0],
		.w = io->in[1],
		.dy = io->dout,
		.dx = io->din[0],
		.dw = io->din[1],
		.db = k->attr.bias ? io->din[2] : NULL,
		.ci = io->in_shape[0].d[4],
		.co = io->out_shape.d[4],
		.rows = io->out_shape.d[0] * shape_voxels(&io->out_shape)};

	thin_backward(k->threads, &a, io->work);
	return 0;
}

static int conv_backward(struct kernel *base, const struct op_io *io, struct err *err)
{
	struct conv_kernel *k = (struct conv_kernel *)base;
	struct conv_args a = {.dst = io->dout, .packed = io->work};

	if (k->attr.act.kind != ACT_NONE)
		pointwise_act_slope(
			k->threads, &k->attr.act, io->out, io->dout, shape_count(&io->out_shape));
	if (k->thin)
		return conv_backward_thin(k, io);
	if (k->bwd_w) {
		a.src = io->in[0];
		a.weights = io->din[1];
		a.bias = k->attr.bias ? io->din[2] : NULL;
		a.scratch = (char *)io->work + conv_way_packed(k->bwd_w);
		if (conv_way_run(k->bwd_w, &a, err))
			return -1;
	}
	if (k->wino_bwd) {
		struct wino_spec w = wino_turned(&k->wino);

		wino_run(&w, io->dout, io->in[1], NULL, io->din[0], io->work);
	}
	if (!k->bwd_d)
		return 0;
	a.src = io->din[0];
	a.weights = io->in[1];
	a.scratch = (char *)io->work + conv_way_packed(k->bwd_d);
	return conv_way_run(k->bwd_d, &a, err);
}

static void conv_free(struct kernel *base)
{
	struct conv_kernel *k = (struct conv_kernel *)base;

	conv_way_free(k->fwd);
	conv_way_free(k->bwd_d);
	conv_way_free(k->bwd_w);
	free(k);
}

static const struct kernel_ops conv_kernel_ops = {conv_forward, conv_backward, conv_free};

static struct conv_spec conv_spec_of(const struct kernel_spec *s)
{
	const struct conv_attr *a = s->attr;
	struct window w = window_conv(a, &s->in[0]);
	struct conv_spec c = {.n = s->in[0].d[0],
		.ci = s->in[0].d[4],
		.co = s->out.d[4],
		.ci_stride = s->in[0].d[4],
		.bias = a->bias,
		.act = a->act.kind != ACT_NONE,
		.slope = a->act.kind == ACT_LEAKY ? a->act.slope : 0};

	memcpy(c.in, w.in, sizeof(c.in));
	memcpy(c.out, w.out, sizeof(c.out));
	memcpy(c.kernel, w.kernel, sizeof(c.kernel));
	memcpy(c.stride, w.stride, sizeof(c.stride));
	memcpy(c.pad, w.pad, sizeof(c.pad));
	memcpy(c.pad_end, w.pad_end, sizeof(c.pad_end));
	return c;
}

/* Fills k->wino when the layer suits it. */
static void conv_try_wino(
	struct conv_kernel *k, const struct kernel_spec *s, const struct conv_spec *c)
{
	k->wino = (struct wino_spec){.n = c->n,
		.d = c->in[0],
		.h = c->in[1],
		.w = c->in[2],
		.from = c->ci,
		.to = c->co,
		.ci_stride = c->ci_stride,
		.act = c->act,
		.slope = c->slope,
		.threads = k->threads};
	for (int i = 0; i < 3; i++)
		if (c->kernel[i] != 3 || c->stride[i] != 1 || c->pad[i] != 1 || c->pad_end[i] != 1)
			return;
	k->wino_fwd = wino_fits(&k->wino);
	k->wino_bwd = k->wino_fwd && s->training && (s->want_grad & OP_IN(0));
}

static bool conv_is_thin(const struct kernel_spec *s)
{
	struct window w = window_conv(s->attr, &s->in[0]);
	int64_t ci = s->in[0].d[4];

	for (int i = 0; i < 3; i++)
		if (w.kernel[i] != 1 || w.stride[i] != 1 || w.pad[i] || w.pad_end[i])
			return false;
	return s->training && (s->want_grad & OP_IN(1)) && s->out.d[4] <= THIN_MAX_CO &&
	       ci % 16 == 0 && ci <= THIN_MAX_CI;
}

static int conv_ways(
	struct cpu_backend *b, struct conv_kernel *k, const struct kernel_spec *s, struct err *err)
{
	struct conv_spec c = conv_spec_of(s);

	c.bf16 = s->dtype == DTYPE_BF16 && bf16_supported();
	if (!c.bf16)
		conv_try_wino(k, s, &c);
	if (!k->wino_fwd) {
		c.dir = CONV_FWD;
		k->fwd = conv_way_new(b->engine, &c, k->threads, err);
		if (!k->fwd)
			return -1;
	}
	if (k->thin)
		return 0;
	if (s->training && (s->want_grad & OP_IN(0)) && !k->wino_bwd) {
		c.dir = CONV_BWD_D;
		k->bwd_d = conv_way_new(b->engine, &c, k->threads, err);
		if (!k->bwd_d)
			return -1;
	}
	if (s->training && (s->want_grad & OP_IN(1))) {
		c.dir = CONV_BWD_W;
		k->bwd_w = conv_way_new(b->engine, &c, k->threads, err);
		if (!k->bwd_w)
			return -1;
	}
	return 0;
}

static void conv_sizes(struct conv_kernel *k)
{
	size_t d = conv_need(k->bwd_d), w = conv_need(k->bwd_w);
	struct wino_spec turned = wino_turned(&k->wino);

	if (k->wino_fwd)
		k->base.fwd_work = wino_work(&k->wino);
	else
		k->base.fwd_work = k->training ? conv_need(k->fwd) : conv_way_scratch(k->fwd);
	if (!k->training && !k->wino_fwd)
		k->base.keep_bytes = conv_way_packed(k->fwd);
	if (k->wino_bwd)
		d = wino_work(&turned);
	k->base.bwd_work = k->thin ? thin_work(k->threads) : d > w ? d : w;
}

/*
 * Is there a window with stride above 1 that reaches over both ends of the image?  The
 * weight gradient of oneDNN 2.6 reads and writes outside its memory then, or does not end.
 */
static bool conv_overreaches(const struct kernel_spec *s)
{
	struct window w = window_conv(s->attr, &s->in[0]);

	for (int i = 0; i < 3; i++)
		for (int64_t o = 0; o < w.out[i] && w.stride[i] > 1; o++)
			if (o * w.stride[i] < w.pad[i] &&
				o * w.stride[i] - w.pad[i] + w.kernel[i] > w.in[i])
				return true;
	return false;
}

int cpu_conv3d_new(
	struct cpu_backend *b, const struct kernel_spec *s, struct kernel **out, struct err *err)
{
	const struct conv_attr *a = s->attr;
	struct conv_kernel *k;

	/* the gradient of a bias comes with that of the weights only */
	if (a->act.kind == ACT_SIGMOID ||
		(a->bias && !(s->want_grad & OP_IN(1)) != !(s->want_grad & OP_IN(2))) ||
		(s->training && conv_overreaches(s)))
		return 0;
	k = mem_zalloc(sizeof(*k));
	k->base.ops = &conv_kernel_ops;
	k->threads = b->threads;
	k->attr = *a;
	k->training = s->training;
	k->thin = conv_is_thin(s);
	if (conv_ways(b, k, s, err)) {
		conv_free(&k->base);
		return -1;
	}
	conv_sizes(k);
	*out = &k->base;
	return 0;
}
