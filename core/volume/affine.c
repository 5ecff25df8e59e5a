/*
 * 4x4 affine matrices between voxel indices and millimetres.
 *
 * Millimetres are those of NIfTI, RAS+: x grows towards the patient's Right, y
 * towards Anterior, z towards Superior.
 * Everything that moves voxels (resampling, cropping, flipping) moves the affine
 * with it through the helpers here, so that a result can always be put back on
 * the grid of the file.
 */
#include "core/volume/affine.h"

#include <math.h>
#include <string.h>

void affine_identity(double a[4][4])
{
	memset(a, 0, 16 * sizeof(double));
	for (int i = 0; i < 4; i++)
		a[i][i] = 1;
}

void affine_mul(const double a[4][4], const double b[4][4], double out[4][4])
{
	double m[4][4];

	for (int r = 0; r < 4; r++)
		for (int c = 0; c < 4; c++)
			m[r][c] = a[r][0] * b[0][c] + a[r][1] * b[1][c] + a[r][2] * b[2][c] +
				  a[r][3] * b[3][c];
	memcpy(out, m, sizeof(m));
}

int affine_invert(const double a[4][4], double out[4][4])
{
	double m[4][4] = {{0}}, cof[3][3], det, scale, len[3];

	for (int r = 0; r < 3; r++)
		for (int c = 0; c < 3; c++) {
			int r1 = (r + 1) % 3, r2 = (r + 2) % 3, c1 = (c + 1) % 3, c2 = (c + 2) % 3;

			cof[r][c] = a[r1][c1] * a[r2][c2] - a[r1][c2] * a[r2][c1];
		}
	det = a[0][0] * cof[0][0] + a[0][1] * cof[0][1] + a[0][2] * cof[0][2];
	/* Singular is a question of angles, not of voxel size: compare with the box of the
	 * columns. */
	affine_spacing(a, len);
	scale = len[0] * len[1] * len[2];
	if (!(fabs(det) > 1e-6 * scale) || !isfinite(det) || !isfinite(a[0][3]) ||
		!isfinite(a[1][3]) || !isfinite(a[2][3]))
		return -1;
	for (int r = 0; r < 3; r++)
		for (int c = 0; c < 3; c++)
			m[r][c] = cof[c][r] / det;
	for (int r = 0; r < 3; r++)
		m[r][3] = -(m[r][0] * a[0][3] + m[r][1] * a[1][3] + m[r][2] * a[2][3]);
	m[3][3] = 1;
	memcpy(out, m, sizeof(m));
	return 0;
}

void affine_apply(const double a[4][4], const double p[3], double out[3])
{
	double q[3];

	for (int r = 0; r < 3; r++)
		q[r] = a[r][0] * p[0] + a[r][1] * p[1] + a[r][2] * p[2] + a[r][3];
	memcpy(out, q, sizeof(q));
}

void affine_spacing(const double a[4][4], double spacing[3])
{
	for (int c = 0; c < 3; c++)
		spacing[c] = sqrt(a[0][c] * a[0][c] + a[1][c] * a[1][c] + a[2][c] * a[2][c]);
}

void affine_axes(const double a[4][4], int axis[3], int sign[3])
{
	static const int perm[6][3] = {
		{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	double len[3], best = -1;

	affine_spacing(a, len);
	for (int p = 0; p < 6; p++) {
		double sum = 0;

		for (int c = 0; c < 3; c++)
			sum += len[c] > 0 ? fabs(a[perm[p][c]][c]) / len[c] : 0;
		if (sum > best + 1e-9) {
			best = sum;
			memcpy(axis, perm[p], sizeof(perm[p]));
		}
	}
	for (int c = 0; c < 3; c++)
		sign[c] = a[axis[c]][c] < 0 ? -1 : 1;
}

void affine_codes(const double a[4][4], char codes[4])
{
	int axis[3], sign[3];

	affine_axes(a, axis, sign);
	for (int c = 0; c < 3; c++)
		codes[c] = (sign[c] > 0 ? "RAS" : "LPI")[axis[c]];
	codes[3] = '\0';
}

void affine_rescale(const double a[4][4], const double scale[3], double out[4][4])
{
	double m[4][4];

	affine_identity(m);
	for (int i = 0; i < 3; i++) {
		m[i][i] = scale[i];
		m[i][3] = 0.5 * scale[i] - 0.5;
	}
	affine_mul(a, m, out);
}

void affine_shift(const double a[4][4], const double start[3], double out[4][4])
{
	double m[4][4];

	affine_identity(m);
	for (int i = 0; i < 3; i++)
		m[i][3] = start[i];
	affine_mul(a, m, out);
}

void affine_flip(const double a[4][4], int i, int n, double out[4][4])
{
	double m[4][4];

	affine_identity(m);
	m[i][i] = -1;
	m[i][3] = n - 1;
	affine_mul(a, m, out);
}
