/*
 * Alexnet: classification by the five convolutions and two fully connected layers that
 * the v3 argument num_feat (seven numbers) describes.  Its default, 96 to 4096, is the
 * "fast" network of OverFeat (Sermanet et al. 2013, arXiv 1312.6229), an AlexNet
 * (Krizhevsky et al. 2012) whose layout v3 does not write down; here it is
 *
 *   conv1  11x11x11, stride 4    norm, ReLU, maximum 2x2x2, stride 2
 *   conv2  5x5x5                 norm, ReLU, maximum 2x2x2, stride 2
 *   conv3, conv4  3x3x3          norm, ReLU
 *   conv5  3x3x3                 norm, ReLU, maximum 2x2x2, stride 2
 *   average over the image
 *   fc6, fc7  linear             ReLU, dropout
 *   out    linear to num_classes
 *
 * with SAME padding, so that any size works and no weight depends on it.  With mil
 * (multiple-instance learning) the image is a bag of places: fc6, fc7 and out run at
 * every place, and a class's score is its maximum over the places (Zhu et al. 2017,
 * arXiv 1705.08550), whose gradient goes to that place only.
 */
#include "core/component.h"
#include "core/net/blocks.h"

enum { ALEX_CONVS = 5, ALEX_FEATS = 7 };

struct alex_args {
	int64_t num_classes;
	struct numlist num_feat;
	bool mil, use_batch_norm, use_group_norm;
	int64_t use_group_normG;
	double reg_weight, dropout_prob;
	int final_activation;
	char *data_format;
};

static const struct arg_def alex_arg_defs[] = {
	{"num_classes", ARG_INT, offsetof(struct alex_args, num_classes), .flags = ARG_REQUIRED,
		.min = 1, .max = 65536, .help = "classes"},
	{"num_feat", ARG_INTLIST, offsetof(struct alex_args, num_feat),
		.def = "\"96,256,512,1024,1024,3072,4096\"", .min = 1, .max = 65536,
		.help = "channels of the 5 convolutions and the 2 fully connected layers"},
	{"mil", ARG_BOOL, offsetof(struct alex_args, mil), .def = "false",
		.help = "score every place of the image and keep each class's maximum"},
	{"use_batch_norm", ARG_BOOL, offsetof(struct alex_args, use_batch_norm), .def = "false",
		.help = "batch normalisation after the convolutions; goes before use_group_norm"},
	{"use_group_norm", ARG_BOOL, offsetof(struct alex_args, use_group_norm), .def = "true",
		.help = "group normalisation after the convolutions"},
	{"use_group_normG", ARG_INT, offsetof(struct alex_args, use_group_normG), .def = "8",
		.min = 1, .max = 4096,
		.help = "number of groups; lowered to a divisor of the channels"},
	{"reg_weight", ARG_FLOAT, offsetof(struct alex_args, reg_weight), .def = "0", .min = 0,
		.max = 1e6, .help = "L2 regularisation of the weights"},
	{"dropout_prob", ARG_FLOAT, offsetof(struct alex_args, dropout_prob), .def = "0.5",
		.min = 0, .max = 0.99, .help = "dropout after the fully connected layers"},
	{"final_activation", ARG_CHOICE, offsetof(struct alex_args, final_activation),
		.def = "\"softmax\"", .choices = net_final_choices,
		.help = "activation of the output"},
	{"data_format", ARG_STRING, offsetof(struct alex_args, data_format), .flags = ARG_UNUSED,
		.help = "accepted; memory is channels-last here"},
	ARG_END,
};

struct alexnet {
	const struct alex_args *a;
	struct net_ctx net;
};

static struct node *alex_regularise(const struct alexnet *n, struct node *x)
{
	if (x && n->a->reg_weight > 0 && layer_l2(n->net.g, x->in[1], n->a->reg_weight, n->net.err))
		return NULL;
	return x;
}

