/*
 * Overlap losses: Dice with Clara v3's arguments, and what MONAI makes of the same
 * three sums per item and class (or per class over the batch):
 *
 *     I = sum t p     T = sum t     P = sum p          squared: T = sum t^2, P = sum p^2
 *     Dice            f = (2 I + top_smooth) / (T + P + smooth)
 *     jaccard, v3     f = (2 I + top_smooth) / (T + P - I + smooth)
 *     jaccard, MONAI  f = (2 I + top_smooth) / (2 (T + P - I) + smooth)
 *     Tversky         f = (I + top_smooth) / (I + alpha (P - I) + beta (T - I) + smooth)
 *     loss = 1 - mean of f over items and classes (without class 0: skip_background)
 *     generalized     f = (2 sum_c w I + top_smooth) / (sum_c w (T + P) + smooth)
 *                     w = 1/T^2, 1/T or 1 of the class; a class without targets has the
 *                     largest weight of the others (0 when there are none); mean over items
 *
 * The intersection is never squared.  As v3 defines it, jaccard keeps the factor
 * 2, so a perfect match gives f = 2.  All are f = num / den with num linear in I and
 * den linear in I, T and P, so the gradient in p is linear in t and p:
 *
 *     df/dp = (kn t) / den - num / den^2 (ki t + kp dP/dp)     dP/dp = 1, squared: 2 p
 *
 * and backward only needs three coefficients per item and class, which forward
 * saves.  A class that is in neither label nor prediction gives f = top_smooth /
 * smooth, and f = 0 without gradient when that denominator is 0.
 */
#include <math.h>
#include <string.h>

#include "core/graph/dice.h"
#include "core/graph/loss_block.h"

static int dice_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	(void)n_in;
	return losses_shape(((const struct dice_attr *)attr)->onehot, in, out, err);
}

size_t dice_chunks(const struct shape *in)
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

/* num = kn I + top_smooth, den = ki I + kt T + kp P + smooth. */
struct dice_ratio {
	double kn, ki, kt, kp;
};

static struct dice_ratio dice_ratio(const struct dice_attr *a)
{
	if (a->tversky)
		return (struct dice_ratio){1, 1 - (double)a->alpha - (double)a->beta,
			(double)a->beta, (double)a->alpha};
	switch ((enum dice_jaccard)a->jaccard) {
	case DICE_JACCARD_V3:
		return (struct dice_ratio){2, -1, 1, 1};
	case DICE_JACCARD:
		return (struct dice_ratio){2, -2, 2, 2};
	case DICE_PLAIN:
		break;
	}
	return (struct dice_ratio){2, 0, 1, 1};
}

/* Coefficients of scale * w * d(num / den)/dp. */
static void dice_gradient(const struct dice_attr *a, const struct dice_ratio *r, double num,
	double den, double scale, struct dice_coef *k)
{
	double q = num / (den * den);

	k->t = scale * (r->kn / den - r->ki * q);
	k->p = a->squared ? -2 * scale * r->kp * q : 0;
	k->one = a->squared ? 0 : -scale * r->kp * q;
}

/* Sum of f over the classes from first on, and the coefficients of its gradient, times scale. */
static double dice_classes(const struct dice_attr *a, const struct dice_sums *s, int first,
	int classes, double scale, struct dice_coef *k)
{
	struct dice_ratio r = dice_ratio(a);
	double total = 0;

	for (int c = first; c < classes; c++) {
		double den = r.ki * s[c].i + r.kt * s[c].t + r.kp * s[c].p + (double)a->smooth;
		double num = r.kn * s[c].i + (double)a->top_smooth;

		if (fabs(den) < 1e-30)
			continue;
		dice_gradient(a, &r, num, den, scale, k + c);
		total += num / den;
	}
	return total;
}

static double general_weight(const struct dice_attr *a, double t)
{
	if (a->general == DICE_GENERAL_UNIFORM)
		return 1;
	if (t == 0)
		return -1;
	return a->general == DICE_GENERAL_SQUARE ? 1 / (t * t) : 1 / t;
}

