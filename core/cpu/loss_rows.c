/*
 * Channels-last values of a loss into rows per class and back, and the activations over
 * rows.  With the number of channels known to the compiler, taking two to four apart is
 * a few permutations; five and more are moved one by one, in the first cache.
 */
#include "core/cpu/loss_rows.h"

#include <string.h>

#include "core/graph/fmath.h"

static inline __attribute__((always_inline)) void deal(
	const float *restrict x, int classes, int len, int n, float *restrict rows)
{
#pragma omp simd
	for (int i = 0; i < n; i++)
		for (int c = 0; c < classes; c++)
			rows[c * len + i] = x[i * classes + c];
}

static void load(const float *x, int classes, int len, int n, float *rows)
{
	switch (classes) {
	case 1:
		memcpy(rows, x, (size_t)n * sizeof(float));
		break;
	case 2:
		deal(x, 2, 256, n, rows);
		break;
	case 3:
		deal(x, 3, 256, n, rows);
		break;
	case 4:
		deal(x, 4, 256, n, rows);
		break;
	default:
		loss_block_load(x, classes, len, n, rows);
	}
}

void loss_rows_load(struct loss_rows *b, const float *x)
{
	load(x, b->classes, b->len, b->n, b->z);
}

void loss_rows_target(struct loss_rows *b, const float *label, int label_channels)
{
	int n = b->n;

	if (label_channels == b->classes && b->classes > 1) {
		load(label, b->classes, b->len, n, b->t);
		return;
	}
	if (b->classes == 1) {
		loss_block_target(label, label_channels, 1, b->len, n, b->t);
		return;
	}
	for (int c = 0; c < b->classes; c++) {
		float *restrict t = b->t + c * b->len;
		float low = (float)c - 0.5f, high = (float)c + 0.5f;

#pragma omp simd
		for (int i = 0; i < n; i++)
			t[i] = (label[i] > low) & (label[i] < high) ? 1.0f : 0.0f;
	}
}

static inline __attribute__((always_inline)) void collect(
	const float *restrict rows, int classes, int n, float *restrict dx, bool add)
{
#pragma omp simd
	for (int i = 0; i < n; i++)
		for (int c = 0; c < classes; c++)
			dx[i * classes + c] = (add ? dx[i * classes + c] : 0) + rows[c * 256 + i];
}

void loss_rows_store(const struct loss_rows *b, float *dx, bool add)
{
	if (b->classes == 1 && !add)
		memcpy(dx, b->g, (size_t)b->n * sizeof(float));
	else if (b->classes == 2 && !add)
		collect(b->g, 2, b->n, dx, false);
	else if (b->classes == 3 && !add)
		collect(b->g, 3, b->n, dx, false);
	else if (b->classes == 4 && !add)
		collect(b->g, 4, b->n, dx, false);
	else
		loss_block_store(b->g, b->classes, b->len, b->n, dx, add);
}

static void rows_max(struct loss_rows *b, bool logs)
{
	float *restrict max = b->max;
	int32_t *restrict top = b->top;
	int n = b->n, m = logs ? n : 0;

	memcpy(max, b->z, (size_t)n * sizeof(float));
	memset(top, 0, (size_t)n * sizeof(*top));
	for (int c = 1; c < b->classes; c++) {
		const float *restrict z = b->z + c * b->len;

#pragma omp simd
		for (int i = 0; i < m; i++)
			top[i] = z[i] > max[i] ? c : top[i];
#pragma omp simd
		for (int i = 0; i < n; i++)
			max[i] = z[i] > max[i] ? z[i] : max[i];
	}
}

/* Of one class.  Arrays as arguments: GCC believes restrict there, and only there. */
static void row_exp(const float *restrict z, const float *restrict max, float *restrict p,
	float *restrict sum, int n)
{
#pragma omp simd
	for (int i = 0; i < n; i++) {
		p[i] = fmath_exp(z[i] - max[i]);
		sum[i] += p[i];
	}
}

static void row_rest(float *restrict z, const float *restrict max, const float *restrict p,
	const int32_t *restrict top, float *restrict rest, int c, int n)
{
#pragma omp simd
	for (int i = 0; i < n; i++) {
		z[i] -= max[i];
		rest[i] += top[i] == c ? 0 : p[i];
	}
}

static void row_sums(
	const float *restrict sum, float *restrict inv, float *restrict log_sum, bool logs, int n)
{
#pragma omp simd
	for (int i = 0; i < n; i++)
		inv[i] = 1 / sum[i];
	if (!logs)
		return;
#pragma omp simd
	for (int i = 0; i < n; i++)
		log_sum[i] = fmath_log(sum[i]);
}

static void row_scale(float *restrict p, const float *restrict inv, int n)
{
#pragma omp simd
	for (int i = 0; i < n; i++)
		p[i] *= inv[i];
}

void loss_rows_softmax(struct loss_rows *b, bool logs)
{
	rows_max(b, logs);
	memset(b->sum, 0, (size_t)b->n * sizeof(float));
	memset(b->rest, 0, (size_t)b->n * sizeof(float));
	for (int c = 0; c < b->classes; c++) {
		float *z = b->z + c * b->len, *p = b->p + c * b->len;

		row_exp(z, b->max, p, b->sum, b->n);
		if (logs)
			row_rest(z, b->max, p, b->top, b->rest, c, b->n);
	}
	row_sums(b->sum, b->inv, b->log_sum, logs, b->n);
	for (int c = 0; c < b->classes; c++)
		row_scale(b->p + c * b->len, b->inv, b->n);
}

void loss_rows_sigmoid(struct loss_rows *b)
{
	for (int c = 0; c < b->classes; c++) {
		const float *restrict z = b->z + c * b->len;
		float *restrict p = b->p + c * b->len;
		int n = b->n;

#pragma omp simd
		for (int i = 0; i < n; i++) {
			float u = fmath_exp(z[i] > 0 ? -z[i] : z[i]);

			p[i] = (z[i] > 0 ? 1.0f : u) / (1 + u);
		}
	}
}
