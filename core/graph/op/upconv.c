/*
 * conv(concat(upsample(a), skip)): what a U-Net's decoder does at each level, as
 * one op, because it can be computed without the doubled tensor.  Networks do
 * not name it; fusion makes it where a backend has a kernel.
 *
 * The reference does it literally: join in work, then the reference convolution.
 */
#include "core/graph/layers.h"

static int64_t upconv_channels(const struct upconv_attr *a, const struct shape *in)
{
	return in[0].d[4] + (a->skip ? in[1].d[4] : 0);
}

static struct shape upconv_joined(const struct upconv_attr *a, const struct shape *in)
{
	return shape5(in[0].d[0], a->size[0], a->size[1], a->size[2], upconv_channels(a, in));
}

static int upconv_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	const struct upconv_attr *a = attr;
	int w = 1 + a->skip;
	struct shape conv_in[3] = {{0}};

	if (n_in != 2 + a->skip + a->conv.bias)
		return err_set(err, ERR_DATA, "wrong number of inputs");
	for (int i = 0; i < 3; i++) {
		if ((a->size[i] + 1) / 2 != in[0].d[i + 1] ||
			(a->skip && in[1].d[i + 1] != a->size[i]))
			return err_set(err, ERR_DATA, "sizes do not fit");
	}
	conv_in[0] = upconv_joined(a, in);
	conv_in[1] = in[w];
	if (a->conv.bias)
		conv_in[2] = in[w + 1];
	return op_conv3d.shape(&a->conv, 2 + a->conv.bias, conv_in, out, err);
}

static unsigned upconv_needs(const void *attr, int n_in)
{
	const struct upconv_attr *a = attr;
	unsigned values = (1u << (n_in - a->conv.bias)) - 1;

	return values | (a->conv.act.kind == ACT_NONE ? 0 : OP_NEEDS_OUT);
}

/* Index of the voxel of a that joined voxel i copies. */
static int64_t upconv_source(const struct upconv_attr *a, const struct shape *s, int64_t i)
{
	int64_t w = i % a->size[2], h = i / a->size[2] % a->size[1];
	int64_t d = i / ((int64_t)a->size[2] * a->size[1]) % a->size[0];
	int64_t n = i / ((int64_t)a->size[2] * a->size[1] * a->size[0]);

	return ((n * s->d[1] + d / 2) * s->d[2] + h / 2) * s->d[3] + w / 2;
}

static void upconv_join(const struct op_io *io, float *joined)
{
	const struct upconv_attr *a = io->attr;
	struct shape s = upconv_joined(a, io->in_shape);
	int64_t c = s.d[4], ca = io->in_shape[0].d[4], total = (int64_t)shape_count(&s) / c;

	for (int64_t i = 0; i < total; i++) {
		int64_t from = upconv_source(a, &io->in_shape[0], i);

		for (int64_t k = 0; k < c; k++)
			joined[i * c + k] = k < ca ? io->in[0][from * ca + k]
						   : io->in[1][i * (c - ca) + k - ca];
	}
}

/* The call of the inner convolution; joined (and d_joined) lie at the start of work. */
static struct op_io upconv_inner(const struct op_io *io, struct shape in[3], bool backward)
{
	const struct upconv_attr *a = io->attr;
	struct op_io c = *io;
	int w = 1 + a->skip;
	float *joined = io->work;
	size_t n;

	in[0] = upconv_joined(a, io->in_shape);
	in[1] = io->in_shape[w];
	if (a->conv.bias)
		in[2] = io->in_shape[w + 1];
	n = (shape_count(&in[0]) + 1) / 2 * 2;
	c.attr = &a->conv;
	c.n_in = 2 + a->conv.bias;
	c.in_shape = in;
	c.acc = 0;
	c.in[0] = joined;
	c.din[0] = backward ? joined + n : NULL;
	for (int i = 0; i <= a->conv.bias; i++) {
		c.in[i + 1] = io->in[w + i];
		c.din[i + 1] = io->din[w + i];
		c.acc |= io->acc & OP_IN(w + i) ? OP_IN(i + 1) : 0;
	}
	c.work = joined + (backward ? 2 : 1) * n;
	return c;
}

static void upconv_forward(const struct op_io *io)
{
	struct shape in[3];
	struct op_io c = upconv_inner(io, in, false);

	upconv_join(io, io->work);
	op_conv3d.forward(&c);
}

