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

#include <math.h>

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

double optim_norm(const struct optim_span *g, int n)
{
	double sum = 0;

	for (int i = 0; i < n; i++)
		sum += optim_sum_squares(g[i].x, g[i].n);
	return sqrt(sum);
}

double optim_clip_norm(const struct optim_span *g, int n, double limit)
{
	double norm = optim_norm(g, n);
	float k = (float)(limit / (norm + 1e-6));

	if (!isfinite(norm) || norm <= limit)
		return norm;
	for (int i = 0; i < n; i++) {
		float *restrict x = g[i].x;

#pragma omp parallel for simd schedule(static) if (g[i].n >= 32768)
		for (size_t j = 0; j < g[i].n; j++)
			x[j] *= k;
	}
	return norm;
}

void optim_clip_value(const struct optim_span *g, int n, double limit)
{
	float top = (float)limit;

	for (int i = 0; i < n; i++) {
		float *restrict x = g[i].x;

#pragma omp parallel for simd schedule(static) if (g[i].n >= 32768)
		for (size_t j = 0; j < g[i].n; j++) {
			float v = x[j] > top ? top : x[j];

			x[j] = v < -top ? -top : v;
		}
	}
}

void optim_torch_check(
	const struct optim_torch_args *a, const char *file, const char *path, struct problems *ps)
{
	if (a->betas.n && a->betas.n != 2)
		problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, path, "\"betas\": [0.9, 0.999]",
			"betas are two numbers, found %d", a->betas.n);
	if (a->amsgrad)
		problems_add(ps, PROBLEM_ERROR, ERR_DATA, file, path, "\"amsgrad\": false",
			"the AMSGrad variant is not built");
}

double optim_beta(const struct optim_torch_args *a, int i, double dflt)
{
	return a->betas.n == 2 ? a->betas.v[i] : dflt;
}
