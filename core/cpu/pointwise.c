/*
 * Kernels that touch each element once: activation, sum, dropout, softmax, and
 * the channel movers concat and upsample.  All are bound by memory; the loops are
 * plain so that the compiler makes vectors of them, and the work is split
 * statically, so results do not depend on timing.
 */
#include "core/cpu/pointwise.h"

#include <math.h>
#include <string.h>

#include "core/cpu/cpu_backend.h"
#include "core/graph/act.h"
#include "core/graph/dropout_mask.h"

#define POINTWISE_COLS 16

void pointwise_act_slope(
	int threads, const struct act_attr *a, const float *out, float *dout, size_t n)
{
	float slope = a->kind == ACT_LEAKY ? a->slope : 0;

#pragma omp parallel for simd schedule(static) num_threads(threads)
	for (size_t i = 0; i < n; i++)
		dout[i] = out[i] > 0 ? dout[i] : slope * dout[i];
}

void pointwise_bias_act(
	int threads, const struct act_attr *a, const float *bias, float *y, int64_t rows, int64_t c)
{
	float slope = a->kind == ACT_LEAKY ? a->slope : a->kind == ACT_RELU ? 0 : 1;

#pragma omp parallel for schedule(static) num_threads(threads)
	for (int64_t i = 0; i < rows; i++) {
		for (int64_t j = 0; j < c; j++) {
			float v = y[i * c + j] + (bias ? bias[j] : 0);

			y[i * c + j] = v > 0 ? v : slope * v;
		}
	}
}

void pointwise_channel_sum(const float *x, float *sum, int64_t rows, int64_t c)
{
	for (int64_t j = 0; j < c; j += POINTWISE_COLS) {
		int64_t n = c - j < POINTWISE_COLS ? c - j : POINTWISE_COLS;
		double total[POINTWISE_COLS] = {0};

		for (int64_t i = 0; i < rows; i++)
			for (int64_t k = 0; k < n; k++)
				total[k] += (double)x[i * c + j + k];
		for (int64_t k = 0; k < n; k++)
			sum[j + k] = (float)total[k];
	}
}

static void act_forward(const struct cpu_simple *k, const struct op_io *io)
{
	const struct act_attr *a = io->attr;
	const float *x = io->in[0];
	float *y = io->out, slope = a->kind == ACT_LEAKY ? a->slope : 0;
	size_t n = shape_count(&io->out_shape);
	bool sigmoid = a->kind == ACT_SIGMOID;

#pragma omp parallel for simd schedule(static) num_threads(k->threads)
	for (size_t i = 0; i < n; i++) {
		float v = x[i];

		y[i] = sigmoid ? 1 / (1 + expf(-v)) : v > 0 ? v : slope * v;
	}
}

static void act_backward(const struct cpu_simple *k, const struct op_io *io)
{
	const struct act_attr *a = io->attr;
	const float *y = io->out, *dy = io->dout;
	float *dx = io->din[0], slope = a->kind == ACT_LEAKY ? a->slope : 0;
	size_t n = shape_count(&io->out_shape);
	bool sigmoid = a->kind == ACT_SIGMOID;
	bool acc = io->acc & OP_IN(0);

#pragma omp parallel for simd schedule(static) num_threads(k->threads)
	for (size_t i = 0; i < n; i++) {
		float v = y[i], g = sigmoid ? v * (1 - v) : v > 0 ? 1 : slope;

		dx[i] = (acc ? dx[i] : 0) + g * dy[i];
	}
}

int cpu_act_new(
	struct cpu_backend *b, const struct kernel_spec *s, struct kernel **k, struct err *err)
{
	const struct act_attr *a = s->attr;

	(void)err;
	if (a->kind != ACT_NONE)
		*k = &cpu_simple_new(b, act_forward, act_backward)->base;
	return 0;
}

static void add_forward(const struct cpu_simple *k, const struct op_io *io)
{
	const float *x = io->in[0], *z = io->in[1];
	float *y = io->out;
	size_t n = shape_count(&io->out_shape);

#pragma omp parallel for simd schedule(static) num_threads(k->threads)
	for (size_t i = 0; i < n; i++)
		y[i] = x[i] + z[i];
}

