/*
 * Connected components of a 3-D mask.
 *
 * Two passes with union-find (Wu, Otoo and Suzuki 2009, "Optimizing two-pass
 * connected-component labeling algorithms"): the first gives each voxel the label of
 * a neighbour that comes before it in scan order and notes which labels meet, the
 * second replaces each by its root, numbered in the order of first appearance.
 * Roots are always the smaller label, so the order needs no sorting.
 */
#include "core/volume/components.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

/* The neighbours that come earlier in scan order: the first three are the faces. */
static const int8_t before[13][3] = {
	{-1, 0, 0},
	{0, -1, 0},
	{0, 0, -1},
	{-1, -1, 0},
	{1, -1, 0},
	{-1, 0, -1},
	{1, 0, -1},
	{0, -1, -1},
	{0, 1, -1},
	{-1, -1, -1},
	{1, -1, -1},
	{-1, 1, -1},
	{1, 1, -1},
};

static int32_t find_root(int32_t *parent, int32_t i)
{
	while (parent[i] != i) {
		parent[i] = parent[parent[i]];
		i = parent[i];
	}
	return i;
}

static int32_t join(int32_t *parent, int32_t a, int32_t b)
{
	a = find_root(parent, a);
	b = find_root(parent, b);
	if (a < b)
		return parent[b] = a;
	return parent[a] = b;
}

/* First pass; returns how many provisional labels there are. */
static int32_t first_pass(
	const uint8_t *mask, const int dim[3], int neighbours, int32_t *labels, int32_t *parent)
{
	ptrdiff_t step[3] = {1, dim[0], (ptrdiff_t)dim[0] * dim[1]}, at = 0;
	int32_t next = 0;

	for (int z = 0; z < dim[2]; z++)
		for (int y = 0; y < dim[1]; y++)
			for (int x = 0; x < dim[0]; x++, at++) {
				int32_t own = 0;

				labels[at] = 0;
				if (!mask[at])
					continue;
				for (int k = 0; k < neighbours; k++) {
					const int8_t *d = before[k];
					int32_t other;

					if (x + d[0] < 0 || x + d[0] >= dim[0] || y + d[1] < 0 ||
						y + d[1] >= dim[1] || z + d[2] < 0)
						continue;
					other = labels[at + d[0] + d[1] * step[1] + d[2] * step[2]];
					if (other)
						own = own ? join(parent, own, other) : other;
				}
				if (!own) {
					own = ++next;
					parent[own] = own;
				}
				labels[at] = own;
			}
	return next;
}

int components_label(const uint8_t *mask, const int dim[3], enum components_connectivity conn,
	int32_t *labels, struct err *err)
{
	size_t n = (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2], most = 1;
	int32_t *parent, provisional, count = 0;

	for (size_t i = 0; i < n; i++)
		most += mask[i] != 0;
	if (most > INT32_MAX)
		return err_set(err, ERR_DATA, "a mask of %zu voxels is too large to label", most);
	parent = mem_try_big(most * sizeof(*parent), "the components of a mask", err);
	if (!parent)
		return -1;
	provisional = first_pass(mask, dim, conn == COMPONENTS_6 ? 3 : 13, labels, parent);
	/* A parent is never larger than its child: one forward walk flattens and renumbers. */
	for (int32_t i = 1; i <= provisional; i++)
		parent[i] = parent[i] == i ? ++count : parent[parent[i]];
	for (size_t i = 0; i < n; i++)
		if (labels[i])
			labels[i] = parent[labels[i]];
	free(parent);
	return count;
}

int components_keep_largest(uint8_t *mask, const int dim[3], enum components_connectivity conn,
	size_t *voxels, struct err *err)
{
	size_t n = (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2], *size;
	int32_t *labels = mem_try_big(n * sizeof(*labels), "the components of a mask", err);
	int count, best = 0;

	if (!labels)
		return -1;
	count = components_label(mask, dim, conn, labels, err);
	if (count < 0) {
		free(labels);
		return -1;
	}
	size = mem_zalloc(((size_t)count + 1) * sizeof(*size));
	for (size_t i = 0; i < n; i++)
		if (labels[i])
			size[labels[i]]++;
	for (int i = 1; i <= count; i++)
		if (size[i] > size[best])
			best = i;
	for (size_t i = 0; i < n; i++)
		if (labels[i] != best)
			mask[i] = 0;
	if (voxels)
		*voxels = size[best];
	free(size);
	free(labels);
	return 0;
}
