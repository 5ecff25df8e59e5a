/*
 * Slices of a volume as pictures, the way a radiologist expects them.
 *
 * Files store voxels in any order and direction; the affine says where each index
 * leads.  affine_axes() gives the nearest patient axis of each voxel axis, and a
 * table says which patient directions run rightwards, downwards and with the slice
 * number for each plane.  From these follow the voxel axis and direction of each
 * picture axis; drawing is then two strides and a start offset.
 *
 *     plane      picture x grows towards     picture y      slice grows towards
 *     axial      L (radiological) or R       P              S
 *     coronal    L (radiological) or R       I              A
 *     sagittal   P                           I              R
 *
 * An oblique volume is shown along its own axes (no interpolation): what is seen are
 * voxels as they are, and the letters name the nearest directions.
 */
#include "core/volume/slice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/volume/affine.h"

#define WINDOW_SAMPLES 262144

struct plane_def {
	const char *name;
	int axis[3]; /* patient axis (0 LR, 1 PA, 2 IS) of picture x, y, depth */
	int sign[3]; /* its direction as the picture coordinate grows: +1 towards R, A, S */
};

static const struct plane_def planes[] = {
	[SLICE_AXIAL] = {"axial", {0, 1, 2}, {-1, -1, 1}},
	[SLICE_CORONAL] = {"coronal", {0, 2, 1}, {-1, -1, 1}},
	[SLICE_SAGITTAL] = {"sagittal", {1, 2, 0}, {-1, -1, 1}},
};

const char *slice_plane_name(enum slice_plane plane)
{
	return planes[plane].name;
}

void slice_map_init(struct slice_map *m, const int dim[3], const double affine[4][4],
	enum slice_plane plane, bool neurological)
{
	const struct plane_def *p = &planes[plane];
	int patient[3], sign[3];
	double spacing[3];

	affine_axes(affine, patient, sign);
	affine_spacing(affine, spacing);
	m->plane = plane;
	for (int i = 0; i < 3; i++) {
		int want = p->sign[i], v = 0;

		if (neurological && i == 0 && p->axis[0] == 0)
			want = -want;
		while (patient[v] != p->axis[i])
			v++;
		m->axis[i] = v;
		m->flip[i] = sign[v] != want;
		m->mm[i] = spacing[v];
		if (i < 2) {
			m->edge[2 * i] = (want > 0 ? "LPI" : "RAS")[p->axis[i]];
			m->edge[2 * i + 1] = (want > 0 ? "RAS" : "LPI")[p->axis[i]];
		}
	}
	m->width = dim[m->axis[0]];
	m->height = dim[m->axis[1]];
	m->depth = dim[m->axis[2]];
}

static int slice_turn(int v, bool flip, int n)
{
	return flip ? n - 1 - v : v;
}

void slice_from_voxel(const struct slice_map *m, const int voxel[3], int *x, int *y, int *slice)
{
	*x = slice_turn(voxel[m->axis[0]], m->flip[0], m->width);
	*y = slice_turn(voxel[m->axis[1]], m->flip[1], m->height);
	*slice = slice_turn(voxel[m->axis[2]], m->flip[2], m->depth);
}

void slice_to_voxel(const struct slice_map *m, int x, int y, int slice, int voxel[3])
{
	voxel[m->axis[0]] = slice_turn(x, m->flip[0], m->width);
	voxel[m->axis[1]] = slice_turn(y, m->flip[1], m->height);
	voxel[m->axis[2]] = slice_turn(slice, m->flip[2], m->depth);
}

void slice_values(const struct slice_map *m, const struct volume *v, int c, int slice, float *out)
{
	const ptrdiff_t step[3] = {1, v->dim[0], (ptrdiff_t)v->dim[0] * v->dim[1]};
	ptrdiff_t dx = m->flip[0] ? -step[m->axis[0]] : step[m->axis[0]];
	ptrdiff_t dy = m->flip[1] ? -step[m->axis[1]] : step[m->axis[1]];
	const float *p = v->data + (size_t)c * volume_voxels(v);
	int voxel[3];

	if (slice < 0 || slice >= m->depth || c < 0 || c >= v->channels) {
		memset(out, 0, (size_t)m->width * (size_t)m->height * sizeof(float));
		return;
	}
	slice_to_voxel(m, 0, 0, slice, voxel);
	p += voxel[0] + voxel[1] * step[1] + voxel[2] * step[2];
	for (int y = 0; y < m->height; y++)
		for (int x = 0; x < m->width; x++)
			*out++ = p[y * dy + x * dx];
}