static struct node *alex_conv(const struct alexnet *n, struct node *x, int i)
{
	static const int kernel[ALEX_CONVS] = {11, 5, 3, 3, 3};
	static const bool pooled[ALEX_CONVS] = {true, true, false, false, true};
	struct layer_window w = layer_window(n->net.flat, kernel[i], i ? 1 : 4, -1);
	struct layer_window pool = layer_window(n->net.flat, 2, 2, -1);
	char name[NET_NAME];

	x = layer_conv_nd(n->net.g, x, net_name(name, "conv%d", i + 1),
		(int64_t)n->a->num_feat.v[i], &w, n->net.norm.kind == NET_NORM_NONE, n->net.err);
	x = alex_regularise(n, x);
	x = x ? net_add_norm(&n->net, x, net_name(name, "norm%d", i + 1)) : NULL;
	x = x ? net_add_act(&n->net, x, name) : NULL;
	return x && pooled[i] ? layer_pool_nd(n->net.g, x, true, &pool, n->net.err) : x;
}

static struct node *alex_linear(
	const struct alexnet *n, struct node *x, const char *name, int64_t channels)
{
	return alex_regularise(n, layer_conv(n->net.g, x, name, channels, 1, 1, true, n->net.err));
}

static struct node *alex_body(const struct alexnet *n, struct node *x)
{
	char name[NET_NAME];

	for (int i = 0; x && i < ALEX_CONVS; i++)
		x = alex_conv(n, x, i);
	if (x && !n->a->mil)
		x = layer_global_pool(n->net.g, x, false, n->net.err);
	for (int i = ALEX_CONVS; x && i < ALEX_FEATS; i++) {
		x = alex_linear(n, x, net_name(name, "fc%d", i + 1), (int64_t)n->a->num_feat.v[i]);
		x = x ? net_add_act(&n->net, x, name) : NULL;
		if (x && n->a->dropout_prob > 0)
			x = layer_dropout(n->net.g, x, n->a->dropout_prob, n->net.err);
	}
	x = x ? alex_linear(n, x, "out", n->a->num_classes) : NULL;
	return x && n->a->mil ? layer_global_pool(n->net.g, x, true, n->net.err) : x;
}

static int alex_build(
	const void *args, struct graph *g, struct node *image, struct net_out *out, struct err *err)
{
	const struct alex_args *a = args;
	struct alexnet n = {a, {g, err, {NET_NORM_NONE, 0, true}, {.kind = NET_ACT_RELU}, false}};
	struct node *x;

	if (net_check_image(image, 0, 0, "Alexnet", err))
		return -1;
	if (a->num_feat.n != ALEX_FEATS)
		return err_set(err, ERR_DATA, "Alexnet: num_feat has %d numbers, %d wanted",
			a->num_feat.n, ALEX_FEATS);
	n.net.flat = image->shape.d[1] == 1;
	if (a->use_batch_norm)
		n.net.norm.kind = NET_NORM_BATCH;
	else if (a->use_group_norm)
		n.net.norm = (struct net_norm){NET_NORM_GROUP, (int)a->use_group_normG, true};
	x = alex_body(&n, image);
	return x ? net_finish(g, x, a->final_activation, out, err) : -1;
}

static int alex_classes(const void *args)
{
	return (int)((const struct alex_args *)args)->num_classes;
}

static const struct net_ops alex_ops = {
	.build = alex_build,
	.classes = alex_classes,
};

static const char *const alex_aliases[] = {"AlexNet", NULL};

const struct component component_alexnet = {
	.name = "Alexnet",
	.kind = COMPONENT_NETWORK,
	.aliases = alex_aliases,
	.help = "classification, 2-D and 3-D, with the layout of OverFeat's fast network (Sermanet "
		"et al. 2013, arXiv 1312.6229), which num_feat's default names: conv1 11, stride 4; "
		"conv2 5; conv3, conv4, conv5 3; each followed by the norm and ReLU, and conv1, "
		"conv2 and conv5 by a maximum over 2, stride 2; average over the image; fc6, fc7 "
		"with ReLU and dropout; linear to num_classes. With mil the last three run at "
		"every place and each class keeps its maximum. Output: one voxel with num_classes "
		"channels",
	.args = alex_arg_defs,
	.args_size = sizeof(struct alex_args),
	.ops = &alex_ops,
};
