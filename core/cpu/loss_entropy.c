/*
 * Terms of cross entropy and focal loss over rows, with their gradients: the formulas of
 * core/graph/entropy.c, in single precision over a block of at most 256 voxels and with
 * the powers of the usual gamma 2 and 0 as products.
 */
#include <math.h>
#include <string.h>

#include "core/cpu/loss_rows.h"
#include "core/graph/entropy.h"
#include "core/graph/fmath.h"

/* GCC believes restrict of arguments only, and only while the function stays one. */
#define NOINLINE __attribute__((noinline))

static const float TINY = 1e-30f;

static int first_class(const struct loss_rows *b, const struct entropy_attr *a)
{
	return a->skip_background && b->classes > 1 ? 1 : 0;
}

static double rows_norm(const struct loss_rows *b, const struct entropy_attr *a)
{
	double total = 0;

	if (a->mean != ENTROPY_MEAN_WEIGHTS && a->mean != ENTROPY_MEAN_NONZERO)
		return 0;
	for (int c = first_class(b, a); c < b->classes; c++) {
		const float *restrict t = b->t + c * b->len;
		float w = entropy_class_weight(a, c), sum = 0;
		int n = b->n;

#pragma omp simd reduction(+ : sum)
		for (int i = 0; i < n; i++)
			sum += t[i];
		total += (double)(a->mean == ENTROPY_MEAN_NONZERO ? w != 0 : w) * (double)sum;
	}
	return total;
}

/* Targets of cross entropy of exclusive classes: smoothed, times the weights. */
static void rows_weigh(struct loss_rows *b, const struct entropy_attr *a)
{
	float s = a->label_smoothing;

	for (int c = first_class(b, a); c < b->classes && (a->n_weight || s != 0); c++) {
		float *restrict t = b->t + c * b->len, w = entropy_class_weight(a, c);
		int n = b->n;

#pragma omp simd
		for (int i = 0; i < n; i++)
			t[i] = w * (t[i] * (1 - s) + s / (float)b->classes);
	}
}

static double cross_entropy_logits(struct loss_rows *b, const struct entropy_attr *a, float scale)
{
	int first = first_class(b, a), n = b->n;
	const float *restrict log_sum = b->log_sum;
	float all[256] = {0};
	double total = 0;

	for (int c = first; c < b->classes; c++) {
		const float *restrict z = b->z + c * b->len, *restrict t = b->t + c * b->len;
		float sum = 0;

#pragma omp simd reduction(+ : sum)
		for (int i = 0; i < n; i++) {
			sum += t[i] * (log_sum[i] - z[i]);
			all[i] += t[i];
		}
		total += (double)sum;
	}
	for (int c = 0; scale != 0 && c < b->classes; c++) {
		const float *restrict p = b->p + c * b->len, *restrict t = b->t + c * b->len;
		float *restrict g = b->g + c * b->len, counts = c >= first ? 1 : 0;

#pragma omp simd
		for (int i = 0; i < n; i++)
			g[i] += scale * (p[i] * all[i] - counts * t[i]);
	}
	return total;
}

static double cross_entropy_prob(struct loss_rows *b, const struct entropy_attr *a, float scale)
{
	float smooth = a->smooth > 1e-12f ? a->smooth : 1e-12f;
	double total = 0;
	int n = b->n;

	for (int c = first_class(b, a); c < b->classes; c++) {
		const float *restrict z = b->z + c * b->len, *restrict t = b->t + c * b->len;
		float *restrict g = b->g + c * b->len, sum = 0;

#pragma omp simd reduction(+ : sum)
		for (int i = 0; i < n; i++)
			sum -= t[i] * fmath_log((z[i] < 0 ? 0 : z[i]) + smooth);
#pragma omp simd
		for (int i = 0; i < (scale != 0 ? n : 0); i++)
			g[i] -= scale * t[i] / ((z[i] < 0 ? 0 : z[i]) + smooth);
		total += (double)sum;
	}
	return total;
}

/* What a class's terms are made of, per voxel. */
struct binary {
	float lp[256], lq[256], q[256], pg[256], qg[256], v[256], slope[256];
};

static NOINLINE void binary_powers(
	struct binary *restrict k, const float *restrict p, float gamma, int n)
{
#pragma omp simd
	for (int i = 0; i < n; i++) {
		k->pg[i] = gamma == 2 ? p[i] * p[i] : 1;
		k->qg[i] = gamma == 2 ? k->q[i] * k->q[i] : 1;
	}
	if (gamma == 2 || gamma == 0)
		return;
#pragma omp simd
	for (int i = 0; i < n; i++) {
		k->pg[i] = fmath_exp(gamma * k->lp[i]);
		k->qg[i] = fmath_exp(gamma * k->lq[i]);
	}
}

/* Sum of the terms; v: V of entropy.c. */
static double binary_terms(struct binary *k, struct entropy_weights w, const float *restrict p,
	const float *restrict t, int n)
{
	float sum = 0;

	binary_powers(k, p, w.gamma, n);
#pragma omp simd reduction(+ : sum)
	for (int i = 0; i < n; i++) {
		float pos = w.pos * t[i] * k->qg[i], neg = w.neg * (1 - t[i]) * k->pg[i];

		sum -= pos * k->lp[i] + neg * k->lq[i];
		k->v[i] = pos * (w.gamma * p[i] * k->lp[i] - k->q[i]) +
			  neg * (p[i] - w.gamma * k->q[i] * k->lq[i]);
	}
	return (double)sum;
}

