/*
 * Dice loss with Clara v3's arguments:
 *
 *     I = sum t p     D = sum t + sum p      squared: D = sum t^2 + sum p^2
 *                                            jaccard: D = D - I
 *     f = (2 I + top_smooth) / (D + smooth)  per item and class
 *     loss = 1 - mean of f over items and classes (without class 0: skip_background)
 *
 * The intersection is never squared.  As v3 defines it, jaccard keeps the factor
 * 2, so a perfect match gives f = 2.  The gradient in p is linear in t and p:
 *
 *     df/dp = 2 t / (D + smooth) - (2 I + top_smooth) / (D + smooth)^2 dD/dp
 *     dD/dp = 1 - [jaccard] t           squared: 2 p - [jaccard] t
 *
 * so backward only needs three coefficients per item and class, which forward
 * saves.  A class that is in neither label nor prediction gives f = top_smooth /
 * smooth, and f = 0 without gradient when that denominator is 0.
 */
#include <math.h>

#include "core/graph/loss_block.h"
#include "core/graph/losses.h"

struct dice_sums {
	double i, t, p;
};

struct dice_coef {
	double t, p, one; /* d(mean of f)/dp = t * target + p * prediction + one */
};

static int dice_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	(void)n_in;
	return losses_shape(((const struct dice_attr *)attr)->onehot, in, out, err);
}

static size_t dice_chunks(const struct shape *in)
{
	return ((size_t)shape_voxels(in) + LOSS_CHUNK - 1) / LOSS_CHUNK;
}

static size_t dice_save_bytes(
	const void *attr, int n_in, const struct shape *in, const struct shape *out)
{
	(void)attr;
	(void)n_in;
	(void)out;
	return (size_t)(in->d[0] * shape_channels(in)) * sizeof(struct dice_coef);
}

static size_t dice_work_bytes(
	const void *attr, int n_in, const struct shape *in, const struct shape *out, bool backward)
{
	(void)attr;
	(void)n_in;
	(void)out;
	return backward ? 0
			: (size_t)(in->d[0] * shape_channels(in)) * dice_chunks(in) *
				  sizeof(struct dice_sums);
}

/* Sums over n voxels, per class. */
static void dice_chunk(const float *x, const float *label, int classes, int label_channels,
	bool squared, size_t n, struct dice_sums *sums)
{
	float p[LOSS_SPACE], t[LOSS_SPACE];
	int len = loss_block_len(classes);

	for (int c = 0; c < classes; c++)
		sums[c] = (struct dice_sums){0};
	for (size_t at = 0; at < n; at += (size_t)len) {
		int m = n - at < (size_t)len ? (int)(n - at) : len;

		loss_block_load(x + at * (size_t)classes, classes, len, m, p);
		loss_block_target(
			label + at * (size_t)label_channels, label_channels, classes, len, m, t);
		for (int c = 0; c < classes; c++) {
			const float *pc = p + c * len, *tc = t + c * len;
			double si = 0, st = 0, sp = 0;

#pragma omp simd reduction(+ : si, st, sp)
			for (int i = 0; i < m; i++) {
				si += (double)(tc[i] * pc[i]);
				st += (double)(squared ? tc[i] * tc[i] : tc[i]);
				sp += (double)(squared ? pc[i] * pc[i] : pc[i]);
			}
			sums[c].i += si;
			sums[c].t += st;
			sums[c].p += sp;
		}
	}
}

/* f and the coefficients of its gradient, times scale. */
static double dice_value(
	const struct dice_attr *a, const struct dice_sums *s, double scale, struct dice_coef *k)
{
	double den = s->t + s->p - (a->jaccard ? s->i : 0) + (double)a->smooth;
	double num = 2 * s->i + (double)a->top_smooth, q;

	*k = (struct dice_coef){0};
	if (fabs(den) < 1e-30)
		return 0;
	q = num / (den * den);
	k->t = scale * (2 / den + (a->jaccard ? q : 0));
	k->p = a->squared ? -2 * scale * q : 0;
	k->one = a->squared ? 0 : -scale * q;
	return num / den;
}

