/*
 * Losses with logarithms: cross entropy and focal loss, from logits or from
 * probabilities, channels exclusive (softmax) or independent (sigmoid).
 *
 * Cross entropy of exclusive channels, mean over voxels:
 *
 *     L = - sum_c t_c log p_c                     dL/dz_j = p_j sum_c t_c - t_j
 *
 * Focal loss (Lin et al., ICCV 2017) of every class against the rest, summed over
 * classes, mean over voxels, q = 1 - p, alpha absent: both weights 1:
 *
 *     L = - sum_c [ alpha t q^g log p + (1 - alpha) (1 - t) p^g log q ]
 *
 * alpha_rule replaces the two weights: alpha and 1 (pos_weight), or alpha and 0, which
 * leaves - t q^g log p, the focal loss of exclusive channels. Terms of class c count
 * weight[c]; cross entropy of exclusive channels takes t (1 - s) + s / C for t.
 *
 * In this form class 0 can be left out (skip_background) and the other classes still
 * learn from background voxels; with two classes and softmax it is the paper's
 * binary loss, once per class.  Cross entropy of independent channels is the same
 * with g = 0, mean over voxels and channels.
 *
 * Everything is written in log p, log q and V = p q dL/dp, none of which blows up:
 *
 *     V = alpha t q^g (g p log p - q) + (1 - alpha) (1 - t) p^g (p - g q log q)
 *     sigmoid: dL/dz = V          softmax: dL/dz_j = V_j - sum_{c != j} V_c p_j / q_c
 *
 * For softmax, q_c is summed from the other classes when c is the largest (1 - p
 * would cancel) and S - e_c otherwise.  Probabilities are clamped for logarithms
 * and divisions, so that p = 0 and p = 1 give large finite values and a gradient
 * that points back; logits need no clamp and are what losses should be given.
 */
#include "core/graph/entropy.h"

#include "core/graph/fmath.h"

#include "core/graph/loss_block.h"

#define TINY 1e-30f

/* One block: rows per class of x (destroyed), targets, e (scratch) and gradients g (or NULL). */
struct block {
	const struct entropy_attr *a;
	int classes, first, len, n;
	float *x, *t, *e, *g;
	float max[256], sum[256], rest[256], log_sum[256];
	int top[256];
};

/* What the mean is over, where it follows from the labels: see enum entropy_mean. */
static double block_norm(const struct block *b)
{
	double total = 0;

	for (int c = b->first; c < b->classes; c++) {
		float w = entropy_class_weight(b->a, c);

		if (b->a->mean == ENTROPY_MEAN_NONZERO)
			w = w != 0;
		for (int i = 0; i < b->n; i++)
			total += (double)(w * b->t[c * b->len + i]);
	}
	return total;
}

/* Targets of cross entropy: smoothed, and times the weights of the classes. */
static void block_weigh(struct block *b)
{
	float s = b->a->label_smoothing;

	if (!b->a->n_weight && s == 0)
		return;
	for (int c = b->first; c < b->classes; c++) {
		float w = entropy_class_weight(b->a, c), *t = b->t + c * b->len;

		for (int i = 0; i < b->n; i++)
			t[i] = w * (t[i] * (1 - s) + s / (float)b->classes);
	}
}

/* x = x - max, e = exp(x), sum over classes, rest: without the largest. */
static void block_softmax(struct block *b)
{
	for (int i = 0; i < b->n; i++) {
		b->max[i] = b->x[i];
		b->top[i] = 0;
		b->sum[i] = b->rest[i] = 0;
	}
	for (int c = 1; c < b->classes; c++) {
		const float *x = b->x + c * b->len;

		for (int i = 0; i < b->n; i++) {
			b->top[i] = x[i] > b->max[i] ? c : b->top[i];
			b->max[i] = x[i] > b->max[i] ? x[i] : b->max[i];
		}
	}
	for (int c = 0; c < b->classes; c++) {
		float *x = b->x + c * b->len, *e = b->e + c * b->len;

#pragma omp simd
		for (int i = 0; i < b->n; i++) {
			x[i] -= b->max[i];
			e[i] = fmath_exp(x[i]);
			b->sum[i] += e[i];
			b->rest[i] += b->top[i] == c ? 0 : e[i];
		}
	}
#pragma omp simd
	for (int i = 0; i < b->n; i++)
		b->log_sum[i] = fmath_log(b->sum[i]);
}

