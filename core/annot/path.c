/*
 * Cheapest paths through a volume: Dijkstra's algorithm with a binary heap.
 *
 * Equal distances are ordered by the voxel's number, so that the path does not depend on
 * anything but the costs.
 */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/annot/walker.h"
#include "core/base/mem.h"

struct path_item {
	float dist;
	uint32_t at;
};

struct path_heap {
	struct path_item *v;
	size_t n, cap;
};

static bool path_before(struct path_item a, struct path_item b)
{
	return a.dist < b.dist || (a.dist == b.dist && a.at < b.at);
}

static void path_push(struct path_heap *h, struct path_item x)
{
	size_t i = h->n++;

	if (h->n > h->cap) {
		h->cap = h->cap ? h->cap * 2 : 1024;
		h->v = mem_realloc(h->v, h->cap * sizeof(*h->v));
	}
	for (; i && path_before(x, h->v[(i - 1) / 2]); i = (i - 1) / 2)
		h->v[i] = h->v[(i - 1) / 2];
	h->v[i] = x;
}

static struct path_item path_pop(struct path_heap *h)
{
	struct path_item top = h->v[0], last = h->v[--h->n];
	size_t i = 0;

	for (;;) {
		size_t c = 2 * i + 1;

		if (c >= h->n)
			break;
		if (c + 1 < h->n && path_before(h->v[c + 1], h->v[c]))
			c++;
		if (!path_before(h->v[c], last))
			break;
		h->v[i] = h->v[c];
		i = c;
	}
	h->v[i] = last;
	return top;
}

struct path_search {
	const int *dim;
	const double *spacing;
	const float *cost;
	float *dist;
	uint32_t *from;
	struct path_heap heap;
};

static void path_relax(struct path_search *s, uint32_t at)
{
	int nx = s->dim[0], ny = s->dim[1];
	int x = (int)(at % (uint32_t)nx), y = (int)(at / (uint32_t)nx % (uint32_t)ny);
	int z = (int)(at / (uint32_t)nx / (uint32_t)ny);

	for (int k = 0; k < 27; k++) {
		int dx = k % 3 - 1, dy = k / 3 % 3 - 1, dz = k / 9 - 1;
		double lx = dx * s->spacing[0], ly = dy * s->spacing[1], lz = dz * s->spacing[2];
		uint32_t to;
		float d;

		if (k == 13 || x + dx < 0 || y + dy < 0 || z + dz < 0 || x + dx >= nx ||
			y + dy >= ny || z + dz >= s->dim[2])
			continue;
		to = (uint32_t)(((z + dz) * ny + y + dy) * nx + x + dx);
		d = s->dist[at] +
		    0.5f * (s->cost[at] + s->cost[to]) * (float)sqrt(lx * lx + ly * ly + lz * lz);
		if (!(d < s->dist[to]))
			continue;
		s->dist[to] = d;
		s->from[to] = at;
		path_push(&s->heap, (struct path_item){d, to});
	}
}

int walker_path(const int dim[3], const double spacing[3], const float *cost, const int a[3],
	const int b[3], unsigned char *path, struct err *err)
{
	size_t n = (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];
	struct path_search s = {.dim = dim, .spacing = spacing, .cost = cost};
	uint32_t start = (uint32_t)((a[2] * dim[1] + a[1]) * dim[0] + a[0]);
	uint32_t goal = (uint32_t)((b[2] * dim[1] + b[1]) * dim[0] + b[0]);

	s.dist = mem_try_big(n * sizeof(*s.dist), "path", err);
	s.from = s.dist ? mem_try_big(n * sizeof(*s.from), "path", err) : NULL;
	if (!s.from) {
		free(s.dist);
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		s.dist[i] = FLT_MAX;
	s.dist[start] = 0;
	s.from[start] = start;
	path_push(&s.heap, (struct path_item){0, start});
	while (s.heap.n) {
		struct path_item x = path_pop(&s.heap);

		if (x.at == goal)
			break;
		if (x.dist <= s.dist[x.at])
			path_relax(&s, x.at);
	}
	for (uint32_t at = goal;; at = s.from[at]) {
		path[at] = 1;
		if (at == start)
			break;
	}
	free(s.heap.v);
	free(s.dist);
	free(s.from);
	return 0;
}
