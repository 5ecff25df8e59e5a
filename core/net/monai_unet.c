/*
 * UNet in MONAI's layout (Kerfoot et al. 2018): every level is
 *
 *   down   convolution (or residual unit) with the level's stride to channels[i]
 *   sub    the next level, or at the bottom a convolution or unit of stride 1
 *   up     transposed convolution of concat(down, sub), with num_res_units a residual
 *          unit after it
 *
 * "Convolution" is convolution, then norm, dropout and activation in the order of
 * adn_ordering.  A residual unit is num_res_units of them plus the input, which a
 * convolution brings to the new shape where it changes.  Parameters carry MONAI's
 * names (model.1.submodule.0.conv.unit0.adn.A.weight), so its weights fit by name.
 */
#include <ctype.h>
#include <string.h>

#include "core/component.h"
#include "core/net/blocks.h"

enum { UNET_LEVELS = 10 };

struct munet_args {
	int64_t spatial_dims, in_channels, out_channels, num_res_units;
	struct numlist channels;
	cJSON *strides, *kernel_size, *up_kernel_size, *act, *norm;
	double dropout;
	bool bias;
	char *adn_ordering;
	int final_activation;
};

static const struct arg_def munet_arg_defs[] = {
	{"spatial_dims", ARG_INT, offsetof(struct munet_args, spatial_dims), .def = "3", .min = 2,
		.max = 3, .help = "2 or 3; images without depth make a 2-D network in any case",
		.alias = "dimensions"},
	{"in_channels", ARG_INT, offsetof(struct munet_args, in_channels), .def = "0", .min = 0,
		.max = 1024, .help = "checked against the images; 0: theirs"},
	{"out_channels", ARG_INT, offsetof(struct munet_args, out_channels), .flags = ARG_REQUIRED,
		.min = 1, .max = 1024, .help = "channels of the output, background included"},
	{"channels", ARG_INTLIST, offsetof(struct munet_args, channels), .flags = ARG_REQUIRED,
		.min = 1, .max = 65536, .help = "channels of each level, 2 to 10 numbers"},
	{"strides", ARG_JSON, offsetof(struct munet_args, strides), .flags = ARG_REQUIRED,
		.help = "stride of each level but the last: numbers, or lists of one per axis (x, "
			"y, z)"},
	{"kernel_size", ARG_JSON, offsetof(struct munet_args, kernel_size),
		.help = "odd; one number (default 3) or one per axis (x, y, z)"},
	{"up_kernel_size", ARG_JSON, offsetof(struct munet_args, up_kernel_size),
		.help = "the same for the transposed convolutions"},
	{"num_res_units", ARG_INT, offsetof(struct munet_args, num_res_units), .def = "0", .min = 0,
		.max = 16, .help = "convolutions per residual unit; 0: no residuals"},
	{"act", ARG_JSON, offsetof(struct munet_args, act),
		.help = "prelu (default), relu, leakyrelu, sigmoid, or [name, {options}]"},
	{"norm", ARG_JSON, offsetof(struct munet_args, norm),
		.help = "instance (default, without gamma and beta), batch, group, or [name, "
			"{options}]"},
	{"dropout", ARG_FLOAT, offsetof(struct munet_args, dropout), .def = "0", .min = 0,
		.max = 0.99, .help = "dropout in each convolution"},
	{"bias", ARG_BOOL, offsetof(struct munet_args, bias), .def = "true",
		.help = "bias of the convolutions"},
	{"adn_ordering", ARG_STRING, offsetof(struct munet_args, adn_ordering), .def = "\"NDA\"",
		.help = "order of activation, dropout and norm after a convolution"},
	{"final_activation", ARG_CHOICE, offsetof(struct munet_args, final_activation),
		.def = "\"linear\"", .choices = net_final_choices,
		.help = "activation of the output (MONAI's losses take logits)"},
	ARG_END,
};

struct munet {
	struct net_ctx net;
	const struct munet_args *a;
	int n; /* levels */
	int stride[UNET_LEVELS][3], kernel[3], up_kernel[3];
};

