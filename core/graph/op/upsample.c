/*
 * Nearest neighbour times two in each dimension (Keras UpSampling3D), cut to the
 * wanted size: out[o] = in[o / 2].  Sizes 2n - 1 and 2n are possible, so that the
 * result meets a skip tensor whose odd size was halved with rounding up.
 */
#include "core/graph/layers.h"

static int upsample_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	const struct upsample_attr *a = attr;
	char text[SHAPE_TEXT];

	(void)n_in;
	*out = in[0];
	for (int i = 0; i < 3; i++) {
		if (in[0].n != 5 || (a->size[i] + 1) / 2 != in[0].d[i + 1])
			return err_set(err, ERR_DATA, "cannot double %s to %dx%dx%d",
				shape_text(&in[0], text), a->size[0], a->size[1], a->size[2]);
		out->d[i + 1] = a->size[i];
	}
	return 0;
}

/* Index of the voxel that output voxel i copies. */
static int64_t upsample_source(const struct op_io *io, int64_t i)
{
	const int64_t *o = io->out_shape.d, *s = io->in_shape[0].d;
	int64_t w = i % o[3], h = i / o[3] % o[2], d = i / (o[3] * o[2]) % o[1];

	return ((i / (o[3] * o[2] * o[1]) * s[1] + d / 2) * s[2] + h / 2) * s[3] + w / 2;
}

static void upsample_forward(const struct op_io *io)
{
	int64_t c = io->out_shape.d[4], total = (int64_t)shape_count(&io->out_shape) / c;

	for (int64_t i = 0; i < total; i++)
		for (int64_t k = 0; k < c; k++)
			io->out[i * c + k] = io->in[0][upsample_source(io, i) * c + k];
}

static void upsample_backward(const struct op_io *io)
{
	int64_t c = io->out_shape.d[4], total = (int64_t)shape_count(&io->out_shape) / c;
	size_t n = shape_count(&io->in_shape[0]);

	for (size_t i = 0; i < n && !(io->acc & OP_IN(0)); i++)
		io->din[0][i] = 0;
	for (int64_t i = 0; i < total; i++)
		for (int64_t k = 0; k < c; k++)
			io->din[0][upsample_source(io, i) * c + k] += io->dout[i * c + k];
}

static void upsample_example(struct rng *r, struct op_case *c)
{
	struct upsample_attr *a = (struct upsample_attr *)c->attr;

	c->n_in = 1;
	c->in[0] = op_example_shape(r, 4);
	for (int i = 0; i < 3; i++)
		a->size[i] = (int32_t)c->in[0].d[i + 1] * 2 - (int32_t)rng_below(r, 2);
}

const struct op op_upsample = {
	.name = "upsample",
	.attr_size = sizeof(struct upsample_attr),
	.min_in = 1,
	.max_in = 1,
	.shape = upsample_shape,
	.diff = op_bits_all,
	.bwd_needs = op_bits_none,
	.forward = upsample_forward,
	.backward = upsample_backward,
	.example = upsample_example,
};