static void upconv_backward(const struct op_io *io)
{
	const struct upconv_attr *a = io->attr;
	struct shape in[3];
	struct op_io c = upconv_inner(io, in, true);
	int64_t cj = in[0].d[4], ca = io->in_shape[0].d[4];
	int64_t total = (int64_t)shape_count(&in[0]) / cj;
	size_t na = shape_count(&io->in_shape[0]);

	upconv_join(io, io->work);
	op_conv3d.backward(&c);
	for (size_t i = 0; io->din[0] && !(io->acc & OP_IN(0)) && i < na; i++)
		io->din[0][i] = 0;
	for (int64_t i = 0; i < total; i++) {
		int64_t to = upconv_source(a, &io->in_shape[0], i);

		for (int64_t k = 0; io->din[0] && k < ca; k++)
			io->din[0][to * ca + k] += c.din[0][i * cj + k];
		for (int64_t k = ca; a->skip && io->din[1] && k < cj; k++)
			op_store(&io->din[1][i * (cj - ca) + k - ca], c.din[0][i * cj + k],
				io->acc & OP_IN(1));
	}
}

static size_t upconv_work(
	const void *attr, int n_in, const struct shape *in, const struct shape *out, bool backward)
{
	const struct upconv_attr *a = attr;
	struct shape joined = upconv_joined(a, in);
	size_t n = (shape_count(&joined) + 1) / 2 * 2;

	(void)n_in;
	return (backward ? 2 : 1) * n * sizeof(float) +
	       op_conv3d.work_bytes(
		       &a->conv, 2, (struct shape[2]){joined, in[1 + a->skip]}, out, backward);
}

static double upconv_flops(
	const void *attr, int n_in, const struct shape *in, const struct shape *out)
{
	const struct upconv_attr *a = attr;
	const struct shape *w = &in[1 + a->skip];

	(void)n_in;
	return 2.0 * (double)shape_count(out) * (double)shape_count(w) / (double)w->d[0];
}

static void upconv_example(struct rng *r, struct op_case *c)
{
	static const int64_t channels[] = {1, 2, 3, 16, 17};
	struct upconv_attr *a = (struct upconv_attr *)c->attr;
	int64_t co = channels[rng_below(r, 5)];
	int w;

	c->in[0] = op_example_shape(r, 3);
	a->skip = rng_below(r, 4) > 0;
	for (int i = 0; i < 3; i++) {
		a->size[i] = (int32_t)c->in[0].d[i + 1] * 2 - (rng_below(r, 4) == 0);
		a->conv.kernel[i] = 3;
		a->conv.stride[i] = 1;
	}
	a->conv.same = 1;
	a->conv.bias = (int32_t)rng_below(r, 2);
	a->conv.act.kind = (int32_t[]){ACT_NONE, ACT_RELU, ACT_LEAKY}[rng_below(r, 3)];
	a->conv.act.slope = 0.2f;
	if (rng_below(r, 4) == 0) { /* whole vectors of channels, rows that are not short */
		a->skip = 1;
		c->in[0].d[3] = 5 + (int64_t)rng_below(r, 5);
		co = 16;
		for (int i = 0; i < 3; i++) {
			c->in[0].d[i + 1] = c->in[0].d[i + 1] < 2 ? 2 : c->in[0].d[i + 1];
			a->size[i] = 2 * (int32_t)c->in[0].d[i + 1];
		}
	}
	if (a->skip)
		c->in[1] = shape5(c->in[0].d[0], a->size[0], a->size[1], a->size[2],
			co == 16 ? 16 : channels[rng_below(r, 5)]);
	w = 1 + a->skip;
	c->in[w] = shape5(co, upconv_channels(a, c->in), 3, 3, 3);
	c->fill[w] = FILL_SMALL;
	c->in[w + 1] = shape1(co);
	c->n_in = 2 + a->skip + a->conv.bias;
}

const struct op op_upconv = {
	.name = "upconv",
	.attr_size = sizeof(struct upconv_attr),
	.min_in = 2,
	.max_in = 4,
	.shape = upconv_shape,
	.diff = op_bits_all,
	.bwd_needs = upconv_needs,
	.work_bytes = upconv_work,
	.forward = upconv_forward,
	.backward = upconv_backward,
	.flops = upconv_flops,
	.example = upconv_example,
};