/* Cross entropy of softmax(x). */
static double block_cross_entropy_logits(struct block *b)
{
	double total = 0;

	block_softmax(b);
	for (int i = 0; i < b->n; i++)
		b->rest[i] = 0; /* from here on: sum of targets */
	for (int c = b->first; c < b->classes; c++) {
		const float *x = b->x + c * b->len, *t = b->t + c * b->len;

#pragma omp simd reduction(+ : total)
		for (int i = 0; i < b->n; i++) {
			total += (double)(t[i] * (b->log_sum[i] - x[i]));
			b->rest[i] += t[i];
		}
	}
	for (int c = 0; b->g && c < b->classes; c++) {
		const float *e = b->e + c * b->len, *t = b->t + c * b->len;
		float *g = b->g + c * b->len, counts = c >= b->first ? 1 : 0;

#pragma omp simd
		for (int i = 0; i < b->n; i++)
			g[i] = e[i] / b->sum[i] * b->rest[i] - counts * t[i];
	}
	return total;
}

/* Cross entropy of probabilities of exclusive channels. */
static double block_cross_entropy_prob(struct block *b)
{
	float smooth = b->a->smooth > 1e-12f ? b->a->smooth : 1e-12f;
	double total = 0;

	for (int c = 0; c < b->classes; c++) {
		const float *x = b->x + c * b->len, *t = b->t + c * b->len;
		float *e = b->e + c * b->len, counts = c >= b->first ? 1 : 0;

#pragma omp simd reduction(+ : total)
		for (int i = 0; i < b->n; i++) {
			float p = (x[i] < 0 ? 0 : x[i]) + smooth; /* NaN stays */

			total -= (double)(counts * t[i] * fmath_log(p));
			e[i] = -counts * t[i] / p;
		}
		for (int i = 0; b->g && i < b->n; i++)
			b->g[c * b->len + i] = e[i];
	}
	return total;
}

/*
 * Loss terms and V of one class over n voxels.  Arrays hold log p (lp), log q (lq)
 * and p; q is formed from them where it is needed.  V replaces p.
 */
static double binary_terms(struct entropy_weights w, const float *restrict lp,
	const float *restrict lq, const float *restrict t, const float *restrict q,
	float *restrict p, int n)
{
	double total = 0;

#pragma omp simd reduction(+ : total)
	for (int i = 0; i < n; i++) {
		float pg = fmath_exp(w.gamma * lp[i]), qg = fmath_exp(w.gamma * lq[i]);
		float pos = w.pos * t[i] * qg, neg = w.neg * (1 - t[i]) * pg;

		total -= (double)(pos * lp[i] + neg * lq[i]);
		p[i] = pos * (w.gamma * p[i] * lp[i] - q[i]) +
		       neg * (p[i] - w.gamma * q[i] * lq[i]);
	}
	return total;
}

