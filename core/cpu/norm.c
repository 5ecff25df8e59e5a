/*
 * Batch and group normalisation with activation (fixed or PReLU), forward and backward.
 *
 * Two passes over memory in each direction: sums per item and channel, then the
 * result with per-channel constants (core/cpu/norm_rows.c).  An item is flat memory
 * (core/cpu/flat.h), so any number of channels runs in whole vectors.  Sums run around
 * a pivot (the item's first voxel), so a large mean does not eat the variance.  Each
 * thread sums a fixed part; parts are added in order of thread.
 *
 * Backward works from the output when the activation can be turned back (see
 * core/graph/op/norm.c), else from the input; both fit u -> xhat = u * m1 + m0.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/cpu/cpu_backend.h"
#include "core/cpu/norm_rows.h"
#include "core/cpu/threads.h"
#include "core/graph/act.h"

struct norm_kernel {
	struct kernel base;
	struct norm_attr attr;
	int threads, slopes_in;      /* input with the slopes of PReLU; 0: none */
	int64_t n, voxels, c, width; /* width: channels of a group */
	struct flat f;               /* of an item */
	int64_t sets;
	enum norm_mode mode;
};

/* Thread id's sums of item n; after norm_reduce() part 0 holds the totals per channel. */
static double *norm_sums_of(const struct norm_kernel *k, void *work, int id, int64_t n)
{
	return (double *)work + ((int64_t)id * k->n + n) * NORM_SUMS * k->f.cols;
}

static float *norm_row_of(const struct norm_kernel *k, void *work, int64_t n, enum norm_row which)
{
	float *f = (float *)norm_sums_of(k, work, k->threads, 0);

	return f + (n * NORM_ROWS + which) * k->f.cols;
}

/* Adds the parts of all threads and the repeats of each channel. */
static void norm_reduce(const struct norm_kernel *k, void *work)
{
	int64_t cols = k->f.cols;

	for (int64_t n = 0; n < k->n; n++) {
		double *sum = norm_sums_of(k, work, 0, n);

		for (int id = 1; id < k->threads; id++) {
			const double *part = norm_sums_of(k, work, id, n);

			for (int64_t j = 0; j < NORM_SUMS * cols; j++)
				sum[j] += part[j];
		}
		for (int s = 0; s < NORM_SUMS; s++, sum += cols)
			for (int64_t from = k->c; from < cols; from += k->c)
				for (int64_t j = 0; j < k->c; j++)
					sum[j] += sum[from + j];
	}
}

static int64_t norm_set_of(const struct norm_kernel *k, int64_t n, int64_t c)
{
	if (k->attr.kind == NORM_BATCH)
		return c;
	return n * k->attr.groups + (k->width == 1 ? c : c / k->width);
}

/* Repeats the first c constants of a row over its columns. */
static void norm_repeat(const struct norm_kernel *k, float *row)
{
	for (int64_t j = k->c; j < k->f.cols; j++)
		row[j] = row[j - k->c];
}

