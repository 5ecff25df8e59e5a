/*
 * Batch and group normalisation with activation, forward and backward.
 *
 * Two passes over memory in each direction: sums per item and channel, then the
 * result with per-channel constants.  The data of an item is seen as rows of
 * "cols" floats (the channels, or 16 when the channels divide 16), cut into
 * vectors of 16 lanes.  Sums run in float over short chunks around a pivot (the
 * item's first voxel) and go to double, so a large mean does not eat the variance.
 * Each thread sums a fixed part; parts are added in order of thread.
 *
 * Backward works from the output when the activation can be turned back (see
 * core/graph/op/norm.c), else from the input; both fit u -> xhat = u * m1 + m0.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/cpu/cpu_backend.h"
#include "core/cpu/threads.h"
#include "core/graph/act.h"

typedef float v16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t v16i __attribute__((vector_size(64)));

#define NORM_CHUNK 128 /* rows summed in float */

struct norm_kernel {
	struct kernel base;
	struct norm_attr attr;
	int threads;
	int64_t n, voxels, c, cols, rows; /* rows of cols floats per item */
	int64_t sets;
	bool from_out;
};

static inline v16 norm_load(const float *p, int w)
{
	v16 v = {0};

	if (w == 16)
		return *(const v16 *)p;
	memcpy(&v, p, (size_t)w * sizeof(float));
	return v;
}

static inline void norm_store(float *p, v16 v, int w)
{
	if (w == 16)
		*(v16 *)p = v;
	else
		memcpy(p, &v, (size_t)w * sizeof(float));
}

static inline v16 norm_leaky(v16 z, float slope)
{
	v16i pos = z > 0;
	v16 low = z * slope;

	return (v16)(((v16i)z & pos) | ((v16i)low & ~pos));
}

/* act(z) has derivative 1 where z > 0, slope elsewhere. */
static float norm_slope(const struct norm_kernel *k)
{
	switch (k->attr.act.kind) {
	case ACT_RELU:
		return 0;
	case ACT_LEAKY:
		return k->attr.act.slope;
	default:
		return 1;
	}
}

static inline __attribute__((always_inline)) void norm_stat_cols(const float *x, int64_t rows,
	int64_t cols, const float *pivot, double *sum, double *sq, int w)
{
	v16 p = norm_load(pivot, w);

	for (int64_t r = 0; r < rows; r += NORM_CHUNK) {
		int64_t end = r + NORM_CHUNK < rows ? r + NORM_CHUNK : rows;
		v16 s = {0}, q = {0};

		for (int64_t i = r; i < end; i++) {
			v16 d = norm_load(x + i * cols, w) - p;

			s += d;
			q += d * d;
		}
		for (int j = 0; j < w; j++) {
			sum[j] += (double)s[j];
			sq[j] += (double)q[j];
		}
	}
}

static inline __attribute__((always_inline)) void norm_apply_cols(const float *x, float *y,
	int64_t rows, int64_t cols, v16 scale, v16 shift, float slope, int w)
{
	for (int64_t i = 0; i < rows; i++)
		norm_store(y + i * cols,
			norm_leaky(norm_load(x + i * cols, w) * scale + shift, slope), w);
}

/* Turns u (out or in) and dy into z' (what xhat is linear in) and dz. */
struct norm_back {
	v16 scale, shift; /* of x, for the sign; from_out: unused */
	float slope, inv_slope;
	bool from_out;
};

static inline __attribute__((always_inline)) void norm_turn(
	const struct norm_back *t, v16 *u, v16 *dy)
{
	v16 sign = *u, low = *dy * t->slope;
	v16i pos;

	if (!t->from_out)
		sign = sign * t->scale + t->shift;
	pos = sign > 0;

	*dy = (v16)(((v16i)*dy & pos) | ((v16i)low & ~pos));
	if (t->from_out) {
		v16 back = *u * t->inv_slope;

		*u = (v16)(((v16i)*u & pos) | ((v16i)back & ~pos));
	}
}

