/*
 * SegAhnet: AH-Net (Liu et al. 2018, arXiv 1711.08580), segmentation of anisotropic
 * volumes.  The encoder is a ResNet50 whose kernels lie in one plane (k x k x 1), so that
 * its weights can come from a 2-D network; the decoder looks through the planes with
 * pseudo-3-D dense layers:
 *
 *   conv1    7x7x1, stride 2x2x1, 64; bn0, ReLU
 *   pool     maximum 2x2x2, stride 2
 *   layer1..4  3, 4, 6, 3 bottlenecks: 1x1x1, 3x3x1, 1x1x1 to 256, 512, 1024, 2048,
 *            norms and ReLU; strides 1, 2x2x1, 2x2x1, 2x2x1 in the first one's middle
 *   up0..2   norm, ReLU, 1x1x1, linear interpolation to the size of layer3, 2, 1; added to
 *            that layer's output; dense0..2
 *   trans1   norm, ReLU, 1x1x1 to 64, added to pool; dense3
 *   up3      to the size of conv1, added to it; dense4
 *   psp      (if_use_psp) averages over 2, 4, 8, 16 in the plane, 1x1x1 to 1 channel, back
 *            to the size, joined
 *   final    norm, ReLU, 1x1x1 to num_classes, interpolation to the image's size
 *
 * A dense layer: norm, ReLU, 1x1x1 to 80; norm, ReLU, a = 3x3x1 to 20, b = 1x1x3 of a to
 * 20; norm and ReLU of a + b, 1x1x1 to 20, joined to the input; three layers per block.
 * In 2-D there is no plane to look through: b is left out and a + b is a.
 */
#include <stdio.h>

#include "core/component.h"
#include "core/net/blocks.h"

enum { AH_DENSE_LAYERS = 3, AH_GROWTH = 20, AH_BN_SIZE = 4, AH_INIT = 64, AH_PSP = 4 };

struct ah_args {
	int64_t num_classes, n_spatial_dim;
	bool if_use_psp;
	int plane, final_activation;
	char *pretrain_weight_name, *pretrain_weight_url, *data_format, *dtype;
};

static const char *const ah_planes[] = {"z", "y", "x", NULL}; /* D, H, W */

static const struct arg_def ah_arg_defs[] = {
	{"num_classes", ARG_INT, offsetof(struct ah_args, num_classes), .flags = ARG_REQUIRED,
		.min = 1, .max = 1024, .help = "channels of the output, background included"},
	{"n_spatial_dim", ARG_INT, offsetof(struct ah_args, n_spatial_dim), .def = "2", .min = 2,
		.max = 3, .help = "2 wants images without depth, 3 volumes"},
	{"if_use_psp", ARG_BOOL, offsetof(struct ah_args, if_use_psp), .def = "false",
		.help = "pyramid pooling before the last convolution"},
	{"plane", ARG_CHOICE, offsetof(struct ah_args, plane), .def = "\"z\"", .choices = ah_planes,
		.help = "the axis that stands on the planes of the 2-D kernels; 3-D only"},
	{"final_activation", ARG_CHOICE, offsetof(struct ah_args, final_activation),
		.def = "\"softmax\"", .choices = net_final_choices,
		.help = "activation of the output"},
	{"pretrain_weight_name", ARG_STRING, offsetof(struct ah_args, pretrain_weight_name),
		.flags = ARG_UNUSED,
		.help = "accepted: the Keras file of ResNet50 is not read; start from weights "
			"with MMAR_CKPT"},
	{"pretrain_weight_url", ARG_STRING, offsetof(struct ah_args, pretrain_weight_url),
		.flags = ARG_UNUSED, .help = "accepted: nothing is fetched"},
	{"data_format", ARG_STRING, offsetof(struct ah_args, data_format), .flags = ARG_UNUSED,
		.help = "accepted; memory is channels-last here"},
	{"dtype", ARG_STRING, offsetof(struct ah_args, dtype), .flags = ARG_UNUSED,
		.help = "accepted; see use_amp"},
	ARG_END,
};

struct ahnet {
	struct graph *g;
	struct err *err;
	bool flat;
	int normal; /* dimension D, H or W across the planes; flat: D */
	struct node *conv1, *pool;
};

/* k in the plane and t across it, stride likewise, symmetric padding. */
static struct layer_window ah_window(const struct ahnet *h, int k, int t, int stride, int across)
{
	struct layer_window w = layer_window(false, k, stride, k / 2);

	w.kernel[h->normal] = t;
	w.pad[h->normal] = t / 2;
	w.stride[h->normal] = across;
	return w;
}

