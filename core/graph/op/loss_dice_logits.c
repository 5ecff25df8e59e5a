/*
 * Dice of activated logits and, on request, cross entropy or focal loss of the same logits:
 *
 *     L = dice(softmax(z) or sigmoid(z), label) [+ cross_entropy(z, label) or focal(z, label)]
 *
 * A network and a loss make four nodes of this, which read and write the logits'
 * size eleven times; a plan fuses them (core/graph/steps.c) where the backend can do
 * it in two passes.  The reference here runs the parts one after the other.
 */
#include <string.h>

#include "core/graph/dice.h"
#include "core/graph/entropy.h"
#include "core/graph/layers.h"

static const struct op *activation(const struct dice_logits_attr *a)
{
	return a->sigmoid ? &op_act : &op_softmax;
}

static bool is_focal(const struct dice_logits_attr *a)
{
	return a->second == DICE_LOGITS_FOCAL;
}

static int dice_logits_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	const struct dice_logits_attr *a = attr;

	if (a->second && a->entropy.onehot != a->dice.onehot)
		return err_set(err, ERR_DATA, "two losses take the label in different forms");
	if (a->second && entropy_shape(&a->entropy, n_in, in, out, err))
		return -1;
	return losses_shape(a->dice.onehot, in, out, err);
}

static size_t dice_save(const struct dice_logits_attr *a, const struct shape *in)
{
	return op_loss_dice.save_bytes(&a->dice, 2, in, NULL);
}

static size_t dice_logits_save_bytes(
	const void *attr, int n_in, const struct shape *in, const struct shape *out)
{
	const struct dice_logits_attr *a = attr;

	return dice_save(a, in) + entropy_save_bytes(&a->entropy, n_in, in, out);
}

/* The activation's values (and their gradient), then what the losses need. */
static size_t dice_logits_work_bytes(
	const void *attr, int n_in, const struct shape *in, const struct shape *out, bool backward)
{
	const struct dice_logits_attr *a = attr;
	size_t values = (shape_count(in) + 15) / 16 * 16 * sizeof(float);
	size_t dice = op_loss_dice.work_bytes(&a->dice, n_in, in, out, false);
	size_t entropy = entropy_work_bytes(&a->entropy, n_in, in, out, false);

	return backward ? 2 * values : values + (dice > entropy ? dice : entropy);
}

static void dice_logits_activate(const struct op_io *io, float *p)
{
	const struct dice_logits_attr *a = io->attr;
	const struct act_attr sigmoid = {.kind = ACT_SIGMOID};
	struct op_io x = *io;

	x.attr = &sigmoid;
	x.n_in = 1;
	x.out_shape = io->in_shape[0];
	x.out = p;
	activation(a)->forward(&x);
}

static void dice_logits_forward(const struct op_io *io)
{
	const struct dice_logits_attr *a = io->attr;
	size_t values = (shape_count(io->in_shape) + 15) / 16 * 16;
	float *p = io->work, dice, second = 0;
	struct op_io x = *io;

	dice_logits_activate(io, p);
	x.attr = &a->dice;
	x.in[0] = p;
	x.out = &dice;
	x.work = p + values;
	op_loss_dice.forward(&x);
	if (a->second) {
		x.attr = &a->entropy;
		x.in[0] = io->in[0];
		x.out = &second;
		x.save = (char *)io->save + dice_save(a, io->in_shape);
		entropy_forward(&x, is_focal(a));
	}
	io->out[0] = dice + second;
}

static void dice_logits_backward(const struct op_io *io)
{
	const struct dice_logits_attr *a = io->attr;
	const struct act_attr sigmoid = {.kind = ACT_SIGMOID};
	size_t values = (shape_count(io->in_shape) + 15) / 16 * 16;
	float *p = io->work, *dp = p + values;
	struct op_io x = *io;

	if (!io->din[0])
		return;
	dice_logits_activate(io, p);
	x.attr = &a->dice;
	x.in[0] = p;
	x.din[0] = dp;
	x.acc = 0;
	op_loss_dice.backward(&x);
	x = *io;
	x.attr = &sigmoid;
	x.n_in = 1;
	x.out_shape = io->in_shape[0];
	x.out = p;
	x.dout = dp;
	activation(a)->backward(&x);
	if (!a->second)
		return;
	x = *io;
	x.attr = &a->entropy;
	x.save = (char *)io->save + dice_save(a, io->in_shape);
	x.acc = OP_IN(0);
	entropy_backward(&x, is_focal(a));
}

bool dice_logits_of_dice(const struct op *act, const void *act_attr, const struct dice_attr *dice,
	struct dice_logits_attr *to)
{
	bool sigmoid = act == &op_act && ((const struct act_attr *)act_attr)->kind == ACT_SIGMOID;

	if (act != &op_softmax && !sigmoid)
		return false;
	*to = (struct dice_logits_attr){.dice = *dice, .sigmoid = sigmoid};
	return true;
}

bool dice_logits_add(
	struct dice_logits_attr *a, const struct op *second, const struct entropy_attr *entropy)
{
	if (a->second || (second != &op_loss_cross_entropy && second != &op_loss_focal) ||
		entropy->onehot != a->dice.onehot)
		return false;
	a->second = second == &op_loss_focal ? DICE_LOGITS_FOCAL : DICE_LOGITS_CROSS_ENTROPY;
	a->entropy = *entropy;
	return true;
}

static unsigned dice_logits_bwd_needs(const void *attr, int n_in)
{
	(void)attr;
	(void)n_in;
	return OP_IN(0) | OP_IN(1);
}

static void dice_logits_example(struct rng *r, struct op_case *c)
{
	struct dice_logits_attr *a = (struct dice_logits_attr *)c->attr;
	struct dice_logits_attr made = {
		.sigmoid = (int32_t)rng_below(r, 2), .second = (int32_t)rng_below(r, 3)};
	struct op_case dice = {0};

	op_loss_dice.example(r, &dice);
	made.dice = *(const struct dice_attr *)dice.attr;
	entropy_example(r, c, is_focal(&made));
	made.entropy = *(const struct entropy_attr *)c->attr;
	if (made.entropy.form == ENTROPY_SOFTMAX_PROB) /* what is read are logits */
		made.entropy.form = ENTROPY_SOFTMAX_LOGITS;
	else if (made.entropy.form == ENTROPY_SIGMOID_PROB)
		made.entropy.form = ENTROPY_SIGMOID_LOGITS;
	made.dice.onehot = made.entropy.onehot;
	c->fill[0] = FILL_NORMAL;
	*a = made;
}

const struct op op_loss_dice_logits = {
	.name = "loss_dice_logits",
	.attr_size = sizeof(struct dice_logits_attr),
	.min_in = 2,
	.max_in = 2,
	.flags = OP_LOSS,
	.shape = dice_logits_shape,
	.diff = op_bits_first,
	.bwd_needs = dice_logits_bwd_needs,
	.save_bytes = dice_logits_save_bytes,
	.work_bytes = dice_logits_work_bytes,
	.forward = dice_logits_forward,
	.backward = dice_logits_backward,
	.example = dice_logits_example,
};
