/*
 * Convolutions with few channels by planes.
 *
 * Channels of a voxel fill a vector only from 16 on, so here sixteen voxels of one channel
 * are a vector.  Rows are transposed to planes in cache (thin_pack.c); rows of a block
 * follow each other with a few zeros between them (pitch), so that a tap is a constant
 * offset and any width fills the vectors; register blocks sum (thin_mul.c).
 *
 * Per axis a step u reads elements (u + q) * ss + rs and writes u * ds + rd, one (q, rs,
 * rd) for each tap k:
 *   forward   ss = stride, ds = 1:  q * ss + rs = k - pad
 *   backward  ss = 1, ds = stride:  q * ds      = rd + pad - k
 * so strides become planes of every second voxel, on the reading side (all taps over ss
 * classes of planes) or on the writing side (ds classes with their own taps).
 *
 * A thread walks along D through blocks of rows and keeps the slabs (one block of rows at
 * one depth) that it will read again.  Threads get fixed shares; nothing but the weight
 * gradient sums across them, in order of thread.
 */
#include "core/cpu/thin_conv.h"

#include <string.h>

#include "core/cpu/thin_mul.h"
#include "core/cpu/thin_pack.h"
#include "core/cpu/threads.h"

enum { THIN_MAX_K = 3, THIN_CLASSES = 8 };

/* Floats of slabs that a thread keeps: a share of the second-level cache. */
static const int64_t THIN_SLABS = 32768;

struct thin_axis {
	int64_t from, to, steps; /* sizes read and written */
	int ss, ds, qlo, qn;
	struct {
		int q, rs, rd;
	} tap[THIN_MAX_K];
};

struct thin_plan {
	struct thin_axis ax[3];
	bool weights;        /* gradient of the weights */
	int64_t n, from, to; /* channels */
	int64_t planes;      /* of src per class: from, or pairs */
	int64_t pitch, rows, blocks;
	int64_t src_plane, slab, ring, dst_plane, row; /* floats; ring: slabs */
	int64_t packed, sums, thread;                  /* floats */
	int taps;
	bool bf16;
};

static int64_t thin_round(int64_t n)
{
	return (n + 15) / 16 * 16;
}

/* Planes whose distance is an odd number of lines do not meet in one set of the cache. */
static int64_t thin_distance(int64_t n)
{
	return (thin_round(n) / 16 | 1) * 16;
}

static struct thin_axis thin_axis_of(const struct conv_spec *s, int i)
{
	struct thin_axis a = {.ss = 1, .ds = 1};
	int st = (int)s->stride[i], qhi = 0;
	bool back = s->dir == CONV_BWD_D;

	a.from = back ? s->out[i] : s->in[i];
	a.to = back ? s->in[i] : s->out[i];
	*(back ? &a.ds : &a.ss) = st;
	a.steps = (a.to + a.ds - 1) / a.ds;
	for (int k = 0; k < s->kernel[i]; k++) {
		int d = k - (int)s->pad[i], r = ((d % st) + st) % st;

		a.tap[k].q = back ? (r - d) / st : (d - r) / st;
		*(back ? &a.tap[k].rd : &a.tap[k].rs) = r;
		a.qlo = a.tap[k].q < a.qlo ? a.tap[k].q : a.qlo;
		qhi = a.tap[k].q > qhi ? a.tap[k].q : qhi;
	}
	a.qn = qhi - a.qlo + 1;
	return a;
}

static struct thin_plan thin_plan_of(const struct conv_spec *s)
{
	struct thin_plan p = {.n = s->n, .weights = s->dir == CONV_BWD_W};
	bool back = s->dir == CONV_BWD_D;
	struct thin_axis *h = &p.ax[1], *w = &p.ax[2];
	int64_t line, most, cols;

	p.taps = 1;
	for (int i = 0; i < 3; i++) {
		p.ax[i] = thin_axis_of(s, i);
		p.taps *= (int)s->kernel[i];
	}
	p.from = back ? s->co : s->ci;
	p.to = back ? s->ci : s->co;
	p.bf16 = s->bf16 && !p.weights && p.from > 1;
	p.planes = p.bf16 ? (p.from + 1) / 2 : p.from;
	p.pitch = w->steps + w->qn - 1;
	p.ring = p.ax[0].qn * p.ax[0].ss;
	line = p.ring * h->ss * w->ss * p.planes * p.pitch;
	most = THIN_SLABS / line - h->qn + 1;
	most = most < 1 ? 1 : most > h->steps ? h->steps : most;
	p.blocks = (h->steps + most - 1) / most;
	p.rows = (h->steps + p.blocks - 1) / p.blocks;
	p.src_plane = thin_distance((p.rows + h->qn - 1) * p.pitch + 32);
	p.slab = h->ss * w->ss * p.planes * p.src_plane;
	p.dst_plane = thin_distance(p.rows * p.pitch + 32);
	cols = (w->from + w->ss - 1) / w->ss;
	p.row = p.bf16 ? thin_round(cols) * w->ss * p.from : 0;
	p.packed = p.weights ? 0 : thin_round(thin_mul_packed(p.from, p.to, p.bf16) * p.taps);
	p.sums = p.weights ? thin_grad_floats(p.taps, p.from, p.to) + p.to * 16 : 0;
	p.thread = p.ring * p.slab + h->ds * w->ds * p.to * p.dst_plane + p.row + p.sums;
	return p;
}

