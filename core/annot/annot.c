/*
 * One object from extreme points and clicks, without a model.
 *
 * As in Roth et al., "Going to Extremes: Weakly Supervised Medical Image Segmentation"
 * (2021): opposite extreme points are joined by cheapest paths that avoid edges; the paths
 * and the foreground clicks are foreground, all beyond the box of the extreme points and the
 * background clicks are background, and a random walker divides the rest.  What the
 * intensities of both look like is a weak prior.
 *
 * All of it happens in a window around the points, averaged down to a grid of at most
 * max_voxels.  The probabilities are interpolated back, and the clicks have the last word.
 */
#include "core/annot/annot.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/annot/walker.h"
#include "core/base/mem.h"
#include "core/volume/components.h"
#include "core/volume/smooth.h"

enum { ANNOT_BINS = 64, ANNOT_ITERATIONS = 200 };
static const double ANNOT_REACH = 40, ANNOT_PRIOR = 0.05, ANNOT_CONTRAST = 3;

struct annot {
	const struct volume *image;
	const struct annot_request *q;
	int lo[3], dim[3];        /* window in the image */
	int box_lo[3], box_hi[3]; /* where the object can be, in the image; hi is inside */
	int block[3], grid[3];    /* voxels of the image per voxel of the grid */
	double spacing[3];        /* of the grid, mm */
	size_t n;                 /* voxels of the grid */
	struct volume *small;
	unsigned char *seed, *path;
	float *prior, *p;
};

static int annot_check_points(const struct annot *a, const int (*p)[3], int n, struct err *err)
{
	for (int i = 0; i < n; i++)
		for (int k = 0; k < 3; k++)
			if (p[i][k] < 0 || p[i][k] >= a->image->dim[k])
				return err_set(err, ERR_USAGE,
					"the point %d,%d,%d lies outside of the image of %d x %d x "
					"%d voxels",
					p[i][0], p[i][1], p[i][2], a->image->dim[0],
					a->image->dim[1], a->image->dim[2]);
	return 0;
}

static int annot_check(const struct annot *a, struct err *err)
{
	const struct annot_request *q = a->q;

	if ((q->n_extreme && q->n_extreme < 6) || (!q->n_extreme && !q->n_fore))
		return err_set(err, ERR_USAGE,
			"give six extreme points or a foreground click, found %d and %d",
			q->n_extreme, q->n_fore);
	if (annot_check_points(a, q->extreme, q->n_extreme, err) ||
		annot_check_points(a, q->fore, q->n_fore, err) ||
		annot_check_points(a, q->back, q->n_back, err))
		return -1;
	for (int i = 0; i < q->n_fore; i++)
		for (int k = 0; k < q->n_back; k++)
			if (!memcmp(q->fore[i], q->back[k], sizeof(q->fore[i])))
				return err_set(err, ERR_USAGE,
					"the voxel %d,%d,%d is clicked as foreground and as "
					"background",
					q->fore[i][0], q->fore[i][1], q->fore[i][2]);
	return 0;
}

/* The box that holds the object, and the window with some background around it. */
static void annot_window(struct annot *a)
{
	const struct annot_request *q = a->q;
	double mm[3];

	volume_spacing(a->image, mm);
	for (int k = 0; k < 3; k++) {
		int lo = a->image->dim[k], hi = -1, reach, around;

		for (int i = 0; i < q->n_extreme + q->n_fore; i++) {
			int x = i < q->n_extreme ? q->extreme[i][k] : q->fore[i - q->n_extreme][k];

			lo = x < lo ? x : lo;
			hi = x > hi ? x : hi;
		}
		reach = q->n_extreme
				? 0
				: (int)ceil((q->reach_mm > 0 ? q->reach_mm : ANNOT_REACH) / mm[k]);
		around = 2 + (hi - lo + 2 * reach) / 8;
		lo = lo < reach ? 0 : lo - reach;
		hi = hi + reach < a->image->dim[k] ? hi + reach : a->image->dim[k] - 1;
		a->box_lo[k] = lo;
		a->box_hi[k] = hi;
		a->lo[k] = lo < around ? 0 : lo - around;
		hi = hi + around < a->image->dim[k] ? hi + around : a->image->dim[k] - 1;
		a->dim[k] = hi - a->lo[k] + 1;
		a->block[k] = 1;
		a->grid[k] = a->dim[k];
		a->spacing[k] = mm[k];
	}
}

