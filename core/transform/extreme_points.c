/*
 * Extreme points of a label.
 */
#include "core/transform/extreme_points.h"

/* The outermost plane along axis that has foreground, and how many voxels of it are. */
struct extreme_plane {
	int at;
	size_t count;
};

static void extreme_scan(const struct volume *v, struct extreme_plane e[EXTREME_POINTS])
{
	const float *x = v->data;

	for (int z = 0; z < v->dim[2]; z++)
		for (int y = 0; y < v->dim[1]; y++)
			for (int i = 0; i < v->dim[0]; i++) {
				int at[3] = {i, y, z};

				if (!(*x++ > 0))
					continue;
				for (int k = 0; k < EXTREME_POINTS; k++) {
					int a = at[k / 2];
					bool beyond = k % 2 ? a > e[k].at : a < e[k].at;

					if (!e[k].count || beyond)
						e[k] = (struct extreme_plane){a, 0};
					e[k].count += a == e[k].at;
				}
			}
}

/* The voxel of this rank among the foreground of one plane. */
static void extreme_take(const struct volume *v, int axis, int plane, size_t rank, int p[3])
{
	int lo[3] = {0, 0, 0}, hi[3] = {v->dim[0], v->dim[1], v->dim[2]};

	lo[axis] = plane;
	hi[axis] = plane + 1;
	for (int z = lo[2]; z < hi[2]; z++)
		for (int y = lo[1]; y < hi[1]; y++)
			for (int x = lo[0]; x < hi[0]; x++) {
				size_t at = ((size_t)z * (size_t)v->dim[1] + (size_t)y) *
						    (size_t)v->dim[0] +
					    (size_t)x;

				if (!(v->data[at] > 0) || rank-- > 0)
					continue;
				p[0] = x;
				p[1] = y;
				p[2] = z;
				return;
			}
}

bool extreme_points_find(
	const struct volume *label, struct rng *rng, int pert, int p[EXTREME_POINTS][3])
{
	struct extreme_plane e[EXTREME_POINTS] = {{0, 0}};

	extreme_scan(label, e);
	for (int k = 0; k < EXTREME_POINTS; k++) {
		if (!e[k].count)
			return false;
		extreme_take(label, k / 2, e[k].at,
			rng ? rng_below(rng, (uint32_t)e[k].count) : e[k].count / 2, p[k]);
		for (int i = 0; rng && i < 3; i++) {
			int by = (int)rng_below(rng, (uint32_t)(2 * pert + 1)) - pert;
			int at = p[k][i] + by, last = label->dim[i] - 1;

			p[k][i] = at < 0 ? 0 : at > last ? last : at;
		}
	}
	return true;
}
