/*
 * Encoder and decoder of residual blocks:
 *
 *   block     x + conv(act(norm(conv(act(norm(x))))))   3x3x3
 *   encoder   convInit, dropout, then per level i > 0 a 3x3x3 convolution with stride
 *             2 to filters * 2^i channels, and down[i] blocks
 *   decoder   per level upwards a 1x1x1 convolution to half the channels, trilinear
 *             doubling (cut to the skip tensor's size), the skip tensor added, and
 *             up[i] blocks
 *   final     norm, activation, 1x1x1 convolution with bias
 */
#include "core/net/resnet.h"

#include <string.h>

int resnet_check(const struct resnet *r)
{
	if (r->down->n < 1 || r->down->n > RESNET_LEVELS)
		return err_set(r->net.err, ERR_DATA,
			"%s: blocks_down has %d numbers, 1 to %d wanted", r->owner, r->down->n,
			RESNET_LEVELS);
	if (r->up->n != r->down->n - 1)
		return err_set(r->net.err, ERR_DATA,
			"%s: blocks_up has %d numbers, %d wanted (one less than blocks_down)",
			r->owner, r->up->n, r->down->n - 1);
	return 0;
}

struct node *resnet_conv(const struct resnet *r, struct node *x, const char *name, int64_t channels,
	int kernel, int stride, bool bias)
{
	struct layer_window w =
		layer_window(r->net.flat, kernel, stride, r->same ? -1 : (kernel - 1) / 2);

	x = layer_conv_nd(r->net.g, x, name, channels, &w, bias, r->net.err);
	if (x && r->reg > 0 && layer_l2(r->net.g, x->in[1], r->reg, r->net.err))
		return NULL;
	return x;
}

struct node *resnet_norm(const struct resnet *r, struct node *x, const char *name)
{
	x = net_add_norm(&r->net, x, name);
	return x ? net_add_act(&r->net, x, name) : NULL;
}

/* norm, activation, 3x3x3 convolution: number i of a block. */
static struct node *resnet_half(const struct resnet *r, struct node *x, const char *block, int i)
{
	char name[NET_NAME];

	x = resnet_norm(r, x, net_name(name, "%s.norm%d", block, i));
	if (!x)
		return NULL;
	return resnet_conv(r, x, net_name(name, "%s.conv%d.conv", block, i),
		shape_channels(&x->shape), 3, 1, r->bias);
}

static struct node *resnet_block(const struct resnet *r, struct node *x, const char *block)
{
	struct node *y = resnet_half(r, x, block, 1);

	y = y ? resnet_half(r, y, block, 2) : NULL;
	return y ? layer_add(r->net.g, y, x, r->net.err) : NULL;
}

struct node *resnet_encode(
	const struct resnet *r, struct node *image, struct node *skip[RESNET_LEVELS])
{
	struct node *x = resnet_conv(r, image, "convInit.conv", r->filters, 3, 1, r->bias);
	char name[NET_NAME];

	if (x && r->dropout > 0)
		x = layer_dropout(r->net.g, x, r->dropout, r->net.err);
	for (int i = 0; i < r->down->n && x; i++) {
		if (i > 0)
			x = resnet_conv(r, x, net_name(name, "down_layers.%d.0.conv", i),
				r->filters << i, 3, 2, r->bias);
		for (int k = 0; k < (int)r->down->v[i] && x; k++)
			x = resnet_block(r, x, net_name(name, "down_layers.%d.%d", i, k + 1));
		skip[i] = x;
	}
	return x;
}

struct node *resnet_resize(const struct resnet *r, struct node *x, const struct node *like)
{
	if (!memcmp(x->shape.d + 1, like->shape.d + 1, 3 * sizeof(x->shape.d[0])))
		return x;
	return layer_resize(r->net.g, x, like->shape.d + 1, r->net.err);
}

/* To half the channels and the size of like. */
static struct node *resnet_up(const struct resnet *r, struct node *x, const struct node *like,
	const char *prefix, int i, int64_t channels)
{
	int k = r->net.flat ? 1 : 2;
	const int two[3] = {k, 2, 2}, none[3] = {0, 0, 0};
	char name[NET_NAME];

	x = resnet_conv(
		r, x, net_name(name, "%sup_samples.%d.0.conv", prefix, i), channels, 1, 1, r->bias);
	if (x && r->deconv)
		return layer_conv_transpose(r->net.g, x,
			net_name(name, "%sup_samples.%d.1.deconv", prefix, i), channels, two, two,
			none, like->shape.d + 1, true, r->net.err);
	return x ? resnet_resize(r, x, like) : NULL;
}

struct node *resnet_decode(const struct resnet *r, struct node *x, struct node *const *skip,
	bool join, const char *prefix)
{
	char name[NET_NAME];

	for (int i = 0; i < r->up->n && x; i++) {
		int level = r->up->n - 1 - i;

		x = resnet_up(r, x, skip[level], prefix, i, r->filters << level);
		if (x && join)
			x = layer_add(r->net.g, x, skip[level], r->net.err);
		for (int k = 0; k < (int)r->up->v[i] && x; k++)
			x = resnet_block(r, x, net_name(name, "%sup_layers.%d.%d", prefix, i, k));
	}
	return x;
}

struct node *resnet_final(
	const struct resnet *r, struct node *x, const char *name, int64_t channels)
{
	char part[NET_NAME];

	x = resnet_norm(r, x, net_name(part, "%s.0", name));
	return x ? resnet_conv(r, x, net_name(part, "%s.2.conv", name), channels, 1, 1, true)
		 : NULL;
}
