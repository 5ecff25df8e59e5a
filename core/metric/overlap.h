#ifndef CORE_METRIC_OVERLAP_H
#define CORE_METRIC_OVERLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Counting voxels for Dice, one class at a time, over predictions and labels in
 * any memory order: the value of channel c at voxel i is p[c * cstep + i * vstep].
 */
struct overlap_map {
	const float *p;
	int channels;
	size_t cstep, vstep;
};

struct overlap_count {
	int64_t both, pred, label; /* voxels in both, in the prediction, in the label */
};

/* How a prediction becomes classes. */
enum overlap_rule {
	OVERLAP_ARGMAX,    /* the class with the largest value; the lowest number wins a tie */
	OVERLAP_THRESHOLD, /* every channel by itself: value >= threshold */
};

/*
 * Adds the counts of voxels first .. first+n-1 to count[0 .. pred->channels-1].
 * With one prediction channel (a mask) count[0] is the foreground: value >=
 * threshold against label > 0.5.  label has one channel of class numbers, or one
 * channel per class (> 0.5) when one_hot.  Returns the largest class number in
 * a label of class numbers (0 for masks and one-hot), rounded.
 */
int overlap_add(const struct overlap_map *pred, const struct overlap_map *label, bool one_hot,
	enum overlap_rule rule, double threshold, size_t first, size_t n,
	struct overlap_count *count);

/*
 * Membership of n voxels in class k, 1 or 0 each, by the same rules.  Either array may
 * be NULL.
 */
void overlap_masks(const struct overlap_map *pred, const struct overlap_map *label, bool one_hot,
	enum overlap_rule rule, double threshold, size_t n, int k, unsigned char *in_pred,
	unsigned char *in_label);

/* 2 both / (pred + label), or NaN when the label does not contain the class (as MONAI). */
double overlap_dice(const struct overlap_count *c);

/* both / (pred + label - both), or NaN likewise. */
double overlap_iou(const struct overlap_count *c);

#endif