size_t thin_conv_work(const struct conv_spec *s, int threads)
{
	struct thin_plan p = thin_plan_of(s);

	return (size_t)(p.packed + threads * p.thread) * sizeof(float);
}

/* One class of the voxels written: taps and where their weights begin. */
struct thin_class {
	int taps, tap[THIN_TAPS][3];
	int64_t packed;
};

struct thin_run {
	struct thin_plan p;
	const struct conv_args *a;
	const float *src;
	float *dst; /* weights: read, too */
	float slope;
	struct thin_class class[THIN_CLASSES];
	const float *packed, *bias;
};

static void thin_classes(struct thin_run *r, const struct conv_spec *s, float *packed)
{
	const struct thin_axis *ax = r->p.ax;
	bool back = s->dir == CONV_BWD_D;
	int64_t t = r->p.taps, wide = s->ci_stride * t, at = 0;
	int n = ax[0].ds * ax[1].ds * ax[2].ds;

	for (int c = 0; c < n; c++) {
		struct thin_class *k = &r->class[c];
		int rd[3] = {c / ax[2].ds / ax[1].ds, c / ax[2].ds % ax[1].ds, c % ax[2].ds};

		k->taps = 0;
		k->packed = at;
		for (int i = 0; i < t; i++) {
			int at3[3] = {(int)(i / s->kernel[2] / s->kernel[1]),
				(int)(i / s->kernel[2] % s->kernel[1]), (int)(i % s->kernel[2])};

			if (ax[0].tap[at3[0]].rd == rd[0] && ax[1].tap[at3[1]].rd == rd[1] &&
				ax[2].tap[at3[2]].rd == rd[2])
				memcpy(k->tap[k->taps++], at3, sizeof(at3));
		}
		for (int i = 0; !r->p.weights && i < k->taps; i++) {
			const int *x = k->tap[i];
			const float *w =
				r->a->weights + (x[0] * s->kernel[1] + x[1]) * s->kernel[2] + x[2];

			thin_mul_pack(packed + at, i, k->taps, w, back ? wide : t, back ? t : wide,
				r->p.from, r->p.to, r->p.bf16);
		}
		at += k->taps * thin_mul_packed(r->p.from, r->p.to, r->p.bf16);
	}
}

/* A thread's memory. */
struct thin_mine {
	float *slabs, *dst, *row, *sums, *bias;
	int64_t item, h0, rows, next; /* block; next: first slab along D not yet there */
};

/* Pairs of channels to one plane each, in bf16; n: a multiple of 16. */
static void thin_pair(
	const struct thin_plan *p, const float *planes, int64_t n, int classes, float *to)
{
	for (int c = 0; c < classes; c++) {
		const float *x = planes + c * p->from * n;

		for (int64_t k = 0; k < p->planes; k++, x += 2 * n, to += p->src_plane) {
			bool odd = 2 * k + 1 < p->from;

			thin_mul_pair(x, odd ? x + n : NULL, to, n);
		}
	}
}

/* Row y of the source at depth z (outside: zeros) as row i of the classes at slab. */
static void thin_row_in(
	const struct thin_run *r, struct thin_mine *m, float *slab, int64_t i, int64_t z, int64_t y)
{
	const struct thin_plan *p = &r->p;
	const struct thin_axis *w = &p->ax[2];
	int64_t cols = (w->from + w->ss - 1) / w->ss, floats = w->from * p->from;
	float *to = slab + i * p->pitch;
	const float *row;

	if (z < 0 || z >= p->ax[0].from || y < 0 || y >= p->ax[1].from) {
		for (int64_t k = 0; k < w->ss * p->planes; k++)
			memset(to + k * p->src_plane, 0, (size_t)p->pitch * sizeof(float));
		return;
	}
	if (cols > p->pitch + w->qlo) {
		cols = p->pitch + w->qlo;
		floats = cols * w->ss * p->from < floats ? cols * w->ss * p->from : floats;
	}
	row = r->src + ((m->item * p->ax[0].from + z) * p->ax[1].from + y) * w->from * p->from;
	to -= w->qlo;
	if (!p->bf16) {
		thin_pack(row, floats, cols, w->ss * p->from, to, p->src_plane);
		return;
	}
	thin_pack(row, floats, cols, w->ss * p->from, m->row, thin_round(cols));
	thin_pair(p, m->row, thin_round(cols), w->ss, to);
}

