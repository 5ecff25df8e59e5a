/*
 * Layers: what networks are written in.  Each function adds the nodes of one
 * layer, with its parameters under stable names.
 */
#include "core/graph/layers.h"

#include <stdio.h>

#include "core/base/mem.h"

#define LAYER_NAME 192

static struct node *layer_param(struct graph *g, const char *name, const char *part,
	struct shape shape, struct init init, struct err *err)
{
	char full[LAYER_NAME];

	snprintf(full, sizeof(full), "%s.%s", name, part);
	return graph_param(g, full, &shape, init, err);
}

struct layer_window layer_window(bool flat, int kernel, int stride, int pad)
{
	int k = flat ? 1 : kernel, s = flat ? 1 : stride, p = flat || pad < 0 ? 0 : pad;

	return (struct layer_window){.kernel = {k, kernel, kernel},
		.stride = {s, stride, stride},
		.pad = {p, pad < 0 ? 0 : pad, pad < 0 ? 0 : pad},
		.same = pad < 0};
}

struct node *layer_conv_nd(struct graph *g, struct node *x, const char *name, int64_t channels,
	const struct layer_window *w, bool bias, struct err *err)
{
	int64_t ci = shape_channels(&x->shape);
	double taps = (double)w->kernel[0] * w->kernel[1] * w->kernel[2];
	struct conv_attr a = {.same = w->same, .bias = bias, .act = {ACT_NONE, 0}};
	struct init he = {INIT_HE_NORMAL, 0, taps * (double)ci, taps * (double)channels};
	struct node *in[3] = {x};

	for (int i = 0; i < 3; i++) {
		a.kernel[i] = w->kernel[i];
		a.stride[i] = w->stride[i];
		a.pad[i] = a.pad_end[i] = w->same ? 0 : w->pad[i];
	}
	in[1] = layer_param(g, name, "weight",
		shape5(channels, ci, w->kernel[0], w->kernel[1], w->kernel[2]), he, err);
	if (!in[1])
		return NULL;
	if (bias) {
		in[2] = layer_param(
			g, name, "bias", shape1(channels), (struct init){INIT_CONST, 0, 0, 0}, err);
		if (!in[2])
			return NULL;
	}
	return graph_op(g, &op_conv3d, &a, in, bias ? 3 : 2, name, err);
}

struct node *layer_conv(struct graph *g, struct node *x, const char *name, int64_t channels,
	int kernel, int stride, bool bias, struct err *err)
{
	struct layer_window w = layer_window(false, kernel, stride, -1);

	return layer_conv_nd(g, x, name, channels, &w, bias, err);
}

struct node *layer_linear(
	struct graph *g, struct node *x, const char *name, int64_t channels, struct err *err)
{
	if (shape_voxels(&x->shape) != 1) {
		err_set(err, ERR_DATA, "layer '%s' wants one voxel: pool over the image first",
			name);
		return NULL;
	}
	return layer_conv(g, x, name, channels, 1, 1, true, err);
}

/* The largest divisor of c that is not above groups. */
static int32_t layer_groups(int groups, int64_t c)
{
	int32_t n = groups < 1 ? 1 : groups > c ? (int32_t)c : groups;

	while (c % n)
		n--;
	return n;
}

struct node *layer_norm(struct graph *g, struct node *x, const char *name, enum norm_kind kind,
	int groups, struct err *err)
{
	int64_t c = shape_channels(&x->shape);
	struct norm_attr a = {.kind = kind, .eps = 1e-5f, .momentum = 0.9f, .act = {ACT_NONE, 0}};
	struct node *in[5] = {x};
	char full[LAYER_NAME];
	struct shape s = shape1(c);
	int n = 3;

	a.groups = layer_groups(groups, c);
	in[1] = layer_param(g, name, "gamma", s, (struct init){INIT_CONST, 1, 0, 0}, err);
	if (!in[1])
		return NULL;
	in[2] = layer_param(g, name, "beta", s, (struct init){INIT_CONST, 0, 0, 0}, err);
	if (!in[2])
		return NULL;
	if (kind == NORM_BATCH) {
		snprintf(full, sizeof(full), "%s.mean", name);
		in[3] = graph_state(g, full, &s, 0, err);
		if (!in[3])
			return NULL;
		snprintf(full, sizeof(full), "%s.var", name);
		in[4] = graph_state(g, full, &s, 1, err);
		if (!in[4])
			return NULL;
		n = 5;
	}
	return graph_op(g, &op_norm, &a, in, n, name, err);
}

struct node *layer_norm_plain(
	struct graph *g, struct node *x, const char *name, int groups, struct err *err)
{
	struct norm_attr a = {.kind = NORM_GROUP, .eps = 1e-5f, .plain = 1, .act = {ACT_NONE, 0}};

