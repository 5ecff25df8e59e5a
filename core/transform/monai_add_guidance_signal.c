/*
 * AddGuidanceSignald (deepgrow): the clicks of guidance, blurred and scaled to 0 ... 1,
 * as two more channels of the image.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/monai.h"

struct signal_args {
	char *image, *guidance;
	double sigma;
	int64_t intensity;
};

static const struct arg_def signal_defs[] = {
	{"image", ARG_STRING, offsetof(struct signal_args, image), .def = "\"image\"",
		.help = "field that gets two more channels"},
	{"guidance", ARG_STRING, offsetof(struct signal_args, guidance), .def = "\"guidance\"",
		.help = "field of the clicks"},
	{"sigma", ARG_FLOAT, offsetof(struct signal_args, sigma), .def = "2", .min = 0, .max = 100,
		.unit = "voxel", .help = "deviation of the blur"},
	{"number_intensity_ch", ARG_INT, offsetof(struct signal_args, intensity), .def = "1",
		.min = 1, .max = 1024,
		.help = "channels of the image that stay; later ones are replaced"},
	MONAI_IGNORED("batched", "accepted; each case by itself"),
	MONAI_IGNORED("dimensions", "accepted; that of the image"),
	ARG_END,
};

/*
 * MONAI's Gaussian: the integral of the bell over each voxel, up to 4 sigma away.  There are
 * few clicks and most of the image is far from them, so each adds its own bell.
 */
struct signal_kernel {
	int radius;
	float *w; /* 0 ... radius */
};

static struct signal_kernel signal_kernel(double sigma)
{
	struct signal_kernel k = {.radius = sigma > 0 ? (int)(4 * sigma + 0.5) : 0};
	double t = sigma > 0 ? sqrt(0.5) / sigma : 0;

	k.w = mem_alloc((size_t)(k.radius + 1) * sizeof(*k.w));
	for (int i = 0; i <= k.radius; i++)
		k.w[i] = sigma > 0 ? (float)(0.5 * (erf(t * (i + 0.5)) - erf(t * (i - 0.5)))) : 1;
	return k;
}

static void signal_splat(const struct signal_kernel k[3], const int dim[3], size_t at, float *out)
{
	int nx = dim[0], ny = dim[1];
	int c[3] = {(int)(at % (size_t)nx), (int)(at / (size_t)nx % (size_t)ny),
		(int)(at / (size_t)nx / (size_t)ny)};
	int lo[3], hi[3];

	for (int i = 0; i < 3; i++) {
		lo[i] = c[i] < k[i].radius ? 0 : c[i] - k[i].radius;
		hi[i] = dim[i] - 1 - c[i] < k[i].radius ? dim[i] - 1 : c[i] + k[i].radius;
	}
	for (int z = lo[2]; z <= hi[2]; z++)
		for (int y = lo[1]; y <= hi[1]; y++) {
			float w = k[2].w[abs(z - c[2])] * k[1].w[abs(y - c[1])];
			float *row = out + ((size_t)z * (size_t)ny + (size_t)y) * (size_t)nx;

			for (int x = lo[0]; x <= hi[0]; x++)
				row[x] += w * k[0].w[abs(x - c[0])];
		}
}

/* To 0 ... 1, unless it is empty. */
static void signal_scale(float *x, size_t n)
{
	float low = x[0], top = x[0];

	for (size_t i = 1; i < n; i++) {
		low = x[i] < low ? x[i] : low;
		top = x[i] > top ? x[i] : top;
	}
	for (size_t i = 0; top > low && i < n; i++)
		x[i] = (x[i] - low) / (top - low);
}

/* One channel of clicks as its bells. */
static void signal_channel(
	const struct signal_kernel k[3], const int dim[3], const float *clicks, float *out)
{
	size_t n = (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];
	bool any = false;

	memset(out, 0, n * sizeof(*out));
	for (size_t i = 0; i < n; i++) {
		if (!(clicks[i] > 0))
			continue;
		signal_splat(k, dim, i, out);
		any = true;
	}
	if (any)
		signal_scale(out, n);
}

static int signal_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct signal_args *a = args;
	struct volume *image = sample_volume(s, a->image, err), *out;
	const struct volume *clicks = image ? sample_volume(s, a->guidance, err) : NULL;
	struct signal_kernel k[3];
	size_t n, keep;

	(void)rng;
	if (!clicks)
		return -1;
	if (memcmp(image->dim, clicks->dim, sizeof(image->dim)) || clicks->channels != 2)
		return err_set(err, ERR_DATA, "'%s' does not fit '%s'", a->guidance, a->image);
	if (image->channels < a->intensity)
		return err_set(err, ERR_DATA, "'%s' has %d channels, %d are to stay", a->image,
			image->channels, (int)a->intensity);
	out = volume_new((int)a->intensity + 2, image->dim, err);
	if (!out)
		return -1;
	n = volume_voxels(image);
	keep = n * (size_t)a->intensity;
	memcpy(out->data, image->data, keep * sizeof(float));
	memcpy(out->affine, image->affine, sizeof(out->affine));
	out->nonfinite = image->nonfinite;
	for (int i = 0; i < 3; i++)
		k[i] = signal_kernel(image->dim[i] == 1 ? 0 : a->sigma);
	for (size_t c = 0; c < 2; c++)
		signal_channel(k, image->dim, clicks->data + c * n, out->data + keep + c * n);
	for (int i = 0; i < 3; i++)
		free(k[i].w);
	volume_take(image, out);
	return 0;
}

static void signal_reads(const void *args, const char **names, int max, int *n)
{
	fields_add_name(((const struct signal_args *)args)->image, names, max, n);
	fields_add_name(((const struct signal_args *)args)->guidance, names, max, n);
}

const struct component component_monai_add_guidance_signal = {
	.name = "AddGuidanceSignald",
	.kind = COMPONENT_TRANSFORM,
	.aliases = MONAI_ALIASES("AddGuidanceSignal"),
	.help = "deepgrow: foreground and background clicks, blurred by a Gaussian and scaled to "
		"0 ... 1, as two more channels of the image",
	.args = signal_defs,
	.args_size = sizeof(struct signal_args),
	.ops = &(const struct transform_ops){.apply = signal_apply, .reads = signal_reads},
};
