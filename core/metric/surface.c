/*
 * Surfaces and their distances, inside the box that holds both masks.
 */
#include "core/metric/surface.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/metric/edt.h"

struct box {
	int from[3], to[3]; /* to: exclusive */
};

static void box_add(struct box *b, int x, int y, int z)
{
	const int at[3] = {x, y, z};

	for (int i = 0; i < 3; i++) {
		b->from[i] = at[i] < b->from[i] ? at[i] : b->from[i];
		b->to[i] = at[i] >= b->to[i] ? at[i] + 1 : b->to[i];
	}
}

static bool inside(const unsigned char *m, const int dim[3], int x, int y, int z)
{
	if (x < 0 || y < 0 || z < 0 || x >= dim[0] || y >= dim[1] || z >= dim[2])
		return false;
	return m[((size_t)z * (size_t)dim[1] + (size_t)y) * (size_t)dim[0] + (size_t)x];
}

static bool on_surface(const unsigned char *m, const int dim[3], int x, int y, int z)
{
	if (!inside(m, dim, x, y, z))
		return false;
	/* One slice is a 2-D image, which has no neighbours above and below. */
	if (dim[2] > 1 && !(inside(m, dim, x, y, z - 1) && inside(m, dim, x, y, z + 1)))
		return true;
	return !(inside(m, dim, x - 1, y, z) && inside(m, dim, x + 1, y, z) &&
		 inside(m, dim, x, y - 1, z) && inside(m, dim, x, y + 1, z));
}

/* Surface of m inside the box, as a mask of the box; returns how many voxels. */
static size_t box_surface(
	const unsigned char *m, const int dim[3], const struct box *b, unsigned char *out)
{
	size_t n = 0;

	for (int z = b->from[2]; z < b->to[2]; z++)
		for (int y = b->from[1]; y < b->to[1]; y++)
			for (int x = b->from[0]; x < b->to[0]; x++) {
				*out = on_surface(m, dim, x, y, z);
				n += *out++;
			}
	return n;
}

static double *distances_at(const unsigned char *at, size_t n_at, const double *squared, size_t n)
{
	double *out = mem_alloc(n_at * sizeof(*out));
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (at[i])
			out[k++] = sqrt(squared[i]);
	return out;
}

static void box_distances(struct surface_distances *s, const unsigned char *pred,
	const unsigned char *label, const int dim[3], const double spacing[3], const struct box *b)
{
	const int size[3] = {b->to[0] - b->from[0], b->to[1] - b->from[1], b->to[2] - b->from[2]};
	size_t n = (size_t)size[0] * (size_t)size[1] * (size_t)size[2];
	unsigned char *sp = mem_alloc(n), *sl = mem_alloc(n);
	double *d = mem_alloc(n * sizeof(*d));

	s->n_pred = box_surface(pred, dim, b, sp);
	s->n_label = box_surface(label, dim, b, sl);
	edt_squared(sl, size, spacing, d);
	s->pred = distances_at(sp, s->n_pred, d, n);
	edt_squared(sp, size, spacing, d);
	s->label = distances_at(sl, s->n_label, d, n);
	free(sp);
	free(sl);
	free(d);
}

void surface_distances(struct surface_distances *s, const unsigned char *pred,
	const unsigned char *label, const int dim[3], const double spacing[3])
{
	struct box b = {{dim[0], dim[1], dim[2]}, {0, 0, 0}};
	bool any_pred = false, any_label = false;
	size_t i = 0;

	*s = (struct surface_distances){0};
	for (int z = 0; z < dim[2]; z++)
		for (int y = 0; y < dim[1]; y++)
			for (int x = 0; x < dim[0]; x++, i++) {
				if (!pred[i] && !label[i])
					continue;
				any_pred |= pred[i];
				any_label |= label[i];
				box_add(&b, x, y, z);
			}
	if (any_pred && any_label)
		box_distances(s, pred, label, dim, spacing, &b);
}

void surface_release(struct surface_distances *s)
{
	free(s->pred);
	free(s->label);
	*s = (struct surface_distances){0};
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double surface_percentile(double *x, size_t n, double percentile)
{
	double at = percentile / 100 * (double)(n ? n - 1 : 0);
	size_t i = (size_t)at;

	if (!n)
		return NAN;
	qsort(x, n, sizeof(*x), compare_doubles);
	return i + 1 < n ? x[i] + (at - (double)i) * (x[i + 1] - x[i]) : x[n - 1];
}
