/*
 * A loss whose value and gradient a function gives: for losses that come from outside.
 * The function is called once forward and once more backward, so nothing has to be kept.
 */
#include <string.h>

#include "core/graph/losses.h"

static int call_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	const struct loss_call_attr *a = attr;
	char p[SHAPE_TEXT], l[SHAPE_TEXT];

	(void)n_in;
	if (!a->value || in[0].n != 5 || in[1].n != 5 ||
		memcmp(in[0].d, in[1].d, 4 * sizeof(in[0].d[0])))
		return err_set(err, ERR_DATA, "a prediction of %s and a label of %s do not fit",
			shape_text(&in[0], p), shape_text(&in[1], l));
	*out = shape1(1);
	return 0;
}

static size_t call_work_bytes(
	const void *attr, int n_in, const struct shape *in, const struct shape *out, bool backward)
{
	(void)attr;
	(void)n_in;
	(void)out;
	return backward ? shape_count(in) * sizeof(float) : 0;
}

static void call_forward(const struct op_io *io)
{
	const struct loss_call_attr *a = io->attr;

	io->out[0] = (float)a->value(a->ctx, io->in_shape, io->in[0], io->in[1], NULL);
}

static void call_backward(const struct op_io *io)
{
	const struct loss_call_attr *a = io->attr;
	size_t n = shape_count(io->in_shape);
	float *g = io->work, weight = io->dout[0];

	if (!io->din[0])
		return;
	a->value(a->ctx, io->in_shape, io->in[0], io->in[1], g);
	for (size_t i = 0; i < n; i++)
		op_store(io->din[0] + i, weight * g[i], io->acc & OP_IN(0));
}

static unsigned call_bwd_needs(const void *attr, int n_in)
{
	(void)attr;
	(void)n_in;
	return OP_IN(0) | OP_IN(1);
}

/* Mean squared difference between the prediction and the label's number. */
static double example_value(
	const void *ctx, const struct shape *in, const float *x, const float *label, float *g)
{
	size_t n = shape_count(in), channels = (size_t)shape_channels(in);
	size_t labels = (size_t)shape_channels(in + 1);
	double sum = 0;

	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		double d = (double)x[i] - (double)label[i / channels * labels];

		sum += d * d;
		if (g)
			g[i] = (float)(2 * d / (double)n);
	}
	return sum / (double)n;
}

static void call_example(struct rng *r, struct op_case *c)
{
	struct loss_call_attr *a = (struct loss_call_attr *)c->attr;

	*a = (struct loss_call_attr){.value = example_value};
	c->n_in = 2;
	c->in[0] = c->in[1] = op_example_shape(r, 5);
	c->in[1].d[4] = 1;
	c->fill[0] = FILL_NORMAL;
	c->fill[1] = FILL_LABEL;
	c->classes = 3;
}

const struct op op_loss_call = {
	.name = "loss_call",
	.attr_size = sizeof(struct loss_call_attr),
	.min_in = 2,
	.max_in = 2,
	.flags = OP_LOSS,
	.shape = call_shape,
	.diff = op_bits_first,
	.bwd_needs = call_bwd_needs,
	.work_bytes = call_work_bytes,
	.forward = call_forward,
	.backward = call_backward,
	.example = call_example,
};
