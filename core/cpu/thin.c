/*
 * The gradient of the last 1x1x1 convolution.  oneDNN pads its 2 or 3 outputs to
 * 16 lanes and reads the large activation once for each gradient; here 16 input
 * channels are one vector, the outputs are scalars, and x and dy are read once.
 * Each thread sums a fixed range of voxels; sums are added in order of thread.
 */
#include "core/cpu/thin.h"

#include <string.h>

#include "core/cpu/threads.h"

typedef float v16 __attribute__((vector_size(64), aligned(4), may_alias));

enum { THIN_SUMS = THIN_MAX_CO * THIN_MAX_CI + THIN_MAX_CO };

size_t thin_work(int threads)
{
	return (size_t)threads * THIN_SUMS * sizeof(double);
}

/* A block of rows for 16 input channels: sums in float, added to double at the end. */
static inline __attribute__((always_inline)) void thin_block(
	const struct thin_args *a, int64_t from, int64_t to, int64_t j, int co, double *sums)
{
	v16 w[THIN_MAX_CO], s[THIN_MAX_CO] = {{0}};
	float b[THIN_MAX_CO] = {0};

	for (int k = 0; k < co; k++)
		w[k] = *(const v16 *)(a->w + k * a->ci + j);
	for (int64_t i = from; i < to; i++) {
		const float *dy = a->dy + i * co;
		v16 x = *(const v16 *)(a->x + i * a->ci + j), d = {0};

		for (int k = 0; k < co; k++) {
			s[k] += x * dy[k];
			d += w[k] * dy[k];
			b[k] += dy[k];
		}
		if (a->dx)
			*(v16 *)(a->dx + i * a->ci + j) = d;
	}
	for (int k = 0; k < co; k++) {
		for (int i = 0; i < 16; i++)
			sums[k * a->ci + j + i] += (double)s[k][i];
		if (!j)
			sums[THIN_MAX_CO * THIN_MAX_CI + k] += (double)b[k];
	}
}

static void thin_range(const struct thin_args *a, int64_t from, int64_t to, double *sums)
{
	memset(sums, 0, THIN_SUMS * sizeof(double));
	for (int64_t i = from; i < to; i += 256) {
		int64_t end = i + 256 < to ? i + 256 : to;

		for (int64_t j = 0; j < a->ci; j += 16) {
			switch (a->co) {
			case 1:
				thin_block(a, i, end, j, 1, sums);
				break;
			case 2:
				thin_block(a, i, end, j, 2, sums);
				break;
			case 3:
				thin_block(a, i, end, j, 3, sums);
				break;
			default:
				thin_block(a, i, end, j, 4, sums);
			}
		}
	}
}

void thin_backward(int threads, const struct thin_args *a, void *work)
{
	double *sums = work;

#pragma omp parallel for schedule(static) num_threads(threads)
	for (int id = 0; id < threads; id++) {
		int64_t from, to;

		threads_part(a->rows, id, threads, &from, &to);
		thin_range(a, from, to, sums + (int64_t)id * THIN_SUMS);
	}
	for (int id = 1; id < threads; id++)
		for (int i = 0; i < THIN_SUMS; i++)
			sums[i] += sums[(int64_t)id * THIN_SUMS + i];
	for (int64_t i = 0; i < a->co * a->ci; i++)
		a->dw[i] = (float)sums[i];
	for (int64_t k = 0; a->db && k < a->co; k++)
		a->db[k] = (float)sums[THIN_MAX_CO * THIN_MAX_CI + k];
}