/* Larger blocks along the finest axis until the grid is small enough. */
static void annot_grid(struct annot *a)
{
	size_t most = a->q->max_voxels ? a->q->max_voxels : ANNOT_FINE;
	double mm[3];

	volume_spacing(a->image, mm);
	for (;;) {
		int axis = -1;

		a->n = (size_t)a->grid[0] * (size_t)a->grid[1] * (size_t)a->grid[2];
		for (int k = 0; k < 3; k++)
			if (a->grid[k] > 1 && (axis < 0 || a->spacing[k] < a->spacing[axis]))
				axis = k;
		if (a->n <= most || axis < 0)
			return;
		a->block[axis]++;
		a->grid[axis] = (a->dim[axis] + a->block[axis] - 1) / a->block[axis];
		a->spacing[axis] = mm[axis] * a->block[axis];
	}
}

/* Voxel of the grid that holds a voxel of the image inside the window; false: outside. */
static bool annot_cell(const struct annot *a, const int p[3], int cell[3])
{
	for (int k = 0; k < 3; k++) {
		if (p[k] < a->lo[k] || p[k] >= a->lo[k] + a->dim[k])
			return false;
		cell[k] = (p[k] - a->lo[k]) / a->block[k];
	}
	return true;
}

static size_t annot_index(const int dim[3], int x, int y, int z)
{
	return ((size_t)z * (size_t)dim[1] + (size_t)y) * (size_t)dim[0] + (size_t)x;
}

/*
 * What the intensities are multiplied by: 1, unless sums or differences of them would leave the
 * range of floats.
 */
static double annot_scale(const struct annot *a)
{
	float top = 0;

	for (int z = 0; z < a->dim[2]; z++)
		for (int y = 0; y < a->dim[1]; y++) {
			const float *row = a->image->data + annot_index(a->image->dim, a->lo[0],
								    a->lo[1] + y, a->lo[2] + z);

			for (int x = 0; x < a->dim[0]; x++)
				top = fabsf(row[x]) > top ? fabsf(row[x]) : top;
		}
	return top > 0 && !(top > 1e-18f && top < 1e18f) ? 1 / (double)top : 1;
}

/* Mean of each block, then a slight blur against noise. */
static int annot_shrink(struct annot *a, struct err *err)
{
	static const double sigma[3] = {0.4, 0.4, 0.4};
	double scale = annot_scale(a);
	float *count;

	a->small = volume_new(1, a->grid, err);
	count = a->small ? mem_try_big(a->n * sizeof(*count), "annotation", err) : NULL;
	if (!count)
		return -1;
	memset(a->small->data, 0, a->n * sizeof(float));
	memset(count, 0, a->n * sizeof(float));
	for (int z = 0; z < a->dim[2]; z++)
		for (int y = 0; y < a->dim[1]; y++) {
			const float *row = a->image->data + annot_index(a->image->dim, a->lo[0],
								    a->lo[1] + y, a->lo[2] + z);
			size_t to = annot_index(a->grid, 0, y / a->block[1], z / a->block[2]);

			for (int x = 0; x < a->dim[0]; x++) {
				a->small->data[to + (size_t)(x / a->block[0])] +=
					(float)(scale * (double)row[x]);
				count[to + (size_t)(x / a->block[0])] += 1;
			}
		}
	for (size_t i = 0; i < a->n; i++)
		a->small->data[i] /= count[i];
	free(count);
	return smooth_gaussian(a->small, sigma, err);
}

