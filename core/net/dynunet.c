/*
 * DynUNet: MONAI's U-Net with a kernel and a stride per level, after nnU-Net (Isensee et
 * al. 2021, arXiv 1809.10486); names of parameters are MONAI's.
 *
 *   input_block    two convolutions with kernel_size[0], the first with strides[0]
 *   downsamples.i  two with kernel_size[i + 1], the first with strides[i + 1]
 *   bottleneck     the last kernel and stride
 *   upsamples.i    transposed convolution, kernel and stride upsample_kernel_size from the
 *                  end, without bias; joined to the skip tensor; two convolutions
 *   output_block   1x1x1 with bias
 *
 * Each convolution is without bias and followed by the norm and leaky ReLU (0.01).  With
 * res_block the block's input (projected by 1x1x1 and a norm where the shape changes) is
 * added before the last activation.  Padding is (kernel - stride + 1) / 2 on both sides.
 */
#include <stdio.h>
#include <string.h>

#include "core/component.h"
#include "core/net/blocks.h"

enum { DYN_LEVELS = 10 };

struct dyn_args {
	int64_t spatial_dims, in_channels, out_channels, deep_supr_num;
	cJSON *kernel_size, *strides, *upsample_kernel_size, *norm_name, *act_name, *dropout;
	struct numlist filters;
	bool deep_supervision, res_block, trans_bias;
	int final_activation;
};

static const struct arg_def dyn_arg_defs[] = {
	{"spatial_dims", ARG_INT, offsetof(struct dyn_args, spatial_dims), .def = "3", .min = 2,
		.max = 3, .help = "2 or 3; images without depth make a 2-D network in any case"},
	{"in_channels", ARG_INT, offsetof(struct dyn_args, in_channels), .def = "0", .min = 0,
		.max = 1024, .help = "checked against the images; 0: theirs"},
	{"out_channels", ARG_INT, offsetof(struct dyn_args, out_channels), .flags = ARG_REQUIRED,
		.min = 1, .max = 1024, .help = "channels of the output, background included",
		.alias = "num_classes"},
	{"kernel_size", ARG_JSON, offsetof(struct dyn_args, kernel_size), .flags = ARG_REQUIRED,
		.help = "per level a number or one per dimension: [[3,3,3],[3,3,3],[3,3,3]]"},
	{"strides", ARG_JSON, offsetof(struct dyn_args, strides), .flags = ARG_REQUIRED,
		.help = "likewise, as many: [[1,1,1],[2,2,2],[2,2,2]]"},
	{"upsample_kernel_size", ARG_JSON, offsetof(struct dyn_args, upsample_kernel_size),
		.help = "one less, for the transposed convolutions; default: strides without "
			"the first"},
	{"filters", ARG_INTLIST, offsetof(struct dyn_args, filters), .min = 1, .max = 4096,
		.help = "channels per level; default: 32, doubled per level up to 320 (2-D: 512)"},
	{"dropout", ARG_JSON, offsetof(struct dyn_args, dropout),
		.help = "accepted when null or 0"},
	{"norm_name", ARG_JSON, offsetof(struct dyn_args, norm_name),
		.help = "batch, instance or group, or [name, {options}]; default [\"instance\", "
			"{\"affine\": true}]"},
	{"act_name", ARG_JSON, offsetof(struct dyn_args, act_name),
		.help = "relu, leakyrelu, prelu or sigmoid, or [name, {options}]; default "
			"[\"leakyrelu\", {\"negative_slope\": 0.01}]"},
	{"deep_supervision", ARG_BOOL, offsetof(struct dyn_args, deep_supervision), .def = "false",
		.help = "true is refused: losses see the last output only"},
	{"deep_supr_num", ARG_INT, offsetof(struct dyn_args, deep_supr_num), .def = "1", .min = 0,
		.max = DYN_LEVELS, .flags = ARG_UNUSED,
		.help = "accepted; belongs to deep_supervision"},
	{"res_block", ARG_BOOL, offsetof(struct dyn_args, res_block), .def = "false",
		.help = "residual blocks"},
	{"trans_bias", ARG_BOOL, offsetof(struct dyn_args, trans_bias), .def = "false",
		.help = "bias of the transposed convolutions"},
	{"final_activation", ARG_CHOICE, offsetof(struct dyn_args, final_activation),
		.def = "\"linear\"", .choices = net_final_choices,
		.help = "activation of the output (MONAI's losses take logits)"},
	ARG_END,
};

struct dynunet {
	const struct dyn_args *a;
	struct net_ctx net;
	int levels;
	int kernel[DYN_LEVELS][3], stride[DYN_LEVELS][3], up[DYN_LEVELS][3];
	int64_t filters[DYN_LEVELS];
};

