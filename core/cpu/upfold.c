/*
 * Folding along one axis: f = [w2, w1 + w2, w0 + w1, w0], where index o - 2 j + 1
 * of f joins output o and source j.  Three axes one after the other, and the
 * transposed rule for the gradient.
 */
#include "core/cpu/upfold.h"

/* outer x 3 x inner -> outer x 4 x inner */
static void fold_axis(const float *w, float *f, int outer, int inner)
{
	for (int o = 0; o < outer; o++, w += 3 * inner, f += 4 * inner) {
		for (int i = 0; i < inner; i++) {
			f[i] = w[2 * inner + i];
			f[inner + i] = w[inner + i] + w[2 * inner + i];
			f[2 * inner + i] = w[i] + w[inner + i];
			f[3 * inner + i] = w[i];
		}
	}
}

/* outer x 4 x inner -> outer x 3 x inner */
static void unfold_axis(const float *f, float *w, int outer, int inner)
{
	for (int o = 0; o < outer; o++, w += 3 * inner, f += 4 * inner) {
		for (int i = 0; i < inner; i++) {
			w[i] = f[2 * inner + i] + f[3 * inner + i];
			w[inner + i] = f[inner + i] + f[2 * inner + i];
			w[2 * inner + i] = f[i] + f[inner + i];
		}
	}
}

void upfold(int threads, const float *w, float *folded, int64_t co, int64_t ca, int64_t ci_all)
{
#pragma omp parallel for schedule(static) num_threads(threads)
	for (int64_t a = 0; a < ca; a++) {
		for (int64_t o = 0; o < co; o++) {
			float x[36], y[48];

			fold_axis(w + (o * ci_all + a) * 27, x, 9, 1);
			fold_axis(x, y, 3, 4);
			fold_axis(y, folded + (a * co + o) * 64, 1, 16);
		}
	}
}

void upunfold(int threads, const float *folded, float *dw, int64_t co, int64_t ca, int64_t ci_all)
{
#pragma omp parallel for schedule(static) num_threads(threads)
	for (int64_t o = 0; o < co; o++) {
		for (int64_t a = 0; a < ca; a++) {
			float y[48], x[36];

			unfold_axis(folded + (a * co + o) * 64, y, 1, 16);
			unfold_axis(y, x, 3, 4);
			unfold_axis(x, dw + (o * ci_all + a) * 27, 9, 1);
		}
	}
}