/* Mean absolute difference of neighbours: what an edge is measured against. */
static double annot_roughness(const struct annot *a)
{
	const float *x = a->small->data;
	double sum = 0;
	size_t n = 0;

	for (int z = 0; z < a->grid[2]; z++)
		for (int y = 0; y < a->grid[1]; y++)
			for (int i = 1; i < a->grid[0]; i++) {
				size_t at = annot_index(a->grid, i, y, z);

				sum += fabs((double)x[at] - (double)x[at - 1]);
				n++;
			}
	return n && sum > 0 ? sum / (double)n : 1;
}

/* Costs of a path: cheap where the image is even. */
static float *annot_costs(const struct annot *a, double rough, struct err *err)
{
	float *cost = mem_try_big(a->n * sizeof(*cost), "annotation", err);
	const ptrdiff_t step[3] = {1, a->grid[0], (ptrdiff_t)a->grid[0] * a->grid[1]};

	for (size_t i = 0; cost && i < a->n; i++) {
		double sum = 0;

		for (int k = 0; k < 3; k++) {
			int at = (int)(i / (size_t)step[k] % (size_t)a->grid[k]);
			size_t lo = at ? i - (size_t)step[k] : i;
			size_t hi = at + 1 < a->grid[k] ? i + (size_t)step[k] : i;

			sum += fabs((double)a->small->data[hi] - (double)a->small->data[lo]);
		}
		cost[i] = (float)(0.2 + sum / rough);
	}
	return cost;
}

/* The point that is outermost along axis k: least (side 0) or most (side 1). */
static const int *annot_outermost(const struct annot_request *q, int k, int side)
{
	int best = 0;

	for (int i = 1; i < q->n_extreme; i++)
		if (side ? q->extreme[i][k] > q->extreme[best][k]
			 : q->extreme[i][k] < q->extreme[best][k])
			best = i;
	return q->extreme[best];
}

static int annot_paths(struct annot *a, double rough, struct err *err)
{
	float *cost = annot_costs(a, rough, err);
	int rc = cost ? 0 : -1;

	for (int k = 0; !rc && k < 3; k++) {
		int from[3], to[3];

		if (annot_cell(a, annot_outermost(a->q, k, 0), from) &&
			annot_cell(a, annot_outermost(a->q, k, 1), to))
			rc = walker_path(a->grid, a->spacing, cost, from, to, a->path, err);
	}
	free(cost);
	return rc;
}

/* A voxel of the grid with nothing of the box in it. */
static bool annot_outside(const struct annot *a, int k, int at)
{
	int lo = a->lo[k] + at * a->block[k], hi = lo + a->block[k] - 1;

	return hi < a->box_lo[k] || lo > a->box_hi[k];
}

static void annot_seeds(struct annot *a)
{
	const struct annot_request *q = a->q;
	int c[3];

	for (int z = 0; z < a->grid[2]; z++)
		for (int y = 0; y < a->grid[1]; y++)
			for (int x = 0; x < a->grid[0]; x++) {
				size_t i = annot_index(a->grid, x, y, z);

				a->seed[i] = annot_outside(a, 0, x) || annot_outside(a, 1, y) ||
							     annot_outside(a, 2, z)
						     ? WALKER_BACK
					     : a->path[i] ? WALKER_FORE
							  : WALKER_FREE;
			}
	for (int i = 0; i < q->n_back; i++)
		if (annot_cell(a, q->back[i], c))
			a->seed[annot_index(a->grid, c[0], c[1], c[2])] = WALKER_BACK;
	for (int i = 0; i < q->n_fore; i++)
		if (annot_cell(a, q->fore[i], c))
			a->seed[annot_index(a->grid, c[0], c[1], c[2])] = WALKER_FORE;
}

