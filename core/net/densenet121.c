/*
 * DenseNet121 (Huang et al. 2017, arXiv 1608.06993) for classification in 2-D and 3-D,
 * with the names and numbers that torchvision and MONAI give its layers:
 *
 *   conv0    7x7x7, stride 2, init_features; norm0, ReLU; maximum 3x3x3, stride 2
 *   denseblock1..4 of block_config layers: norm1, ReLU, conv1 1x1x1 to bn_size *
 *            growth_rate, norm2, ReLU, conv2 3x3x3 to growth_rate, joined to the input
 *   transition1..3: norm, ReLU, conv 1x1x1 to half the channels, average 2x2x2, stride 2
 *   norm5, ReLU, average over the image, out: num_classes with bias
 *
 * Norms are batch norms, convolutions have no bias.  Padding is symmetric.  A dimension
 * that has shrunk to one voxel is not halved any more, so that any size works.
 */
#include <stdio.h>

#include "core/component.h"
#include "core/net/blocks.h"

struct dn_args {
	int64_t num_classes, out_channels, spatial_dims, in_channels;
	int64_t init_features, growth_rate, bn_size;
	struct numlist block_config;
	double dropout_prob, reg_weight;
	int final_activation;
	char *data_format;
	bool pretrained, progress;
	cJSON *act, *norm;
};

static const char *const dn_finals[] = {"softmax", "sigmoid", "linear", "auto", NULL};

static const struct arg_def dn_arg_defs[] = {
	{"num_classes", ARG_INT, offsetof(struct dn_args, num_classes), .def = "0", .min = 0,
		.max = 65536, .help = "classes; this or out_channels is needed"},
	{"out_channels", ARG_INT, offsetof(struct dn_args, out_channels), .def = "0", .min = 0,
		.max = 65536, .help = "MONAI's name of num_classes"},
	{"final_activation", ARG_CHOICE, offsetof(struct dn_args, final_activation),
		.def = "\"auto\"", .choices = dn_finals,
		.help = "activation of the output; auto: softmax with num_classes, linear with "
			"out_channels (MONAI's losses take logits)"},
	{"dropout_prob", ARG_FLOAT, offsetof(struct dn_args, dropout_prob), .def = "0", .min = 0,
		.max = 0.99, .help = "dropout after the convolutions of the dense layers"},
	{"reg_weight", ARG_FLOAT, offsetof(struct dn_args, reg_weight), .def = "0", .min = 0,
		.max = 1e6, .help = "L2 regularisation of the weights"},
	{"init_features", ARG_INT, offsetof(struct dn_args, init_features), .def = "64", .min = 1,
		.max = 4096, .help = "channels of the first convolution"},
	{"growth_rate", ARG_INT, offsetof(struct dn_args, growth_rate), .def = "32", .min = 1,
		.max = 1024, .help = "channels that each dense layer adds"},
	{"block_config", ARG_INTLIST, offsetof(struct dn_args, block_config), .def = "[6,12,24,16]",
		.min = 1, .max = 64, .help = "dense layers per block"},
	{"bn_size", ARG_INT, offsetof(struct dn_args, bn_size), .def = "4", .min = 1, .max = 64,
		.help = "channels of the 1x1x1 convolutions, in growth rates"},
	{"spatial_dims", ARG_INT, offsetof(struct dn_args, spatial_dims), .def = "0", .min = 0,
		.max = 3,
		.help = "checked against the images; 0: images without depth make a 2-D network"},
	{"in_channels", ARG_INT, offsetof(struct dn_args, in_channels), .def = "0", .min = 0,
		.max = 1024, .help = "checked against the images; 0: theirs"},
	{"act", ARG_JSON, offsetof(struct dn_args, act),
		.help = "relu (default) or leakyrelu, or [name, {options}]"},
	{"norm", ARG_JSON, offsetof(struct dn_args, norm),
		.help = "batch (default), instance or group, or [name, {options}]"},
	{"data_format", ARG_STRING, offsetof(struct dn_args, data_format), .flags = ARG_UNUSED,
		.help = "accepted; memory is channels-last here"},
	{"pretrained", ARG_BOOL, offsetof(struct dn_args, pretrained), .def = "false",
		.flags = ARG_UNUSED, .help = "accepted; weights come from MMAR_CKPT only"},
	{"progress", ARG_BOOL, offsetof(struct dn_args, progress), .def = "true",
		.flags = ARG_UNUSED, .help = "accepted"},
	ARG_END,
};

struct densenet {
	const struct dn_args *a;
	struct net_ctx net;
};

static struct node *dn_conv(const struct densenet *d, struct node *x, const char *name,
	int64_t channels, int kernel, int stride)
{
	struct layer_window w = layer_window(d->net.flat, kernel, stride, kernel / 2);

	x = layer_conv_nd(d->net.g, x, name, channels, &w, false, d->net.err);
	if (x && d->a->reg_weight > 0 && layer_l2(d->net.g, x->in[1], d->a->reg_weight, d->net.err))
		return NULL;
	return x;
}

static struct node *dn_norm_act(const struct densenet *d, struct node *x, const char *name)
{
	x = net_add_norm(&d->net, x, name);
	return x ? net_add_act(&d->net, x, name) : NULL;
}

static struct node *dn_layer(const struct densenet *d, struct node *x, int block, int layer)
{
	struct node *join[2] = {x};
	char name[NET_NAME], at[NET_NAME / 2];