/* Every class of softmax(x) against the rest. */
static double block_focal_softmax(struct block *b)
{
	float lp[256], lq[256], q[256], other[256], w_top[256] = {0}, w_rest[256] = {0};
	double total = 0;

	block_softmax(b);
	for (int c = b->first; c < b->classes; c++) {
		float *x = b->x + c * b->len, *e = b->e + c * b->len, *v = b->t + c * b->len;
		float t[256];

#pragma omp simd
		for (int i = 0; i < b->n; i++) {
			float o = b->top[i] == c ? b->rest[i] : b->sum[i] - e[i];

			t[i] = v[i];
			other[i] = o > TINY ? o : TINY;
			lp[i] = x[i] - b->log_sum[i];
			lq[i] = fmath_log(other[i]) - b->log_sum[i];
			q[i] = other[i] / b->sum[i];
			v[i] = e[i] / b->sum[i];
		}
		total += binary_terms(entropy_weights(b->a, c, true), lp, lq, t, q, v, b->n);
		for (int i = 0; i < b->n; i++) {
			x[i] = v[i] / other[i];
			w_top[i] += b->top[i] == c ? x[i] : 0;
			w_rest[i] += b->top[i] == c ? 0 : x[i];
		}
	}
	for (int c = 0; b->g && c < b->classes; c++) {
		const float *x = b->x + c * b->len, *e = b->e + c * b->len, *v = b->t + c * b->len;
		float *g = b->g + c * b->len, counts = c >= b->first ? 1 : 0;

		for (int i = 0; i < b->n; i++) {
			float others =
				b->top[i] == c ? w_rest[i] : w_rest[i] - counts * x[i] + w_top[i];

			g[i] = counts * v[i] - e[i] * others;
		}
	}
	return total;
}

/* Independent channels, or probabilities: no class looks at another. */
static double block_binary(struct block *b, bool focal)
{
	bool logits = b->a->form == ENTROPY_SIGMOID_LOGITS;
	float lp[256], lq[256], q[256], slope[256],
		low = b->a->smooth > 1e-7f ? b->a->smooth : 1e-7f;
	double total = 0;

	for (int c = 0; c < b->classes; c++) {
		float *x = b->x + c * b->len, *p = b->e + c * b->len;

#pragma omp simd
		for (int i = 0; i < b->n; i++) {
			float z = x[i], u = fmath_exp(z > 0 ? -z : z), l = fmath_log(1 + u);
			float y = z < low ? low : z > 1 - low ? 1 - low : z;

			lp[i] = logits ? (z < 0 ? z : 0) - l : fmath_log(y);
			lq[i] = logits ? (z > 0 ? -z : 0) - l : fmath_log(1 - y);
			p[i] = logits ? (z > 0 ? 1 : u) / (1 + u) : y;
			q[i] = logits ? (z > 0 ? u : 1) / (1 + u) : 1 - y;
			slope[i] = logits ? 1 : 1 / (y * (1 - y));
		}
		if (c >= b->first)
			total += binary_terms(entropy_weights(b->a, c, focal), lp, lq,
				b->t + c * b->len, q, p, b->n);
		for (int i = 0; b->g && i < b->n; i++)
			b->g[c * b->len + i] = c >= b->first ? p[i] * slope[i] : 0;
	}
	return total;
}

static double block_loss(struct block *b, bool focal)
{
	if (!focal && (b->a->form == ENTROPY_SOFTMAX_LOGITS || b->a->form == ENTROPY_SOFTMAX_PROB))
		block_weigh(b);
	switch ((enum entropy_form)b->a->form) {
	case ENTROPY_SOFTMAX_LOGITS:
		return focal ? block_focal_softmax(b) : block_cross_entropy_logits(b);
	case ENTROPY_SOFTMAX_PROB:
		return focal ? block_binary(b, true) : block_cross_entropy_prob(b);
	case ENTROPY_SIGMOID_LOGITS:
	case ENTROPY_SIGMOID_PROB:
		break;
	}
	return block_binary(b, focal);
}

struct part {
	double loss, norm;
};

static bool norm_from_labels(const struct entropy_attr *a)
{
	return a->mean == ENTROPY_MEAN_WEIGHTS || a->mean == ENTROPY_MEAN_NONZERO;
}

