/*
 * DiceMaskedOutput: Dice of a batch as the network saw it, without putting windows
 * together.  The first tag is the mean over classes, further tags are the classes
 * one by one, from class 1 on with skip_background, else from class 0.
 *
 * v3's documentation shows the tags only; per item, a class that the label lacks
 * is undefined, as in ComputeAverageDice.
 */
#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/handler/aux.h"
#include "core/metric/overlap.h"

struct dice_masked_args {
	struct strlist tags;
	bool skip_background, onehot, independent;
	int data_format;
};

static int dice_masked_count(const void *args)
{
	return ((const struct dice_masked_args *)args)->tags.n;
}

static const char *dice_masked_tag(const void *args, int i)
{
	return ((const struct dice_masked_args *)args)->tags.v[i];
}

/* Mean over the items of the batch in which the class is defined; NaN when in none. */
static void class_means(const struct dice_masked_args *a, const struct aux_input *in, double *means)
{
	struct overlap_map pred = {in->prediction, in->channels, 1, (size_t)in->channels};
	struct overlap_map label = {in->label, in->label_channels, 1, (size_t)in->label_channels};
	struct overlap_count *count = mem_alloc((size_t)in->channels * sizeof(*count));
	int *defined = mem_zalloc((size_t)in->channels * sizeof(*defined));
	enum overlap_rule rule =
		in->independent || a->independent ? OVERLAP_THRESHOLD : OVERLAP_ARGMAX;

	for (int c = 0; c < in->channels; c++)
		means[c] = 0;
	for (int n = 0; n < in->n; n++) {
		for (int c = 0; c < in->channels; c++)
			count[c] = (struct overlap_count){0};
		overlap_add(&pred, &label, a->onehot, rule, 0.5, (size_t)n * in->voxels, in->voxels,
			count);
		for (int c = 0; c < in->channels; c++) {
			double d = overlap_dice(count + c);

			means[c] += isnan(d) ? 0 : d;
			defined[c] += !isnan(d);
		}
	}
	for (int c = 0; c < in->channels; c++)
		means[c] = defined[c] ? means[c] / defined[c] : NAN;
	free(count);
	free(defined);
}

static void dice_masked_values(const void *args, const struct aux_input *in, double *values)
{
	const struct dice_masked_args *a = args;
	int first = a->skip_background && in->channels > 1, n = 0;
	double *means = mem_alloc((size_t)in->channels * sizeof(*means)), sum = 0;

	for (int c = 0; c < in->channels; c++)
		means[c] = NAN;
	if (in->prediction && in->label && in->label_channels == (a->onehot ? in->channels : 1))
		class_means(a, in, means);
	for (int c = first; c < in->channels; c++) {
		if (isnan(means[c]))
			continue;
		sum += means[c];
		n++;
	}
	for (int i = 0; i < a->tags.n; i++) {
		int c = first + i - 1;

		if (i)
			values[i] = c < in->channels ? means[c] : NAN;
		else
			values[i] = n ? sum / n : NAN;
	}
	free(means);
}

static const char *const data_formats[] = {"channels_first", "channels_last", NULL};

static const struct arg_def dice_masked_arg_defs[] = {
	{"tags", ARG_STRLIST, offsetof(struct dice_masked_args, tags), .flags = ARG_REQUIRED,
		.help = "names of the values: mean, then one per class"},
	{"skip_background", ARG_BOOL, offsetof(struct dice_masked_args, skip_background),
		.def = "false", .help = "leave channel 0 out"},
	{"is_onehot_targets", ARG_BOOL, offsetof(struct dice_masked_args, onehot), .def = "false",
		.help = "the label has one channel per class already"},
	{"is_independent_predictions", ARG_BOOL, offsetof(struct dice_masked_args, independent),
		.def = "false", .help = "every channel by its own threshold 0.5, not argmax"},
	{"data_format", ARG_CHOICE, offsetof(struct dice_masked_args, data_format),
		.def = "\"channels_first\"", .choices = data_formats,
		.help = "accepted; memory is channels-last here", .flags = ARG_UNUSED},
	ARG_END};

static const struct aux_ops dice_masked_ops = {
	.count = dice_masked_count,
	.tag = dice_masked_tag,
	.values = dice_masked_values,
};

const struct component component_dice_masked_output = {
	.name = "DiceMaskedOutput",
	.kind = COMPONENT_AUX,
	.help = "Dice of a batch under tags: mean over classes, then each class",
	.args = dice_masked_arg_defs,
	.args_size = sizeof(struct dice_masked_args),
	.ops = &dice_masked_ops,
};
