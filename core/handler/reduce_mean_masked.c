/*
 * ReduceMeanMasked: the mean of the prediction over the voxels that the label marks, under
 * one tag per class.
 *
 * v3 publishes the name of the module only.  Here tag i is the mean of channel i (i + 1
 * with skip_background) over the voxels whose label is that class: what the network gives
 * the right class.  NaN when the batch has none.
 */
#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/handler/aux.h"
#include "core/metric/overlap.h"

struct masked_args {
	struct strlist tags;
	bool skip_background;
};

static int masked_count(const void *args)
{
	return ((const struct masked_args *)args)->tags.n;
}

static const char *masked_tag(const void *args, int i)
{
	return ((const struct masked_args *)args)->tags.v[i];
}

static double masked_mean(const struct aux_input *in, int k, unsigned char *mask)
{
	size_t n = (size_t)in->n * in->voxels, count = 0;
	struct overlap_map p = {in->prediction, in->channels, 1, (size_t)in->channels};
	struct overlap_map l = {in->label, in->label_channels, 1, (size_t)in->label_channels};
	double sum = 0;

	overlap_masks(&p, &l, in->label_channels > 1, OVERLAP_THRESHOLD, 0.5, n, k, NULL, mask);
	for (size_t i = 0; i < n; i++) {
		if (!mask[i])
			continue;
		sum += (double)in->prediction[i * (size_t)in->channels + (size_t)k];
		count++;
	}
	return count ? sum / (double)count : NAN;
}

static void masked_values(const void *args, const struct aux_input *in, double *values)
{
	const struct masked_args *a = args;
	bool fits = in->prediction && in->label &&
		    (in->label_channels == 1 || in->label_channels == in->channels);
	unsigned char *mask = mem_alloc((size_t)in->n * in->voxels + 1);

	for (int i = 0; i < a->tags.n; i++) {
		int k = i + (a->skip_background && in->channels > 1);

		values[i] = fits && k < in->channels ? masked_mean(in, k, mask) : NAN;
	}
	free(mask);
}

static const struct arg_def masked_arg_defs[] = {
	{"tags", ARG_STRLIST, offsetof(struct masked_args, tags), .flags = ARG_REQUIRED,
		.help = "names of the values, one per class", .alias = "tag"},
	{"skip_background", ARG_BOOL, offsetof(struct masked_args, skip_background), .def = "false",
		.help = "the first tag is class 1"},
	ARG_END};

static const struct aux_ops masked_ops = {
	.count = masked_count,
	.tag = masked_tag,
	.values = masked_values,
};

const struct component component_reduce_mean_masked = {
	.name = "ReduceMeanMasked",
	.kind = COMPONENT_AUX,
	.help = "mean of a class's channel over the voxels that the label gives to it; v3 publishes "
		"the name only",
	.args = masked_arg_defs,
	.args_size = sizeof(struct masked_args),
	.ops = &masked_ops,
};
