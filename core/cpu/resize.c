/*
 * Trilinear interpolation by rows.  Forward mixes the up to four rows of the input that an
 * output row lies between, as whole rows, and then spreads the mixture along W; backward
 * mixes the output rows that read an input row and gathers along W.  Each row is one
 * thread's, in a fixed order of sums, so the bits do not depend on the number of threads.
 */
#include <string.h>

#include "core/cpu/cpu_backend.h"
#include "core/graph/layers.h"
#include "core/graph/resize.h"

/* One thread's scratch: a mixed row, shares of output planes and rows, taps along W. */
struct resize_room {
	float *row, *plane, *line;
	struct resize_tap *tap;
};

static size_t resize_floats(const int64_t *in, const int64_t *out)
{
	int64_t wide = in[3] > out[3] ? in[3] : out[3];

	return (size_t)((wide * in[4] + out[1] + out[2] + 15) / 16 * 16);
}

static size_t resize_bytes(const int64_t *in, const int64_t *out)
{
	size_t taps = (size_t)out[3] * sizeof(struct resize_tap);

	return resize_floats(in, out) * sizeof(float) + (taps + 63) / 64 * 64;
}

static struct resize_room resize_room(const struct op_io *io, int thread)
{
	const int64_t *in = io->in_shape[0].d, *out = io->out_shape.d;
	const struct resize_attr *a = io->attr;
	struct resize_room m;

	m.row = (float *)((char *)io->work + (size_t)thread * resize_bytes(in, out));
	m.tap = (struct resize_tap *)(m.row + resize_floats(in, out));
	m.plane = m.row + (in[3] > out[3] ? in[3] : out[3]) * in[4];
	m.line = m.plane + out[1];
	for (int64_t w = 0; w < out[3]; w++)
		m.tap[w] = resize_tap(a->align_corners, in[3], out[3], w);
	return m;
}

/* y = or += weight * x over n floats. */
static void resize_mix(
	float *restrict y, const float *restrict x, int64_t n, float weight, bool add)
{
	if (add)
		for (int64_t i = 0; i < n; i++)
			y[i] += weight * x[i];
	else
		for (int64_t i = 0; i < n; i++)
			y[i] = weight * x[i];
}

static inline __attribute__((always_inline)) void resize_spread_c(const struct resize_tap *tap,
	int64_t m, const float *restrict x, float *restrict y, int64_t c)
{
	for (int64_t w = 0; w < m; w++) {
		const float *lo = x + tap[w].lo * c, *hi = x + tap[w].hi * c;
		float v = tap[w].t, u = 1 - v;

		for (int64_t k = 0; k < c; k++)
			y[w * c + k] = u * lo[k] + v * hi[k];
	}
}

static inline __attribute__((always_inline)) void resize_collect_c(const struct resize_tap *tap,
	int64_t m, const float *restrict g, float *restrict dx, int64_t c)
{
	for (int64_t w = 0; w < m; w++) {
		float *lo = dx + tap[w].lo * c, *hi = dx + tap[w].hi * c;
		float v = tap[w].t, u = 1 - v;

		for (int64_t k = 0; k < c; k++)
			lo[k] += u * g[w * c + k];
		for (int64_t k = 0; k < c && v != 0; k++)
			hi[k] += v * g[w * c + k];
	}
}

/* With the usual numbers of channels known to the compiler. */
#define RESIZE_BY_CHANNELS(f, tap, m, from, to, c) \
	do {                                       \
		if ((c) == 8)                      \
			f(tap, m, from, to, 8);    \
		else if ((c) == 16)                \
			f(tap, m, from, to, 16);   \
		else if ((c) == 32)                \
			f(tap, m, from, to, 32);   \
		else                               \
			f(tap, m, from, to, c);    \
	} while (0)