static inline __attribute__((always_inline)) void norm_sums_cols(const struct norm_back *t,
	const float *u, const float *dy, int64_t rows, int64_t cols, double *sum, double *dot,
	int w)
{
	for (int64_t r = 0; r < rows; r += NORM_CHUNK) {
		int64_t end = r + NORM_CHUNK < rows ? r + NORM_CHUNK : rows;
		v16 s = {0}, q = {0};

		for (int64_t i = r; i < end; i++) {
			v16 z = norm_load(u + i * cols, w), d = norm_load(dy + i * cols, w);

			norm_turn(t, &z, &d);
			s += d;
			q += d * z;
		}
		for (int j = 0; j < w; j++) {
			sum[j] += (double)s[j];
			dot[j] += (double)q[j];
		}
	}
}

/* dx = a1 * dz + a2 * u' + a0 */
static inline __attribute__((always_inline)) void norm_dx_cols(const struct norm_back *t,
	const float *u, const float *dy, float *dx, int64_t rows, int64_t cols, v16 a1, v16 a2,
	v16 a0, int w)
{
	for (int64_t i = 0; i < rows; i++) {
		v16 z = norm_load(u + i * cols, w), d = norm_load(dy + i * cols, w);

		norm_turn(t, &z, &d);
		norm_store(dx + i * cols, a1 * d + (a2 * z + a0), w);
	}
}

static double *norm_part(const struct norm_kernel *k, void *work, int id, int64_t n)
{
	return (double *)work + ((int64_t)id * k->n + n) * 2 * k->cols;
}

/* Sum and second sum of channel c of item n over all threads and column repeats. */
static void norm_total(const struct norm_kernel *k, void *work, int64_t n, int64_t c, double out[2])
{
	out[0] = out[1] = 0;
	for (int id = 0; id < k->threads; id++) {
		const double *p = norm_part(k, work, id, n);

		for (int64_t j = c; j < k->cols; j += k->c) {
			out[0] += p[j];
			out[1] += p[k->cols + j];
		}
	}
}

static int64_t norm_set_of(const struct norm_kernel *k, int64_t n, int64_t c)
{
	if (k->attr.kind == NORM_BATCH)
		return c;
	return n * k->attr.groups + c / (k->c / k->attr.groups);
}

/* Per-column constants lie behind the partial sums: 5 rows of cols floats per item. */
static float *norm_consts(const struct norm_kernel *k, void *work, int64_t n, int which)
{
	float *f = (float *)((double *)work + (int64_t)k->threads * k->n * 2 * k->cols);

	return f + (n * 5 + which) * k->cols;
}

static void norm_spread(const struct norm_kernel *k, float *row, int64_t c, float v)
{
	for (int64_t j = c; j < k->cols; j += k->c)
		row[j] = v;
}

/* Means and 1/sqrt(var + eps) of every set from the sums (Chan's merge of equal parts). */
static void norm_finish_stats(const struct norm_kernel *k, const struct op_io *io)
{
	float *save = io->save;
	double v = (double)k->voxels, t[2];
	int64_t parts = k->attr.kind == NORM_BATCH ? k->n : k->c / k->attr.groups;
	double *mean = mem_zalloc((size_t)(2 * k->sets + 1) * sizeof(double)), *m2 = mean + k->sets;

	for (int64_t i = 0; i < k->n * k->c; i++) {
		int64_t n = i / k->c, c = i % k->c;

		norm_total(k, io->work, n, c, t);
		mean[norm_set_of(k, n, c)] +=
			((double)io->in[0][n * k->voxels * k->c + c] + t[0] / v) / (double)parts;
	}
	for (int64_t i = 0; i < k->n * k->c; i++) {
		int64_t n = i / k->c, c = i % k->c, s = norm_set_of(k, n, c);
		double d;

		norm_total(k, io->work, n, c, t);
		d = (double)io->in[0][n * k->voxels * k->c + c] + t[0] / v - mean[s];
		m2[s] += t[1] - t[0] * t[0] / v + v * d * d;
	}
	for (int64_t s = 0; s < k->sets; s++) {
		double var = m2[s] / (v * (double)parts);

		var = var > 0 ? var : 0;
		if (k->attr.kind == NORM_BATCH) {
			float m = k->attr.momentum;

			io->in[3][s] = m * io->in[3][s] + (1 - m) * (float)mean[s];
			io->in[4][s] = m * io->in[4][s] + (1 - m) * (float)var;
		}
		save[2 * s] = (float)mean[s];
		save[2 * s + 1] = (float)(1 / sqrt(var + (double)k->attr.eps));
	}
	free(mean);
}

