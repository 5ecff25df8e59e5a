/*
 * Maximum or average over windows with SAME padding; voxels outside the image do
 * not count.  The gradient of the maximum goes to its first place in the window.
 */
#include "core/graph/window.h"

static int pool_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	struct window w;

	(void)n_in;
	if (in[0].n != 5)
		return err_set(err, ERR_DATA, "N D H W C wanted");
	if (window_of_pool(attr, &in[0], &w, err))
		return -1;
	*out = shape5(in[0].d[0], w.out[0], w.out[1], w.out[2], in[0].d[4]);
	return 0;
}

static unsigned pool_needs(const void *attr, int n_in)
{
	const struct pool_attr *a = attr;

	(void)n_in;
	return a->max ? OP_IN(0) : 0;
}

/* The voxels of the window of output voxel i: indices into at[], returns how many. */
static int pool_window(const struct window *v, int64_t i, int64_t *at)
{
	int64_t w = i % v->out[2], h = i / v->out[2] % v->out[1];
	int64_t d = i / (v->out[2] * v->out[1]) % v->out[0];
	int64_t n = i / (v->out[2] * v->out[1] * v->out[0]);
	int64_t o[3] = {d, h, w}, from[3], to[3];
	int count = 0;

	for (int k = 0; k < 3; k++) {
		window_taps(v, k, o[k], &from[k], &to[k]);
		o[k] = o[k] * v->stride[k] - v->pad[k];
	}
	for (int64_t a = from[0]; a < to[0]; a++)
		for (int64_t b = from[1]; b < to[1]; b++)
			for (int64_t c = from[2]; c < to[2]; c++)
				at[count++] = ((n * v->in[0] + o[0] + a) * v->in[1] + o[1] + b) *
						      v->in[2] +
					      o[2] + c;
	return count;
}

static void pool_forward(const struct op_io *io)
{
	const struct pool_attr *a = io->attr;
	struct window v = window_pool(a, &io->in_shape[0]);
	int64_t c = io->out_shape.d[4], total = (int64_t)shape_count(&io->out_shape) / c;
	int64_t *at = io->work;

	for (int64_t i = 0; i < total; i++) {
		int n = pool_window(&v, i, at);

		for (int64_t k = 0; k < c; k++) {
			float best = io->in[0][at[0] * c + k];
			double sum = 0;

			for (int j = 0; j < n; j++) {
				float x = io->in[0][at[j] * c + k];

				best = x > best ? x : best;
				sum += (double)x;
			}
			io->out[i * c + k] = a->max ? best : (float)(sum / n);
		}
	}
}

static void pool_backward(const struct op_io *io)
{
	const struct pool_attr *a = io->attr;
	struct window v = window_pool(a, &io->in_shape[0]);
	int64_t c = io->out_shape.d[4], total = (int64_t)shape_count(&io->out_shape) / c;
	size_t count = shape_count(&io->in_shape[0]);
	int64_t *at = io->work;

	for (size_t i = 0; i < count && !(io->acc & OP_IN(0)); i++)
		io->din[0][i] = 0;
	for (int64_t i = 0; i < total; i++) {
		int n = pool_window(&v, i, at);

		for (int64_t k = 0; k < c; k++) {
			float dy = io->dout[i * c + k];
			int top = 0;

			for (int j = 0; j < n && !a->max; j++)
				io->din[0][at[j] * c + k] += dy / (float)n;
			for (int j = 1; j < n && a->max; j++)
				if (io->in[0][at[j] * c + k] > io->in[0][at[top] * c + k])
					top = j;
			if (a->max)
				io->din[0][at[top] * c + k] += dy;
		}
	}
}

static size_t pool_work(
	const void *attr, int n_in, const struct shape *in, const struct shape *out, bool backward)
{
	const struct pool_attr *a = attr;

	(void)n_in;
	(void)in;
	(void)out;
	(void)backward;
	return sizeof(int64_t) * (size_t)a->kernel[0] * (size_t)a->kernel[1] * (size_t)a->kernel[2];
}

static void pool_example(struct rng *r, struct op_case *c)
{
	struct pool_attr *a = (struct pool_attr *)c->attr;

	a->max = (int32_t)rng_below(r, 2);
	for (int i = 0; i < 3; i++) {
		a->kernel[i] = 1 + (int32_t)rng_below(r, 3);
		a->stride[i] = 1 + (int32_t)rng_below(r, 2);
	}
	c->n_in = 1;
	c->in[0] = op_example_shape(r, 6);
}

const struct op op_pool = {
	.name = "pool",
	.attr_size = sizeof(struct pool_attr),
	.min_in = 1,
	.max_in = 1,
	.shape = pool_shape,
	.diff = op_bits_all,
	.bwd_needs = pool_needs,
	.work_bytes = pool_work,
	.forward = pool_forward,
	.backward = pool_backward,
	.example = pool_example,
};