/* Sums over n voxels from voxel at on; stores gradients times scale unless that is 0. */
static struct part entropy_chunk(
	const struct op_io *io, bool focal, size_t at, size_t n, float scale)
{
	const struct entropy_attr *a = io->attr;
	int classes = (int)shape_channels(io->in_shape);
	int label_channels = (int)shape_channels(io->in_shape + 1);
	float x[LOSS_SPACE], t[LOSS_SPACE], e[LOSS_SPACE], g[LOSS_SPACE];
	struct block b = {.a = a, .classes = classes, .len = loss_block_len(classes)};
	struct part total = {0};

	b.first = a->skip_background && classes > 1 ? 1 : 0;
	b.x = x, b.t = t, b.e = e, b.g = scale != 0 ? g : NULL;
	for (size_t j = 0; j < n; j += (size_t)b.len) {
		size_t v = at + j;

		b.n = n - j < (size_t)b.len ? (int)(n - j) : b.len;
		loss_block_load(io->in[0] + v * (size_t)classes, classes, b.len, b.n, x);
		loss_block_target(io->in[1] + v * (size_t)label_channels, label_channels, classes,
			b.len, b.n, t);
		if (norm_from_labels(a))
			total.norm += block_norm(&b);
		total.loss += block_loss(&b, focal);
		if (!b.g)
			continue;
		for (int c = 0; c < classes; c++)
			for (int i = c * b.len; i < c * b.len + b.n; i++)
				g[i] *= scale;
		loss_block_store(
			g, classes, b.len, b.n, io->din[0] + v * (size_t)classes, io->acc & 1);
	}
	return total;
}

double entropy_scale(const struct entropy_attr *a, const struct shape *in, bool focal, double norm)
{
	int classes = (int)shape_channels(in);
	int counted = a->skip_background && classes > 1 ? classes - 1 : classes;
	bool per_channel =
		!focal && (a->form == ENTROPY_SIGMOID_LOGITS || a->form == ENTROPY_SIGMOID_PROB);
	double voxels = (double)in->d[0] * (double)shape_voxels(in);
	double scale = a->scale != 0 ? (double)a->scale : 1;

	switch ((enum entropy_mean)a->mean) {
	case ENTROPY_MEAN_ELEMENTS:
		return scale / (voxels * counted);
	case ENTROPY_MEAN_WEIGHTS:
	case ENTROPY_MEAN_NONZERO:
		return norm > 0 ? scale / norm : 0;
	case ENTROPY_MEAN_NONE:
		return scale;
	case ENTROPY_MEAN_DEFAULT:
		break;
	}
	return scale / (voxels * (per_channel ? counted : 1));
}

static size_t entropy_chunks(const struct shape *in)
{
	return ((size_t)(in->d[0] * shape_voxels(in)) + LOSS_CHUNK - 1) / LOSS_CHUNK;
}

void entropy_forward(const struct op_io *io, bool focal)
{
	size_t voxels = (size_t)(io->in_shape->d[0] * shape_voxels(io->in_shape));
	size_t chunks = entropy_chunks(io->in_shape);
	struct part *part = io->work;
	double total = 0, norm = 0;

#pragma omp parallel for schedule(static) if (chunks > 1)
	for (size_t j = 0; j < chunks; j++) {
		size_t at = j * LOSS_CHUNK, left = voxels - at;

		part[j] = entropy_chunk(io, focal, at, left < LOSS_CHUNK ? left : LOSS_CHUNK, 0);
	}
	for (size_t j = 0; j < chunks; j++) {
		total += part[j].loss;
		norm += part[j].norm;
	}
	*(double *)io->save = entropy_scale(io->attr, io->in_shape, focal, norm);
	io->out[0] = (float)(total * *(double *)io->save);
}

void entropy_backward(const struct op_io *io, bool focal)
{
	size_t voxels = (size_t)(io->in_shape->d[0] * shape_voxels(io->in_shape));
	size_t chunks = entropy_chunks(io->in_shape);
	float scale = (float)((double)io->dout[0] * *(double *)io->save);

	if (!io->din[0])
		return;
#pragma omp parallel for schedule(static) if (chunks > 1)
	for (size_t j = 0; j < chunks; j++) {
		size_t at = j * LOSS_CHUNK, left = voxels - at;

		entropy_chunk(io, focal, at, left < LOSS_CHUNK ? left : LOSS_CHUNK, scale);
	}
}

