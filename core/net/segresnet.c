/*
 * SegResnet of Clara v3: encoder and decoder of pre-activated residual blocks with an
 * optional variational branch (Myronenko 2018, arXiv 1810.11654).
 */
#include "core/component.h"
#include "core/net/resnet.h"

struct segresnet_args {
	int64_t num_classes, init_filters, use_group_normG;
	struct numlist blocks_down, blocks_up;
	bool use_batch_norm, use_group_norm, use_vae;
	double reg_weight, dropout_prob;
	int final_activation;
};

static const struct arg_def segresnet_arg_defs[] = {
	{"num_classes", ARG_INT, offsetof(struct segresnet_args, num_classes),
		.flags = ARG_REQUIRED, .min = 1, .max = 1024,
		.help = "channels of the output, background included"},
	{"blocks_down", ARG_INTLIST, offsetof(struct segresnet_args, blocks_down),
		.def = "\"1,2,2,4\"", .min = 0, .max = 64,
		.help = "residual blocks per level of the encoder, 1 to 8 levels"},
	{"blocks_up", ARG_INTLIST, offsetof(struct segresnet_args, blocks_up), .def = "\"1,1,1\"",
		.min = 0, .max = 64,
		.help = "residual blocks per level of the decoder, one level less, lowest first"},
	{"init_filters", ARG_INT, offsetof(struct segresnet_args, init_filters), .def = "8",
		.min = 1, .max = 1024, .help = "channels of the first level, doubled per level"},
	{"use_batch_norm", ARG_BOOL, offsetof(struct segresnet_args, use_batch_norm),
		.def = "false", .help = "batch normalisation (takes precedence over group)"},
	{"use_group_norm", ARG_BOOL, offsetof(struct segresnet_args, use_group_norm), .def = "true",
		.help = "group normalisation"},
	{"use_group_normG", ARG_INT, offsetof(struct segresnet_args, use_group_normG), .def = "8",
		.min = 1, .max = 4096,
		.help = "number of groups; lowered to a divisor of the channels"},
	{"reg_weight", ARG_FLOAT, offsetof(struct segresnet_args, reg_weight), .def = "0", .min = 0,
		.max = 1e6, .help = "L2 regularisation of the convolution weights"},
	{"dropout_prob", ARG_FLOAT, offsetof(struct segresnet_args, dropout_prob), .def = "0",
		.min = 0, .max = 0.99, .help = "dropout after the first convolution"},
	{"final_activation", ARG_CHOICE, offsetof(struct segresnet_args, final_activation),
		.def = "\"softmax\"", .choices = net_final_choices,
		.help = "activation of the output"},
	{"use_vae", ARG_BOOL, offsetof(struct segresnet_args, use_vae), .def = "false",
		.help = "variational branch in training; its weights fit one image size only"},
	ARG_END,
};

static struct net_norm segresnet_norm(const struct segresnet_args *a)
{
	enum net_norm_kind kind = a->use_batch_norm   ? NET_NORM_BATCH
				  : a->use_group_norm ? NET_NORM_GROUP
						      : NET_NORM_NONE;

	return (struct net_norm){kind, (int)a->use_group_normG, true};
}

static int segresnet_build(
	const void *args, struct graph *g, struct node *image, struct net_out *out, struct err *err)
{
	const struct segresnet_args *a = args;
	struct node *skip[RESNET_LEVELS], *x;
	struct resnet r = {.net = {g, err, segresnet_norm(a), {.kind = NET_ACT_RELU}},
		.owner = "SegResnet",
		.down = &a->blocks_down,
		.up = &a->blocks_up,
		.filters = a->init_filters,
		.same = true,
		.reg = a->reg_weight,
		.dropout = a->dropout_prob};

	if (net_check_image(image, 0, 0, "SegResnet", err) || resnet_check(&r))
		return -1;
	r.net.flat = image->shape.d[1] == 1;
	r.bias = r.net.norm.kind == NET_NORM_NONE;
	x = resnet_encode(&r, image, skip);
	if (x && a->use_vae && g->training && resnet_vae(&r, image, skip))
		return -1;
	x = x ? resnet_decode(&r, x, skip, true, "") : NULL;
	x = x ? resnet_final(&r, x, "conv_final", a->num_classes) : NULL;
	return x ? net_finish(g, x, a->final_activation, out, err) : -1;
}

static int segresnet_classes(const void *args)
{
	return (int)((const struct segresnet_args *)args)->num_classes;
}

static const struct net_ops segresnet_ops = {
	.build = segresnet_build,
	.classes = segresnet_classes,
};

const struct component component_segresnet = {
	.name = "SegResnet",
	.kind = COMPONENT_NETWORK,
	.help = "encoder and decoder of residual blocks (Myronenko 2018): 3x3x3 convolution to "
		"init_filters, dropout, then per level blocks_down blocks of norm, ReLU, 3x3x3 "
		"convolution, norm, ReLU, 3x3x3 convolution and sum; levels are entered by a "
		"3x3x3 convolution with stride 2 that doubles the channels and left by a 1x1x1 "
		"convolution that halves them, trilinear doubling and the sum with the encoder's "
		"output; norm, ReLU, 1x1x1 to num_classes.  Bias only without a norm.  use_vae adds, "
		"in training, a branch that draws 128 numbers and rebuilds the image; loss + KL / "
		"voxels + 0.1 * mean squared error",
	.args = segresnet_arg_defs,
	.args_size = sizeof(struct segresnet_args),
	.ops = &segresnet_ops,
};
