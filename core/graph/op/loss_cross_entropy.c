/*
 * Cross entropy of softmax or sigmoid channels; formulas and numerics in core/graph/entropy.c.
 */
#include "core/graph/entropy.h"

static void cross_entropy_forward(const struct op_io *io)
{
	entropy_forward(io, false);
}

static void cross_entropy_backward(const struct op_io *io)
{
	entropy_backward(io, false);
}

static void cross_entropy_example(struct rng *r, struct op_case *c)
{
	entropy_example(r, c, false);
}

const struct op op_loss_cross_entropy = {
	.name = "loss_cross_entropy",
	.attr_size = sizeof(struct entropy_attr),
	.min_in = 2,
	.max_in = 2,
	.flags = OP_LOSS,
	.shape = entropy_shape,
	.diff = op_bits_first,
	.bwd_needs = entropy_bwd_needs,
	.save_bytes = entropy_save_bytes,
	.work_bytes = entropy_work_bytes,
	.forward = cross_entropy_forward,
	.backward = cross_entropy_backward,
	.example = cross_entropy_example,
};
