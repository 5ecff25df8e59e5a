/*
 * Blocks of the loss ops: channels-last values into rows per class, and back.
 */
#include "core/graph/loss_block.h"

int loss_block_len(int classes)
{
	int len = LOSS_SPACE / classes;

	return len < 256 ? len : 256;
}

void loss_block_load(const float *x, int classes, int len, int n, float *rows)
{
	for (int c = 0; c < classes; c++)
		for (int i = 0; i < n; i++)
			rows[c * len + i] = x[i * classes + c];
}

void loss_block_target(
	const float *label, int label_channels, int classes, int len, int n, float *rows)
{
	if (classes == 1 && label_channels == 1) {
		for (int i = 0; i < n; i++)
			rows[i] = label[i] > 0.5f;
	} else if (label_channels == classes) {
		loss_block_load(label, classes, len, n, rows);
	} else {
		for (int c = 0; c < classes; c++)
			for (int i = 0; i < n; i++)
				rows[c * len + i] =
					label[i] > (float)c - 0.5f && label[i] < (float)c + 0.5f;
	}
}

void loss_block_store(const float *rows, int classes, int len, int n, float *dx, bool add)
{
	for (int c = 0; c < classes; c++) {
		if (add)
			for (int i = 0; i < n; i++)
				dx[i * classes + c] += rows[c * len + i];
		else
			for (int i = 0; i < n; i++)
				dx[i * classes + c] = rows[c * len + i];
	}
}