static void dice_forward(const struct op_io *io)
{
	const struct dice_attr *a = io->attr;
	int classes = (int)shape_channels(io->in_shape);
	int label_channels = (int)shape_channels(io->in_shape + 1);
	int first = a->skip_background && classes > 1 ? 1 : 0;
	size_t items = (size_t)io->in_shape->d[0], voxels = (size_t)shape_voxels(io->in_shape);
	size_t chunks = dice_chunks(io->in_shape);
	struct dice_sums *part = io->work;
	struct dice_coef *coef = io->save;
	double scale = 1.0 / (double)(items * (size_t)(classes - first)), total = 0;

#pragma omp parallel for schedule(static) if (items * chunks > 1)
	for (size_t j = 0; j < items * chunks; j++) {
		size_t at = j / chunks * voxels + j % chunks * LOSS_CHUNK;
		size_t left = voxels - j % chunks * LOSS_CHUNK;

		dice_chunk(io->in[0] + at * (size_t)classes,
			io->in[1] + at * (size_t)label_channels, classes, label_channels,
			a->squared, left < LOSS_CHUNK ? left : LOSS_CHUNK,
			part + j * (size_t)classes);
	}
	for (size_t n = 0; n < items; n++) {
		for (int c = 0; c < classes; c++) {
			struct dice_coef *k = coef + n * (size_t)classes + (size_t)c;
			struct dice_sums sum = {0};

			*k = (struct dice_coef){0};
			if (c < first)
				continue;
			for (size_t j = n * chunks; j < (n + 1) * chunks; j++) {
				const struct dice_sums *s = part + j * (size_t)classes + (size_t)c;

				sum.i += s->i;
				sum.t += s->t;
				sum.p += s->p;
			}
			total += scale * dice_value(a, &sum, scale, k);
		}
	}
	io->out[0] = (float)(1 - total);
}

static void dice_grad_chunk(const struct op_io *io, size_t at, size_t n)
{
	int classes = (int)shape_channels(io->in_shape);
	int label_channels = (int)shape_channels(io->in_shape + 1);
	const struct dice_coef *coef = (const struct dice_coef *)io->save +
				       at / (size_t)shape_voxels(io->in_shape) * (size_t)classes;
	const float *x = io->in[0] + at * (size_t)classes;
	const float *label = io->in[1] + at * (size_t)label_channels;
	float *dx = io->din[0] + at * (size_t)classes;
	float p[LOSS_SPACE], t[LOSS_SPACE];
	int len = loss_block_len(classes);

	for (size_t j = 0; j < n; j += (size_t)len) {
		int m = n - j < (size_t)len ? (int)(n - j) : len;

		loss_block_load(x + j * (size_t)classes, classes, len, m, p);
		loss_block_target(
			label + j * (size_t)label_channels, label_channels, classes, len, m, t);
		for (int c = 0; c < classes; c++) {
			double scale = -(double)io->dout[0];
			float kt = (float)(scale * coef[c].t), kp = (float)(scale * coef[c].p);
			float k1 = (float)(scale * coef[c].one);

			for (int i = c * len; i < c * len + m; i++)
				p[i] = kt * t[i] + kp * p[i] + k1;
		}
		loss_block_store(p, classes, len, m, dx + j * (size_t)classes, io->acc & 1);
	}
}

static void dice_backward(const struct op_io *io)
{
	size_t items = (size_t)io->in_shape->d[0], voxels = (size_t)shape_voxels(io->in_shape);
	size_t chunks = dice_chunks(io->in_shape);

	if (!io->din[0])
		return;
#pragma omp parallel for schedule(static) if (items * chunks > 1)
	for (size_t j = 0; j < items * chunks; j++) {
		size_t left = voxels - j % chunks * LOSS_CHUNK;

		dice_grad_chunk(io, j / chunks * voxels + j % chunks * LOSS_CHUNK,
			left < LOSS_CHUNK ? left : LOSS_CHUNK);
	}
}

static unsigned dice_bwd_needs(const void *attr, int n_in)
{
	(void)attr;
	(void)n_in;
	return OP_IN(0) | OP_IN(1);
}

static void dice_example(struct rng *r, struct op_case *c)
{
	struct dice_attr *a = (struct dice_attr *)c->attr;

	*a = (struct dice_attr){
		.onehot = (int32_t)rng_below(r, 2),
		.skip_background = (int32_t)rng_below(r, 2),
		.squared = (int32_t)rng_below(r, 2),
		.jaccard = (int32_t)rng_below(r, 2),
		.smooth = (float)rng_range(r, 0.01, 1),
		.top_smooth = (float)rng_range(r, 0, 1),
	};
	c->n_in = 2;
	c->in[0] = c->in[1] = op_example_shape(r, 6);
	c->classes = (int)shape_channels(c->in);
	c->fill[0] = FILL_PROB;
	c->fill[1] = a->onehot ? FILL_PROB : FILL_LABEL;
	if (!a->onehot)
		c->in[1].d[4] = 1;
	if (c->classes == 1)
		c->classes = 2;
}

const struct op op_loss_dice = {
	.name = "loss_dice",
	.attr_size = sizeof(struct dice_attr),
	.min_in = 2,
	.max_in = 2,
	.flags = OP_LOSS,
	.shape = dice_shape,
	.diff = op_bits_first,
	.bwd_needs = dice_bwd_needs,
	.save_bytes = dice_save_bytes,
	.work_bytes = dice_work_bytes,
	.forward = dice_forward,
	.backward = dice_backward,
	.example = dice_example,
};