static int munet_axes(const cJSON *v, bool flat, int max, int out[3])
{
	int dims = cJSON_GetArraySize(v);

	if (cJSON_IsArray(v) && dims != 3 && !(dims == 2 && flat))
		return -1;
	for (int i = 0; i < 3; i++) {
		/* x, y, z of the argument are W, H, D here */
		const cJSON *e = cJSON_IsArray(v) ? cJSON_GetArrayItem(v, 2 - i) : v;

		if (cJSON_IsArray(v) && dims == 2)
			e = cJSON_GetArrayItem(v, i == 0 ? 0 : 2 - i);
		if (!cJSON_IsNumber(e) || e->valuedouble < 1 || e->valuedouble > max ||
			e->valuedouble != (double)e->valueint)
			return -1;
		out[i] = flat && i == 0 ? 1 : e->valueint;
	}
	return 0;
}

static int munet_kernel(
	const struct munet *u, const cJSON *v, const char *name, int out[3], struct err *err)
{
	bool ok = true;

	for (int i = 0; i < 3; i++)
		out[i] = u->net.flat && i == 0 ? 1 : 3;
	if (v)
		ok = !munet_axes(v, u->net.flat, 31, out);
	for (int i = 0; i < 3; i++)
		ok &= out[i] % 2 == 1;
	if (!ok)
		return err_set(err, ERR_DATA,
			"UNet: %s must be an odd number, or one per axis, up to 31", name);
	return 0;
}

static int munet_ordering(const char *s, struct err *err)
{
	char seen[128] = {0};
	bool ok = strlen(s) <= 3;

	for (; *s && ok; s++) {
		int c = toupper((unsigned char)*s);

		ok = c < 128 && strchr("NDA", c) && !seen[c]++;
	}
	if (!ok)
		return err_set(err, ERR_DATA,
			"UNet: adn_ordering takes each of the letters N, D and A once");
	return 0;
}

static int munet_read(struct munet *u, const struct node *image, struct err *err)
{
	const struct munet_args *a = u->a;

	if (net_check_image(image, a->spatial_dims, a->in_channels, "UNet", err) ||
		net_norm_parse(a->norm, &u->net.norm, "UNet", err) ||
		net_act_parse(a->act, &u->net.act, "UNet", err) ||
		munet_ordering(a->adn_ordering, err))
		return -1;
	u->net.flat = image->shape.d[1] == 1;
	u->n = a->channels.n;
	if (u->n < 2 || u->n > UNET_LEVELS)
		return err_set(err, ERR_DATA, "UNet: channels has %d numbers, 2 to %d wanted", u->n,
			UNET_LEVELS);
	if (!cJSON_IsArray(a->strides) || cJSON_GetArraySize(a->strides) < u->n - 1)
		return err_set(err, ERR_DATA,
			"UNet: strides must be a list of %d, one less than channels", u->n - 1);
	for (int i = 0; i < u->n - 1; i++)
		if (munet_axes(cJSON_GetArrayItem(a->strides, i), u->net.flat, 16, u->stride[i]))
			return err_set(err, ERR_DATA,
				"UNet: stride %d must be a number of 1 to 16, or one per axis", i);
	if (munet_kernel(u, a->kernel_size, "kernel_size", u->kernel, err))
		return -1;
	return munet_kernel(u, a->up_kernel_size, "up_kernel_size", u->up_kernel, err);
}

/* Norm, dropout and activation after a convolution. */
static struct node *munet_adn(const struct munet *u, struct node *x, const char *name)
{
	char part[NET_NAME];

	for (const char *s = u->a->adn_ordering; *s && x; s++) {
		int c = toupper((unsigned char)*s);

		if (c == 'N')
			x = net_add_norm(&u->net, x, net_name(part, "%s.adn.N", name));
		else if (c == 'A')
			x = net_add_act(&u->net, x, net_name(part, "%s.adn.A", name));
		else if (u->a->dropout > 0)
			x = layer_dropout(u->net.g, x, u->a->dropout, u->net.err);
	}
	return x;
}

static struct node *munet_plain(const struct munet *u, struct node *x, const char *name,
	int64_t channels, const int kernel[3], const int stride[3])
{
	struct layer_window w = {.same = false};

	for (int i = 0; i < 3; i++) {
		w.kernel[i] = kernel[i];
		w.stride[i] = stride[i];
		w.pad[i] = (kernel[i] - 1) / 2;
	}
	return layer_conv_nd(u->net.g, x, name, channels, &w, u->a->bias, u->net.err);
}

static struct node *munet_conv(const struct munet *u, struct node *x, const char *name,
	int64_t channels, const int stride[3], bool only)
{
	char part[NET_NAME];

	x = munet_plain(u, x, net_name(part, "%s.conv", name), channels, u->kernel, stride);
	return x && !only ? munet_adn(u, x, name) : x;
}

