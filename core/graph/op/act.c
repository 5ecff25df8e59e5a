/*
 * Activation by itself: ReLU, leaky ReLU, sigmoid.  Fusion takes most of them
 * into the convolution or normalisation before.
 */
#include "core/graph/act.h"

static void act_forward(const struct op_io *io)
{
	const struct act_attr *a = io->attr;
	size_t n = shape_count(&io->out_shape);

	for (size_t i = 0; i < n; i++)
		io->out[i] = act_apply(a->kind, a->slope, io->in[0][i]);
}

static void act_backward(const struct op_io *io)
{
	const struct act_attr *a = io->attr;
	size_t n = shape_count(&io->out_shape);

	for (size_t i = 0; i < n; i++)
		op_store(&io->din[0][i], io->dout[i] * act_slope(a->kind, a->slope, io->out[i]),
			io->acc & OP_IN(0));
}

static void act_example(struct rng *r, struct op_case *c)
{
	struct act_attr *a = (struct act_attr *)c->attr;

	a->kind = (int32_t[]){ACT_RELU, ACT_LEAKY, ACT_SIGMOID}[rng_below(r, 3)];
	a->slope = 0.2f;
	c->n_in = 1;
	c->in[0] = op_example_shape(r, 7);
}

const struct op op_act = {
	.name = "act",
	.attr_size = sizeof(struct act_attr),
	.min_in = 1,
	.max_in = 1,
	.flags = OP_INPLACE | OP_BWD_INPLACE,
	.shape = op_shape_same,
	.diff = op_bits_all,
	.bwd_needs = op_bits_out,
	.forward = act_forward,
	.backward = act_backward,
	.example = act_example,
};