static void norm_running(const struct norm_kernel *k, const struct op_io *io)
{
	float *save = io->save;

	for (int64_t s = 0; s < k->sets; s++) {
		save[2 * s] = io->in[3][s];
		save[2 * s + 1] = 1 / sqrtf(io->in[4][s] + k->attr.eps);
	}
}

static float norm_gamma(const struct norm_kernel *k, const struct op_io *io, int64_t c)
{
	return k->attr.plain ? 1 : io->in[1][c];
}

static float norm_beta(const struct norm_kernel *k, const struct op_io *io, int64_t c)
{
	return k->attr.plain ? 0 : io->in[2][c];
}

/* Constants 0 and 1: scale and shift of x. */
static void norm_scales(const struct norm_kernel *k, const struct op_io *io)
{
	const float *save = io->save;

	for (int64_t n = 0; n < k->n; n++) {
		for (int64_t c = 0; c < k->c; c++) {
			const float *st = save + 2 * norm_set_of(k, n, c);
			float scale = norm_gamma(k, io, c) * st[1];

			norm_spread(k, norm_consts(k, io->work, n, 0), c, scale);
			norm_spread(k, norm_consts(k, io->work, n, 1), c,
				norm_beta(k, io, c) - st[0] * scale);
		}
	}
}

static void norm_stats(const struct norm_kernel *k, const struct op_io *io, int id)
{
	int64_t a, b, item = k->voxels * k->c;

	threads_part(k->rows, id, k->threads, &a, &b);
	for (int64_t n = 0; n < k->n; n++) {
		const float *x = io->in[0] + n * item;
		double *sum = norm_part(k, io->work, id, n), *sq = sum + k->cols;
		float pivot[16];

		memset(sum, 0, (size_t)(2 * k->cols) * sizeof(double));
		for (int64_t j = 0; j < k->cols; j += 16) {
			int w = k->cols - j < 16 ? (int)(k->cols - j) : 16;

			for (int i = 0; i < w; i++)
				pivot[i] = x[(j + i) % k->c];
			if (w == 16)
				norm_stat_cols(x + a * k->cols + j, b - a, k->cols, pivot, sum + j,
					sq + j, 16);
			else
				norm_stat_cols(x + a * k->cols + j, b - a, k->cols, pivot, sum + j,
					sq + j, w);
		}
	}
}

static void norm_apply(const struct norm_kernel *k, const struct op_io *io, int id)
{
	int64_t a, b, item = k->voxels * k->c;
	float slope = norm_slope(k);

	threads_part(k->rows, id, k->threads, &a, &b);
	for (int64_t n = 0; n < k->n; n++) {
		for (int64_t j = 0; j < k->cols; j += 16) {
			int w = k->cols - j < 16 ? (int)(k->cols - j) : 16;
			const float *x = io->in[0] + n * item + a * k->cols + j;
			float *y = io->out + n * item + a * k->cols + j;
			v16 scale = norm_load(norm_consts(k, io->work, n, 0) + j, w);
			v16 shift = norm_load(norm_consts(k, io->work, n, 1) + j, w);

			if (w == 16)
				norm_apply_cols(x, y, b - a, k->cols, scale, shift, slope, 16);
			else
				norm_apply_cols(x, y, b - a, k->cols, scale, shift, slope, w);
		}
	}
}