/* Makes the slabs for step u along D. */
static void thin_slabs(const struct thin_run *r, struct thin_mine *m, int64_t u)
{
	const struct thin_plan *p = &r->p;
	const struct thin_axis *d = &p->ax[0], *h = &p->ax[1];
	int64_t class = p->slab / h->ss;

	for (; m->next < u + d->qn; m->next++) {
		for (int rd = 0; rd < d->ss; rd++) {
			float *slab = m->slabs + (m->next % d->qn * d->ss + rd) * p->slab;
			int64_t z = (m->next + d->qlo) * d->ss + rd;

			for (int rh = 0; rh < h->ss; rh++)
				for (int64_t i = 0; i < m->rows + h->qn - 1; i++)
					thin_row_in(r, m, slab + rh * class, i, z,
						(m->h0 + h->qlo + i) * h->ss + rh);
		}
	}
}

/* Where each tap of a class reads at step u. */
static void thin_taps(const struct thin_run *r, const struct thin_mine *m, int64_t u,
	const struct thin_class *c, struct thin_mul *mul)
{
	const struct thin_plan *p = &r->p;
	const struct thin_axis *ax = p->ax;

	*mul = (struct thin_mul){.taps = c->taps,
		.src_plane = p->src_plane,
		.from = p->planes,
		.dst_plane = p->dst_plane,
		.to = p->to,
		.vectors = (m->rows * p->pitch + 15) / 16,
		.bf16 = p->bf16};
	for (int i = 0; i < c->taps; i++) {
		int d = c->tap[i][0], h = c->tap[i][1], w = c->tap[i][2];
		int64_t slot =
			(u + ax[0].tap[d].q - ax[0].qlo) % ax[0].qn * ax[0].ss + ax[0].tap[d].rs;
		int64_t class = ax[1].tap[h].rs * ax[2].ss + ax[2].tap[w].rs;

		mul->src[i] = m->slabs + slot * p->slab + class * p->planes * p->src_plane +
			      (ax[1].tap[h].q - ax[1].qlo) * p->pitch + ax[2].tap[w].q - ax[2].qlo;
	}
}

/* Planes of the classes of depth z to rows of the result. */
static void thin_rows_out(const struct thin_run *r, const struct thin_mine *m, int64_t z)
{
	const struct thin_plan *p = &r->p;
	const struct thin_axis *h = &p->ax[1], *w = &p->ax[2];

	for (int64_t i = 0; i < m->rows; i++) {
		for (int rh = 0; rh < h->ds; rh++) {
			int64_t y = (m->h0 + i) * h->ds + rh;
			const float *from =
				m->dst + rh * w->ds * p->to * p->dst_plane + i * p->pitch;

			if (y < h->to)
				thin_unpack(from, p->dst_plane, w->steps, w->ds * p->to,
					r->dst + ((m->item * p->ax[0].to + z) * h->to + y) * w->to *
							 p->to,
					w->to * p->to);
		}
	}
}

static void thin_step(const struct thin_run *r, struct thin_mine *m, int64_t u)
{
	const struct thin_plan *p = &r->p;
	int n = p->ax[1].ds * p->ax[2].ds;

	for (int rd = 0; rd < p->ax[0].ds; rd++) {
		int64_t z = u * p->ax[0].ds + rd;

		if (z >= p->ax[0].to)
			return;
		for (int c = 0; c < n; c++) {
			const struct thin_class *k = &r->class[rd * n + c];
			struct thin_mul mul;

			thin_taps(r, m, u, k, &mul);
			mul.dst = m->dst + c * p->to * p->dst_plane;
			thin_mul_run(&mul, r->packed + k->packed, r->bias, r->slope);
		}
		thin_rows_out(r, m, z);
	}
}

/* Adds the products of one block at depth u to the sums. */
static void thin_grad_step(const struct thin_run *r, struct thin_mine *m, int64_t u)
{
	const struct thin_plan *p = &r->p;
	const struct thin_axis *h = &p->ax[1], *w = &p->ax[2];
	struct thin_mul mul;
	int64_t used;

	thin_taps(r, m, u, &r->class[0], &mul);
	mul.dst = m->dst;
	for (int64_t i = 0; i < m->rows; i++)
		thin_pack(r->dst + (((m->item * p->ax[0].to + u) * h->to + m->h0 + i) * w->to) *
					   p->to,
			w->to * p->to, w->to, p->to, m->dst + i * p->pitch, p->dst_plane);
	used = (m->rows - 1) * p->pitch + w->to;
	for (int64_t o = 0; o < p->to; o++)
		memset(m->dst + o * p->dst_plane + used, 0,
			(size_t)(mul.vectors * 16 - used) * sizeof(float));
	thin_grad_run(&mul, m->sums);
	for (int64_t o = 0; r->bias && o < p->to; o++)
		thin_plane_sum(m->dst + o * p->dst_plane, mul.vectors, m->bias + o * 16);
}