/* One level's numbers: 3, or x, y, z as the archive counts dimensions (2-D: x, y). */
static int dyn_numbers(const struct dynunet *u, const cJSON *v, const char *what, int i, int out[3])
{
	int dims = u->net.flat ? 2 : 3, n = cJSON_IsArray(v) ? cJSON_GetArraySize(v) : 0;
	bool ok = cJSON_IsNumber(v) || (n >= dims && n <= 3) || n == 1;

	out[0] = 1;
	for (int k = 0; ok && k < dims; k++) {
		const cJSON *one = n ? cJSON_GetArrayItem(v, n == 1 ? 0 : k) : v;

		ok = cJSON_IsNumber(one) && one->valueint >= 1 && one->valueint <= 64 &&
		     one->valuedouble == one->valueint;
		out[2 - k] = ok ? one->valueint : 1;
	}
	return ok ? 0
		  : err_set(u->net.err, ERR_DATA,
			    "DynUNet: %s[%d] must be a whole number of 1 to 64 or %d of them", what,
			    i, dims);
}

static int dyn_list(const struct dynunet *u, const cJSON *v, const char *what, int n, int (*out)[3])
{
	if (!cJSON_IsArray(v) || cJSON_GetArraySize(v) != n)
		return err_set(u->net.err, ERR_DATA,
			"DynUNet: %s must be a list of %d levels, found %s of %d", what, n,
			json_type_name(v), cJSON_IsArray(v) ? cJSON_GetArraySize(v) : 1);
	for (int i = 0; i < n; i++)
		if (dyn_numbers(u, cJSON_GetArrayItem(v, i), what, i, out[i]))
			return -1;
	return 0;
}

static int dyn_filters(struct dynunet *u)
{
	const struct numlist *f = &u->a->filters;
	int64_t top = u->net.flat ? 512 : 320;

	if (f->n && f->n < u->levels)
		return err_set(u->net.err, ERR_DATA,
			"DynUNet: filters has %d numbers, one per level (%d) wanted", f->n,
			u->levels);
	for (int i = 0; i < u->levels; i++) {
		u->filters[i] = (int64_t)32 << i < top ? (int64_t)32 << i : top;
		if (f->n)
			u->filters[i] = (int64_t)f->v[i];
	}
	return 0;
}

static int dyn_setup(struct dynunet *u, const struct node *image)
{
	const struct dyn_args *a = u->a;
	struct err *err = u->net.err;

	if (net_check_image(image, a->spatial_dims, a->in_channels, "DynUNet", err) ||
		net_norm_parse(a->norm_name, &u->net.norm, "DynUNet", err) ||
		net_act_parse(a->act_name, &u->net.act, "DynUNet", err))
		return -1;
	if (a->deep_supervision)
		return err_set(err, ERR_DATA,
			"DynUNet: deep_supervision is not supported: set it to false");
	if (a->dropout && !cJSON_IsNull(a->dropout) &&
		!(cJSON_IsNumber(a->dropout) && a->dropout->valuedouble <= 0))
		return err_set(err, ERR_DATA, "DynUNet: dropout is not supported: set it to null");
	u->net.flat = image->shape.d[1] == 1;
	u->levels = cJSON_GetArraySize(a->strides);
	if (!cJSON_IsArray(a->strides) || u->levels < 2 || u->levels > DYN_LEVELS)
		return err_set(err, ERR_DATA, "DynUNet: strides must be a list of 2 to %d levels",
			DYN_LEVELS);
	if (dyn_list(u, a->kernel_size, "kernel_size", u->levels, u->kernel) ||
		dyn_list(u, a->strides, "strides", u->levels, u->stride) || dyn_filters(u))
		return -1;
	if (a->upsample_kernel_size)
		return dyn_list(
			u, a->upsample_kernel_size, "upsample_kernel_size", u->levels - 1, u->up);
	memcpy(u->up, u->stride + 1, sizeof(u->up[0]) * (size_t)(u->levels - 1));
	return 0;
}

/* conv, norm under AT.convI.conv and AT.normI. */
static struct node *dyn_conv(const struct dynunet *u, struct node *x, const char *at, int i,
	int64_t channels, const int kernel[3], const int stride[3])
{
	struct layer_window w = {.same = false};
	char name[NET_NAME];

	for (int k = 0; k < 3; k++) {
		w.kernel[k] = kernel[k];
		w.stride[k] = stride[k];
		w.pad[k] = kernel[k] > stride[k] ? (kernel[k] - stride[k] + 1) / 2 : 0;
	}
	x = layer_conv_nd(u->net.g, x, net_name(name, "%s.conv%d.conv", at, i), channels, &w, false,
		u->net.err);
	return x ? net_add_norm(&u->net, x, net_name(name, "%s.norm%d", at, i)) : NULL;
}

