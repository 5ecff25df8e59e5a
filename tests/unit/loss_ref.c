/*
 * Plain double-precision losses for test_loss.c.
 */
#include "tests/unit/loss_ref.h"

#include <math.h>

/* Target of class c at voxel i. */
static double target(const float *label, int onehot, int i, int c, int classes)
{
	if (onehot)
		return (double)label[i * classes + c];
	if (classes == 1)
		return label[i] > 0.5f;
	return (int)lrintf(label[i]) == c;
}

double loss_ref_dice(const struct dice_attr *a, const double *x, const float *label, int items,
	int voxels, int classes)
{
	int first = a->skip_background && classes > 1;
	double total = 0;

	for (int n = 0; n < items; n++) {
		for (int c = first; c < classes; c++) {
			double inter = 0, st = 0, sp = 0;

			for (int i = n * voxels; i < (n + 1) * voxels; i++) {
				double t = target(label, a->onehot, i, c, classes);
				double p = x[i * classes + c];

				inter += t * p;
				st += a->squared ? t * t : t;
				sp += a->squared ? p * p : p;
			}
			total += (2 * inter + (double)a->top_smooth) /
				 (st + sp - (a->jaccard ? inter : 0) + (double)a->smooth);
		}
	}
	return 1 - total / (items * (classes - first));
}

static double softmax(const double *z, int c, int classes)
{
	double sum = 0;

	for (int k = 0; k < classes; k++)
		sum += exp(z[k] - z[c]);
	return 1 / sum;
}

/* p and 1 - p of class c. */
static void probability(
	const struct entropy_attr *a, const double *z, int c, int classes, double *p, double *q)
{
	switch (a->form) {
	case ENTROPY_SOFTMAX_LOGITS:
		*p = softmax(z, c, classes);
		*q = 0;
		for (int k = 0; k < classes; k++)
			*q += k == c ? 0 : softmax(z, k, classes);
		break;
	case ENTROPY_SIGMOID_LOGITS:
		*p = 1 / (1 + exp(-z[c]));
		*q = 1 / (1 + exp(z[c]));
		break;
	default:
		*p = z[c];
		*q = 1 - z[c];
	}
}

double loss_ref_cross_entropy(
	const struct entropy_attr *a, const double *x, const float *label, int voxels, int classes)
{
	int first = a->skip_background && classes > 1;
	int independent = a->form == ENTROPY_SIGMOID_LOGITS || a->form == ENTROPY_SIGMOID_PROB;
	double total = 0;

	for (int i = 0; i < voxels; i++) {
		for (int c = first; c < classes; c++) {
			double t = target(label, a->onehot, i, c, classes), p, q;

			probability(a, x + i * classes, c, classes, &p, &q);
			total -= t * log(p);
			if (independent)
				total -= (1 - t) * log(q);
		}
	}
	return total / voxels / (independent ? classes - first : 1);
}

double loss_ref_focal(
	const struct entropy_attr *a, const double *x, const float *label, int voxels, int classes)
{
	int first = a->skip_background && classes > 1;
	double total = 0, g = (double)a->gamma;

	for (int i = 0; i < voxels; i++) {
		for (int c = first; c < classes; c++) {
			double t = target(label, a->onehot, i, c, classes), p, q;
			double alpha = (double)a->alpha[a->n_alpha > 1 ? c : 0];

			probability(a, x + i * classes, c, classes, &p, &q);
			total -= (a->n_alpha ? alpha : 1) * t * pow(q, g) * log(p);
			total -= (a->n_alpha ? 1 - alpha : 1) * (1 - t) * pow(p, g) * log(q);
		}
	}
	return total / voxels;
}
