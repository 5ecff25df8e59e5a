/*
 * Centres of crops around foreground and background voxels.
 *
 * To pick one voxel of millions no index list is kept: the voxels of each class
 * are counted per plane (one fast pass over the label), a rank is drawn, and only
 * the plane that holds this rank is searched.  The counts serve every further
 * crop of the same volume.
 */
#include "core/transform/posneg.h"

#include <stdlib.h>

#include "core/base/mem.h"

/* 32-bit sums in short blocks: four times as many lanes as with size_t. */
enum { POSNEG_BLOCK = 4096 };

static size_t posneg_count(const float *x, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i += POSNEG_BLOCK) {
		size_t end = i + POSNEG_BLOCK < n ? i + POSNEG_BLOCK : n;
		int32_t some = 0;

		for (size_t k = i; k < end; k++)
			some += x[k] > 0.0f;
		count += (size_t)some;
	}
	return count;
}

/* Background that is not empty space. */
static size_t posneg_count_within(const float *label, const float *image, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i += POSNEG_BLOCK) {
		size_t end = i + POSNEG_BLOCK < n ? i + POSNEG_BLOCK : n;
		int32_t some = 0;

		for (size_t k = i; k < end; k++)
			some += (label[k] <= 0.0f) & (image[k] > 0.0f);
		count += (size_t)some;
	}
	return count;
}

static float *posneg_merge(const struct volume *label)
{
	size_t n = volume_voxels(label);
	float *map = mem_zalloc(n * sizeof(*map));

	for (int c = 1; c < label->channels; c++) {
		const float *x = label->data + (size_t)c * n;

		for (size_t i = 0; i < n; i++)
			map[i] = x[i] > 0.0f ? 1.0f : map[i];
	}
	return map;
}

static void posneg_scan(struct posneg *p)
{
	size_t plane = (size_t)p->dim[0] * (size_t)p->dim[1];

	p->total[0] = p->total[1] = 0;
	for (int z = 0; z < p->dim[2]; z++) {
		const float *x = p->label + (size_t)z * plane;

		p->plane[1][z] = posneg_count(x, plane);
		p->plane[0][z] =
			p->image ? posneg_count_within(x, p->image + (size_t)z * plane, plane)
				 : plane - p->plane[1][z];
		for (int k = 0; k < 2; k++)
			p->total[k] += p->plane[k][z];
	}
}

void posneg_open(struct posneg *p, const struct volume *label, const struct volume *image)
{
	size_t planes = (size_t)label->dim[2];

	*p = (struct posneg){.label = label->data, .image = image ? image->data : NULL};
	for (int i = 0; i < 3; i++)
		p->dim[i] = label->dim[i];
	if (label->channels > 1)
		p->label = p->map = posneg_merge(label);
	for (int k = 0; k < 2; k++)
		p->plane[k] = mem_alloc(planes * sizeof(*p->plane[k]));
	posneg_scan(p);
	if (p->image && !p->total[0]) {
		p->image = NULL;
		posneg_scan(p);
	}
}

void posneg_close(struct posneg *p)
{
	for (int k = 0; k < 2; k++)
		free(p->plane[k]);
	free(p->map);
	*p = (struct posneg){0};
}

/* Uniform in 0 ... n-1 for counts beyond 32 bits. */
static size_t posneg_rank(struct rng *rng, size_t n)
{
	uint64_t hi = rng_u32(rng), lo = rng_u32(rng);

	return (size_t)(((unsigned __int128)(hi << 32 | lo) * n) >> 64);
}

static bool posneg_is(const struct posneg *p, size_t i, int class)
{
	if (class)
		return p->label[i] > 0.0f;
	return p->label[i] <= 0.0f && (!p->image || p->image[i] > 0.0f);
}

void posneg_draw(const struct posneg *p, double pos, double neg, struct rng *rng, int centre[3])
{
	size_t nx = (size_t)p->dim[0], plane = nx * (size_t)p->dim[1], i, end, rank;
	int class = rng_uniform(rng) * (pos + neg) < pos, z = 0;

	if (!p->total[class])
		class = !class;
	rank = posneg_rank(rng, p->total[class]);
	while (rank >= p->plane[class][z])
		rank -= p->plane[class][z++];
	i = (size_t)z * plane;
	end = i + plane;
	while (i < end && (!posneg_is(p, i, class) || rank-- > 0))
		i++;
	i -= (size_t)z * plane;
	centre[0] = (int)(i % nx);
	centre[1] = (int)(i / nx);
	centre[2] = z;
}