static struct node *ah_conv(const struct ahnet *h, struct node *x, const char *name,
	int64_t channels, const struct layer_window *w)
{
	return layer_conv_nd(h->g, x, name, channels, w, false, h->err);
}

static struct node *ah_one(
	const struct ahnet *h, struct node *x, const char *name, int64_t channels)
{
	return layer_conv(h->g, x, name, channels, 1, 1, false, h->err);
}

static struct node *ah_norm(const struct ahnet *h, struct node *x, const char *name, bool relu)
{
	x = layer_norm(h->g, x, name, NORM_BATCH, 0, h->err);
	return x && relu ? layer_act(h->g, x, ACT_RELU, 0, h->err) : x;
}

static struct node *ah_resize(const struct ahnet *h, struct node *x, const struct node *like)
{
	return layer_resize(h->g, x, &like->shape.d[1], h->err);
}

/* A bottleneck of the ResNet; the shortcut is projected where the shape changes. */
static struct node *ah_bottleneck(
	const struct ahnet *h, struct node *x, const char *at, int64_t width, int stride)
{
	struct layer_window w = ah_window(h, 3, 1, stride, 1);
	struct layer_window one = ah_window(h, 1, 1, stride, 1);
	struct node *side = x, *y;
	char name[NET_NAME];

	y = ah_one(h, x, net_name(name, "%s.conv1", at), width);
	y = y ? ah_norm(h, y, net_name(name, "%s.bn1", at), true) : NULL;
	y = y ? ah_conv(h, y, net_name(name, "%s.conv2", at), width, &w) : NULL;
	y = y ? ah_norm(h, y, net_name(name, "%s.bn2", at), true) : NULL;
	y = y ? ah_one(h, y, net_name(name, "%s.conv3", at), width * 4) : NULL;
	y = y ? ah_norm(h, y, net_name(name, "%s.bn3", at), false) : NULL;
	if (y && shape_channels(&x->shape) != width * 4) {
		side = ah_conv(h, x, net_name(name, "%s.downsample.0", at), width * 4, &one);
		side = side ? ah_norm(h, side, net_name(name, "%s.downsample.1", at), false) : NULL;
	}
	y = y && side ? layer_add(h->g, y, side, h->err) : NULL;
	return y ? layer_act(h->g, y, ACT_RELU, 0, h->err) : NULL;
}

static struct node *ah_stage(const struct ahnet *h, struct node *x, int i)
{
	static const int blocks[] = {3, 4, 6, 3};
	char at[NET_NAME / 2];

	for (int b = 0; x && b < blocks[i]; b++) {
		snprintf(at, sizeof(at), "layer%d.%d", i + 1, b);
		x = ah_bottleneck(h, x, at, (int64_t)64 << i, b || !i ? 1 : 2);
	}
	return x;
}

static struct node *ah_dense_layer(const struct ahnet *h, struct node *x, const char *at)
{
	struct layer_window plane = ah_window(h, 3, 1, 1, 1), across = ah_window(h, 1, 3, 1, 1);
	struct node *join[2] = {x}, *a, *b;
	char name[NET_NAME];

	x = ah_norm(h, x, net_name(name, "%s.bn1", at), true);
	x = x ? ah_one(h, x, net_name(name, "%s.conv1", at), AH_BN_SIZE * AH_GROWTH) : NULL;
	x = x ? ah_norm(h, x, net_name(name, "%s.bn2", at), true) : NULL;
	a = x ? ah_conv(h, x, net_name(name, "%s.conv2", at), AH_GROWTH, &plane) : NULL;
	if (a && !h->flat) {
		b = ah_conv(h, a, net_name(name, "%s.conv3", at), AH_GROWTH, &across);
		a = b ? layer_add(h->g, a, b, h->err) : NULL;
	}
	a = a ? ah_norm(h, a, net_name(name, "%s.bn3", at), true) : NULL;
	join[1] = a ? ah_one(h, a, net_name(name, "%s.conv4", at), AH_GROWTH) : NULL;
	return join[1] ? layer_concat(h->g, join, 2, h->err) : NULL;
}

static struct node *ah_dense(const struct ahnet *h, struct node *x, int block)
{
	char at[NET_NAME / 2];

	for (int i = 0; x && i < AH_DENSE_LAYERS; i++) {
		snprintf(at, sizeof(at), "dense%d.denselayer%d", block, i + 1);
		x = ah_dense_layer(h, x, at);
	}
	return x;
}

