/*
 * BasicUNet in MONAI's layout (Falk et al. 2019): pairs of 3x3x3 convolutions, each
 * with norm, dropout and activation; maximum pooling by two down; up by a transposed
 * convolution of kernel and stride two (or a 1x1x1 convolution and linear
 * interpolation), joined after the encoder's output of that level.
 */
#include <string.h>

#include "core/component.h"
#include "core/net/blocks.h"

enum { BASIC_FEATURES = 6, BASIC_LEVELS = 5 };
enum { BASIC_DECONV, BASIC_NONTRAINABLE };

struct basic_args {
	int64_t spatial_dims, in_channels, out_channels;
	struct numlist features;
	cJSON *act, *norm;
	bool bias;
	double dropout;
	int upsample, final_activation;
};

static const char *const basic_modes[] = {"deconv", "nontrainable", NULL};

static const struct arg_def basic_arg_defs[] = {
	{"spatial_dims", ARG_INT, offsetof(struct basic_args, spatial_dims), .def = "3", .min = 2,
		.max = 3, .help = "2 or 3; images without depth make a 2-D network in any case",
		.alias = "dimensions"},
	{"in_channels", ARG_INT, offsetof(struct basic_args, in_channels), .def = "0", .min = 0,
		.max = 1024, .help = "checked against the images; 0: theirs"},
	{"out_channels", ARG_INT, offsetof(struct basic_args, out_channels), .def = "2", .min = 1,
		.max = 1024, .help = "channels of the output, background included"},
	{"features", ARG_INTLIST, offsetof(struct basic_args, features),
		.def = "[32,32,64,128,256,32]", .min = 1, .max = 65536,
		.help = "channels of the five levels, and of the last two convolutions"},
	{"act", ARG_JSON, offsetof(struct basic_args, act),
		.help = "default [\"leakyrelu\", {\"negative_slope\": 0.1}]; relu, prelu, sigmoid"},
	{"norm", ARG_JSON, offsetof(struct basic_args, norm),
		.help = "default [\"instance\", {\"affine\": true}]; batch, group"},
	{"bias", ARG_BOOL, offsetof(struct basic_args, bias), .def = "true",
		.help = "bias of the 3x3x3 convolutions"},
	{"dropout", ARG_FLOAT, offsetof(struct basic_args, dropout), .def = "0", .min = 0,
		.max = 0.99, .help = "dropout in each convolution"},
	{"upsample", ARG_CHOICE, offsetof(struct basic_args, upsample), .def = "\"deconv\"",
		.choices = basic_modes,
		.help = "transposed convolution, or 1x1x1 convolution and linear interpolation"},
	{"final_activation", ARG_CHOICE, offsetof(struct basic_args, final_activation),
		.def = "\"linear\"", .choices = net_final_choices,
		.help = "activation of the output (MONAI's losses take logits)"},
	ARG_END,
};

struct basic {
	struct net_ctx net;
	const struct basic_args *a;
};

/* Two convolutions under NAME.conv_0 and NAME.conv_1. */
static struct node *basic_two(
	const struct basic *b, struct node *x, const char *name, int64_t channels)
{
	struct layer_window w = layer_window(b->net.flat, 3, 1, 1);
	char part[NET_NAME];

	for (int i = 0; i < 2 && x; i++) {
		x = layer_conv_nd(b->net.g, x, net_name(part, "%s.conv_%d.conv", name, i), channels,
			&w, b->a->bias, b->net.err);
		x = x ? net_add_norm(&b->net, x, net_name(part, "%s.conv_%d.adn.N", name, i))
		      : NULL;
		if (x && b->a->dropout > 0)
			x = layer_dropout(b->net.g, x, b->a->dropout, b->net.err);
		x = x ? net_add_act(&b->net, x, net_name(part, "%s.conv_%d.adn.A", name, i)) : NULL;
	}
	return x;
}

static struct node *basic_down(
	const struct basic *b, struct node *x, const char *name, int64_t channels)
{
	struct layer_window w = layer_window(b->net.flat, 2, 2, -1);
	char part[NET_NAME];

	x = layer_pool_nd(b->net.g, x, true, &w, b->net.err);
	return x ? basic_two(b, x, net_name(part, "%s.convs", name), channels) : NULL;
}