static int norm_forward(struct kernel *base, const struct op_io *io, struct err *err)
{
	struct norm_kernel *k = (struct norm_kernel *)base;

	(void)err;
	if (k->attr.kind == NORM_BATCH && !io->training) {
		norm_running(k, io);
	} else {
#pragma omp parallel for schedule(static) num_threads(k->threads)
		for (int id = 0; id < k->threads; id++)
			norm_stats(k, io, id);
		norm_finish_stats(k, io);
	}
	norm_scales(k, io);
#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int id = 0; id < k->threads; id++)
		norm_apply(k, io, id);
	return 0;
}

static struct norm_back norm_back_of(
	const struct norm_kernel *k, const struct op_io *io, int64_t n, int64_t j, int w)
{
	float slope = norm_slope(k);
	struct norm_back t = {.slope = slope,
		.inv_slope = slope > 0 ? 1 / slope : 0,
		.from_out = k->from_out,
		.scale = norm_load(norm_consts(k, io->work, n, 0) + j, w),
		.shift = norm_load(norm_consts(k, io->work, n, 1) + j, w)};

	return t;
}

static void norm_sums(const struct norm_kernel *k, const struct op_io *io, int id)
{
	int64_t a, b, item = k->voxels * k->c;
	const float *from = k->from_out ? io->out : io->in[0];

	threads_part(k->rows, id, k->threads, &a, &b);
	for (int64_t n = 0; n < k->n; n++) {
		double *sum = norm_part(k, io->work, id, n), *dot = sum + k->cols;

		memset(sum, 0, (size_t)(2 * k->cols) * sizeof(double));
		for (int64_t j = 0; j < k->cols; j += 16) {
			int w = k->cols - j < 16 ? (int)(k->cols - j) : 16;
			struct norm_back t = norm_back_of(k, io, n, j, w);
			int64_t at = n * item + a * k->cols + j;

			if (w == 16)
				norm_sums_cols(&t, from + at, io->dout + at, b - a, k->cols,
					sum + j, dot + j, 16);
			else
				norm_sums_cols(&t, from + at, io->dout + at, b - a, k->cols,
					sum + j, dot + j, w);
		}
	}
}

/* xhat = u' * m[0] + m[1] for channel c of item n. */
static void norm_line(
	const struct norm_kernel *k, const struct op_io *io, int64_t n, int64_t c, double m[2])
{
	const float *st = (const float *)io->save + 2 * norm_set_of(k, n, c);
	double gamma = (double)norm_gamma(k, io, c);

	if (k->from_out) {
		m[0] = gamma != 0 ? 1 / gamma : 0;
		m[1] = -(double)norm_beta(k, io, c) * m[0];
	} else {
		m[0] = (double)st[1];
		m[1] = -(double)st[0] * m[0];
	}
}

/* Gradients of gamma and beta, and the constants 2..4 of dx. */
static void norm_finish_sums(const struct norm_kernel *k, const struct op_io *io)
{
	const float *save = io->save;
	double *set = mem_zalloc((size_t)(2 * k->sets + 1) * sizeof(double)), t[2], m[2];
	double count = (double)(k->n * k->voxels * k->c / k->sets);
	bool running = k->attr.kind == NORM_BATCH && !io->training;

	for (int64_t c = 0; c < k->c; c++) {
		double dgamma = 0, dbeta = 0, gamma = (double)norm_gamma(k, io, c);

		for (int64_t n = 0; n < k->n; n++) {
			double *s = set + 2 * norm_set_of(k, n, c), dg;

			norm_total(k, io->work, n, c, t);
			norm_line(k, io, n, c, m);
			dg = m[0] * t[1] + m[1] * t[0];
			dgamma += dg;
			dbeta += t[0];
			s[0] += running ? 0 : gamma * t[0];
			s[1] += running ? 0 : gamma * dg;
		}
		if (io->din[1])
			op_store(&io->din[1][c], (float)dgamma, io->acc & OP_IN(1));
		if (io->din[2])
			op_store(&io->din[2][c], (float)dbeta, io->acc & OP_IN(2));
	}
	for (int64_t i = 0; i < k->n * k->c; i++) {
		int64_t n = i / k->c, c = i % k->c, s = norm_set_of(k, n, c);
		double rstd = (double)save[2 * s + 1], a = set[2 * s] / count,
		       b = set[2 * s + 1] / count;

		norm_line(k, io, n, c, m);
		norm_spread(k, norm_consts(k, io->work, n, 2), c,
			(float)(rstd * (double)norm_gamma(k, io, c)));
		norm_spread(k, norm_consts(k, io->work, n, 3), c, (float)(-rstd * b * m[0]));
		norm_spread(k, norm_consts(k, io->work, n, 4), c, (float)(-rstd * (a + b * m[1])));
	}
	free(set);
}

