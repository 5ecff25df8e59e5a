/*
 * Squared Euclidean distance transform.  Lines are independent of each other, so the
 * threads do not show in the result.
 */
#include "core/metric/edt.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"

struct line {
	double *f, *z; /* values; where one parabola's reign ends and the next begins */
	int *v;        /* feet of the parabolas in the lower envelope */
};

/* f = min over p of (w (q - p))^2 + f(p), for n values that lie stride apart. */
static void edt_line(double *d, int n, size_t stride, double w, const struct line *s)
{
	double w2 = w * w;
	int k = -1;

	for (int q = 0; q < n; q++) {
		double at = -INFINITY;

		s->f[q] = d[(size_t)q * stride];
		if (isinf(s->f[q]))
			continue;
		while (k >= 0) {
			int p = s->v[k];

			at = (s->f[q] - s->f[p]) / (2 * w2 * (q - p)) + 0.5 * (q + p);
			if (at > s->z[k])
				break;
			k--;
		}
		k++;
		s->v[k] = q;
		s->z[k] = k ? at : -INFINITY;
	}
	if (k < 0)
		return;
	for (int q = 0, j = 0; q < n; q++) {
		while (j < k && s->z[j + 1] < q)
			j++;
		d[(size_t)q * stride] = w2 * (q - s->v[j]) * (double)(q - s->v[j]) + s->f[s->v[j]];
	}
}

/* All lines along one axis. */
static void edt_axis(double *d, const int dim[3], int axis, double w)
{
	size_t stride[3] = {1, (size_t)dim[0], (size_t)dim[0] * (size_t)dim[1]};
	int a = axis == 0 ? 1 : 0, b = axis == 2 ? 1 : 2;

#pragma omp parallel
	{
		struct line s = {mem_alloc((size_t)dim[axis] * sizeof(double)),
			mem_alloc((size_t)dim[axis] * sizeof(double)),
			mem_alloc((size_t)dim[axis] * sizeof(int))};

#pragma omp for schedule(static)
		for (int j = 0; j < dim[b]; j++)
			for (int i = 0; i < dim[a]; i++)
				edt_line(d + (size_t)j * stride[b] + (size_t)i * stride[a],
					dim[axis], stride[axis], w, &s);
		free(s.f);
		free(s.z);
		free(s.v);
	}
}

void edt_squared(const unsigned char *set, const int dim[3], const double spacing[3], double *out)
{
	size_t n = (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];

	for (size_t i = 0; i < n; i++)
		out[i] = set[i] ? 0 : INFINITY;
	for (int axis = 0; axis < 3; axis++)
		if (dim[axis] > 1)
			edt_axis(out, dim, axis, spacing[axis]);
}