	snprintf(at, sizeof(at), "features.denseblock%d.denselayer%d.layers", block, layer);
	x = dn_norm_act(d, x, net_name(name, "%s.norm1", at));
	x = x ? dn_conv(d, x, net_name(name, "%s.conv1", at), d->a->bn_size * d->a->growth_rate, 1,
			1)
	      : NULL;
	x = x ? dn_norm_act(d, x, net_name(name, "%s.norm2", at)) : NULL;
	x = x ? dn_conv(d, x, net_name(name, "%s.conv2", at), d->a->growth_rate, 3, 1) : NULL;
	if (x && d->a->dropout_prob > 0)
		x = layer_dropout(d->net.g, x, d->a->dropout_prob, d->net.err);
	join[1] = x;
	return x ? layer_concat(d->net.g, join, 2, d->net.err) : NULL;
}

static struct node *dn_transition(const struct densenet *d, struct node *x, int block)
{
	struct layer_window w = {.same = false};
	char name[NET_NAME];

	x = dn_norm_act(d, x, net_name(name, "features.transition%d.norm", block));
	x = x ? dn_conv(d, x, net_name(name, "features.transition%d.conv", block),
			shape_channels(&x->shape) / 2, 1, 1)
	      : NULL;
	for (int i = 0; x && i < 3; i++)
		w.kernel[i] = w.stride[i] = x->shape.d[i + 1] > 1 ? 2 : 1;
	return x ? layer_pool_nd(d->net.g, x, false, &w, d->net.err) : NULL;
}

static struct node *dn_body(const struct densenet *d, struct node *x)
{
	struct layer_window pool = layer_window(d->net.flat, 3, 2, 1);

	x = dn_conv(d, x, "features.conv0", d->a->init_features, 7, 2);
	x = x ? dn_norm_act(d, x, "features.norm0") : NULL;
	x = x ? layer_pool_nd(d->net.g, x, true, &pool, d->net.err) : NULL;
	for (int b = 1; x && b <= d->a->block_config.n; b++) {
		for (int i = 1; x && i <= (int)d->a->block_config.v[b - 1]; i++)
			x = dn_layer(d, x, b, i);
		if (x && b < d->a->block_config.n)
			x = dn_transition(d, x, b);
	}
	return x ? dn_norm_act(d, x, "features.norm5") : NULL;
}

static int dn_class_count(const struct dn_args *a)
{
	return (int)(a->num_classes ? a->num_classes : a->out_channels);
}

static int dn_check(const struct dn_args *a, const struct node *image, struct err *err)
{
	if (net_check_image(image, a->spatial_dims, a->in_channels, "DenseNet121", err))
		return -1;
	if (!dn_class_count(a))
		return err_set(err, ERR_DATA, "DenseNet121: num_classes is missing");
	if (a->num_classes && a->out_channels && a->num_classes != a->out_channels)
		return err_set(err, ERR_DATA,
			"DenseNet121: num_classes is %lld and out_channels %lld: give one of them",
			(long long)a->num_classes, (long long)a->out_channels);
	if (a->block_config.n < 1)
		return err_set(err, ERR_DATA, "DenseNet121: block_config is empty");
	return 0;
}

static int dn_build(
	const void *args, struct graph *g, struct node *image, struct net_out *out, struct err *err)
{
	const struct dn_args *a = args;
	struct densenet d = {a, {g, err, {NET_NORM_BATCH, 0, true}, {.kind = NET_ACT_RELU}, false}};
	int final = a->final_activation;
	struct node *x;

	if (dn_check(a, image, err) || net_norm_parse(a->norm, &d.net.norm, "DenseNet121", err) ||
		net_act_parse(a->act, &d.net.act, "DenseNet121", err))
		return -1;
	if (d.net.act.kind == NET_ACT_PRELU)
		return err_set(err, ERR_DATA, "DenseNet121: act prelu is not supported");
	d.net.flat = image->shape.d[1] == 1;
	x = dn_body(&d, image);
	x = x ? layer_global_pool(g, x, false, err) : NULL;
	x = x ? layer_linear(g, x, "class_layers.out", dn_class_count(a), err) : NULL;
	if (!x || (a->reg_weight > 0 && layer_l2(g, x->in[1], a->reg_weight, err)))
		return -1;
	if (final > NET_LINEAR)
		final = a->num_classes ? NET_SOFTMAX : NET_LINEAR;
	return net_finish(g, x, final, out, err);
}

static int dn_classes(const void *args)
{
	return dn_class_count(args);
}

static const struct net_ops dn_ops = {
	.build = dn_build,
	.classes = dn_classes,
};

static const char *const dn_aliases[] = {"DenseNet", "Densenet121", "densenet121", NULL};

const struct component component_densenet121 = {
	.name = "DenseNet121",
	.kind = COMPONENT_NETWORK,
	.aliases = dn_aliases,
	.help = "classification, 2-D and 3-D: DenseNet with growth 32 and blocks of 6, 12, 24 and "
		"16 layers (Huang et al. 2017, arXiv 1608.06993): convolution 7, stride 2, maximum "
		"3, stride 2, dense layers of norm-ReLU-convolution 1 and norm-ReLU-convolution 3, "
		"transitions that halve channels and size, average over the image, one linear "
		"layer. Output: one voxel with num_classes channels",
	.args = dn_arg_defs,
	.args_size = sizeof(struct dn_args),
	.ops = &dn_ops,
};
