/*
 * Focal loss of every class against the rest; formulas and numerics in core/graph/entropy.c.
 */
#include "core/graph/entropy.h"

static void focal_forward(const struct op_io *io)
{
	entropy_forward(io, true);
}

static void focal_backward(const struct op_io *io)
{
	entropy_backward(io, true);
}

static void focal_example(struct rng *r, struct op_case *c)
{
	entropy_example(r, c, true);
}

const struct op op_loss_focal = {
	.name = "loss_focal",
	.attr_size = sizeof(struct entropy_attr),
	.min_in = 2,
	.max_in = 2,
	.flags = OP_LOSS,
	.shape = entropy_shape,
	.diff = op_bits_first,
	.bwd_needs = entropy_bwd_needs,
	.save_bytes = entropy_save_bytes,
	.work_bytes = entropy_work_bytes,
	.forward = focal_forward,
	.backward = focal_backward,
	.example = focal_example,
};
