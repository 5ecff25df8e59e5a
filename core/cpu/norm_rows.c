/*
 * The loops of normalisation over memory: statistics, result, sums of the gradients,
 * gradient of the input.
 *
 * Each walks its part of an item in chunks of rows that fit the first cache, and in a
 * chunk column by column (a column is one vector of 16 floats wide), so that the
 * constants of a column stay in registers and memory is read in order.  Sums run in
 * float over a chunk and go to double.
 */
#include "core/cpu/norm_rows.h"

#define INLINE static inline __attribute__((always_inline))

/* A column of a chunk: rows times w floats, stride floats apart. */
struct column {
	int64_t rows, stride;
};

INLINE void stats_column(
	const float *x, struct column c, const float *pivot, double *sum, double *sq, int w)
{
	v16 p = flat_load(pivot, w), s = {0}, q = {0};

	for (int64_t i = 0; i < c.rows; i++) {
		v16 d = flat_load(x + i * c.stride, w) - p;

		s += d;
		q += d * d;
	}
	flat_add(sum, s, w);
	flat_add(sq, q, w);
}

static void stats_chunk(const struct norm_part *p, const float *x, int64_t rows, int64_t n,
	const float *pivot, double *sum)
{
	struct column c = {rows, p->f->cols};
	double *sq = sum + NORM_DOT * p->f->cols;

	for (int64_t j = 0; j < n; j += 16) {
		int w = flat_width(n, j);

		if (w == 16)
			stats_column(x + j, c, pivot + j, sum + j, sq + j, 16);
		else
			stats_column(x + j, c, pivot + j, sum + j, sq + j, w);
	}
}

/* The next chunk of the part after *row rows: its rows and width; false at the end. */
static bool chunk_next(const struct norm_part *p, int64_t *row, int64_t *rows, int64_t *n)
{
	int64_t most = flat_chunk(p->f->cols);

	if (*row < p->to) {
		*rows = p->to - *row < most ? p->to - *row : most;
		*n = p->f->cols;
		return true;
	}
	if (!p->tail || !p->f->tail || *row > p->f->rows)
		return false;
	*row = p->f->rows;
	*rows = 1;
	*n = p->f->tail;
	return true;
}

void norm_rows_stats(const struct norm_part *p, const float *x, const float *pivot, double *sum)
{
	int64_t rows, n;

	memset(sum, 0, (size_t)(NORM_SUMS * p->f->cols) * sizeof(*sum));
	for (int64_t r = p->from; chunk_next(p, &r, &rows, &n); r += rows)
		stats_chunk(p, x + r * p->f->cols, rows, n, pivot, sum);
}

INLINE v16 row_at(const struct norm_part *p, enum norm_row which, int64_t j)
{
	return *(const v16 *)(p->row + which * p->f->cols + j);
}

INLINE void apply_column(const struct norm_part *p, const float *x, const float *add, float *y,
	struct column c, int64_t j, int w)
{
	v16 scale = row_at(p, NORM_SCALE, j), shift = row_at(p, NORM_SHIFT, j);
	v16 slope = row_at(p, NORM_SLOPE, j);

	for (int64_t i = 0; i < c.rows; i++) {
		v16 z = flat_load(x + i * c.stride, w) * scale + shift;

		z = flat_choose(z > 0, z, z * slope);
		if (add)
			z += flat_load(add + i * c.stride, w);
		flat_store(y + i * c.stride, z, w);
	}
}

static void apply_chunk(const struct norm_part *p, const float *x, const float *add, float *y,
	int64_t rows, int64_t n)
{
	struct column c = {rows, p->f->cols};

	for (int64_t j = 0; j < n; j += 16) {
		int w = flat_width(n, j);

		if (w < 16)
			apply_column(p, x + j, add ? add + j : NULL, y + j, c, j, w);
		else if (add)
			apply_column(p, x + j, add + j, y + j, c, j, 16);
		else
			apply_column(p, x + j, NULL, y + j, c, j, 16);
	}
}

void norm_rows_apply(const struct norm_part *p, const float *x, const float *add, float *y)
{
	int64_t rows, n;

	for (int64_t r = p->from; chunk_next(p, &r, &rows, &n); r += rows) {
		int64_t at = r * p->f->cols;

		apply_chunk(p, x + at, add ? add + at : NULL, y + at, rows, n);
	}
}

/* What turning back an activation takes, for one column. */
struct turn {
	v16 scale, shift, slope, inverse;
};

INLINE struct turn turn_of(const struct norm_part *p, int64_t j)
{
	return (struct turn){row_at(p, NORM_SCALE, j), row_at(p, NORM_SHIFT, j),
		row_at(p, NORM_SLOPE, j), row_at(p, NORM_INVERSE, j)};
}