/* Means and 1/sqrt(var + eps) of every set from the sums (Chan's merge of equal parts). */
static void norm_finish_stats(const struct norm_kernel *k, const struct op_io *io)
{
	float *save = io->save;
	double v = (double)k->voxels;
	int64_t parts = k->attr.kind == NORM_BATCH ? k->n : k->width;
	double *mean = mem_zalloc((size_t)(2 * k->sets + 1) * sizeof(double)), *m2 = mean + k->sets;

	for (int64_t n = 0; n < k->n; n++) {
		const float *pivot = io->in[0] + n * k->voxels * k->c;
		const double *sum = norm_sums_of(k, io->work, 0, n);

		for (int64_t c = 0; c < k->c; c++)
			mean[norm_set_of(k, n, c)] +=
				((double)pivot[c] + sum[c] / v) / (double)parts;
	}
	for (int64_t n = 0; n < k->n; n++) {
		const float *pivot = io->in[0] + n * k->voxels * k->c;
		const double *sum = norm_sums_of(k, io->work, 0, n);
		const double *sq = sum + NORM_DOT * k->f.cols;

		for (int64_t c = 0; c < k->c; c++) {
			int64_t s = norm_set_of(k, n, c);
			double d = (double)pivot[c] + sum[c] / v - mean[s];

			m2[s] += sq[c] - sum[c] * sum[c] / v + v * d * d;
		}
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

/* Slopes of the activation below 0, and their inverses, of item n. */
static void norm_slope_rows(const struct norm_kernel *k, const struct op_io *io, int64_t n)
{
	float *row = norm_row_of(k, io->work, n, NORM_SLOPE);
	float *inverse = norm_row_of(k, io->work, n, NORM_INVERSE), fixed = 1;

	if (k->attr.act.kind == ACT_RELU)
		fixed = 0;
	else if (k->attr.act.kind == ACT_LEAKY)
		fixed = k->attr.act.slope;
	if (k->slopes_in)
		flat_spread(row, k->f.cols, io->in[k->slopes_in], k->attr.slopes);
	else
		flat_spread(row, k->f.cols, &fixed, 1);
	for (int64_t j = 0; j < k->f.cols; j++)
		inverse[j] = row[j] > 0 ? 1 / row[j] : 0;
}

static void norm_scale_rows(const struct norm_kernel *k, const struct op_io *io)
{
	const float *save = io->save;

	for (int64_t n = 0; n < k->n; n++) {
		float *scale = norm_row_of(k, io->work, n, NORM_SCALE);
		float *shift = norm_row_of(k, io->work, n, NORM_SHIFT);

		for (int64_t c = 0; c < k->c; c++) {
			const float *st = save + 2 * norm_set_of(k, n, c);

			scale[c] = norm_gamma(k, io, c) * st[1];
			shift[c] = norm_beta(k, io, c) - st[0] * scale[c];
		}
		norm_repeat(k, scale);
		norm_repeat(k, shift);
		norm_slope_rows(k, io, n);
	}
}

/* What thread id works on in item n. */
static struct norm_part norm_part_of(
	const struct norm_kernel *k, const struct op_io *io, int id, int64_t n)
{
	struct norm_part p = {.f = &k->f,
		.tail = id == k->threads - 1,
		.row = norm_row_of(k, io->work, n, NORM_SCALE)};

	threads_part(k->f.rows, id, k->threads, &p.from, &p.to);
	return p;
}

/* The pivots take the place of a row that only backward uses. */
static void norm_stats(const struct norm_kernel *k, const struct op_io *io)
{
	int64_t item = k->voxels * k->c;

	for (int64_t n = 0; n < k->n; n++)
		flat_spread(norm_row_of(k, io->work, n, NORM_A0), k->f.cols, io->in[0] + n * item,
			k->c);
#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int id = 0; id < k->threads; id++) {
		for (int64_t n = 0; n < k->n; n++) {
			struct norm_part p = norm_part_of(k, io, id, n);

			norm_rows_stats(&p, io->in[0] + n * item,
				norm_row_of(k, io->work, n, NORM_A0),
				norm_sums_of(k, io->work, id, n));
		}
	}
}

static int norm_forward(struct kernel *base, const struct op_io *io, struct err *err)
{
	struct norm_kernel *k = (struct norm_kernel *)base;
	int64_t item = k->voxels * k->c;

	(void)err;
	if (k->attr.kind == NORM_BATCH && !io->training) {
		norm_running(k, io);
	} else {
		norm_stats(k, io);
		norm_reduce(k, io->work);
		norm_finish_stats(k, io);
	}
	norm_scale_rows(k, io);
#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int id = 0; id < k->threads; id++) {
		for (int64_t n = 0; n < k->n; n++) {
			struct norm_part p = norm_part_of(k, io, id, n);

			norm_rows_apply(&p, io->in[0] + n * item, NULL, io->out + n * item);
		}
	}
	return 0;
}

/* xhat = u' * m[0] + m[1] for channel c of item n. */
static void norm_line(
	const struct norm_kernel *k, const struct op_io *io, int64_t n, int64_t c, double m[2])
{
	const float *st = (const float *)io->save + 2 * norm_set_of(k, n, c);
	double gamma = (double)norm_gamma(k, io, c);

	if (k->mode == NORM_FROM_OUT) {
		m[0] = gamma != 0 ? 1 / gamma : 0;
		m[1] = -(double)norm_beta(k, io, c) * m[0];
	} else {
		m[0] = (double)st[1];
		m[1] = -(double)st[0] * m[0];
	}
}

/* Gradients of gamma and beta; set: sums of gamma * dz and gamma * dz * xhat per set. */
static void norm_finish_params(const struct norm_kernel *k, const struct op_io *io, double *set)
{
	bool running = k->attr.kind == NORM_BATCH && !io->training;
	double m[2];

	for (int64_t c = 0; c < k->c; c++) {
		double dgamma = 0, dbeta = 0, gamma = (double)norm_gamma(k, io, c);

		for (int64_t n = 0; n < k->n; n++) {
			const double *sum = norm_sums_of(k, io->work, 0, n) + c;
			double *s = set + 2 * norm_set_of(k, n, c), dg;

			norm_line(k, io, n, c, m);
			dg = m[0] * sum[NORM_DOT * k->f.cols] + m[1] * sum[0];
			dgamma += dg;
			dbeta += sum[0];
			s[0] += running ? 0 : gamma * sum[0];
			s[1] += running ? 0 : gamma * dg;
		}
		if (k->attr.plain)
			continue;
		if (io->din[1])
			op_store(&io->din[1][c], (float)dgamma, io->acc & OP_IN(1));
		if (io->din[2])
			op_store(&io->din[2][c], (float)dbeta, io->acc & OP_IN(2));
	}
}

