/*
 * Mirroring a volume along one of its axes, in place.
 */
#include "core/transform/flip.h"

#include <string.h>

#include "core/volume/affine.h"

static void flip_swap(float *a, float *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float t = a[i];

		a[i] = b[i];
		b[i] = t;
	}
}

static void flip_row(float *row, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		float t = row[i];

		row[i] = row[n - 1 - i];
		row[n - 1 - i] = t;
	}
}

void flip_axis(struct volume *v, int axis)
{
	size_t nx = (size_t)v->dim[0], ny = (size_t)v->dim[1], nz = (size_t)v->dim[2];
	size_t plane = nx * ny, planes = nz * (size_t)v->channels;

	if (axis == 0) {
		for (size_t i = 0; i < planes * ny; i++)
			flip_row(v->data + i * nx, nx);
	} else if (axis == 1) {
		for (size_t p = 0; p < planes; p++)
			for (size_t y = 0; y < ny / 2; y++)
				flip_swap(v->data + p * plane + y * nx,
					v->data + p * plane + (ny - 1 - y) * nx, nx);
	} else {
		for (size_t c = 0; c < (size_t)v->channels; c++)
			for (size_t z = 0; z < nz / 2; z++)
				flip_swap(v->data + (c * nz + z) * plane,
					v->data + (c * nz + nz - 1 - z) * plane, plane);
	}
	affine_flip(v->affine, axis, v->dim[axis], v->affine);
}
