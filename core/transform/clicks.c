/*
 * Where a simulated annotator clicks: in the middle of what is wrong, as people do.
 *
 * MONAI's deepgrow weighs a voxel by exp(d) - 1, d its chessboard distance to the nearest
 * voxel outside of the region; beyond the border of the image there is no outside.  The
 * distance takes two passes over the box around the region (Rosenfeld and Pfaltz 1966),
 * and is a small whole number, so that the weights come from a table.
 */
#include "core/transform/clicks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

enum { CLICKS_FAR = 1 << 28 };

/* The box of a region with one voxel more on every side: distances, x fastest. */
struct click_box {
	int lo[3], dim[3]; /* lo: the box's corner in the image, may be -1 */
	int *d;
};

static bool box_bounds(const unsigned char *mask, const int dim[3], int lo[3], int hi[3])
{
	bool any = false;

	for (int z = 0; z < dim[2]; z++)
		for (int y = 0; y < dim[1]; y++) {
			const unsigned char *row =
				mask + ((size_t)z * (size_t)dim[1] + (size_t)y) * (size_t)dim[0];
			int a = 0, b = dim[0] - 1;

			while (a <= b && !row[a])
				a++;
			if (a > b)
				continue;
			while (!row[b])
				b--;
			lo[0] = !any || a < lo[0] ? a : lo[0];
			hi[0] = !any || b > hi[0] ? b : hi[0];
			lo[1] = !any || y < lo[1] ? y : lo[1];
			hi[1] = !any || y > hi[1] ? y : hi[1];
			lo[2] = any ? lo[2] : z;
			hi[2] = z;
			any = true;
		}
	return any;
}

/* Start: 0 outside of the region, far inside, and far (no outside) beyond the image. */
static void box_fill(const struct click_box *b, const unsigned char *mask, const int dim[3])
{
	int *d = b->d;

	for (int k = 0; k < b->dim[2]; k++)
		for (int j = 0; j < b->dim[1]; j++)
			for (int i = 0; i < b->dim[0]; i++, d++) {
				int x = b->lo[0] + i, y = b->lo[1] + j, z = b->lo[2] + k;
				bool in = x >= 0 && y >= 0 && z >= 0 && x < dim[0] && y < dim[1] &&
					  z < dim[2];
				size_t at =
					((size_t)z * (size_t)dim[1] + (size_t)y) * (size_t)dim[0] +
					(size_t)x;

				*d = !in || mask[at] ? CLICKS_FAR : 0;
			}
}

/* One pass over the inner voxels, in order (sign 1: neighbours before) or backwards (-1). */
static void box_pass(const struct click_box *b, int sign)
{
	const ptrdiff_t sy = b->dim[0], sz = (ptrdiff_t)b->dim[0] * b->dim[1];
	ptrdiff_t near[13];
	int n = 0;

	for (int k = -1; k <= 1; k++)
		for (int j = -1; j <= 1; j++)
			for (int i = -1; i <= 1; i++)
				if (n < 13)
					near[n++] = sign * (k * sz + j * sy + i);
	for (int k = 1; k < b->dim[2] - 1; k++)
		for (int j = 1; j < b->dim[1] - 1; j++)
			for (int i = 1; i < b->dim[0] - 1; i++) {
				int x = sign > 0 ? i : b->dim[0] - 1 - i;
				int y = sign > 0 ? j : b->dim[1] - 1 - j;
				int z = sign > 0 ? k : b->dim[2] - 1 - k;
				int *d = b->d + z * sz + y * sy + x;

				if (!*d)
					continue;
				for (int m = 0; m < 13; m++)
					*d = d[near[m]] + 1 < *d ? d[near[m]] + 1 : *d;
			}
}

/* exp(d - top) - exp(-top) for d = 0 ... top; without any outside all weigh the same. */
static double *box_weights(const struct click_box *b, size_t n, int *top)
{
	double *w;

	*top = 0;
	for (size_t i = 0; i < n; i++)
		*top = b->d[i] < CLICKS_FAR && b->d[i] > *top ? b->d[i] : *top;
	w = mem_alloc((size_t)(*top + 1) * sizeof(*w));
	for (int d = 0; d <= *top; d++)
		w[d] = exp((double)d - *top) - exp(-(double)*top);
	return w;
}

static double box_weight(const struct click_box *b, const unsigned char *mask, const int dim[3],
	const double *w, int top, size_t i, size_t *at)
{
	size_t nx = (size_t)b->dim[0], ny = (size_t)b->dim[1];
	int x = b->lo[0] + (int)(i % nx), y = b->lo[1] + (int)(i / nx % ny);
	int z = b->lo[2] + (int)(i / nx / ny);

	if (!b->d[i] || x < 0 || y < 0 || z < 0 || x >= dim[0] || y >= dim[1] || z >= dim[2])
		return 0;
	*at = ((size_t)z * (size_t)dim[1] + (size_t)y) * (size_t)dim[0] + (size_t)x;
	if (!mask[*at])
		return 0;
	return top ? w[b->d[i]] : 1;
}

static long box_draw(
	const struct click_box *b, const unsigned char *mask, const int dim[3], struct rng *rng)
{
	size_t n = (size_t)b->dim[0] * (size_t)b->dim[1] * (size_t)b->dim[2], at = 0;
	double sum = 0, left, *w;
	long found = -1;
	int top;

	w = box_weights(b, n, &top);
	for (size_t i = 0; i < n; i++)
		sum += box_weight(b, mask, dim, w, top, i, &at);
	left = rng_uniform(rng) * sum;
	for (size_t i = 0; i < n && !(found >= 0 && left < 0); i++) {
		double one = box_weight(b, mask, dim, w, top, i, &at);

		if (one > 0)
			found = (long)at;
		left -= one;
	}
	free(w);
	return found;
}

long clicks_draw(const unsigned char *mask, const int dim[3], struct rng *rng)
{
	struct click_box b;
	int lo[3] = {0}, hi[3] = {0};
	long at;

	if (!box_bounds(mask, dim, lo, hi))
		return -1;
	for (int i = 0; i < 3; i++) {
		b.lo[i] = lo[i] - 1;
		b.dim[i] = hi[i] - lo[i] + 3;
	}
	b.d = mem_alloc((size_t)b.dim[0] * (size_t)b.dim[1] * (size_t)b.dim[2] * sizeof(*b.d));
	box_fill(&b, mask, dim);
	box_pass(&b, 1);
	box_pass(&b, -1);
	at = box_draw(&b, mask, dim, rng);
	free(b.d);
	return at;
}