static double focal_softmax(struct loss_rows *b, const struct entropy_attr *a, float scale)
{
	float w_top[256] = {0}, w_rest[256] = {0};
	int first = first_class(b, a), n = b->n;
	struct binary k;
	double total = 0;

	for (int c = first; c < b->classes; c++) {
		const float *restrict p = b->p + c * b->len;
		float *restrict z = b->z + c * b->len, *restrict t = b->t + c * b->len;

#pragma omp simd
		for (int i = 0; i < n; i++) {
			float q = b->top[i] == c ? b->rest[i] * b->inv[i] : 1 - p[i];

			k.q[i] = q > TINY ? q : TINY;
			k.lp[i] = z[i] - b->log_sum[i];
		}
#pragma omp simd
		for (int i = 0; i < n; i++)
			k.lq[i] = fmath_log(k.q[i]);
		total += binary_terms(&k, entropy_weights(a, c, true), p, t, n);
#pragma omp simd
		for (int i = 0; i < n; i++) {
			float x = k.v[i] / k.q[i];

			t[i] = k.v[i];
			z[i] = x;
			w_top[i] += b->top[i] == c ? x : 0;
			w_rest[i] += b->top[i] == c ? 0 : x;
		}
	}
	for (int c = 0; scale != 0 && c < b->classes; c++) {
		const float *restrict p = b->p + c * b->len, *restrict x = b->z + c * b->len;
		const float *restrict v = b->t + c * b->len;
		float *restrict g = b->g + c * b->len;

#pragma omp simd
		for (int i = 0; i < n; i++) {
			float own = c >= first ? x[i] : 0, value = c >= first ? v[i] : 0;
			float others = b->top[i] == c ? w_rest[i] : w_rest[i] - own + w_top[i];

			g[i] += scale * (value - p[i] * others);
		}
	}
	return total;
}

/* log p, log q, p, q and dp/dx over pq of one class. */
static NOINLINE void binary_logits(
	struct binary *restrict k, const float *restrict z, float *restrict p, int n)
{
	float *restrict u = k->v, *restrict l = k->slope;

#pragma omp simd
	for (int i = 0; i < n; i++)
		u[i] = fmath_exp(-fabsf(z[i]));
#pragma omp simd
	for (int i = 0; i < n; i++)
		l[i] = fmath_log(1 + u[i]);
#pragma omp simd
	for (int i = 0; i < n; i++) {
		float large = 1 / (1 + u[i]), small = u[i] * large, a = fabsf(z[i]);

		k->lp[i] = 0.5f * (z[i] - a) - l[i];
		k->lq[i] = -0.5f * (z[i] + a) - l[i];
		p[i] = z[i] > 0 ? large : small;
		k->q[i] = z[i] > 0 ? small : large;
	}
#pragma omp simd
	for (int i = 0; i < n; i++)
		l[i] = 1;
}

static NOINLINE void binary_prob(
	struct binary *restrict k, const float *restrict z, float *restrict p, float low, int n)
{
#pragma omp simd
	for (int i = 0; i < n; i++) {
		float y = z[i] < low ? low : z[i] > 1 - low ? 1 - low : z[i];

		k->lp[i] = fmath_log(y);
		k->lq[i] = fmath_log(1 - y);
		p[i] = y;
		k->q[i] = 1 - y;
		k->slope[i] = 1 / (y * (1 - y));
	}
}

static double binary(struct loss_rows *b, const struct entropy_attr *a, bool focal, float scale)
{
	float low = a->smooth > 1e-7f ? a->smooth : 1e-7f, p[256];
	struct binary k;
	double total = 0;
	int n = b->n;

	for (int c = first_class(b, a); c < b->classes; c++) {
		float *restrict g = b->g + c * b->len;

		if (a->form == ENTROPY_SIGMOID_LOGITS)
			binary_logits(&k, b->z + c * b->len, p, n);
		else
			binary_prob(&k, b->z + c * b->len, p, low, n);
		total += binary_terms(&k, entropy_weights(a, c, focal), p, b->t + c * b->len, n);
#pragma omp simd
		for (int i = 0; i < (scale != 0 ? n : 0); i++)
			g[i] += scale * (k.v[i] * k.slope[i]);
	}
	return total;
}

struct loss_terms loss_rows_entropy(
	struct loss_rows *b, const struct entropy_attr *a, bool focal, float scale)
{
	struct loss_terms r = {.norm = rows_norm(b, a)};
	bool softmax = a->form == ENTROPY_SOFTMAX_LOGITS, prob = a->form == ENTROPY_SOFTMAX_PROB;

	if (!focal && (softmax || prob))
		rows_weigh(b, a);
	if (softmax)
		r.loss = focal ? focal_softmax(b, a, scale) : cross_entropy_logits(b, a, scale);
	else if (prob && !focal)
		r.loss = cross_entropy_prob(b, a, scale);
	else
		r.loss = binary(b, a, focal, scale);
	return r;
}
