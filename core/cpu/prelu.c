/*
 * PReLU.  The tensor is flat memory (core/cpu/flat.h) whose period is the number of
 * slopes, so one slope or one per channel, and any number of channels, run in whole
 * vectors.  The sums for the slopes run over a fixed number of parts that are added
 * in order, so the result does not depend on how many threads there are.
 */
#include <string.h>

#include "core/cpu/cpu_backend.h"
#include "core/cpu/flat.h"
#include "core/cpu/threads.h"

enum { PRELU_PARTS = 32 };

static struct flat prelu_flat(const struct op_io *io)
{
	return flat_of((int64_t)shape_count(&io->out_shape), io->in_shape[1].d[0]);
}

static inline __attribute__((always_inline)) void prelu_apply(
	const float *x, float *y, const float *slope, int64_t n)
{
	for (int64_t j = 0; j < n; j += 16) {
		int w = flat_width(n, j);
		v16 v = flat_load(x + j, w);

		flat_store(y + j, flat_choose(v > 0, v, v * *(const v16 *)(slope + j)), w);
	}
}

static void prelu_forward(const struct cpu_simple *k, const struct op_io *io)
{
	struct flat f = prelu_flat(io);
	float *slope = io->work;
	int64_t done = f.rows * f.cols;

	flat_spread(slope, f.cols, io->in[1], f.period);
#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int64_t i = 0; i < f.rows; i++)
		prelu_apply(io->in[0] + i * f.cols, io->out + i * f.cols, slope, f.cols);
	prelu_apply(io->in[0] + done, io->out + done, slope, f.tail);
}

/* Rows of stride floats of which one vector of width w: gradient of x, sums for the slopes. */
static inline __attribute__((always_inline)) void prelu_column(const float *x, const float *dy,
	float *dx, bool acc, v16 slope, int64_t rows, int64_t stride, double *sum, int w)
{
	v16 s = {0};

	for (int64_t i = 0; i < rows; i++) {
		v16 v = flat_load(x + i * stride, w), d = flat_load(dy + i * stride, w);
		v16i pos = v > 0;
		v16 g = flat_choose(pos, d, slope * d);

		s += (v16)((v16i)(v * d) & ~pos);
		if (acc && dx)
			g += flat_load(dx + i * stride, w);
		if (dx)
			flat_store(dx + i * stride, g, w);
	}
	flat_add(sum, s, w);
}

/* Floats from at on: rows, or (one row) a tail of n < cols floats. */
static void prelu_rows(const struct op_io *io, const struct flat *f, int64_t at, int64_t rows,
	int64_t n, double *sum)
{
	const float *slope = io->work;
	float *dx = io->din[0] ? io->din[0] + at : NULL;
	bool acc = io->acc & OP_IN(0);

	for (int64_t j = 0; j < n; j += 16) {
		const float *x = io->in[0] + at + j, *dy = io->dout + at + j;
		float *d = dx ? dx + j : NULL;
		v16 s = *(const v16 *)(slope + j);
		int w = flat_width(n, j);

		if (w == 16 && dx && !acc)
			prelu_column(x, dy, d, false, s, rows, f->cols, sum + j, 16);
		else
			prelu_column(x, dy, d, acc, s, rows, f->cols, sum + j, w);
	}
}

static void prelu_backward(const struct cpu_simple *k, const struct op_io *io)
{
	struct flat f = prelu_flat(io);
	int64_t chunk = flat_chunk(f.cols);
	double *sums = (double *)((char *)io->work + (size_t)f.cols * sizeof(float));

	flat_spread(io->work, f.cols, io->in[1], f.period);
#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int p = 0; p < PRELU_PARTS; p++) {
		double *sum = sums + p * f.cols;
		int64_t from, to;

		threads_part(f.rows, p, PRELU_PARTS, &from, &to);
		memset(sum, 0, (size_t)f.cols * sizeof(*sum));
		for (int64_t r = from; r < to; r += chunk)
			prelu_rows(
				io, &f, r * f.cols, r + chunk < to ? chunk : to - r, f.cols, sum);
		if (p == PRELU_PARTS - 1)
			prelu_rows(io, &f, f.rows * f.cols, 1, f.tail, sum);
	}
	for (int64_t s = 0; io->din[1] && s < f.period; s++) {
		double total = 0;

		for (int p = 0; p < PRELU_PARTS; p++)
			for (int64_t j = s; j < f.cols; j += f.period)
				total += sums[p * f.cols + j];
		op_store(&io->din[1][s], (float)total, io->acc & OP_IN(1));
	}
}

int cpu_prelu_new(
	struct cpu_backend *b, const struct kernel_spec *s, struct kernel **k, struct err *err)
{
	struct cpu_simple *p = cpu_simple_new(b, prelu_forward, prelu_backward);
	size_t cols = (size_t)flat_of(0, s->in[1].d[0]).cols;

	(void)err;
	p->base.fwd_work = cols * sizeof(float);
	p->base.bwd_work = cols * (sizeof(float) + PRELU_PARTS * sizeof(double));
	*k = &p->base;
	return 0;
}
