/*
 * PReLU.  The sums for the slopes run over a fixed number of parts that are added
 * in order, so the result does not depend on how many threads there are.
 */
#include <string.h>

#include "core/cpu/cpu_backend.h"
#include "core/cpu/threads.h"

enum { PRELU_PARTS = 32, PRELU_CHUNK = 256 };

static void prelu_forward(const struct cpu_simple *k, const struct op_io *io)
{
	int64_t c = shape_channels(&io->out_shape), slopes = io->in_shape[1].d[0];
	int64_t rows = (int64_t)shape_count(&io->out_shape) / c;

#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int64_t i = 0; i < rows; i++) {
		const float *x = io->in[0] + i * c;
		float *y = io->out + i * c;

		for (int64_t j = 0; j < c; j++)
			y[j] = x[j] > 0 ? x[j] : x[j] * io->in[1][slopes > 1 ? j : 0];
	}
}

/* Rows from .. to: gradient of x, and the slopes' sums, floats over few rows, then doubles. */
static void prelu_part(const struct op_io *io, int64_t from, int64_t to, double *sum, float *near)
{
	int64_t c = shape_channels(&io->out_shape), slopes = io->in_shape[1].d[0];
	bool acc = io->acc & OP_IN(0);

	memset(sum, 0, (size_t)c * sizeof(*sum));
	for (int64_t r = from; r < to; r += PRELU_CHUNK) {
		int64_t end = r + PRELU_CHUNK < to ? r + PRELU_CHUNK : to;

		memset(near, 0, (size_t)c * sizeof(*near));
		for (int64_t i = r; i < end; i++) {
			const float *x = io->in[0] + i * c, *dy = io->dout + i * c;
			float *dx = io->din[0] ? io->din[0] + i * c : NULL;

			for (int64_t j = 0; j < c; j++)
				near[j] += x[j] > 0 ? 0 : x[j] * dy[j];
			for (int64_t j = 0; dx && j < c; j++) {
				float slope = x[j] > 0 ? 1 : io->in[1][slopes > 1 ? j : 0];

				dx[j] = (acc ? dx[j] : 0) + slope * dy[j];
			}
		}
		for (int64_t j = 0; j < c; j++)
			sum[j] += (double)near[j];
	}
}

static void prelu_backward(const struct cpu_simple *k, const struct op_io *io)
{
	int64_t c = shape_channels(&io->out_shape), slopes = io->in_shape[1].d[0];
	int64_t rows = (int64_t)shape_count(&io->out_shape) / c;
	double *sum = io->work;
	float *near = (float *)(sum + PRELU_PARTS * c);

#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int p = 0; p < PRELU_PARTS; p++) {
		int64_t from, to;

		threads_part(rows, p, PRELU_PARTS, &from, &to);
		prelu_part(io, from, to, sum + p * c, near + p * c);
	}
	for (int64_t s = 0; io->din[1] && s < slopes; s++) {
		double total = 0;

		for (int p = 0; p < PRELU_PARTS; p++)
			for (int64_t j = s; j < c; j += slopes)
				total += sum[p * c + j];
		op_store(&io->din[1][s], (float)total, io->acc & OP_IN(1));
	}
}

int cpu_prelu_new(
	struct cpu_backend *b, const struct kernel_spec *s, struct kernel **k, struct err *err)
{
	struct cpu_simple *p = cpu_simple_new(b, prelu_forward, prelu_backward);
	size_t c = (size_t)shape_channels(&s->out);

	(void)err;
	p->base.bwd_work = PRELU_PARTS * c * (sizeof(double) + sizeof(float));
	*k = &p->base;
	return 0;
}
