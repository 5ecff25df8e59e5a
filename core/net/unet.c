/*
 * Unet: the 3-D U-Net of VoxelMorph's layout (Balakrishnan et al. 2019), which is
 * what the v3 arguments nf_enc (four numbers) and nf_dec (seven) describe:
 *
 *   encoder   enc0..enc3   3x3x3, stride 2: 1/2, 1/4, 1/8, 1/16 of the size
 *   decoder   dec0         at 1/16
 *             dec1         at 1/8   after doubling, joined with enc2
 *             dec2         at 1/4   after doubling, joined with enc1
 *             dec3         at 1/2   after doubling, joined with enc0
 *             dec4         at 1/2
 *             dec5         at 1/1   after doubling, joined with the image
 *             dec6         at 1/1
 *   out       1x1x1 to num_classes, with bias, then the final activation
 *
 * A 2-D image (D = 1) gives kernels of 1x3x3 and strides of 1x2x2.
 * Each encN and decN is convolution (SAME padding; bias only without a norm), then
 * the norm if any, then leaky ReLU with slope 0.2.  Dropout, when asked for,
 * stands before out.  Sizes that 16 does not divide are rounded up on the way
 * down and cut to the skip tensor's size on the way up.
 */
#include <stdio.h>

#include "core/component.h"
#include "core/graph/layers.h"
#include "core/net/net.h"

enum { UNET_ENC = 4, UNET_DEC = 7 };

static const float UNET_SLOPE = 0.2f;

struct unet_args {
	int64_t num_classes;
	struct numlist nf_enc, nf_dec;
	bool use_batch_norm, use_group_norm, use_instance_norm;
	int64_t use_group_normG;
	int final_activation;
	double dropout_prob, reg_weight;
};

static const char *const unet_activations[] = {"softmax", "sigmoid", "linear", NULL};

static const struct arg_def unet_arg_defs[] = {
	{"num_classes", ARG_INT, offsetof(struct unet_args, num_classes), .flags = ARG_REQUIRED,
		.min = 1, .max = 1024, .help = "channels of the output, background included"},
	{"nf_enc", ARG_INTLIST, offsetof(struct unet_args, nf_enc), .def = "\"16,32,32,32\"",
		.min = 1, .max = 4096, .help = "channels of the 4 encoder convolutions"},
	{"nf_dec", ARG_INTLIST, offsetof(struct unet_args, nf_dec),
		.def = "\"32,32,32,32,32,16,16\"", .min = 1, .max = 4096,
		.help = "channels of the 7 decoder convolutions"},
	{"use_batch_norm", ARG_BOOL, offsetof(struct unet_args, use_batch_norm), .def = "false",
		.help = "batch normalisation after each convolution"},
	{"use_group_norm", ARG_BOOL, offsetof(struct unet_args, use_group_norm), .def = "false",
		.help = "group normalisation after each convolution"},
	{"use_group_normG", ARG_INT, offsetof(struct unet_args, use_group_normG), .def = "8",
		.min = 1, .max = 4096,
		.help = "number of groups; lowered to a divisor of the channels"},
	{"use_instance_norm", ARG_BOOL, offsetof(struct unet_args, use_instance_norm),
		.def = "false", .help = "instance normalisation after each convolution"},
	{"final_activation", ARG_CHOICE, offsetof(struct unet_args, final_activation),
		.def = "\"softmax\"", .choices = unet_activations,
		.help = "activation of the output"},
	{"dropout_prob", ARG_FLOAT, offsetof(struct unet_args, dropout_prob), .def = "0", .min = 0,
		.max = 0.99, .help = "dropout before the last convolution"},
	{"reg_weight", ARG_FLOAT, offsetof(struct unet_args, reg_weight), .def = "0", .min = 0,
		.max = 1e6, .help = "L2 regularisation of the convolution weights"},
	ARG_END,
};

struct unet {
	const struct unet_args *a;
	struct graph *g;
	struct err *err;
	bool flat; /* a 2-D image */
};

static int unet_norm_kind(const struct unet_args *a, int64_t channels, enum norm_kind *kind)
{
	*kind = a->use_batch_norm ? NORM_BATCH : NORM_GROUP;
	return a->use_instance_norm ? (int)channels : (int)a->use_group_normG;
}