int entropy_shape(
	const void *attr, int n_in, const struct shape *in, struct shape *out, struct err *err)
{
	const struct entropy_attr *a = attr;

	(void)n_in;
	if (losses_shape(a->onehot, in, out, err))
		return -1;
	if (a->n_alpha > 1 && a->n_alpha != shape_channels(in))
		return err_set(err, ERR_DATA, "'alpha' has %d values for %d classes",
			(int)a->n_alpha, (int)shape_channels(in));
	if (a->n_weight > 1 && a->n_weight != shape_channels(in))
		return err_set(err, ERR_DATA, "%d class weights for %d classes", (int)a->n_weight,
			(int)shape_channels(in));
	if (shape_channels(in) == 1 &&
		(a->form == ENTROPY_SOFTMAX_LOGITS || a->form == ENTROPY_SOFTMAX_PROB))
		return err_set(err, ERR_DATA,
			"a softmax of one channel is always 1: use two channels or sigmoid");
	return 0;
}

unsigned entropy_bwd_needs(const void *attr, int n_in)
{
	(void)attr;
	(void)n_in;
	return OP_IN(0) | OP_IN(1);
}

size_t entropy_work_bytes(
	const void *attr, int n_in, const struct shape *in, const struct shape *out, bool backward)
{
	(void)attr;
	(void)n_in;
	(void)out;
	return backward ? 0 : entropy_chunks(in) * sizeof(struct part);
}

size_t entropy_save_bytes(
	const void *attr, int n_in, const struct shape *in, const struct shape *out)
{
	(void)attr;
	(void)n_in;
	(void)in;
	(void)out;
	return sizeof(double);
}

void entropy_example(struct rng *r, struct op_case *c, bool focal)
{
	struct entropy_attr *a = (struct entropy_attr *)c->attr;
	bool prob;

	*a = (struct entropy_attr){
		.form = (int32_t)rng_below(r, 4),
		.onehot = (int32_t)rng_below(r, 2),
		.skip_background = (int32_t)rng_below(r, 2),
		.smooth = 1e-8f,
	};
	if (focal)
		a->gamma = (float)rng_range(r, 0, 3);
	if (rng_below(r, 2)) {
		a->n_alpha = (int32_t)rng_below(r, 2);
		a->alpha[0] = (float)rng_range(r, 0.1, 0.9);
		a->alpha_rule = (int32_t)rng_below(r, 3);
		a->mean = (int32_t)rng_below(r, 5);
		a->label_smoothing = rng_below(r, 2) ? 0 : 0.2f;
		a->scale = rng_below(r, 2) ? 0 : 0.6f;
	}
	c->n_in = 2;
	c->in[0] = op_example_shape(r, 6);
	if (shape_channels(c->in) == 1)
		a->form = a->form | 1; /* independent: softmax needs two channels */
	prob = a->form == ENTROPY_SOFTMAX_PROB || a->form == ENTROPY_SIGMOID_PROB;
	c->in[1] = c->in[0];
	c->classes = (int)shape_channels(c->in);
	for (int i = 0; a->mean && i < c->classes; i++)
		a->weight[i] = i == 1 ? 0 : (float)rng_range(r, 0.2, 2);
	a->n_weight = a->mean ? c->classes : 0;
	c->fill[0] = prob && c->classes > 1 ? FILL_PROB : FILL_NORMAL;
	if (prob && c->classes == 1)
		a->form = ENTROPY_SIGMOID_LOGITS;
	c->fill[1] = a->onehot ? FILL_PROB : FILL_LABEL;
	if (!a->onehot)
		c->in[1].d[4] = 1;
	if (c->classes == 1)
		c->classes = 2;
}
