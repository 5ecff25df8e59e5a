/*
 * AddGuidanceSignald (deepgrow): the clicks of guidance, blurred and scaled to 0 ... 1,
 * as two more channels of the image.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/transform/monai.h"
#include "core/volume/smooth.h"

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

/* Each channel to 0 ... 1, unless it is empty. */
static void signal_scale(struct volume *v)
{
	size_t n = volume_voxels(v);

	for (int c = 0; c < v->channels; c++) {
		float *x = v->data + (size_t)c * n, top = 0;

		for (size_t i = 0; i < n; i++)
			top = x[i] > top ? x[i] : top;
		for (size_t i = 0; top > 0 && i < n; i++)
			x[i] /= top;
	}
}

static int signal_apply(const void *args, struct sample *s, struct rng *rng, struct err *err)
{
	const struct signal_args *a = args;
	struct volume *image = sample_volume(s, a->image, err), *clicks, *blur, *out = NULL;
	double sigma[3] = {a->sigma, a->sigma, a->sigma};
	size_t n, keep;

	(void)rng;
	clicks = image ? sample_volume(s, a->guidance, err) : NULL;
	if (!clicks)
		return -1;
	if (memcmp(image->dim, clicks->dim, sizeof(image->dim)) || clicks->channels != 2)
		return err_set(err, ERR_DATA, "'%s' does not fit '%s'", a->guidance, a->image);
	if (image->channels < a->intensity)
		return err_set(err, ERR_DATA, "'%s' has %d channels, %d are to stay", a->image,
			image->channels, (int)a->intensity);
	sigma[2] = image->dim[2] == 1 ? 0 : a->sigma;
	blur = volume_share(clicks);
	if (!volume_make_writable(blur, err) && !smooth_gaussian(blur, sigma, err))
		out = volume_new((int)a->intensity + 2, image->dim, err);
	if (out) {
		signal_scale(blur);
		n = volume_voxels(image);
		keep = n * (size_t)a->intensity;
		memcpy(out->data, image->data, keep * sizeof(float));
		memcpy(out->data + keep, blur->data, 2 * n * sizeof(float));
		memcpy(out->affine, image->affine, sizeof(out->affine));
		out->nonfinite = image->nonfinite;
		volume_take(image, out);
	}
	volume_free(blur);
	return out ? 0 : -1;
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