static void norm_dx(const struct norm_kernel *k, const struct op_io *io, int id)
{
	int64_t a, b, item = k->voxels * k->c;
	const float *from = k->from_out ? io->out : io->in[0];

	threads_part(k->rows, id, k->threads, &a, &b);
	for (int64_t n = 0; n < k->n; n++) {
		for (int64_t j = 0; j < k->cols; j += 16) {
			int w = k->cols - j < 16 ? (int)(k->cols - j) : 16;
			struct norm_back t = norm_back_of(k, io, n, j, w);
			int64_t at = n * item + a * k->cols + j;
			v16 a1 = norm_load(norm_consts(k, io->work, n, 2) + j, w);
			v16 a2 = norm_load(norm_consts(k, io->work, n, 3) + j, w);
			v16 a0 = norm_load(norm_consts(k, io->work, n, 4) + j, w);

			if (w == 16)
				norm_dx_cols(&t, from + at, io->dout + at, io->din[0] + at, b - a,
					k->cols, a1, a2, a0, 16);
			else
				norm_dx_cols(&t, from + at, io->dout + at, io->din[0] + at, b - a,
					k->cols, a1, a2, a0, w);
		}
	}
}

static int norm_backward(struct kernel *base, const struct op_io *io, struct err *err)
{
	struct norm_kernel *k = (struct norm_kernel *)base;

	(void)err;
	norm_scales(k, io);
#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int id = 0; id < k->threads; id++)
		norm_sums(k, io, id);
	norm_finish_sums(k, io);
	if (!io->din[0])
		return 0;
#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int id = 0; id < k->threads; id++)
		norm_dx(k, io, id);
	return 0;
}

static void norm_free(struct kernel *k)
{
	free(k);
}

static const struct kernel_ops norm_kernel_ops = {norm_forward, norm_backward, norm_free};

int cpu_norm_new(
	struct cpu_backend *b, const struct kernel_spec *s, struct kernel **out, struct err *err)
{
	const struct norm_attr *a = s->attr;
	struct norm_kernel *k;

	(void)err;
	if (a->act.kind == ACT_SIGMOID)
		return 0;
	k = mem_zalloc(sizeof(*k));
	k->base.ops = &norm_kernel_ops;
	k->attr = *a;
	k->threads = b->threads;
	k->n = s->in[0].d[0];
	k->voxels = shape_voxels(&s->in[0]);
	k->c = s->in[0].d[4];
	k->cols = k->c;
	if (16 % k->c == 0 && k->voxels * k->c % 16 == 0)
		k->cols = 16;
	k->rows = k->voxels * k->c / k->cols;
	k->sets = a->kind == NORM_BATCH ? k->c : k->n * a->groups;
	k->from_out = act_invertible(&a->act);
	k->base.can_acc = OP_IN(1) | OP_IN(2);
	k->base.save_bytes = 2 * sizeof(float) * (size_t)k->sets;
	k->base.fwd_work = (size_t)(k->n * k->cols) *
			   ((size_t)k->threads * 2 * sizeof(double) + 5 * sizeof(float));
	k->base.bwd_work = k->base.fwd_work;
	*out = &k->base;
	return 0;
}