	a.groups = layer_groups(groups, shape_channels(&x->shape));
	return graph_op(g, &op_norm, &a, &x, 1, name, err);
}

struct node *layer_conv_transpose(struct graph *g, struct node *x, const char *name,
	int64_t channels, const int kernel[3], const int stride[3], const int pad[3],
	const int64_t size[3], bool bias, struct err *err)
{
	int64_t ci = shape_channels(&x->shape);
	double taps = (double)kernel[0] * kernel[1] * kernel[2];
	double share = taps / ((double)stride[0] * stride[1] * stride[2]);
	struct conv_transpose_attr a = {.bias = bias};
	struct init he = {
		INIT_HE_NORMAL, 0, (share < 1 ? 1 : share) * (double)ci, taps * (double)channels};
	struct node *in[3] = {x};

	for (int i = 0; i < 3; i++) {
		a.kernel[i] = kernel[i];
		a.stride[i] = stride[i];
		a.pad[i] = pad[i];
		a.size[i] = (int32_t)size[i];
	}
	in[1] = layer_param(
		g, name, "weight", shape5(ci, channels, kernel[0], kernel[1], kernel[2]), he, err);
	if (!in[1])
		return NULL;
	if (bias) {
		in[2] = layer_param(
			g, name, "bias", shape1(channels), (struct init){INIT_CONST, 0, 0, 0}, err);
		if (!in[2])
			return NULL;
	}
	return graph_op(g, &op_conv_transpose, &a, in, bias ? 3 : 2, name, err);
}

struct node *layer_prelu(
	struct graph *g, struct node *x, const char *name, int64_t slopes, struct err *err)
{
	struct node *in[2] = {x};

	in[1] = layer_param(
		g, name, "weight", shape1(slopes), (struct init){INIT_CONST, 0.25, 0, 0}, err);
	return in[1] ? graph_op(g, &op_prelu, NULL, in, 2, name, err) : NULL;
}

struct node *layer_act(
	struct graph *g, struct node *x, enum act_kind kind, float slope, struct err *err)
{
	struct act_attr a = {kind, slope};

	return graph_op(g, &op_act, &a, &x, 1, NULL, err);
}

struct node *layer_upsample(
	struct graph *g, struct node *x, const struct node *like, struct err *err)
{
	struct upsample_attr a;

	for (int i = 0; i < 3; i++)
		a.size[i] = (int32_t)like->shape.d[i + 1];
	return graph_op(g, &op_upsample, &a, &x, 1, NULL, err);
}

struct node *layer_concat(struct graph *g, struct node *const *in, int n, struct err *err)
{
	return graph_op(g, &op_concat, NULL, in, n, NULL, err);
}

struct node *layer_add(struct graph *g, struct node *a, struct node *b, struct err *err)
{
	struct node *in[2] = {a, b};

	return graph_op(g, &op_add, NULL, in, 2, NULL, err);
}

struct node *layer_softmax(struct graph *g, struct node *x, struct err *err)
{
	return graph_op(g, &op_softmax, NULL, &x, 1, NULL, err);
}

struct node *layer_dropout(struct graph *g, struct node *x, double rate, struct err *err)
{
	struct dropout_attr a = {(float)rate};

	return graph_op(g, &op_dropout, &a, &x, 1, NULL, err);
}

struct node *layer_pool_nd(
	struct graph *g, struct node *x, bool max, const struct layer_window *w, struct err *err)
{
	struct pool_attr a = {.max = max, .same = w->same};

	for (int i = 0; i < 3; i++) {
		a.kernel[i] = w->kernel[i];
		a.stride[i] = w->stride[i];
		a.pad[i] = a.pad_end[i] = w->same ? 0 : w->pad[i];
	}
	return graph_op(g, &op_pool, &a, &x, 1, NULL, err);
}

struct node *layer_pool(
	struct graph *g, struct node *x, bool max, int kernel, int stride, struct err *err)
{
	struct layer_window w = layer_window(false, kernel, stride, -1);

	return layer_pool_nd(g, x, max, &w, err);
}

struct node *layer_global_pool(struct graph *g, struct node *x, bool max, struct err *err)
{
	struct global_pool_attr a = {max};

	return graph_op(g, &op_global_pool, &a, &x, 1, NULL, err);
}

struct node *layer_resize(struct graph *g, struct node *x, const int64_t size[3], struct err *err)
{
	struct resize_attr a = {.align_corners = 0};

	for (int i = 0; i < 3; i++)
		a.size[i] = (int32_t)size[i];
	return graph_op(g, &op_resize, &a, &x, 1, NULL, err);
}

int layer_l2(struct graph *g, struct node *w, double coefficient, struct err *err)
{
	struct node *sum = graph_op(g, &op_l2, NULL, &w, 1, NULL, err);

	return sum ? graph_add_loss(g, sum, (float)coefficient, err) : -1;
}
