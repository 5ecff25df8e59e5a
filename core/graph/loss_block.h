#ifndef CORE_GRAPH_LOSS_BLOCK_H
#define CORE_GRAPH_LOSS_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How the loss ops walk over N D H W C: in chunks of LOSS_CHUNK voxels, whose sums
 * are kept apart and added in their order (so the number of threads never shows in
 * the result), and in the chunk in blocks of loss_block_len() voxels, which are
 * taken apart into one row per class: value [c * len + i] for voxel i, so that the
 * arithmetic runs over neighbouring numbers.
 */
#define LOSS_CHUNK       4096
#define LOSS_CLASSES_MAX 1024
#define LOSS_SPACE       8192 /* floats in a block's array: classes * len at most */

/* Voxels per block for a number of classes: at most 256. */
int loss_block_len(int classes);

/* x: n x classes values -> rows. */
void loss_block_load(const float *x, int classes, int len, int n, float *rows);

/* label: n x label_channels -> 1 or 0 per class (or the given values, one channel per class). */
void loss_block_target(
	const float *label, int label_channels, int classes, int len, int n, float *rows);

/* rows -> n x classes gradients, added to what is there or stored. */
void loss_block_store(const float *rows, int classes, int len, int n, float *dx, bool add);

#endif