/* The same for one ratio over all classes; weights depend on targets only. */
static double dice_general(const struct dice_attr *a, const struct dice_sums *s, int first,
	int classes, double scale, struct dice_coef *k)
{
	struct dice_ratio r = dice_ratio(a);
	double num = (double)a->top_smooth, den = (double)a->smooth, top = 0;

	for (int c = first; c < classes; c++)
		top = fmax(top, general_weight(a, s[c].t));
	for (int c = first; c < classes; c++) {
		double w = general_weight(a, s[c].t);

		w = w < 0 ? top : w;
		num += w * r.kn * s[c].i;
		den += w * (s[c].t + s[c].p);
	}
	if (fabs(den) < 1e-30)
		return 0;
	for (int c = first; c < classes; c++) {
		double w = general_weight(a, s[c].t);

		dice_gradient(a, &r, num, den, scale * (w < 0 ? top : w), k + c);
	}
	return num / den;
}

/* Sums per class of chunks first_chunk .. end - 1, in their order. */
static void dice_gather(const struct dice_sums *part, size_t first_chunk, size_t end, int classes,
	struct dice_sums *sum)
{
	for (int c = 0; c < classes; c++)
		sum[c] = (struct dice_sums){0};
	for (size_t j = first_chunk; j < end; j++) {
		for (int c = 0; c < classes; c++) {
			const struct dice_sums *s = part + j * (size_t)classes + (size_t)c;

			sum[c].i += s->i;
			sum[c].t += s->t;
			sum[c].p += s->p;
		}
	}
}

double dice_finish(const struct dice_attr *a, const struct shape *in, const struct dice_sums *part,
	struct dice_coef *coef)
{
	int classes = (int)shape_channels(in), first = a->skip_background && classes > 1 ? 1 : 0;
	size_t items = (size_t)in->d[0], chunks = dice_chunks(in), groups = a->batch ? 1 : items;
	size_t terms = groups * (size_t)(a->general ? 1 : classes - first);
	double weight = a->weight != 0 ? (double)a->weight : 1, total = 0;
	double scale = a->sum ? weight : weight / (double)terms;
	struct dice_sums sum[LOSS_CLASSES_MAX];

	memset(coef, 0, items * (size_t)classes * sizeof(*coef));
	for (size_t n = 0; n < groups; n++) {
		struct dice_coef *k = coef + n * (size_t)classes;

		dice_gather(part, n * chunks, a->batch ? items * chunks : (n + 1) * chunks, classes,
			sum);
		total += a->general ? dice_general(a, sum, first, classes, scale, k)
				    : dice_classes(a, sum, first, classes, scale, k);
	}
	for (size_t n = groups; n < items; n++)
		memcpy(coef + n * (size_t)classes, coef, (size_t)classes * sizeof(*coef));
	return scale * ((double)terms - total);
}

static void dice_forward(const struct op_io *io)
{
	const struct dice_attr *a = io->attr;
	int classes = (int)shape_channels(io->in_shape);
	int label_channels = (int)shape_channels(io->in_shape + 1);
	size_t items = (size_t)io->in_shape->d[0], voxels = (size_t)shape_voxels(io->in_shape);
	size_t chunks = dice_chunks(io->in_shape);
	struct dice_sums *part = io->work;

#pragma omp parallel for schedule(static) if (items * chunks > 1)
	for (size_t j = 0; j < items * chunks; j++) {
		size_t at = j / chunks * voxels + j % chunks * LOSS_CHUNK;
		size_t left = voxels - j % chunks * LOSS_CHUNK;

		dice_chunk(io->in[0] + at * (size_t)classes,
			io->in[1] + at * (size_t)label_channels, classes, label_channels,
			a->squared, left < LOSS_CHUNK ? left : LOSS_CHUNK,
			part + j * (size_t)classes);
	}
	io->out[0] = (float)dice_finish(a, io->in_shape, part, io->save);
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
		.jaccard = (int32_t)rng_below(r, 3),
		.smooth = (float)rng_range(r, 0.01, 1),
		.top_smooth = (float)rng_range(r, 0, 1),
		.tversky = rng_below(r, 4) == 0,
		.alpha = (float)rng_range(r, 0.1, 1),
		.beta = (float)rng_range(r, 0.1, 1),
		.general = rng_below(r, 2) ? 0 : (int32_t)rng_below(r, 4),
		.batch = (int32_t)rng_below(r, 2),
		.sum = (int32_t)rng_below(r, 2),
		.weight = rng_below(r, 2) ? 0 : 0.7f,
	};
	if (a->general) { /* the plain ratio only; targets per class stay as they are */
		a->jaccard = a->tversky = 0;
	}
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