static void add_backward(const struct cpu_simple *k, const struct op_io *io)
{
	size_t n = shape_count(&io->out_shape);
	const float *dy = io->dout;

	for (int i = 1; i >= 0; i--) {
		float *d = io->din[i];
		bool acc = io->acc & OP_IN(i);

		if (!d || (d == dy && !acc))
			continue;
#pragma omp parallel for simd schedule(static) num_threads(k->threads)
		for (size_t j = 0; j < n; j++)
			d[j] = (acc ? d[j] : 0) + dy[j];
	}
}

int cpu_add_new(
	struct cpu_backend *b, const struct kernel_spec *s, struct kernel **k, struct err *err)
{
	(void)s;
	(void)err;
	*k = &cpu_simple_new(b, add_forward, add_backward)->base;
	return 0;
}

/* exp(x) for x <= 0 to 2 units in the last place; plain enough to become vectors. */
static inline float softmax_exp(float x)
{
	const float shift = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
	float n, r, p;
	uint32_t bits;

	x = x < -87.0f ? -87.0f : x; /* keeps NaN */
	n = (x * 1.44269504f + shift) - shift;
	r = x - n * 0.693359375f + n * 2.12194440e-4f;
	p = 1 +
	    r * (1 + r * (0.5f + r * (0.166666657f +
					     r * (0.0416665f + r * (0.00833346f + r * 0.00139f)))));
	bits = ((uint32_t)(int32_t)n + 127) << 23;
	memcpy(&n, &bits, sizeof(n));
	return p * n;
}

/* Voxels from .. to, few enough to stay in the first cache. */
static void softmax_block(const float *x, float *y, int64_t voxels, int64_t c)
{
	for (int64_t i = 0; i < voxels; i++) {
		float top = x[i * c];

		for (int64_t j = 1; j < c; j++)
			top = x[i * c + j] > top ? x[i * c + j] : top;
		for (int64_t j = 0; j < c; j++)
			y[i * c + j] = x[i * c + j] - top;
	}
#pragma omp simd
	for (int64_t i = 0; i < voxels * c; i++)
		y[i] = softmax_exp(y[i]);
	for (int64_t i = 0; i < voxels; i++) {
		float sum = 0, scale;

		for (int64_t j = 0; j < c; j++)
			sum += y[i * c + j];
		scale = 1 / sum;
		for (int64_t j = 0; j < c; j++)
			y[i * c + j] *= scale;
	}
}

static void softmax_forward(const struct cpu_simple *k, const struct op_io *io)
{
	int64_t c = shape_channels(&io->out_shape), step = c < 1024 ? 1024 / c : 1;
	int64_t total = (int64_t)shape_count(&io->out_shape) / c;

#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int64_t i = 0; i < total; i += step)
		softmax_block(
			io->in[0] + i * c, io->out + i * c, i + step < total ? step : total - i, c);
}

static void softmax_backward(const struct cpu_simple *k, const struct op_io *io)
{
	int64_t c = shape_channels(&io->out_shape);
	int64_t total = (int64_t)shape_count(&io->out_shape) / c;
	bool acc = io->acc & OP_IN(0);

#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int64_t i = 0; i < total; i++) {
		const float *y = io->out + i * c, *dy = io->dout + i * c;
		float *dx = io->din[0] + i * c, dot = 0;

		for (int64_t j = 0; j < c; j++)
			dot += y[j] * dy[j];
		for (int64_t j = 0; j < c; j++)
			dx[j] = (acc ? dx[j] : 0) + y[j] * (dy[j] - dot);
	}
}

int cpu_softmax_new(
	struct cpu_backend *b, const struct kernel_spec *s, struct kernel **k, struct err *err)
{
	(void)s;
	(void)err;
	*k = &cpu_simple_new(b, softmax_forward, softmax_backward)->base;
	return 0;
}

static void dropout_run(
	const struct cpu_simple *k, const struct op_io *io, const float *x, float *y, bool add)
{
	int64_t n = (int64_t)shape_count(&io->out_shape);
	struct dropout_mask m = dropout_mask_of(io);

#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int64_t i = 0; i < n; i += 4) {
		float keep[4];

		dropout_mask_block(&m, (uint64_t)i / 4, keep);
		for (int64_t j = 0; j < 4 && i + j < n; j++)
			y[i + j] = (add ? y[i + j] : 0) + x[i + j] * keep[j];
	}
}