static int annot_compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* Median of the foreground's intensities and their deviation (by the median distance from it). */
static void annot_object(const struct annot *a, double rough, double *middle, double *spread)
{
	float *v = mem_alloc((a->n + 1) * sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		if (a->seed[i] == WALKER_FORE)
			v[n++] = a->small->data[i];
	qsort(v, n, sizeof(*v), annot_compare);
	*middle = n ? (double)v[n / 2] : 0;
	for (size_t i = 0; i < n; i++)
		v[i] = fabsf(v[i] - (float)*middle);
	qsort(v, n, sizeof(*v), annot_compare);
	*spread = n ? 1.4826 * (double)v[n / 2] : 0;
	if (*spread < rough / 8) /* a click alone, or an even object */
		*spread = rough / 8;
	free(v);
}

/* Where an intensity falls among bins that reach 8 deviations from the object's middle. */
static int annot_bin(float x, double middle, double spread)
{
	double at = ((double)x - middle) / (8 * spread);

	at = at < -1 ? -1 : at > 1 ? 1 : at;
	return (int)((at + 1) / 2 * (ANNOT_BINS - 1) + 0.5);
}

/* Is voxel i of the grid at its border, along an axis of more than one? */
static bool annot_border(const struct annot *a, size_t i)
{
	bool border = false;

	for (int k = 0; k < 3; k++) {
		int at = (int)(i % (size_t)a->grid[k]);

		border = border || (a->grid[k] > 1 && (at == 0 || at == a->grid[k] - 1));
		i /= (size_t)a->grid[k];
	}
	return border;
}

/*
 * Smoothed histograms of the seeds' intensities; the part of the foreground is the prior.  Where
 * nothing is known to be background (clicks whose reach is the whole image), it is taken to look
 * like the image's border.
 */
static void annot_prior(struct annot *a, double middle, double spread)
{
	double h[2][ANNOT_BINS] = {{0}}, soft[2][ANNOT_BINS], total[2] = {0, 0};
	bool known = memchr(a->seed, WALKER_BACK, a->n);

	for (size_t i = 0; i < a->n; i++)
		if (a->seed[i] || (!known && annot_border(a, i))) {
			int side = a->seed[i] != WALKER_FORE;

			h[side][annot_bin(a->small->data[i], middle, spread)]++;
			total[side]++;
		}
	for (int s = 0; s < 2; s++)
		for (int b = 0; b < ANNOT_BINS; b++) {
			double sum = 0.001;

			for (int k = 0; k < ANNOT_BINS && total[s] > 0; k++)
				sum += h[s][k] / total[s] * exp(-0.5 * (b - k) * (b - k) / 4.0);
			soft[s][b] = sum;
		}
	for (size_t i = 0; i < a->n; i++) {
		int bin = annot_bin(a->small->data[i], middle, spread);

		a->prior[i] = (float)(soft[0][bin] / (soft[0][bin] + soft[1][bin]));
	}
}

/* Probability at a voxel of the image, linear between the middles of the blocks. */
static float annot_at(const struct annot *a, const int v[3])
{
	int i[3], j[3];
	float t[3], sum = 0;

	for (int k = 0; k < 3; k++) {
		float x = ((float)(v[k] - a->lo[k]) + 0.5f) / (float)a->block[k] - 0.5f;

		x = x < 0 ? 0 : x > (float)(a->grid[k] - 1) ? (float)(a->grid[k] - 1) : x;
		i[k] = (int)x;
		j[k] = i[k] + 1 < a->grid[k] ? i[k] + 1 : i[k];
		t[k] = x - (float)i[k];
	}
	for (int c = 0; c < 8; c++)
		sum += (c & 1 ? t[0] : 1 - t[0]) * (c & 2 ? t[1] : 1 - t[1]) *
		       (c & 4 ? t[2] : 1 - t[2]) *
		       a->p[annot_index(a->grid, c & 1 ? j[0] : i[0], c & 2 ? j[1] : i[1],
			       c & 4 ? j[2] : i[2])];
	return sum;
}

/* Keeps the pieces of the grid's answer that hold foreground seeds. */
static int annot_connected(struct annot *a, struct err *err)
{
	int32_t *label = mem_try_big(a->n * sizeof(*label), "annotation", err);
	unsigned char *in = label ? mem_alloc(a->n) : NULL;
	bool *keep;
	int n;

	if (!label)
		return -1;
	for (size_t i = 0; i < a->n; i++)
		in[i] = a->p[i] >= 0.5f;
	n = components_label(in, a->grid, COMPONENTS_26, label, err);
	keep = mem_zalloc((size_t)(n < 0 ? 0 : n) + 1);
	for (size_t i = 0; n > 0 && i < a->n; i++)
		if (a->seed[i] == WALKER_FORE)
			keep[label[i]] = true;
	for (size_t i = 0; n > 0 && i < a->n; i++)
		if (in[i] && !keep[label[i]])
			a->p[i] = 0;
	free(keep);
	free(in);
	free(label);
	return n < 0 ? -1 : 0;
}

static void annot_mask(const struct annot *a, unsigned char *mask)
{
	const struct annot_request *q = a->q;
	const int *dim = a->image->dim;

	memset(mask, 0, volume_voxels(a->image));
	for (int z = a->box_lo[2]; z <= a->box_hi[2]; z++)
		for (int y = a->box_lo[1]; y <= a->box_hi[1]; y++)
			for (int x = a->box_lo[0]; x <= a->box_hi[0]; x++)
				mask[annot_index(dim, x, y, z)] =
					annot_at(a, (const int[]){x, y, z}) >= 0.5f;
	for (int i = 0; i < q->n_fore; i++)
		mask[annot_index(dim, q->fore[i][0], q->fore[i][1], q->fore[i][2])] = 1;
	for (int i = 0; i < q->n_back; i++)
		mask[annot_index(dim, q->back[i][0], q->back[i][1], q->back[i][2])] = 0;
}

static int annot_alloc(struct annot *a, struct err *err)
{
	a->seed = mem_zalloc(a->n);
	a->path = mem_zalloc(a->n);
	a->prior = mem_try_big(a->n * sizeof(float), "annotation", err);
	a->p = a->prior ? mem_try_big(a->n * sizeof(float), "annotation", err) : NULL;
	return a->p ? 0 : -1;
}

static int annot_walk(struct annot *a, struct err *err)
{
	double rough = annot_roughness(a), middle, spread;
	struct walker_input in = {
		.image = a->small->data,
		.seed = a->seed,
		.prior = a->prior,
		.prior_weight = ANNOT_PRIOR,
		.iterations = ANNOT_ITERATIONS,
	};

	memcpy(in.dim, a->grid, sizeof(in.dim));
	memcpy(in.spacing, a->spacing, sizeof(in.spacing));
	if (a->q->n_extreme && annot_paths(a, rough, err))
		return -1;
	annot_seeds(a);
	annot_object(a, rough, &middle, &spread);
	annot_prior(a, middle, spread);
	in.contrast = ANNOT_CONTRAST * spread;
	return walker_solve(&in, a->p, err) || annot_connected(a, err) ? -1 : 0;
}

int annot_segment(const struct volume *image, const struct annot_request *q, unsigned char *mask,
	struct err *err)
{
	struct annot a = {.image = image, .q = q};
	int rc;

	if (annot_check(&a, err))
		return -1;
	annot_window(&a);
	annot_grid(&a);
	rc = annot_alloc(&a, err) || annot_shrink(&a, err) || annot_walk(&a, err) ? -1 : 0;
	if (!rc)
		annot_mask(&a, mask);
	volume_free(a.small);
	free(a.seed);
	free(a.path);
	free(a.prior);
	free(a.p);
	return rc;
}