static void thin_thread(const struct thin_run *r, float *memory, int id, int threads)
{
	const struct thin_plan *p = &r->p;
	int64_t depth = p->ax[0].steps, a, b, last = -1;
	struct thin_mine m = {.slabs = memory};

	m.dst = m.slabs + p->ring * p->slab;
	m.row = m.dst + p->ax[1].ds * p->ax[2].ds * p->to * p->dst_plane;
	m.sums = m.row + p->row;
	m.bias = m.sums + p->sums - p->to * 16;
	memset(memory, 0, (size_t)p->thread * sizeof(float));
	threads_part(p->n * p->blocks * depth, id, threads, &a, &b);
	for (; a < b; a++) {
		int64_t column = a / depth, u = a % depth;

		if (column != last) {
			last = column;
			m.item = column / p->blocks;
			m.h0 = column % p->blocks * p->rows;
			m.rows = p->ax[1].steps - m.h0 < p->rows ? p->ax[1].steps - m.h0 : p->rows;
			m.next = u;
		}
		thin_slabs(r, &m, u);
		if (p->weights)
			thin_grad_step(r, &m, u);
		else
			thin_step(r, &m, u);
	}
}

/* The threads' sums to the gradients. */
static void thin_gather(
	const struct thin_run *r, const struct conv_spec *s, const float *memory, int threads)
{
	const struct thin_plan *p = &r->p;
	const float *first = memory + p->thread - p->sums;
	int t = p->taps;

#pragma omp parallel for schedule(static) num_threads(threads)
	for (int64_t o = 0; o < p->to; o++) {
		for (int64_t i = 0; i < p->from; i++)
			for (int k = 0; k < t; k++) {
				double sum = 0;

				for (int id = 0; id < threads; id++)
					sum += thin_grad_sum(
						first + id * p->thread, t, p->to, k, i, o);
				r->a->weights[(o * s->ci_stride + i) * t + k] = (float)sum;
			}
		if (r->bias) {
			double sum = 0;

			for (int id = 0; id < threads; id++)
				for (int k = 0; k < 16; k++)
					sum += (double)(first +
							id * p->thread)[p->sums - p->to * 16 +
									o * 16 + k];
			r->a->bias[o] = (float)sum;
		}
	}
}

void thin_conv_run(const struct conv_spec *s, int threads, const struct conv_args *a)
{
	struct thin_run r = {.p = thin_plan_of(s),
		.a = a,
		.src = s->dir == CONV_BWD_D ? a->dst : a->src,
		.dst = s->dir == CONV_BWD_D ? a->src : a->dst,
		.slope = s->dir == CONV_FWD && s->act ? s->slope : 1,
		.packed = a->scratch,
		.bias = (s->dir == CONV_BWD_D ? s->bias_back : s->bias) ? a->bias : NULL};
	float *memory = (float *)a->scratch + r.p.packed;

	thin_classes(&r, s, a->scratch);
#pragma omp parallel for schedule(static) num_threads(threads)
	for (int id = 0; id < threads; id++)
		thin_thread(&r, memory + id * r.p.thread, id, threads);
	if (r.p.weights)
		thin_gather(&r, s, memory, threads);
}

/*
 * oneDNN pads the channels that are written to 16 lanes, so up to 8 of them pay, not
 * those that are read; single taps pay in the gradient of the data only.  Its weight
 * gradient is the better one for strides.  Measured on a CPU with AVX-512.
 */
bool thin_conv_fits(const struct conv_spec *s)
{
	int64_t from = s->dir == CONV_BWD_D ? s->co : s->ci;
	int64_t to = s->dir == CONV_BWD_D ? s->ci : s->co, taps = 1;
	bool stride = false;

	for (int i = 0; i < 3; i++) {
		if (s->kernel[i] > THIN_MAX_K || s->stride[i] > 2 || s->pad[i] >= s->kernel[i])
			return false;
		taps *= s->kernel[i];
		stride |= s->stride[i] > 1;
	}
	if (s->sum || s->in[2] < 8 || to > 8 || from > (s->bf16 ? 8 : 32))
		return false;
	if (s->dir == CONV_BWD_W)
		return from <= 8 && taps >= 8 && !stride;
	return taps >= 8 || (s->dir == CONV_BWD_D && !stride);
}
