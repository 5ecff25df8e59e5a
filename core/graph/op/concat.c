/*
 * Joins tensors along the channels: out[v, :] = in0[v, :], in1[v, :] ...
 */
#include "core/graph/op.h"

#include <string.h>

static int concat_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	char a[SHAPE_TEXT], b[SHAPE_TEXT];

	(void)attr;
	*out = in[0];
	for (int k = 1; k < n_in; k++) {
		for (int i = 0; i < 4; i++)
			if (in[k].n != 5 || in[0].n != 5 || in[k].d[i] != in[0].d[i])
				return err_set(err, ERR_DATA, "cannot join %s and %s",
					shape_text(&in[0], a), shape_text(&in[k], b));
		out->d[4] += in[k].d[4];
	}
	return 0;
}

static void concat_forward(const struct op_io *io)
{
	int64_t co = io->out_shape.d[4], total = (int64_t)shape_count(&io->out_shape) / co, at = 0;

	for (int k = 0; k < io->n_in; k++) {
		int64_t c = io->in_shape[k].d[4];

		for (int64_t i = 0; i < total; i++)
			memcpy(io->out + i * co + at, io->in[k] + i * c, (size_t)c * sizeof(float));
		at += c;
	}
}

static void concat_backward(const struct op_io *io)
{
	int64_t co = io->out_shape.d[4], total = (int64_t)shape_count(&io->out_shape) / co, at = 0;

	for (int k = 0; k < io->n_in; k++) {
		int64_t c = io->in_shape[k].d[4];

		for (int64_t i = 0; io->din[k] && i < total; i++)
			for (int64_t j = 0; j < c; j++)
				op_store(&io->din[k][i * c + j], io->dout[i * co + at + j],
					io->acc & OP_IN(k));
		at += c;
	}
}

static void concat_example(struct rng *r, struct op_case *c)
{
	c->n_in = 1 + (int)rng_below(r, 3);
	c->in[0] = op_example_shape(r, 6);
	for (int k = 1; k < c->n_in; k++) {
		c->in[k] = c->in[0];
		c->in[k].d[4] = 1 + (int64_t)rng_below(r, 17);
	}
}

const struct op op_concat = {
	.name = "concat",
	.min_in = 1,
	.max_in = OP_MAX_IN,
	.shape = concat_shape,
	.diff = op_bits_all,
	.bwd_needs = op_bits_none,
	.forward = concat_forward,
	.backward = concat_backward,
	.example = concat_example,
};
