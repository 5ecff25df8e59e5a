/*
 * Folding along one axis: f = [w2, w1 + w2, w0 + w1, w0], where index o - 2 j + 1
 * of f joins output o and source j.  Three axes: the product of the rules.
 */
#include "core/cpu/upfold.h"

/* Taps of w that make folded tap f: from fold_from[f], fold_count[f] of them. */
static const int fold_from[4] = {2, 1, 0, 0};
static const int fold_count[4] = {1, 2, 2, 1};

static float fold_sum(const float *w, int d, int h, int x)
{
	float sum = 0;

	for (int i = 0; i < fold_count[d]; i++)
		for (int j = 0; j < fold_count[h]; j++)
			for (int k = 0; k < fold_count[x]; k++)
				sum += w[((fold_from[d] + i) * 3 + fold_from[h] + j) * 3 +
					 fold_from[x] + k];
	return sum;
}

void upfold(const float *w, float *folded, int64_t co, int64_t ca, int64_t ci_all)
{
	for (int64_t a = 0; a < ca; a++)
		for (int64_t o = 0; o < co; o++)
			for (int f = 0; f < 64; f++)
				folded[(a * co + o) * 64 + f] = fold_sum(
					w + (o * ci_all + a) * 27, f / 16, f / 4 % 4, f % 4);
}

/* Folded taps that contain tap t: 3 - t - 1 ... 3 - t, see fold_from. */
static float fold_adjoint(const float *f, int d, int h, int x)
{
	float sum = 0;

	for (int i = 0; i < 2; i++)
		for (int j = 0; j < 2; j++)
			for (int k = 0; k < 2; k++)
				sum += f[((2 - d + i) * 4 + 2 - h + j) * 4 + 2 - x + k];
	return sum;
}

void upunfold(const float *folded, float *dw, int64_t co, int64_t ca, int64_t ci_all)
{
	for (int64_t o = 0; o < co; o++)
		for (int64_t a = 0; a < ca; a++)
			for (int t = 0; t < 27; t++)
				dw[(o * ci_all + a) * 27 + t] = fold_adjoint(
					folded + (a * co + o) * 64, t / 9, t / 3 % 3, t % 3);
}
