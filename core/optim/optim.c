/*
 * What the optimizers share: the call through the component and the sum of
 * squares that NovoGrad needs.
 *
 * A parallel reduction normally adds in an order that depends on the number of
 * threads, and then a resume on another machine, or the same machine with one
 * core less, drifts.  Here every chunk of 4096 values is summed by itself, in
 * double and in a fixed order, and the chunk sums are added in their order.
 */
#include "core/optim/optim.h"

#define SUM_CHUNK 4096
#define SUM_BATCH 256

const struct optim_ops *optim_ops(const struct component_use *u)
{
	return u->c->ops;
}

void optim_update(
	const struct component_use *u, const struct optim_step *step, struct optim_tensor *p)
{
	optim_ops(u)->update(u->args, step, p);
}

static double chunk_sum_squares(const float *x, size_t n)
{
	double lane[8] = {0}, sum = 0;
	size_t i = 0;

	for (; i + 8 <= n; i += 8)
		for (int j = 0; j < 8; j++)
			lane[j] += (double)x[i + j] * x[i + j];
	for (; i < n; i++)
		lane[i % 8] += (double)x[i] * x[i];
	for (int j = 0; j < 8; j++)
		sum += lane[j];
	return sum;
}

double optim_sum_squares(const float *x, size_t n)
{
	double part[SUM_BATCH], sum = 0;

	for (size_t base = 0; base < n; base += (size_t)SUM_CHUNK * SUM_BATCH) {
		size_t rest = n - base;
		int chunks = rest >= (size_t)SUM_CHUNK * SUM_BATCH
				     ? SUM_BATCH
				     : (int)((rest + SUM_CHUNK - 1) / SUM_CHUNK);

#pragma omp parallel for schedule(static) if (chunks > 8)
		for (int c = 0; c < chunks; c++) {
			size_t at = base + (size_t)c * SUM_CHUNK;

			part[c] =
				chunk_sum_squares(x + at, n - at < SUM_CHUNK ? n - at : SUM_CHUNK);
		}
		for (int c = 0; c < chunks; c++)
			sum += part[c];
	}
	return sum;
}
