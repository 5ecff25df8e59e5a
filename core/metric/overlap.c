/*
 * Voxel counts for Dice.
 *
 * Counting is exact (64-bit integers), so no order of summation matters.  Voxels
 * are taken in blocks: the channels of a volume lie far apart, and going through
 * them voxel by voxel would touch a new cache line for every one.
 */
#include "core/metric/overlap.h"

#include <math.h>

#define OVERLAP_BLOCK 2048

static double label_at(const struct overlap_map *m, int c, size_t i)
{
	return (double)m->p[(size_t)c * m->cstep + i * m->vstep];
}

static void argmax_block(const struct overlap_map *pred, size_t first, size_t n, int *arg)
{
	float best[OVERLAP_BLOCK];

	for (size_t i = 0; i < n; i++) {
		best[i] = pred->p[(first + i) * pred->vstep];
		arg[i] = 0;
	}
	for (int c = 1; c < pred->channels; c++) {
		const float *p = pred->p + (size_t)c * pred->cstep + first * pred->vstep;

		for (size_t i = 0; i < n; i++) {
			float v = p[i * pred->vstep];

			arg[i] = v > best[i] ? c : arg[i];
			best[i] = v > best[i] ? v : best[i];
		}
	}
}

/* One class whose membership is known per voxel on both sides. */
static void count_block(const unsigned char *in_pred, const unsigned char *in_label, size_t n,
	struct overlap_count *count)
{
	int both = 0, pred = 0, label = 0;

	for (size_t i = 0; i < n; i++) {
		both += in_pred[i] & in_label[i];
		pred += in_pred[i];
		label += in_label[i];
	}
	count->both += both;
	count->pred += pred;
	count->label += label;
}

static int add_block(const struct overlap_map *pred, const struct overlap_map *label, bool one_hot,
	enum overlap_rule rule, float threshold, size_t first, size_t n,
	struct overlap_count *count)
{
	unsigned char in_pred[OVERLAP_BLOCK], in_label[OVERLAP_BLOCK];
	int arg[OVERLAP_BLOCK], want[OVERLAP_BLOCK], top = 0;
	bool mask = pred->channels == 1;

	if (!mask && rule == OVERLAP_ARGMAX)
		argmax_block(pred, first, n, arg);
	for (size_t i = 0; !mask && !one_hot && i < n; i++) {
		want[i] = (int)lrint(label_at(label, 0, first + i));
		top = want[i] > top ? want[i] : top;
	}
	for (int c = 0; c < pred->channels; c++) {
		const float *p = pred->p + (size_t)c * pred->cstep + first * pred->vstep;

		for (size_t i = 0; i < n; i++) {
			if (!mask && rule == OVERLAP_ARGMAX)
				in_pred[i] = arg[i] == c;
			else
				in_pred[i] = p[i * pred->vstep] >= threshold;
			if (mask || one_hot)
				in_label[i] = label_at(label, c, first + i) > 0.5;
			else
				in_label[i] = want[i] == c;
		}
		count_block(in_pred, in_label, n, count + c);
	}
	return top;
}

int overlap_add(const struct overlap_map *pred, const struct overlap_map *label, bool one_hot,
	enum overlap_rule rule, double threshold, size_t first, size_t n,
	struct overlap_count *count)
{
	int top = 0;

	for (size_t at = 0; at < n; at += OVERLAP_BLOCK) {
		size_t len = n - at < OVERLAP_BLOCK ? n - at : OVERLAP_BLOCK;
		int t = add_block(
			pred, label, one_hot, rule, (float)threshold, first + at, len, count);

		top = t > top ? t : top;
	}
	return top;
}

double overlap_dice(const struct overlap_count *c)
{
	return c->label ? 2.0 * (double)c->both / (double)(c->pred + c->label) : NAN;
}

double overlap_iou(const struct overlap_count *c)
{
	return c->label ? (double)c->both / (double)(c->pred + c->label - c->both) : NAN;
}

static void mask_pred_block(const struct overlap_map *pred, enum overlap_rule rule, float threshold,
	size_t first, size_t n, int k, unsigned char *out)
{
	const float *p = pred->p + (size_t)k * pred->cstep + first * pred->vstep;
	int arg[OVERLAP_BLOCK];

	if (pred->channels > 1 && rule == OVERLAP_ARGMAX) {
		argmax_block(pred, first, n, arg);
		for (size_t i = 0; i < n; i++)
			out[i] = arg[i] == k;
		return;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = p[i * pred->vstep] >= threshold;
}

void overlap_masks(const struct overlap_map *pred, const struct overlap_map *label, bool one_hot,
	enum overlap_rule rule, double threshold, size_t n, int k, unsigned char *in_pred,
	unsigned char *in_label)
{
	bool mask = pred->channels == 1;

	for (size_t at = 0; at < n; at += OVERLAP_BLOCK) {
		size_t len = n - at < OVERLAP_BLOCK ? n - at : OVERLAP_BLOCK;

		if (in_pred)
			mask_pred_block(pred, rule, (float)threshold, at, len, k, in_pred + at);
		for (size_t i = at; in_label && i < at + len; i++) {
			double v = label_at(label, mask || !one_hot ? 0 : k, i);

			in_label[i] = mask || one_hot ? v > 0.5 : (int)lrint(v) == k;
		}
	}
}