static void resize_forward_row(const struct op_io *io, const struct resize_room *m, int64_t r)
{
	const struct resize_attr *a = io->attr;
	const int64_t *o = io->out_shape.d, *s = io->in_shape[0].d;
	struct resize_tap h = resize_tap(a->align_corners, s[2], o[2], r % o[2]);
	struct resize_tap d = resize_tap(a->align_corners, s[1], o[1], r / o[2] % o[1]);
	const float *x = io->in[0] + r / (o[2] * o[1]) * s[1] * s[2] * s[3] * s[4];
	float *y = io->out + r * o[3] * o[4];
	bool add = false;

	for (int i = 0; i < 4; i++) {
		int64_t row = (i / 2 ? d.hi : d.lo) * s[2] + (i % 2 ? h.hi : h.lo);
		float weight = (i / 2 ? d.t : 1 - d.t) * (i % 2 ? h.t : 1 - h.t);

		if (add && weight == 0)
			continue;
		resize_mix(m->row, x + row * s[3] * s[4], s[3] * s[4], weight, add);
		add = true;
	}
	RESIZE_BY_CHANNELS(resize_spread_c, m->tap, o[3], m->row, y, o[4]);
}

static void resize_forward(const struct cpu_simple *k, const struct op_io *io)
{
	const int64_t *o = io->out_shape.d;

#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int id = 0; id < k->threads; id++) {
		struct resize_room m = resize_room(io, id);
		int64_t rows = o[0] * o[1] * o[2];

		for (int64_t r = rows * id / k->threads; r < rows * (id + 1) / k->threads; r++)
			resize_forward_row(io, &m, r);
	}
}

/* Shares of input i in the outputs along a dimension; the range [*from, *to) holds all that are not
 * 0. */
static void resize_shares(
	int align, int64_t n, int64_t m, int64_t i, float *share, int64_t *from, int64_t *to)
{
	*from = m;
	*to = 0;
	for (int64_t o = 0; o < m; o++) {
		share[o] = resize_share(resize_tap(align, n, m, o), i);
		if (share[o] == 0)
			continue;
		*from = o < *from ? o : *from;
		*to = o + 1;
	}
}

static void resize_backward_row(const struct op_io *io, const struct resize_room *m, int64_t n,
	int64_t h, const int64_t plane[2], float *dx)
{
	const struct resize_attr *a = io->attr;
	const int64_t *o = io->out_shape.d, *s = io->in_shape[0].d;
	int64_t line[2];
	bool add = false;

	resize_shares(a->align_corners, s[2], o[2], h, m->line, &line[0], &line[1]);
	for (int64_t i = plane[0]; i < plane[1]; i++) {
		for (int64_t j = line[0]; j < line[1]; j++) {
			float weight = m->plane[i] * m->line[j];

			if (weight == 0)
				continue;
			resize_mix(m->row, io->dout + ((n * o[1] + i) * o[2] + j) * o[3] * o[4],
				o[3] * o[4], weight, add);
			add = true;
		}
	}
	if (!(io->acc & OP_IN(0)))
		memset(dx, 0, (size_t)(s[3] * s[4]) * sizeof(float));
	if (add)
		RESIZE_BY_CHANNELS(resize_collect_c, m->tap, o[3], m->row, dx, o[4]);
}

static void resize_backward(const struct cpu_simple *k, const struct op_io *io)
{
	const int64_t *o = io->out_shape.d, *s = io->in_shape[0].d;
	const struct resize_attr *a = io->attr;

#pragma omp parallel for schedule(static) num_threads(k->threads)
	for (int id = 0; id < k->threads; id++) {
		struct resize_room m = resize_room(io, id);
		int64_t planes = s[0] * s[1], range[2];

		for (int64_t p = planes * id / k->threads; p < planes * (id + 1) / k->threads;
			p++) {
			resize_shares(a->align_corners, s[1], o[1], p % s[1], m.plane, &range[0],
				&range[1]);
			for (int64_t h = 0; h < s[2]; h++)
				resize_backward_row(io, &m, p / s[1], h, range,
					io->din[0] + (p * s[2] + h) * s[3] * s[4]);
		}
	}
}

int cpu_resize_new(
	struct cpu_backend *b, const struct kernel_spec *s, struct kernel **k, struct err *err)
{
	struct cpu_simple *p = cpu_simple_new(b, resize_forward, resize_backward);

	(void)err;
	p->base.fwd_work = (size_t)b->threads * resize_bytes(s->in[0].d, s->out.d);
	p->base.bwd_work = p->base.fwd_work;
	*k = &p->base;
	return 0;
}