static struct node *dyn_block(const struct dynunet *u, struct node *x, const char *at,
	int64_t channels, const int kernel[3], const int stride[3])
{
	static const int one[3] = {1, 1, 1};
	bool moves = stride[0] * stride[1] * stride[2] > 1;
	struct node *side = x;
	char name[NET_NAME];

	if (u->a->res_block && (moves || shape_channels(&x->shape) != channels))
		side = dyn_conv(u, x, at, 3, channels, one, stride);
	x = side ? dyn_conv(u, x, at, 1, channels, kernel, stride) : NULL;
	x = x ? net_add_act(&u->net, x, net_name(name, "%s.lrelu1", at)) : NULL;
	x = x ? dyn_conv(u, x, at, 2, channels, kernel, one) : NULL;
	if (x && u->a->res_block)
		x = layer_add(u->net.g, x, side, u->net.err);
	return x ? net_add_act(&u->net, x, net_name(name, "%s.lrelu2", at)) : NULL;
}

/* Level i from below, joined to skip. */
static struct node *dyn_up(const struct dynunet *u, struct node *x, struct node *skip, int i)
{
	static const int none[3] = {0, 0, 0}, one[3] = {1, 1, 1};
	char at[NET_NAME / 2], name[NET_NAME];
	struct node *join[2];

	snprintf(at, sizeof(at), "upsamples.%d", u->levels - 2 - i);
	join[0] = layer_conv_transpose(u->net.g, x, net_name(name, "%s.transp_conv.conv", at),
		u->filters[i], u->up[i], u->up[i], none, &skip->shape.d[1], u->a->trans_bias,
		u->net.err);
	join[1] = skip;
	x = join[0] ? layer_concat(u->net.g, join, 2, u->net.err) : NULL;
	return x ? dyn_block(u, x, net_name(name, "%s.conv_block", at), u->filters[i],
			   u->kernel[i + 1], one)
		 : NULL;
}

static struct node *dyn_body(const struct dynunet *u, struct node *x)
{
	struct node *skip[DYN_LEVELS];
	char at[NET_NAME / 2];

	for (int i = 0; x && i < u->levels; i++) {
		snprintf(at, sizeof(at), "downsamples.%d", i - 1);
		x = dyn_block(u, x,
			i == 0               ? "input_block"
			: i == u->levels - 1 ? "bottleneck"
					     : at,
			u->filters[i], u->kernel[i], u->stride[i]);
		skip[i] = x;
	}
	for (int i = u->levels - 2; x && i >= 0; i--)
		x = dyn_up(u, x, skip[i], i);
	return x;
}

static int dyn_build(
	const void *args, struct graph *g, struct node *image, struct net_out *out, struct err *err)
{
	const struct dyn_args *a = args;
	struct dynunet u = {.a = a,
		.net = {g, err, {NET_NORM_INSTANCE, 0, true},
			{.kind = NET_ACT_LEAKY, .slope = 0.01f}, false}};
	struct node *x;

	u.net.flat = image->shape.d[1] == 1;
	if (dyn_setup(&u, image))
		return -1;
	x = dyn_body(&u, image);
	x = x ? layer_conv(g, x, "output_block.conv.conv", a->out_channels, 1, 1, true, err) : NULL;
	return x ? net_finish(g, x, a->final_activation, out, err) : -1;
}

static int dyn_classes(const void *args)
{
	return (int)((const struct dyn_args *)args)->out_channels;
}

static const struct net_ops dyn_ops = {
	.build = dyn_build,
	.classes = dyn_classes,
};

static const char *const dyn_aliases[] = {"DynUnet", NULL};

const struct component component_dynunet = {
	.name = "DynUNet",
	.kind = COMPONENT_NETWORK,
	.aliases = dyn_aliases,
	.help = "MONAI's DynUNet, after nnU-Net (Isensee et al. 2021): per level two convolutions "
		"with their kernel and stride, norm and leaky ReLU (0.01), transposed convolutions "
		"upwards, skip tensors joined. Lists of dimensions count x, y, z. Sizes that the "
		"strides do not divide are rounded up on the way down and cut on the way up (MONAI "
		"refuses them)",
	.args = dyn_arg_defs,
	.args_size = sizeof(struct dyn_args),
	.ops = &dyn_ops,
};