/* Gradients of the slopes of PReLU. */
static void norm_finish_slopes(const struct norm_kernel *k, const struct op_io *io)
{
	float *d = io->din[k->slopes_in];

	for (int64_t s = 0; d && s < k->attr.slopes; s++) {
		double total = 0;

		for (int64_t n = 0; n < k->n; n++) {
			const double *sum = norm_sums_of(k, io->work, 0, n) + NORM_TURN * k->f.cols;

			for (int64_t c = s; c < k->c; c += k->attr.slopes)
				total += sum[c];
		}
		op_store(&d[s], (float)total, io->acc & OP_IN(k->slopes_in));
	}
}

/* The constants of dx. */
static void norm_finish_dx(const struct norm_kernel *k, const struct op_io *io, const double *set)
{
	const float *save = io->save;
	double count = (double)(k->n * k->voxels * k->c / k->sets), m[2];

	for (int64_t n = 0; n < k->n; n++) {
		float *a1 = norm_row_of(k, io->work, n, NORM_A1);
		float *a2 = norm_row_of(k, io->work, n, NORM_A2);
		float *a0 = norm_row_of(k, io->work, n, NORM_A0);

		for (int64_t c = 0; c < k->c; c++) {
			int64_t s = norm_set_of(k, n, c);
			double rstd = (double)save[2 * s + 1], a = set[2 * s] / count,
			       b = set[2 * s + 1] / count;

			norm_line(k, io, n, c, m);
			a1[c] = (float)(rstd * (double)norm_gamma(k, io, c));
			a2[c] = (float)(-rstd * b * m[0]);
			a0[c] = (float)(-rstd * (a + b * m[1]));
		}
		norm_repeat(k, a1);
		norm_repeat(k, a2);
		norm_repeat(k, a0);
	}
}

static void norm_dx(const struct norm_kernel *k, const struct op_io *io, const float *u)
{
	int64_t item = k->voxels * k->c;

#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int id = 0; id < k->threads; id++) {
		for (int64_t n = 0; n < k->n; n++) {
			struct norm_part p = norm_part_of(k, io, id, n);

			norm_rows_dx(&p, k->mode, u + n * item, io->dout + n * item,
				io->din[0] + n * item, io->acc & OP_IN(0));
		}
	}
}

static int norm_backward(struct kernel *base, const struct op_io *io, struct err *err)
{
	struct norm_kernel *k = (struct norm_kernel *)base;
	const float *u = k->mode == NORM_FROM_OUT ? io->out : io->in[0];
	double *set = mem_zalloc((size_t)(2 * k->sets + 1) * sizeof(double));
	int64_t item = k->voxels * k->c;

	(void)err;
	norm_scale_rows(k, io);
#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int id = 0; id < k->threads; id++) {
		for (int64_t n = 0; n < k->n; n++) {
			struct norm_part p = norm_part_of(k, io, id, n);

			norm_rows_sums(&p, k->mode, u + n * item, io->dout + n * item,
				norm_sums_of(k, io->work, id, n));
		}
	}
	norm_reduce(k, io->work);
	norm_finish_params(k, io, set);
	if (k->slopes_in)
		norm_finish_slopes(k, io);
	norm_finish_dx(k, io, set);
	free(set);
	if (io->din[0])
		norm_dx(k, io, u);
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
	k->width = a->kind == NORM_BATCH ? 1 : k->c / a->groups;
	k->f = flat_of(k->voxels * k->c, k->c);
	k->sets = a->kind == NORM_BATCH ? k->c : k->n * a->groups;
	k->slopes_in = a->slopes ? s->n_in - 1 : 0;
	k->mode = a->slopes ? NORM_PRELU : act_invertible(&a->act) ? NORM_FROM_OUT : NORM_FROM_IN;
	k->base.can_acc = (1u << s->n_in) - 1;
	k->base.save_bytes = 2 * sizeof(float) * (size_t)k->sets;
	k->base.fwd_work =
		(size_t)(k->n * k->f.cols) *
		((size_t)k->threads * NORM_SUMS * sizeof(double) + NORM_ROWS * sizeof(float));
	k->base.bwd_work = k->base.fwd_work;
	*out = &k->base;
	return 0;
}
