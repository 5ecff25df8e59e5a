#ifndef CORE_GRAPH_LAYERS_H
#define CORE_GRAPH_LAYERS_H

#include "core/graph/graph.h"

/*
 * Attributes of the ops that come with the graph, and one function each that
 * adds it.  All return the new node, or NULL with err set.  Parameters are named
 * NAME.weight, NAME.bias, NAME.gamma, NAME.beta, states NAME.mean, NAME.var.
 */
enum act_kind {
	ACT_NONE,
	ACT_RELU,
	ACT_LEAKY, /* x < 0: slope * x */
	ACT_SIGMOID,
};

struct act_attr {
	int32_t kind; /* enum act_kind */
	float slope;
};

/* in: x N D H W Ci, weight Co Ci KD KH KW, then bias Co when bias is set. */
struct conv_attr {
	int32_t kernel[3], stride[3];
	int32_t pad[3];     /* before; SAME: out = ceil(in / stride) as TensorFlow pads */
	int32_t pad_end[3]; /* after */
	int32_t same;       /* pad and pad_end follow from the shape */
	int32_t bias;
	struct act_attr act; /* set by fusion */
};

/*
 * in: x N D H W Ci, weight Ci Co KD KH KW (PyTorch's order), bias Co when bias is set.
 * size: of the output; see core/graph/op/conv_transpose.c for what is allowed.
 */
struct conv_transpose_attr {
	int32_t kernel[3], stride[3], pad[3];
	int32_t size[3];
	int32_t bias;
};

enum norm_kind {
	NORM_BATCH, /* per channel over N D H W; running statistics */
	NORM_GROUP, /* per item and group of channels; groups == channels: instance norm */
};

/*
 * in: x, gamma C, beta C; NORM_BATCH also running mean C, running var C (states).
 * plain (NORM_GROUP only): no gamma and beta.  The last input, when slopes is set: the
 * slopes of a PReLU after the norm (1 or C).
 */
struct norm_attr {
	int32_t kind;
	int32_t groups;
	float eps;
	int32_t plain;
	float momentum;      /* running = momentum * running + (1 - momentum) * batch */
	struct act_attr act; /* set by fusion */
	int32_t slopes;      /* set by fusion; act is then ACT_NONE */
};

/* Nearest neighbour times two, cut to size. */
struct upsample_attr {
	int32_t size[3];
};

/*
 * conv(concat(upsample(a), skip)) in one op, made by fusion: in: a, then skip when
 * skip is set, weight, bias when conv.bias is set.  Kernel 3, stride 1, SAME.
 */
struct upconv_attr {
	struct conv_attr conv;
	int32_t size[3];
	int32_t skip;
};

struct dropout_attr {
	float rate;
};

struct pool_attr {
	int32_t max; /* 1: maximum, 0: average of the voxels inside the image */
	int32_t kernel[3], stride[3];
	int32_t pad[3], pad_end[3]; /* as in conv_attr */
	int32_t same;
};

/* Over all voxels: N D H W C -> N 1 1 1 C. */
struct global_pool_attr {
	int32_t max; /* 1: maximum (first place), 0: average */
};

/* Trilinear (bilinear where D stays), to size; see op/resize.c. */
struct resize_attr {
	int32_t size[3];
	int32_t align_corners; /* PyTorch's meaning; 0: voxel centres are halves */
};

/* Kernel, stride and padding (both sides) along D, H, W; same: SAME padding instead. */
struct layer_window {
	int kernel[3], stride[3], pad[3];
	bool same;
};

/*
 * The same numbers in each dimension; pad < 0: SAME.  flat: a 2-D network (image
 * with D = 1), whose windows are 1 in D.
 */
struct layer_window layer_window(bool flat, int kernel, int stride, int pad);

/* SAME padding; bias: NAME.bias starts at 0; weight: He normal. */
struct node *layer_conv(struct graph *g, struct node *x, const char *name, int64_t channels,
	int kernel, int stride, bool bias, struct err *err) MUST_CHECK;

/* groups is lowered to the largest divisor of the channel count that is not above it. */
struct node *layer_norm(struct graph *g, struct node *x, const char *name, enum norm_kind kind,
	int groups, struct err *err) MUST_CHECK;

/* Group norm without gamma and beta; groups == channels: MONAI's instance norm. */
struct node *layer_norm_plain(
	struct graph *g, struct node *x, const char *name, int groups, struct err *err) MUST_CHECK;

/*
 * Transposed convolution to channels channels and size (D H W); weight and bias: He
 * normal by the taps that meet in an output voxel, and 0.
 */
struct node *layer_conv_transpose(struct graph *g, struct node *x, const char *name,
	int64_t channels, const int kernel[3], const int stride[3], const int pad[3],
	const int64_t size[3], bool bias, struct err *err) MUST_CHECK;

/* NAME.weight: one slope (slopes 1) or one per channel, all 0.25 at the start. */
struct node *layer_prelu(struct graph *g, struct node *x, const char *name, int64_t slopes,
	struct err *err) MUST_CHECK;

struct node *layer_act(struct graph *g, struct node *x, enum act_kind kind, float slope,
	struct err *err) MUST_CHECK;

/* Times two in each dimension, then cut to the D H W of like (sizes 2n - 1 or 2n). */
struct node *layer_upsample(
	struct graph *g, struct node *x, const struct node *like, struct err *err) MUST_CHECK;

struct node *layer_concat(
	struct graph *g, struct node *const *in, int n, struct err *err) MUST_CHECK;
struct node *layer_add(struct graph *g, struct node *a, struct node *b, struct err *err) MUST_CHECK;
struct node *layer_softmax(struct graph *g, struct node *x, struct err *err) MUST_CHECK;
struct node *layer_dropout(
	struct graph *g, struct node *x, double rate, struct err *err) MUST_CHECK;
struct node *layer_pool(struct graph *g, struct node *x, bool max, int kernel, int stride,
	struct err *err) MUST_CHECK;

/* layer_conv() and layer_pool() with a window per dimension. */
struct node *layer_conv_nd(struct graph *g, struct node *x, const char *name, int64_t channels,
	const struct layer_window *w, bool bias, struct err *err) MUST_CHECK;
struct node *layer_pool_nd(struct graph *g, struct node *x, bool max, const struct layer_window *w,
	struct err *err) MUST_CHECK;

/* N D H W C -> N 1 1 1 C: maximum or average. */
struct node *layer_global_pool(
	struct graph *g, struct node *x, bool max, struct err *err) MUST_CHECK;

/* N 1 1 1 C -> N 1 1 1 channels with bias: a 1x1x1 convolution. */
struct node *layer_linear(struct graph *g, struct node *x, const char *name, int64_t channels,
	struct err *err) MUST_CHECK;

/* Linear interpolation to size (D, H, W), align_corners false. */
struct node *layer_resize(
	struct graph *g, struct node *x, const int64_t size[3], struct err *err) MUST_CHECK;

/* coefficient * sum of squares of w, added to the graph's loss. */
int layer_l2(struct graph *g, struct node *w, double coefficient, struct err *err) MUST_CHECK;

#endif
