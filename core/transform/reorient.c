/*
 * Exchanging the axes of a volume, and quarter turns made of that and of flips.
 */
#include "core/transform/reorient.h"

#include <string.h>

#include "core/transform/flip.h"
#include "core/volume/affine.h"

int reorient_axes(struct volume *v, const int from[3], struct err *err)
{
	size_t old[3] = {1, (size_t)v->dim[0], (size_t)v->dim[0] * (size_t)v->dim[1]}, step[3];
	int dim[3];
	struct volume *out;
	float *p;

	if (from[0] == 0 && from[1] == 1)
		return 0;
	for (int i = 0; i < 3; i++) {
		dim[i] = v->dim[from[i]];
		step[i] = old[from[i]];
	}
	out = volume_new(v->channels, dim, err);
	if (!out)
		return -1;
	p = out->data;
	for (int c = 0; c < v->channels; c++) {
		const float *in = v->data + (size_t)c * volume_voxels(v);

		for (size_t z = 0; z < (size_t)dim[2]; z++)
			for (size_t y = 0; y < (size_t)dim[1]; y++)
				for (size_t x = 0; x < (size_t)dim[0]; x++)
					*p++ = in[x * step[0] + y * step[1] + z * step[2]];
	}
	memcpy(out->affine, v->affine, sizeof(out->affine));
	for (int r = 0; r < 3; r++)
		for (int i = 0; i < 3; i++)
			out->affine[r][i] = v->affine[r][from[i]];
	out->nonfinite = v->nonfinite;
	volume_take(v, out);
	return 0;
}

int reorient_rot90(struct volume *v, int k, int a, int b, struct err *err)
{
	int from[3] = {0, 1, 2};

	k = (k % 4 + 4) % 4;
	if (!k)
		return 0;
	if (volume_make_writable(v, err))
		return -1;
	if (k == 2) {
		flip_axis(v, a);
		flip_axis(v, b);
		return 0;
	}
	from[a] = b;
	from[b] = a;
	if (k == 1)
		flip_axis(v, b);
	if (reorient_axes(v, from, err))
		return -1;
	if (k == 3)
		flip_axis(v, b);
	return 0;
}

int reorient_closest(struct volume *v, const int axis[3], const int sign[3], struct err *err)
{
	int now[3], now_sign[3], from[3] = {0, 1, 2};

	affine_axes(v->affine, now, now_sign);
	for (int d = 0; d < 3; d++)
		for (int k = 0; k < 3; k++)
			if (now[k] == axis[d])
				from[d] = k;
	if (reorient_axes(v, from, err))
		return -1;
	for (int d = 0; d < 3; d++) {
		if (now_sign[from[d]] == sign[d])
			continue;
		if (volume_make_writable(v, err))
			return -1;
		flip_axis(v, d);
	}
	return 0;
}
