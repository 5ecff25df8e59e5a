/*
 * SegResNet in MONAI's layout: the network of SegResnet with MONAI's arguments, names,
 * symmetric padding and linear output.
 */
#include "core/component.h"
#include "core/net/resnet.h"

struct msr_args {
	int64_t spatial_dims, init_filters, in_channels, out_channels;
	double dropout_prob;
	cJSON *act, *norm;
	bool use_conv_final;
	struct numlist blocks_down, blocks_up;
	int upsample_mode, final_activation;
};

enum { MSR_NONTRAINABLE, MSR_DECONV };

static const char *const msr_modes[] = {"nontrainable", "deconv", NULL};

static const struct arg_def msr_arg_defs[] = {
	{"spatial_dims", ARG_INT, offsetof(struct msr_args, spatial_dims), .def = "3", .min = 2,
		.max = 3, .help = "2 or 3; images without depth make a 2-D network in any case"},
	{"init_filters", ARG_INT, offsetof(struct msr_args, init_filters), .def = "8", .min = 1,
		.max = 1024, .help = "channels of the first level, doubled per level"},
	{"in_channels", ARG_INT, offsetof(struct msr_args, in_channels), .def = "0", .min = 0,
		.max = 1024, .help = "checked against the images; 0: theirs"},
	{"out_channels", ARG_INT, offsetof(struct msr_args, out_channels), .def = "2", .min = 1,
		.max = 1024, .help = "channels of the output, background included"},
	{"dropout_prob", ARG_FLOAT, offsetof(struct msr_args, dropout_prob), .def = "0", .min = 0,
		.max = 0.99, .help = "dropout after the first convolution"},
	{"act", ARG_JSON, offsetof(struct msr_args, act),
		.help = "relu (default), leakyrelu or sigmoid, or [name, {options}]"},
	{"norm", ARG_JSON, offsetof(struct msr_args, norm),
		.help = "batch, instance or group, or [name, {options}]; default [\"group\", "
			"{\"num_groups\": 8}]"},
	{"use_conv_final", ARG_BOOL, offsetof(struct msr_args, use_conv_final), .def = "true",
		.help = "the last norm, activation and 1x1x1 convolution"},
	{"blocks_down", ARG_INTLIST, offsetof(struct msr_args, blocks_down), .def = "[1,2,2,4]",
		.min = 0, .max = 64, .help = "residual blocks per level of the encoder"},
	{"blocks_up", ARG_INTLIST, offsetof(struct msr_args, blocks_up), .def = "[1,1,1]", .min = 0,
		.max = 64,
		.help = "residual blocks per level of the decoder, one level less, lowest first"},
	{"upsample_mode", ARG_CHOICE, offsetof(struct msr_args, upsample_mode),
		.def = "\"nontrainable\"", .choices = msr_modes,
		.help = "trilinear, or a transposed convolution"},
	{"final_activation", ARG_CHOICE, offsetof(struct msr_args, final_activation),
		.def = "\"linear\"", .choices = net_final_choices,
		.help = "activation of the output (MONAI's losses take logits)"},
	ARG_END,
};

static int msr_build(
	const void *args, struct graph *g, struct node *image, struct net_out *out, struct err *err)
{
	const struct msr_args *a = args;
	struct node *skip[RESNET_LEVELS], *x;
	struct resnet r = {.net = {g, err, {NET_NORM_GROUP, 8, true}, {.kind = NET_ACT_RELU}},
		.owner = "SegResNet",
		.down = &a->blocks_down,
		.up = &a->blocks_up,
		.filters = a->init_filters,
		.deconv = a->upsample_mode == MSR_DECONV,
		.dropout = a->dropout_prob};

	if (net_check_image(image, a->spatial_dims, a->in_channels, "SegResNet", err) ||
		resnet_check(&r) || net_norm_parse(a->norm, &r.net.norm, "SegResNet", err) ||
		net_act_parse(a->act, &r.net.act, "SegResNet", err))
		return -1;
	if (r.net.act.kind == NET_ACT_PRELU)
		return err_set(err, ERR_DATA, "SegResNet: act prelu is not supported");
	r.net.flat = image->shape.d[1] == 1;
	x = resnet_encode(&r, image, skip);
	x = x ? resnet_decode(&r, x, skip, true, "") : NULL;
	if (x && a->use_conv_final)
		x = resnet_final(&r, x, "conv_final", a->out_channels);
	return x ? net_finish(g, x, a->final_activation, out, err) : -1;
}

static int msr_classes(const void *args)
{
	const struct msr_args *a = args;

	return (int)(a->use_conv_final ? a->out_channels : a->init_filters);
}

static const struct net_ops msr_ops = {
	.build = msr_build,
	.classes = msr_classes,
};

const struct component component_monai_segresnet = {
	.name = "SegResNet",
	.kind = COMPONENT_NETWORK,
	.help = "MONAI's SegResNet (Myronenko 2018 without the variational branch): blocks as in "
		"SegResnet, convolutions without bias and with symmetric padding, linear output. "
		"Sizes that 2^(levels - 1) does not divide are rounded up on the way down and cut "
		"on the way up (MONAI refuses them)",
	.args = msr_arg_defs,
	.args_size = sizeof(struct msr_args),
	.ops = &msr_ops,
};