/* norm, ReLU, 1x1x1 to the channels of skip, to its size, added to it; then a dense block. */
static struct node *ah_up(
	const struct ahnet *h, struct node *x, struct node *skip, const char *at, int block)
{
	char name[NET_NAME];

	x = ah_norm(h, x, net_name(name, "%s.norm", at), true);
	x = x ? ah_one(h, x, net_name(name, "%s.conv", at), shape_channels(&skip->shape)) : NULL;
	if (x && shape_voxels(&x->shape) != shape_voxels(&skip->shape))
		x = ah_resize(h, x, skip);
	x = x ? layer_add(h->g, x, skip, h->err) : NULL;
	return x ? ah_dense(h, x, block) : NULL;
}

static struct node *ah_psp(const struct ahnet *h, struct node *x)
{
	struct node *join[AH_PSP + 1] = {x}, *p;
	char name[NET_NAME];

	for (int i = 0; i < AH_PSP; i++) {
		struct layer_window w = ah_window(h, 2 << i, 1, 2 << i, 1);

		w.same = true; /* places outside do not count */
		p = layer_pool_nd(h->g, x, false, &w, h->err);
		p = p ? ah_norm(h, p, net_name(name, "psp.norm%d", i), true) : NULL;
		p = p ? ah_one(h, p, net_name(name, "psp.conv%d", i), 1) : NULL;
		join[i + 1] = p ? ah_resize(h, p, x) : NULL;
		if (!join[i + 1])
			return NULL;
	}
	return layer_concat(h->g, join, AH_PSP + 1, h->err);
}

static struct node *ah_stem(struct ahnet *h, struct node *image)
{
	struct layer_window w = ah_window(h, 7, 1, 2, 1), pool = layer_window(h->flat, 2, 2, -1);
	struct node *x = ah_conv(h, image, "conv1", AH_INIT, &w);

	h->conv1 = x ? ah_norm(h, x, "bn0", true) : NULL;
	h->pool = h->conv1 ? layer_pool_nd(h->g, h->conv1, true, &pool, h->err) : NULL;
	return h->pool;
}

static struct node *ah_body(struct ahnet *h, struct node *image, bool psp)
{
	struct node *fm[4], *x = ah_stem(h, image);
	char name[NET_NAME];

	for (int i = 0; i < 4; i++) {
		x = x ? ah_stage(h, x, i) : NULL;
		fm[i] = x;
	}
	for (int i = 0; x && i < 3; i++)
		x = ah_up(h, x, fm[2 - i], net_name(name, "up%d", i), i);
	x = x ? ah_up(h, x, h->pool, "trans1", 3) : NULL;
	x = x ? ah_up(h, x, h->conv1, "up3", 4) : NULL;
	if (x && psp)
		x = ah_psp(h, x);
	return x ? ah_norm(h, x, "final.norm", true) : NULL;
}

static int ah_build(
	const void *args, struct graph *g, struct node *image, struct net_out *out, struct err *err)
{
	static const int normal[] = {0, 1, 2};
	const struct ah_args *a = args;
	struct ahnet h = {.g = g, .err = err};
	struct node *x;

	if (net_check_image(image, 0, 0, "SegAhnet", err))
		return -1;
	h.flat = image->shape.d[1] == 1;
	if (a->n_spatial_dim == 2 && !h.flat)
		return err_set(err, ERR_DATA,
			"SegAhnet: n_spatial_dim is 2 but the image has a depth of %lld: set "
			"n_spatial_dim to 3",
			(long long)image->shape.d[1]);
	h.normal = h.flat ? 0 : normal[a->plane];
	x = ah_body(&h, image, a->if_use_psp);
	x = x ? layer_conv(g, x, "final.conv", a->num_classes, 1, 1, true, err) : NULL;
	x = x ? ah_resize(&h, x, image) : NULL;
	return x ? net_finish(g, x, a->final_activation, out, err) : -1;
}

static int ah_classes(const void *args)
{
	return (int)((const struct ah_args *)args)->num_classes;
}

static const struct net_ops ah_ops = {
	.build = ah_build,
	.classes = ah_classes,
};

const struct component component_segahnet = {
	.name = "SegAhnet",
	.kind = COMPONENT_NETWORK,
	.help = "AH-Net (Liu et al. 2018, arXiv 1711.08580), 2-D or 3-D: a ResNet50 encoder with "
		"kernels in one plane (7x7x1, 3x3x1; strides 2x2x1), a decoder of pseudo-3-D dense "
		"layers (3x3x1 plus 1x1x3, growth 20, 3 per level), linear interpolation upwards, "
		"skip tensors added, pyramid pooling with if_use_psp. Batch norms throughout",
	.args = ah_arg_defs,
	.args_size = sizeof(struct ah_args),
	.ops = &ah_ops,
};