static void dropout_forward(const struct cpu_simple *k, const struct op_io *io)
{
	if (io->training || io->out != io->in[0])
		dropout_run(k, io, io->in[0], io->out, false);
}

static void dropout_backward(const struct cpu_simple *k, const struct op_io *io)
{
	dropout_run(k, io, io->dout, io->din[0], io->acc & OP_IN(0));
}

int cpu_dropout_new(
	struct cpu_backend *b, const struct kernel_spec *s, struct kernel **k, struct err *err)
{
	(void)s;
	(void)err;
	*k = &cpu_simple_new(b, dropout_forward, dropout_backward)->base;
	return 0;
}

static void concat_forward(const struct cpu_simple *k, const struct op_io *io)
{
	int64_t co = io->out_shape.d[4], total = (int64_t)shape_count(&io->out_shape) / co;

#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int64_t i = 0; i < total; i++) {
		float *y = io->out + i * co;

		for (int j = 0; j < io->n_in; j++) {
			int64_t c = io->in_shape[j].d[4];

			memcpy(y, io->in[j] + i * c, (size_t)c * sizeof(float));
			y += c;
		}
	}
}

static void concat_backward(const struct cpu_simple *k, const struct op_io *io)
{
	int64_t co = io->out_shape.d[4], total = (int64_t)shape_count(&io->out_shape) / co;

#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int64_t i = 0; i < total; i++) {
		const float *dy = io->dout + i * co;

		for (int j = 0; j < io->n_in; dy += io->in_shape[j++].d[4]) {
			int64_t c = io->in_shape[j].d[4];
			float *d = io->din[j] ? io->din[j] + i * c : NULL;
			bool acc = io->acc & OP_IN(j);

			for (int64_t m = 0; d && m < c; m++)
				d[m] = (acc ? d[m] : 0) + dy[m];
		}
	}
}

int cpu_concat_new(
	struct cpu_backend *b, const struct kernel_spec *s, struct kernel **k, struct err *err)
{
	(void)s;
	(void)err;
	*k = &cpu_simple_new(b, concat_forward, concat_backward)->base;
	return 0;
}

static void upsample_forward(const struct cpu_simple *k, const struct op_io *io)
{
	const int64_t *o = io->out_shape.d, *s = io->in_shape[0].d;
	int64_t c = o[4], rows = o[0] * o[1] * o[2];

#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int64_t r = 0; r < rows; r++) {
		int64_t h = r % o[2], d = r / o[2] % o[1], n = r / (o[2] * o[1]);
		const float *x = io->in[0] + (((n * s[1] + d / 2) * s[2] + h / 2) * s[3]) * c;
		float *y = io->out + r * o[3] * c;

		for (int64_t w = 0; w < o[3]; w++)
			memcpy(y + w * c, x + w / 2 * c, (size_t)c * sizeof(float));
	}
}

/* Adds the doubled row dy (w voxels) to the row dx of its sources. */
static void upsample_row(float *dx, const float *dy, int64_t w, int64_t c)
{
	for (int64_t i = 0; i < w; i++)
		for (int64_t j = 0; j < c; j++)
			dx[i / 2 * c + j] += dy[i * c + j];
}

static void upsample_backward(const struct cpu_simple *k, const struct op_io *io)
{
	const int64_t *o = io->out_shape.d, *s = io->in_shape[0].d;
	int64_t c = o[4], rows = s[0] * s[1] * s[2];

#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int64_t r = 0; r < rows; r++) {
		int64_t h = r % s[2], d = r / s[2] % s[1], n = r / (s[2] * s[1]);
		float *dx = io->din[0] + r * s[3] * c;

		if (!(io->acc & OP_IN(0)))
			memset(dx, 0, (size_t)(s[3] * c) * sizeof(float));
		for (int64_t i = 2 * d; i < 2 * d + 2 && i < o[1]; i++)
			for (int64_t j = 2 * h; j < 2 * h + 2 && j < o[2]; j++)
				upsample_row(dx,
					io->dout + (((n * o[1] + i) * o[2] + j) * o[3]) * c, o[3],
					c);
	}
}

int cpu_upsample_new(
	struct cpu_backend *b, const struct kernel_spec *s, struct kernel **k, struct err *err)
{
	(void)s;
	(void)err;
	*k = &cpu_simple_new(b, upsample_forward, upsample_backward)->base;
	return 0;
}