static struct node *munet_unit(const struct munet *u, struct node *x, const char *name,
	int64_t channels, const int stride[3], int units, bool last_only)
{
	static const int one[3] = {1, 1, 1};
	bool moves = stride[0] * stride[1] * stride[2] != 1;
	struct node *y = x;
	char part[NET_NAME];

	for (int i = 0; i < units && y; i++)
		y = munet_conv(u, y, net_name(part, "%s.conv.unit%d", name, i), channels,
			i ? one : stride, last_only && i == units - 1);
	if (y && (moves || shape_channels(&x->shape) != channels))
		x = munet_plain(u, x, net_name(part, "%s.residual", name), channels,
			moves ? u->kernel : one, stride);
	return x && y ? layer_add(u->net.g, y, x, u->net.err) : NULL;
}

static struct node *munet_down(const struct munet *u, struct node *x, const char *name,
	int64_t channels, const int stride[3])
{
	int units = (int)u->a->num_res_units;

	if (!units)
		return munet_conv(u, x, name, channels, stride, false);
	return munet_unit(u, x, name, channels, stride, units, false);
}

/* Back to the size of like. */
static struct node *munet_up(const struct munet *u, struct node *x, const char *name,
	int64_t channels, int level, const struct node *like)
{
	static const int one[3] = {1, 1, 1};
	bool units = u->a->num_res_units > 0;
	char conv[NET_NAME], part[NET_NAME];
	int pad[3];

	for (int i = 0; i < 3; i++)
		pad[i] = (u->up_kernel[i] - 1) / 2;
	net_name(conv, units ? "%s.0" : "%s", name);
	x = layer_conv_transpose(u->net.g, x, net_name(part, "%s.conv", conv), channels,
		u->up_kernel, u->stride[level], pad, like->shape.d + 1, u->a->bias, u->net.err);
	if (x && (units || level > 0))
		x = munet_adn(u, x, conv);
	if (x && units)
		x = munet_unit(u, x, net_name(part, "%s.1", name), channels, one, 1, level == 0);
	return x;
}

static struct node *munet_level(
	const struct munet *u, struct node *x, const char *name, int64_t out, int level)
{
	static const int one[3] = {1, 1, 1};
	int64_t channels = (int64_t)u->a->channels.v[level];
	struct node *in[2];
	char part[NET_NAME];

	in[0] = munet_down(u, x, net_name(part, "%s.0", name), channels, u->stride[level]);
	if (!in[0])
		return NULL;
	net_name(part, "%s.1.submodule", name);
	if (level + 2 < u->n)
		in[1] = munet_level(u, in[0], part, channels, level + 1);
	else
		in[1] = munet_down(u, in[0], part, (int64_t)u->a->channels.v[level + 1], one);
	if (!in[1])
		return NULL;
	in[1] = layer_concat(u->net.g, in, 2, u->net.err);
	return in[1] ? munet_up(u, in[1], net_name(part, "%s.2", name), out, level, x) : NULL;
}

static int munet_build(
	const void *args, struct graph *g, struct node *image, struct net_out *out, struct err *err)
{
	const struct munet_args *a = args;
	struct munet u = {.net = {g, err, {NET_NORM_INSTANCE, 0, false},
				  {.kind = NET_ACT_PRELU, .slopes = 1}},
		.a = a};
	struct node *x;

	if (munet_read(&u, image, err))
		return -1;
	x = munet_level(&u, image, "model", a->out_channels, 0);
	return x ? net_finish(g, x, a->final_activation, out, err) : -1;
}

static int munet_classes(const void *args)
{
	return (int)((const struct munet_args *)args)->out_channels;
}

static const struct net_ops munet_ops = {
	.build = munet_build,
	.classes = munet_classes,
};

const struct component component_monai_unet = {
	.name = "UNet",
	.kind = COMPONENT_NETWORK,
	.help = "MONAI's UNet (Kerfoot et al. 2018): strided convolutions or residual units down, "
		"transposed convolutions up, skip connections joined, linear output.  Sizes that "
		"the strides do not divide are rounded up on the way down and met on the way up "
		"(MONAI refuses them)",
	.args = munet_arg_defs,
	.args_size = sizeof(struct munet_args),
	.ops = &munet_ops,
};