void slice_grey(const struct slice_map *m, const struct volume *v, int c, int slice, double level,
	double width, uint8_t *out)
{
	float lo = (float)(level - width / 2), scale = width > 0 ? (float)(255 / width) : 0;
	float *row;
	size_t n = (size_t)m->width * (size_t)m->height;

	if (slice < 0 || slice >= m->depth || c < 0 || c >= v->channels) {
		memset(out, 0, n);
		return;
	}
	row = mem_alloc(n * sizeof(float));
	slice_values(m, v, c, slice, row);
	for (size_t i = 0; i < n; i++) {
		float g = width > 0 ? (row[i] - lo) * scale : row[i] >= lo ? 255 : 0;

		out[i] = g >= 255 ? 255 : g > 0 ? (uint8_t)(g + 0.5f) : 0;
	}
	free(row);
}

void slice_labels(const struct slice_map *m, const struct volume *v, const struct volume *label,
	int slice, uint8_t *out)
{
	double inv[4][4], t[4][4];
	size_t n = (size_t)m->width * (size_t)m->height;

	memset(out, 0, n);
	if (slice < 0 || slice >= m->depth || affine_invert(label->affine, inv))
		return;
	affine_mul(inv, v->affine, t);
	for (int y = 0; y < m->height; y++)
		for (int x = 0; x < m->width; x++) {
			int voxel[3];
			size_t at = 0;
			bool inside = true;
			float id;

			slice_to_voxel(m, x, y, slice, voxel);
			for (int i = 2; i >= 0; i--) {
				double p = t[i][0] * voxel[0] + t[i][1] * voxel[1] +
					   t[i][2] * voxel[2] + t[i][3];
				double k = floor(p + 0.5 + 1e-6);

				inside = inside && k >= 0 && k < label->dim[i];
				at = at * (size_t)label->dim[i] + (size_t)(inside ? k : 0);
			}
			id = inside ? label->data[at] : 0;
			out[(size_t)y * (size_t)m->width + (size_t)x] =
				id >= 255 ? 255
				: id > 0  ? (uint8_t)(id + 0.5f)
					  : 0;
		}
}

/* The value that sorting would put at index k (Hoare's selection; s is reordered). */
static float select_value(float *s, ptrdiff_t n, ptrdiff_t k)
{
	ptrdiff_t lo = 0, hi = n - 1;

	while (lo < hi) {
		ptrdiff_t i = lo, j = hi;
		float pivot = s[lo + (hi - lo) / 2];

		while (i <= j) {
			while (s[i] < pivot)
				i++;
			while (pivot < s[j])
				j--;
			if (i <= j) {
				float t = s[i];

				s[i++] = s[j];
				s[j--] = t;
			}
		}
		if (k <= j)
			hi = j;
		else if (k >= i)
			lo = i;
		else
			break;
	}
	return s[k];
}

void slice_auto_window(
	const struct volume *v, int c, double lo, double hi, double *level, double *width)
{
	size_t n = volume_voxels(v), k = n < WINDOW_SAMPLES ? n : WINDOW_SAMPLES;
	const float *p = v->data + (size_t)c * n;
	float *s = mem_alloc(k * sizeof(float));
	double a, b;

	for (size_t i = 0; i < k; i++)
		s[i] = p[(size_t)((double)i * ((double)n / (double)k))];
	a = select_value(s, (ptrdiff_t)k, (ptrdiff_t)(lo * (double)(k - 1) + 0.5));
	b = select_value(s, (ptrdiff_t)k, (ptrdiff_t)(hi * (double)(k - 1) + 0.5));
	free(s);
	*level = (a + b) / 2;
	*width = b > a ? b - a : 1;
}