/* dy becomes dz; u becomes z for NORM_FROM_OUT; returns z * dy where z <= 0 (NORM_PRELU). */
INLINE v16 turn_back(const struct turn *t, enum norm_mode mode, v16 *u, v16 *dy)
{
	v16 z = *u, low = {0};
	v16i pos;

	if (mode != NORM_FROM_OUT)
		z = z * t->scale + t->shift;
	pos = z > 0;
	if (mode == NORM_PRELU)
		low = (v16)((v16i)(z * *dy) & ~pos);
	*dy = flat_choose(pos, *dy, *dy * t->slope);
	if (mode == NORM_FROM_OUT)
		*u = flat_choose(pos, z, z * t->inverse);
	return low;
}

INLINE void sums_column(const struct norm_part *p, enum norm_mode mode, const float *u,
	const float *dy, struct column c, int64_t j, double *sum, int w)
{
	struct turn t = turn_of(p, j);
	v16 s = {0}, q = {0}, low = {0};

	for (int64_t i = 0; i < c.rows; i++) {
		v16 z = flat_load(u + i * c.stride, w), d = flat_load(dy + i * c.stride, w);

		low += turn_back(&t, mode, &z, &d);
		s += d;
		q += d * z;
	}
	flat_add(sum + j, s, w);
	flat_add(sum + NORM_DOT * p->f->cols + j, q, w);
	if (mode == NORM_PRELU)
		flat_add(sum + NORM_TURN * p->f->cols + j, low, w);
}

INLINE void sums_chunk(const struct norm_part *p, enum norm_mode mode, const float *u,
	const float *dy, int64_t rows, int64_t n, double *sum)
{
	struct column c = {rows, p->f->cols};

	for (int64_t j = 0; j < n; j += 16) {
		int w = flat_width(n, j);

		if (w == 16)
			sums_column(p, mode, u + j, dy + j, c, j, sum, 16);
		else
			sums_column(p, mode, u + j, dy + j, c, j, sum, w);
	}
}

void norm_rows_sums(const struct norm_part *p, enum norm_mode mode, const float *u, const float *dy,
	double *sum)
{
	int64_t rows, n;

	memset(sum, 0, (size_t)(NORM_SUMS * p->f->cols) * sizeof(*sum));
	for (int64_t r = p->from; chunk_next(p, &r, &rows, &n); r += rows) {
		int64_t at = r * p->f->cols;

		if (mode == NORM_FROM_OUT)
			sums_chunk(p, NORM_FROM_OUT, u + at, dy + at, rows, n, sum);
		else if (mode == NORM_FROM_IN)
			sums_chunk(p, NORM_FROM_IN, u + at, dy + at, rows, n, sum);
		else
			sums_chunk(p, NORM_PRELU, u + at, dy + at, rows, n, sum);
	}
}

INLINE void dx_column(const struct norm_part *p, enum norm_mode mode, const float *u,
	const float *dy, float *dx, bool acc, struct column c, int64_t j, int w)
{
	struct turn t = turn_of(p, j);
	v16 a1 = row_at(p, NORM_A1, j), a2 = row_at(p, NORM_A2, j), a0 = row_at(p, NORM_A0, j);

	for (int64_t i = 0; i < c.rows; i++) {
		v16 z = flat_load(u + i * c.stride, w), d = flat_load(dy + i * c.stride, w);

		turn_back(&t, mode, &z, &d);
		d = a1 * d + (a2 * z + a0);
		if (acc)
			d += flat_load(dx + i * c.stride, w);
		flat_store(dx + i * c.stride, d, w);
	}
}

INLINE void dx_chunk(const struct norm_part *p, enum norm_mode mode, const float *u,
	const float *dy, float *dx, bool acc, int64_t rows, int64_t n)
{
	struct column c = {rows, p->f->cols};

	for (int64_t j = 0; j < n; j += 16) {
		int w = flat_width(n, j);

		if (w < 16)
			dx_column(p, mode, u + j, dy + j, dx + j, acc, c, j, w);
		else if (acc)
			dx_column(p, mode, u + j, dy + j, dx + j, true, c, j, 16);
		else
			dx_column(p, mode, u + j, dy + j, dx + j, false, c, j, 16);
	}
}

void norm_rows_dx(const struct norm_part *p, enum norm_mode mode, const float *u, const float *dy,
	float *dx, bool acc)
{
	int64_t rows, n;

	for (int64_t r = p->from; chunk_next(p, &r, &rows, &n); r += rows) {
		int64_t at = r * p->f->cols;

		if (mode == NORM_FROM_OUT)
			dx_chunk(p, NORM_FROM_OUT, u + at, dy + at, dx + at, acc, rows, n);
		else
			dx_chunk(p, NORM_FROM_IN, u + at, dy + at, dx + at, acc, rows, n);
	}
}
