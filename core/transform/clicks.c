/*
 * Where a simulated annotator clicks: in the middle of what is wrong, as people do.
 */
#include "core/transform/clicks.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/metric/edt.h"

long clicks_draw(const unsigned char *mask, const int dim[3], struct rng *rng)
{
	static const double voxel[3] = {1, 1, 1};
	size_t n = (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];
	unsigned char *outside = mem_alloc(n);
	double *d = mem_alloc(n * sizeof(*d)), top = 0, sum = 0, at;
	long found = -1;

	for (size_t i = 0; i < n; i++)
		outside[i] = !mask[i];
	edt_squared(outside, dim, voxel, d);
	for (size_t i = 0; i < n; i++) {
		/* A mask without an outside: all voxels alike. */
		d[i] = !mask[i] ? 0 : isfinite(d[i]) ? sqrt(d[i]) : 1;
		top = d[i] > top ? d[i] : top;
	}
	for (size_t i = 0; i < n; i++) {
		d[i] = d[i] > 0 ? exp(d[i] - top) - exp(-top) : 0;
		sum += d[i];
	}
	at = rng_uniform(rng) * sum;
	for (size_t i = 0; i < n; i++) {
		if (d[i] <= 0)
			continue;
		found = (long)i;
		at -= d[i];
		if (at < 0)
			break;
	}
	free(outside);
	free(d);
	return found;
}
