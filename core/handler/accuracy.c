/*
 * ComputeAccuracy (aux op): the part of a batch whose class is right, under a tag.  With
 * use_sigmoid every channel is a decision of its own.
 */
#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/handler/aux.h"
#include "core/metric/overlap.h"

struct accuracy_args {
	char *tag;
	bool use_sigmoid, do_summary, do_print;
};

static int accuracy_count(const void *args)
{
	(void)args;
	return 1;
}

static const char *accuracy_tag(const void *args, int i)
{
	(void)i;
	return ((const struct accuracy_args *)args)->tag;
}

static void accuracy_values(const void *args, const struct aux_input *in, double *values)
{
	const struct accuracy_args *a = args;
	size_t n = (size_t)in->n * in->voxels, good = 0;
	struct overlap_map p = {in->prediction, in->channels, 1, (size_t)in->channels};
	struct overlap_map l = {in->label, in->label_channels, 1, (size_t)in->label_channels};
	bool every = a->use_sigmoid || in->independent || in->channels == 1;
	bool onehot = in->channels > 1 && in->label_channels == in->channels;
	unsigned char *mp, *ml;

	values[0] = NAN;
	if (!in->prediction || !in->label || !n || (!onehot && in->label_channels != 1))
		return;
	mp = mem_alloc(n);
	ml = mem_alloc(n);
	for (int k = 0; k < in->channels; k++) {
		overlap_masks(&p, &l, onehot, every ? OVERLAP_THRESHOLD : OVERLAP_ARGMAX, 0.5, n, k,
			mp, ml);
		for (size_t i = 0; i < n; i++)
			good += every ? mp[i] == ml[i] : mp[i] & ml[i];
	}
	free(mp);
	free(ml);
	values[0] = (double)good / (double)(every ? n * (size_t)in->channels : n);
}

static const struct arg_def accuracy_arg_defs[] = {
	{"tag", ARG_STRING, offsetof(struct accuracy_args, tag), .flags = ARG_REQUIRED,
		.help = "name under which metrics find the value"},
	{"use_sigmoid", ARG_BOOL, offsetof(struct accuracy_args, use_sigmoid), .def = "false",
		.help = "every channel by its own threshold 0.5, not argmax"},
	{"do_summary", ARG_BOOL, offsetof(struct accuracy_args, do_summary), .def = "true",
		.flags = ARG_UNUSED, .help = "values of aux ops come through metrics"},
	{"do_print", ARG_BOOL, offsetof(struct accuracy_args, do_print), .def = "true",
		.flags = ARG_UNUSED, .help = "values of aux ops come through metrics"},
	ARG_END};

static const struct aux_ops accuracy_ops = {
	.count = accuracy_count,
	.tag = accuracy_tag,
	.values = accuracy_values,
};

const struct component component_aux_accuracy = {
	.name = "ComputeAccuracy",
	.kind = COMPONENT_AUX,
	.help = "part of the items (or voxels) of a batch whose class is right",
	.args = accuracy_arg_defs,
	.args_size = sizeof(struct accuracy_args),
	.ops = &accuracy_ops,
};