/* To the size of like. */
static struct node *basic_double(const struct basic *b, struct node *x, const char *name,
	int64_t channels, const struct node *like)
{
	int k = b->net.flat ? 1 : 2;
	const int two[3] = {k, 2, 2}, none[3] = {0, 0, 0};
	struct layer_window one = layer_window(false, 1, 1, 0);
	struct resize_attr a = {.align_corners = 1};
	char part[NET_NAME];

	if (b->a->upsample == BASIC_DECONV)
		return layer_conv_transpose(b->net.g, x, net_name(part, "%s.upsample.deconv", name),
			channels, two, two, none, like->shape.d + 1, true, b->net.err);
	x = layer_conv_nd(b->net.g, x, net_name(part, "%s.upsample.preconv", name), channels, &one,
		true, b->net.err);
	for (int i = 0; i < 3; i++)
		a.size[i] = (int32_t)like->shape.d[i + 1];
	return x ? graph_op(b->net.g, &op_resize, &a, &x, 1, NULL, b->net.err) : NULL;
}

static struct node *basic_up(const struct basic *b, struct node *x, struct node *skip,
	const char *name, int64_t half, int64_t channels)
{
	struct node *in[2] = {skip, basic_double(b, x, name, half, skip)};
	char part[NET_NAME];

	x = in[1] ? layer_concat(b->net.g, in, 2, b->net.err) : NULL;
	return x ? basic_two(b, x, net_name(part, "%s.convs", name), channels) : NULL;
}

static struct node *basic_body(const struct basic *b, struct node *image)
{
	const double *f = b->a->features.v;
	struct node *skip[BASIC_LEVELS], *x;
	char name[NET_NAME];

	x = skip[0] = basic_two(b, image, "conv_0", (int64_t)f[0]);
	for (int i = 1; i < BASIC_LEVELS && x; i++)
		x = skip[i] = basic_down(b, x, net_name(name, "down_%d", i), (int64_t)f[i]);
	for (int i = BASIC_LEVELS - 1; i > 0 && x; i--) {
		int64_t from = shape_channels(&x->shape);

		x = basic_up(b, x, skip[i - 1], net_name(name, "upcat_%d", i),
			i > 1 ? from / 2 : from, (int64_t)f[i > 1 ? i - 1 : BASIC_FEATURES - 1]);
	}
	return x;
}

static int basic_build(
	const void *args, struct graph *g, struct node *image, struct net_out *out, struct err *err)
{
	const struct basic_args *a = args;
	struct basic b = {.net = {g, err, {NET_NORM_INSTANCE, 0, true},
				  {.kind = NET_ACT_LEAKY, .slope = 0.1f}},
		.a = a};
	struct layer_window one = layer_window(false, 1, 1, 0);
	struct node *x;

	if (net_check_image(image, a->spatial_dims, a->in_channels, "BasicUNet", err) ||
		net_norm_parse(a->norm, &b.net.norm, "BasicUNet", err) ||
		net_act_parse(a->act, &b.net.act, "BasicUNet", err))
		return -1;
	if (a->features.n != BASIC_FEATURES)
		return err_set(err, ERR_DATA, "BasicUNet: features has %d numbers, %d wanted",
			a->features.n, BASIC_FEATURES);
	for (int i = 2; i < BASIC_LEVELS; i++)
		if (a->features.v[i] < 2)
			return err_set(err, ERR_DATA,
				"BasicUNet: features of the lower levels are halved, 1 is too few");
	b.net.flat = image->shape.d[1] == 1;
	x = basic_body(&b, image);
	if (x)
		x = layer_conv_nd(g, x, "final_conv", a->out_channels, &one, true, err);
	return x ? net_finish(g, x, a->final_activation, out, err) : -1;
}

static int basic_classes(const void *args)
{
	return (int)((const struct basic_args *)args)->out_channels;
}

static const struct net_ops basic_ops = {
	.build = basic_build,
	.classes = basic_classes,
};

static const char *const basic_aliases[] = {"BasicUnet", "Basicunet", NULL};

const struct component component_monai_basic_unet = {
	.name = "BasicUNet",
	.kind = COMPONENT_NETWORK,
	.aliases = basic_aliases,
	.help = "MONAI's BasicUNet (Falk et al. 2019): five levels of two 3x3x3 convolutions, "
		"maximum pooling down, transposed convolutions up, linear output.  Sizes that 16 "
		"does not divide are rounded up on the way down and cut on the way up (MONAI "
		"rounds down and repeats the last voxel)",
	.args = basic_arg_defs,
	.args_size = sizeof(struct basic_args),
	.ops = &basic_ops,
};
