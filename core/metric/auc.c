/*
 * ROC AUC by ranks.
 */
#include "core/metric/auc.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"

struct scored {
	double score;
	bool positive;
};

static int compare_scores(const void *a, const void *b)
{
	double x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;

	return (x > y) - (x < y);
}

double auc_of(const double *score, const bool *positive, size_t n)
{
	struct scored *s = mem_alloc((n + 1) * sizeof(*s));
	double ranks = 0, pos = 0, neg;

	for (size_t i = 0; i < n; i++)
		s[i] = (struct scored){score[i], positive[i]};
	qsort(s, n, sizeof(*s), compare_scores);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && s[end].score == s[i].score;)
			end++;
		for (size_t j = i; j < end; j++) {
			if (!s[j].positive)
				continue;
			ranks += (double)(i + end + 1) / 2; /* mean of ranks i + 1 .. end */
			pos++;
		}
	}
	free(s);
	neg = (double)n - pos;
	return pos > 0 && neg > 0 ? (ranks - pos * (pos + 1) / 2) / (pos * neg) : NAN;
}
