/*
 * Exchanging the axes of a volume, and quarter turns made of that and of flips.
 */
#include "core/transform/reorient.h"

#include <string.h>

#include "core/transform/flip.h"
#include "core/volume/affine.h"

enum { TILE = 16 };

/* Column b of a full tile. */
static inline void reorient_column(float t[TILE][TILE], size_t b, float *out)
{
	float column[TILE];

	for (size_t a = 0; a < TILE; a++)
		column[a] = t[a][b];
	memcpy(out, column, sizeof(column));
}

/*
 * Exchanges two axes of a plane: out[j][i] = in[i][j], i < ni rows of the source in_step
 * apart, j < nj rows of the result out_step apart.  In tiles: each line of the cache
 * is read once and written once, whatever the steps are.
 */
static void reorient_plane(
	const float *in, size_t in_step, size_t ni, float *out, size_t out_step, size_t nj)
{
	float t[TILE][TILE];

	for (size_t i = 0; i < ni; i += TILE)
		for (size_t j = 0; j < nj; j += TILE) {
			size_t wi = ni - i < TILE ? ni - i : TILE;
			size_t wj = nj - j < TILE ? nj - j : TILE;

			for (size_t a = 0; a < wi; a++)
				memcpy(t[a], in + (i + a) * in_step + j, wj * sizeof(float));
			if (wi == TILE)
				for (size_t b = 0; b < wj; b++)
					reorient_column(t, b, out + (j + b) * out_step + i);
			else
				for (size_t b = 0; b < wj; b++)
					for (size_t a = 0; a < wi; a++)
						out[(j + b) * out_step + i + a] = t[a][b];
		}
}

/* One channel; step[i]: how far axis i of the result moves in the source. */
static void reorient_channel(const float *in, const size_t step[3], const int dim[3], float *out)
{
	size_t n[3] = {(size_t)dim[0], (size_t)dim[1], (size_t)dim[2]};
	size_t at[3] = {1, n[0], n[0] * n[1]};
	/* The axis of the result along which the source is dense, and the third one. */
	int dense = step[1] == 1 ? 1 : 2, other = 3 - dense;

	if (step[0] == 1) {
		for (size_t z = 0; z < n[2]; z++)
			for (size_t y = 0; y < n[1]; y++)
				memcpy(out + z * at[2] + y * at[1], in + z * step[2] + y * step[1],
					n[0] * sizeof(*out));
		return;
	}
	for (size_t k = 0; k < n[other]; k++)
		reorient_plane(in + k * step[other], step[0], n[0], out + k * at[other], at[dense],
			n[dense]);
}

int reorient_axes(struct volume *v, const int from[3], struct err *err)
{
	size_t old[3] = {1, (size_t)v->dim[0], (size_t)v->dim[0] * (size_t)v->dim[1]}, step[3];
	int dim[3];
	struct volume *out;

	if (from[0] == 0 && from[1] == 1)
		return 0;
	for (int i = 0; i < 3; i++) {
		dim[i] = v->dim[from[i]];
		step[i] = old[from[i]];
	}
	out = volume_new(v->channels, dim, err);
	if (!out)
		return -1;
	for (int c = 0; c < v->channels; c++)
		reorient_channel(v->data + (size_t)c * volume_voxels(v), step, dim,
			out->data + (size_t)c * volume_voxels(v));
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
