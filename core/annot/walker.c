/*
 * Random walker segmentation, and cheapest paths.
 *
 * The probabilities are the solution of a sparse linear system (the graph's Laplacian with
 * the seeds as boundary values) that is symmetric and positive definite.  Its six weights
 * per voxel are kept in three arrays, one per axis, so that a product is a pass over a few
 * arrays.  Conjugate gradients stop after a fixed number of iterations at the latest: the
 * time is bounded, and what is not exact yet is a smooth field whose 0.5 level moves little.
 */
#include "core/annot/walker.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

static const double WALKER_TOLERANCE = 1e-4; /* residual against the right-hand side */
static const float WALKER_LEAST = 1e-4f;     /* weight of the strongest edge */

struct walker {
	const struct walker_input *in;
	size_t n;
	ptrdiff_t step[3];
	float *w[3];  /* between a voxel and the next one along an axis; 0 at the end */
	float *diag;  /* sum of a voxel's weights, and of its prior */
	float *x, *b; /* solution and right-hand side; seeds: their value, 0 */
	float *r, *p, *q;
};

static int walker_alloc(struct walker *k, struct err *err)
{
	float **all[] = {&k->w[0], &k->w[1], &k->w[2], &k->diag, &k->x, &k->b, &k->r, &k->p, &k->q};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		*all[i] = mem_try_big(k->n * sizeof(float), "random walker", err);
		if (!*all[i])
			return -1;
		memset(*all[i], 0, k->n * sizeof(float));
	}
	return 0;
}

static void walker_free(struct walker *k)
{
	float *all[] = {k->w[0], k->w[1], k->w[2], k->diag, k->x, k->b, k->r, k->p, k->q};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		free(all[i]);
}

/* Position of voxel i along an axis. */
static int walker_at(const struct walker *k, size_t i, int axis)
{
	return (int)(i / (size_t)k->step[axis] % (size_t)k->in->dim[axis]);
}

static void walker_weights(struct walker *k)
{
	const struct walker_input *in = k->in;
	double least = INFINITY;

	/* An axis of one voxel has no edges: its spacing says nothing. */
	for (int a = 0; a < 3; a++)
		if (in->dim[a] > 1 && in->spacing[a] < least)
			least = in->spacing[a];
	for (int a = 0; a < 3; a++) {
		float near = (float)(least * least / (in->spacing[a] * in->spacing[a]));

		for (size_t i = 0; i < k->n; i++) {
			float d, w;

			if (walker_at(k, i, a) == in->dim[a] - 1)
				continue;
			d = (in->image[i + (size_t)k->step[a]] - in->image[i]) /
			    (float)in->contrast;
			w = near * (expf(-d * d) + WALKER_LEAST);
			k->w[a][i] = w;
			k->diag[i] += w;
			k->diag[i + (size_t)k->step[a]] += w;
		}
	}
	for (size_t i = 0; in->prior && i < k->n; i++) {
		k->diag[i] += (float)in->prior_weight;
		k->b[i] = (float)in->prior_weight * in->prior[i];
	}
}

/* out = (Laplacian + prior) v over all voxels. */
static void walker_product(const struct walker *k, const float *v, float *out)
{
	for (size_t i = 0; i < k->n; i++)
		out[i] = k->diag[i] * v[i];
	for (int a = 0; a < 3; a++) {
		size_t s = (size_t)k->step[a];
		const float *w = k->w[a];

		for (size_t i = 0; i + s < k->n; i++)
			out[i] -= w[i] * v[i + s];
		for (size_t i = s; i < k->n; i++)
			out[i] -= w[i - s] * v[i - s];
	}
}

/* Seeds are no unknowns: what the others see of them is in the residual already. */
static void walker_mask(const struct walker *k, float *v)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->in->seed[i])
			v[i] = 0;
}

static double walker_dot(const struct walker *k, const float *a, const float *b, bool scaled)
{
	double sum = 0;

	for (size_t i = 0; i < k->n; i++)
		if (!scaled)
			sum += (double)a[i] * (double)b[i];
		else if (k->diag[i] > 0)
			sum += (double)a[i] * (double)b[i] / (double)k->diag[i];
	return sum;
}

static void walker_cg(struct walker *k)
{
	double rz, first;

	walker_product(k, k->x, k->q);
	for (size_t i = 0; i < k->n; i++)
		k->r[i] = k->b[i] - k->q[i];
	walker_mask(k, k->r);
	for (size_t i = 0; i < k->n; i++)
		k->p[i] = k->diag[i] > 0 ? k->r[i] / k->diag[i] : 0;
	rz = first = walker_dot(k, k->r, k->r, true);
	for (int it = 0; it < k->in->iterations; it++) {
		double pq, alpha, next, beta;

		if (!(rz > WALKER_TOLERANCE * WALKER_TOLERANCE * first))
			return;
		walker_product(k, k->p, k->q);
		walker_mask(k, k->q);
		pq = walker_dot(k, k->p, k->q, false);
		if (!(pq > 0))
			return;
		alpha = rz / pq;
		for (size_t i = 0; i < k->n; i++) {
			k->x[i] += (float)alpha * k->p[i];
			k->r[i] -= (float)alpha * k->q[i];
		}
		next = walker_dot(k, k->r, k->r, true);
		beta = next / rz;
		rz = next;
		for (size_t i = 0; i < k->n; i++)
			k->p[i] =
				(k->diag[i] > 0 ? k->r[i] / k->diag[i] : 0) + (float)beta * k->p[i];
	}
}

int walker_solve(const struct walker_input *in, float *out, struct err *err)
{
	struct walker k = {.in = in, .step = {1, in->dim[0], (ptrdiff_t)in->dim[0] * in->dim[1]}};
	int rc;

	k.n = (size_t)in->dim[0] * (size_t)in->dim[1] * (size_t)in->dim[2];
	rc = walker_alloc(&k, err);
	if (!rc) {
		walker_weights(&k);
		for (size_t i = 0; i < k.n; i++)
			k.x[i] = in->seed[i] == WALKER_FORE   ? 1
				 : in->seed[i] == WALKER_BACK ? 0
				 : in->prior                  ? in->prior[i]
							      : 0.5f;
		walker_cg(&k);
		for (size_t i = 0; i < k.n; i++)
			out[i] = k.x[i] < 0 ? 0 : k.x[i] > 1 ? 1 : k.x[i];
	}
	walker_free(&k);
	return rc;
}
