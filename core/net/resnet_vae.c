/*
 * The variational branch of SegResnet (Myronenko 2018, table 1 and section 2.3): it
 * starts at the encoder's end, draws a code and rebuilds the image, which regularises
 * the encoder.  Only the loss needs it, so inference graphs have none of it.
 *
 *   vae_down   norm, activation, 3x3x3 convolution with stride 2 to 16 channels, norm,
 *              activation
 *   vae_fc     dense to 256: means and log variances of 128 (a convolution whose kernel
 *              is the whole volume), then the draw
 *   vae_draw   dense back to the volume of 16 channels (a transposed one), activation
 *   vae_up     1x1x1 convolution to the encoder's channels, trilinear to its size
 *   the decoder's levels again without skips, with their own weights, to the image's
 *   channels
 *
 * Losses: (mean^2 + var - log var - 1) summed over the code and divided by the number
 * of voxels, and 0.1 times the mean squared error of the rebuilt image.
 */
#include "core/graph/losses.h"
#include "core/net/resnet.h"

enum { VAE_CODE = 128, VAE_CHANNELS = 16 };

static const float VAE_RECONSTRUCTION = 0.1f;

static struct node *vae_dense(const struct resnet *r, struct node *x)
{
	struct layer_window w = {.stride = {1, 1, 1}};

	for (int i = 0; i < 3; i++)
		w.kernel[i] = (int)x->shape.d[i + 1];
	return layer_conv_nd(r->net.g, x, "vae_fc", 2 * VAE_CODE, &w, true, r->net.err);
}

static struct node *vae_draw(const struct resnet *r, struct node *code, const struct node *like)
{
	static const int one[3] = {1, 1, 1}, none[3] = {0, 0, 0};
	int kernel[3];

	for (int i = 0; i < 3; i++)
		kernel[i] = (int)like->shape.d[i + 1];
	code = layer_conv_transpose(r->net.g, code, "vae_draw", VAE_CHANNELS, kernel, one, none,
		like->shape.d + 1, true, r->net.err);
	return code ? net_add_act(&r->net, code, "vae_draw.act") : NULL;
}

static int vae_losses(
	const struct resnet *r, struct node *stats, struct node *image, struct node *rebuilt)
{
	double voxels = (double)shape_voxels(&image->shape);
	struct node *kl = layer_kl(r->net.g, stats, 1 / voxels, r->net.err);
	struct node *mse = kl ? layer_mse(r->net.g, rebuilt, image, r->net.err) : NULL;

	if (!mse || graph_add_loss(r->net.g, kl, 1, r->net.err))
		return -1;
	return graph_add_loss(r->net.g, mse, VAE_RECONSTRUCTION, r->net.err);
}

int resnet_vae(const struct resnet *r, struct node *image, struct node *const *skip)
{
	struct node *end = skip[r->down->n - 1], *x, *down, *stats;

	x = resnet_norm(r, end, "vae_down.0");
	x = x ? resnet_conv(r, x, "vae_down.2.conv", VAE_CHANNELS, 3, 2, r->bias) : NULL;
	down = x ? resnet_norm(r, x, "vae_down.3") : NULL;
	stats = down ? vae_dense(r, down) : NULL;
	x = stats ? layer_vae_sample(r->net.g, stats, "vae_code", r->net.err) : NULL;
	x = x ? vae_draw(r, x, down) : NULL;
	x = x ? resnet_conv(r, x, "vae_up.0.conv", shape_channels(&end->shape), 1, 1, r->bias)
	      : NULL;
	x = x ? resnet_resize(r, x, end) : NULL;
	x = x ? resnet_decode(r, x, skip, false, "vae_") : NULL;
	x = x ? resnet_final(r, x, "vae_conv_final", shape_channels(&image->shape)) : NULL;
	return x ? vae_losses(r, stats, image, x) : -1;
}
