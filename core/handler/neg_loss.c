/*
 * NegLoss: the negated loss of a batch under a tag, so that ComputeAverage can take
 * "the smallest validation loss" as the key metric, where more is better.
 */
#include "core/handler/aux.h"

struct neg_loss_args {
	char *tag;
};

static int neg_loss_count(const void *args)
{
	(void)args;
	return 1;
}

static const char *neg_loss_tag(const void *args, int i)
{
	(void)i;
	return ((const struct neg_loss_args *)args)->tag;
}

static void neg_loss_values(const void *args, const struct aux_input *in, double *values)
{
	(void)args;
	values[0] = -in->loss;
}

static const struct arg_def neg_loss_arg_defs[] = {
	{"tag", ARG_STRING, offsetof(struct neg_loss_args, tag), .def = "\"negloss\"",
		.help = "name under which metrics find the value"},
	ARG_END};

static const struct aux_ops neg_loss_ops = {
	.count = neg_loss_count,
	.tag = neg_loss_tag,
	.values = neg_loss_values,
};

const struct component component_neg_loss = {
	.name = "NegLoss",
	.kind = COMPONENT_AUX,
	.help = "the negated loss, as a value for metrics",
	.args = neg_loss_arg_defs,
	.args_size = sizeof(struct neg_loss_args),
	.ops = &neg_loss_ops,
};