/* Convolution, norm, leaky ReLU under the name "PART<i>". */
static struct node *unet_block(
	const struct unet *u, struct node *x, const char *part, int i, double channels, int stride)
{
	const struct unet_args *a = u->a;
	bool norm = a->use_batch_norm || a->use_group_norm || a->use_instance_norm;
	char conv[32], bn[32];
	struct layer_window win = layer_window(u->flat, 3, stride, -1);
	enum norm_kind kind;
	int groups = unet_norm_kind(a, (int64_t)channels, &kind);
	struct node *w;

	snprintf(conv, sizeof(conv), "%s%d.conv", part, i);
	snprintf(bn, sizeof(bn), "%s%d.norm", part, i);
	x = layer_conv_nd(u->g, x, conv, (int64_t)channels, &win, !norm, u->err);
	if (!x)
		return NULL;
	w = x->in[1];
	if (a->reg_weight > 0 && layer_l2(u->g, w, a->reg_weight, u->err))
		return NULL;
	if (norm)
		x = layer_norm(u->g, x, bn, kind, groups, u->err);
	return x ? layer_act(u->g, x, ACT_LEAKY, UNET_SLOPE, u->err) : NULL;
}

/* Doubles x to the size of skip and joins them. */
static struct node *unet_up(const struct unet *u, struct node *x, struct node *skip)
{
	struct node *in[2] = {layer_upsample(u->g, x, skip, u->err), skip};

	return in[0] ? layer_concat(u->g, in, 2, u->err) : NULL;
}

static struct node *unet_body(const struct unet *u, struct node *image)
{
	/* what dec1, dec2, dec3 and dec5 are joined with: 0..2 an encoder's output, 3 the image */
	static const int skip_of[UNET_DEC] = {-1, 2, 1, 0, -1, 3, -1};
	struct node *skip[UNET_ENC], *x = image;

	for (int i = 0; i < UNET_ENC; i++) {
		x = unet_block(u, x, "enc", i, u->a->nf_enc.v[i], 2);
		if (!x)
			return NULL;
		skip[i] = x;
	}
	skip[3] = image;
	for (int i = 0; i < UNET_DEC && x; i++) {
		if (skip_of[i] >= 0)
			x = unet_up(u, x, skip[skip_of[i]]);
		if (x)
			x = unet_block(u, x, "dec", i, u->a->nf_dec.v[i], 1);
	}
	return x;
}

static int unet_check(const struct unet_args *a, const struct node *image, struct err *err)
{
	if (image->shape.n != 5)
		return err_set(err, ERR_DATA, "Unet: the image must be N D H W C");
	if (a->nf_enc.n != UNET_ENC)
		return err_set(err, ERR_DATA, "Unet: nf_enc has %d numbers, %d wanted", a->nf_enc.n,
			UNET_ENC);
	if (a->nf_dec.n != UNET_DEC)
		return err_set(err, ERR_DATA, "Unet: nf_dec has %d numbers, %d wanted", a->nf_dec.n,
			UNET_DEC);
	if (a->use_batch_norm + a->use_group_norm + a->use_instance_norm > 1)
		return err_set(err, ERR_DATA,
			"Unet: only one of use_batch_norm, use_group_norm and use_instance_norm can "
			"be true");
	return 0;
}

static int unet_build(
	const void *args, struct graph *g, struct node *image, struct net_out *out, struct err *err)
{
	const struct unet_args *a = args;
	struct unet u = {a, g, err, image->shape.d[1] == 1};
	struct node *x;

	if (unet_check(a, image, err))
		return -1;
	x = unet_body(&u, image);
	if (x && a->dropout_prob > 0)
		x = layer_dropout(g, x, a->dropout_prob, err);
	if (x)
		x = layer_conv(g, x, "out.conv", a->num_classes, 1, 1, true, err);
	if (!x)
		return -1;
	out->logits = out->pred = x;
	if (a->final_activation == 0)
		out->pred = layer_softmax(g, x, err);
	else if (a->final_activation == 1)
		out->pred = layer_act(g, x, ACT_SIGMOID, 0, err);
	if (!out->pred)
		return -1;
	graph_output(g, out->pred);
	return 0;
}

static int unet_classes(const void *args)
{
	return (int)((const struct unet_args *)args)->num_classes;
}

static const struct net_ops unet_ops = {
	.build = unet_build,
	.classes = unet_classes,
};

static const char *const unet_aliases[] = {"UnetParallel", NULL};

const struct component component_unet = {
	.name = "Unet",
	.kind = COMPONENT_NETWORK,
	.aliases = unet_aliases,
	.help = "3-D U-Net: encoder convolutions enc0..enc3 (3x3x3, stride 2, nf_enc channels), "
		"decoder dec0 at 1/16, dec1 at 1/8 joined with enc2, dec2 at 1/4 joined with enc1, "
		"dec3 and dec4 at 1/2 (dec3 joined with enc0), dec5 and dec6 at full size (dec5 "
		"joined with the image), nf_dec channels, 1x1x1 to num_classes; each convolution is "
		"followed by the norm and leaky ReLU (0.2); an image with z = 1 makes a 2-D network "
		"(kernels 3x3, strides 2x2)",
	.args = unet_arg_defs,
	.args_size = sizeof(struct unet_args),
	.ops = &unet_ops,
};
