/* Slices: orientation, letters, pixel mapping both ways, window, overlay on another grid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/volume/affine.h"
#include "core/volume/nifti.h"
#include "core/volume/slice.h"
#include "tests/unit/nifti_file.h"

/* Voxel axes x, y, z along patient axes given by a code such as "LAS", with spacing 1, 2, 3. */
static void affine_from(const char *code, double a[4][4])
{
	memset(a, 0, 16 * sizeof(double));
	for (int v = 0; v < 3; v++) {
		const char *pos = strchr("RASLPI", code[v]);
		int k = (int)(pos - "RASLPI");

		a[k % 3][v] = (k < 3 ? 1 : -1) * (v + 1.0);
	}
	a[3][3] = 1;
	a[0][3] = 100;
	a[1][3] = -50;
}

static struct volume *ramp(const char *code)
{
	struct err err = ERR_INIT;
	struct volume *v = volume_new(2, (int[3]){5, 6, 7}, &err);

	assert_non_null(v);
	affine_from(code, v->affine);
	for (int i = 0; i < 420; i++)
		v->data[i] = (float)i;
	return v;
}

/*
 * For each storage order the pictures must show the same patient: moving right in a
 * radiological axial picture goes towards the patient's left, down goes towards
 * posterior, and so on, whatever the voxel axes are.
 */
static void test_orientation(void **state)
{
	static const char *const codes[] = {"RAS", "LAS", "LPS", "RPI", "ASL", "PIR", "SAR", "IPL"};
	static const struct {
		enum slice_plane plane;
		bool neuro;
		const char edge[5]; /* left, right, top, bottom */
		int axis[3], sign[3];
	} want[] = {
		{SLICE_AXIAL, false, "RLAP", {0, 1, 2}, {-1, -1, 1}},
		{SLICE_AXIAL, true, "LRAP", {0, 1, 2}, {1, -1, 1}},
		{SLICE_CORONAL, false, "RLSI", {0, 2, 1}, {-1, -1, 1}},
		{SLICE_CORONAL, true, "LRSI", {0, 2, 1}, {1, -1, 1}},
		{SLICE_SAGITTAL, false, "APSI", {1, 2, 0}, {-1, -1, 1}},
		{SLICE_SAGITTAL, true, "APSI", {1, 2, 0}, {-1, -1, 1}},
	};

	(void)state;
	for (size_t c = 0; c < ARRAY_SIZE(codes); c++)
		for (size_t w = 0; w < ARRAY_SIZE(want); w++) {
			struct volume *v = ramp(codes[c]);
			struct slice_map m;
			int from[3], to[3];
			double a[3], b[3];

			slice_map_init(&m, v->dim, v->affine, want[w].plane, want[w].neuro);
			assert_memory_equal(m.edge, want[w].edge, 4);
			assert_int_equal(m.width * m.height * m.depth, 210);
			for (int k = 0; k < 3; k++) {
				slice_to_voxel(&m, 1, 1, 1, from);
				slice_to_voxel(&m, 1 + (k == 0), 1 + (k == 1), 1 + (k == 2), to);
				affine_apply(v->affine, (double[3]){from[0], from[1], from[2]}, a);
				affine_apply(v->affine, (double[3]){to[0], to[1], to[2]}, b);
				for (int i = 0; i < 3; i++)
					assert_true(
						b[i] - a[i] ==
						(i == want[w].axis[k] ? want[w].sign[k] * m.mm[k]
								      : 0));
			}
			volume_free(v);
		}
}

static void test_mapping_and_values(void **state)
{
	static const char *const codes[] = {"RAS", "LAS", "ASL", "SPL"};

	(void)state;
	for (size_t c = 0; c < ARRAY_SIZE(codes); c++)
		for (int plane = 0; plane < 3; plane++) {
			struct volume *v = ramp(codes[c]);
			struct slice_map m;
			float *px;

			slice_map_init(&m, v->dim, v->affine, (enum slice_plane)plane, false);
			px = mem_alloc((size_t)m.width * (size_t)m.height * sizeof(float));
			for (int s = 0; s < m.depth; s++) {
				slice_values(&m, v, 1, s, px);
				for (int y = 0; y < m.height; y++)
					for (int x = 0; x < m.width; x++) {
						int q[3], x2, y2, s2;

						slice_to_voxel(&m, x, y, s, q);
						slice_from_voxel(&m, q, &x2, &y2, &s2);
						assert_true(x2 == x && y2 == y && s2 == s);
						assert_true(px[y * m.width + x] ==
							    (float)(210 + (q[2] * 6 + q[1]) * 5 +
								    q[0]));
					}
			}
			slice_values(&m, v, 0, m.depth, px);
			assert_true(px[3] == 0);
			free(px);
			volume_free(v);
		}
}

static void test_window(void **state)
{
	struct volume *v = ramp("RAS");
	struct slice_map m;
	uint8_t px[30];
	double level, width;

	(void)state;
	slice_map_init(&m, v->dim, v->affine, SLICE_AXIAL, true);
	slice_grey(&m, v, 0, 0, 15, 20, px);  /* 5 is black, 25 is white */
	assert_int_equal(px[25], 0);          /* bottom row is posterior: voxel 0 */
	assert_int_equal(px[5 * 4], 0);       /* voxel 5 */
	assert_int_equal(px[5 * 3 + 0], 64);  /* voxel 10: 63.75 */
	assert_int_equal(px[5 * 2 + 0], 128); /* voxel 15: 127.5 */
	assert_int_equal(px[0], 255);
	slice_grey(&m, v, 0, 0, 15, 0, px);
	assert_int_equal(px[5 * 2], 255);
	assert_int_equal(px[5 * 3 + 4], 0); /* 14 */
	slice_grey(&m, v, 0, -1, 15, 20, px);
	assert_int_equal(px[0], 0);
	slice_auto_window(v, 0, 0, 1, &level, &width);
	assert_true(level == 104.5 && width == 209);
	slice_auto_window(v, 1, 0.1, 0.9, &level, &width);
	assert_true(fabs(level - 314.5) <= 0.5 && fabs(width - 167.2) < 1.5);
	for (int i = 0; i < 210; i++) /* shuffled, with many equal values */
		v->data[i] = (float)(i * 101 % 210 / 2);
	slice_auto_window(v, 0, 0.25, 0.75, &level, &width);
	assert_true(level == 52 && width == 52);
	for (int i = 0; i < 420; i++)
		v->data[i] = 3;
	slice_auto_window(v, 0, 0.005, 0.995, &level, &width);
	assert_true(level == 3 && width == 1);
	volume_free(v);
}

/* The overlay may be stored in another order, at another spacing, over a part of the image. */
static void test_labels(void **state)
{
	struct err err = ERR_INIT;
	struct volume *v = volume_new(1, (int[3]){8, 8, 4}, &err), *o;
	struct slice_map m;
	uint8_t px[64];

	(void)state;
	assert_non_null(v);
	affine_from("RAS", v->affine);
	v->affine[1][1] = v->affine[2][2] = 1;
	o = volume_share(v);
	assert_int_equal(volume_make_writable(o, &err), 0);
	for (int i = 0; i < 256; i++)
		o->data[i] = (float)(i % 7) * 50;
	slice_map_init(&m, v->dim, v->affine, SLICE_AXIAL, false);
	slice_labels(&m, v, o, 2, px);
	for (int y = 0; y < 8; y++)
		for (int x = 0; x < 8; x++) {
			int id = (2 * 64 + (7 - y) * 8 + 7 - x) % 7 * 50;

			assert_int_equal(px[y * 8 + x], id > 255 ? 255 : id);
		}
	volume_free(o);
	o = volume_new(1, (int[3]){2, 2, 2}, &err); /* 2 mm voxels, LPS, over voxels 2 to 5 */
	assert_non_null(o);
	memset(o->affine, 0, sizeof(o->affine));
	o->affine[0][0] = o->affine[1][1] = -2;
	o->affine[2][2] = 2;
	o->affine[3][3] = 1;
	o->affine[0][3] = 100 + 4.5;
	o->affine[1][3] = -50 + 4.5;
	o->affine[2][3] = 0.5;
	for (int i = 0; i < 8; i++)
		o->data[i] = (float)(i + 1);
	slice_labels(&m, v, o, 3, px);
	for (int y = 0; y < 8; y++)
		for (int x = 0; x < 8; x++) {
			int r = 7 - x, a = 7 - y; /* voxel of v */
			int want = r < 2 || r > 5 || a < 2 || a > 5 ? 0 : 5 + (r < 4) + 2 * (a < 4);

			assert_int_equal(px[y * 8 + x], want);
		}
	volume_free(o);
	volume_free(v);
}

/*
 * Real affines.  The spleen of this file lies at x = +99 mm (nibabel), the patient's
 * right by its header (which is mirrored), so on the left of the picture.  Then an
 * oblique CT: nearest axes, letters and sizes.
 */
static void test_real(void **state)
{
	const char *path = nifti_test_data("spleen_ct/labelsTr/spleen_8.nii.gz");
	struct err err = ERR_INIT;
	struct slice_map m;
	struct volume *v;
	double sx = 0, n = 0;

	(void)state;
	if (!path)
		skip();
	v = nifti_read(path, &err);
	assert_non_null(v);
	slice_map_init(&m, v->dim, v->affine, SLICE_CORONAL, false);
	assert_true(m.width == 512 && m.height == 32 && m.depth == 512);
	assert_true(fabs(m.mm[0] - 0.785156) < 1e-5 && m.mm[1] == 7.5);
	slice_map_init(&m, v->dim, v->affine, SLICE_AXIAL, false);
	for (int s = 0; s < m.depth; s++) {
		float *px = mem_alloc(512 * 512 * sizeof(float));

		slice_values(&m, v, 0, s, px);
		for (int i = 0; i < 512 * 512; i++)
			if (px[i] > 0) {
				sx += i % 512;
				n++;
			}
		free(px);
	}
	assert_true(n == 163456 && fabs(sx / n - 129.0317) < 1e-3);
	volume_free(v);
	path = nifti_test_data("viewer/CT_pitch.nii.gz");
	assert_non_null(path);
	v = nifti_read(path, &err);
	assert_non_null(v);
	slice_map_init(&m, v->dim, v->affine, SLICE_SAGITTAL, false);
	assert_memory_equal(m.edge, "APSI", 4);
	assert_true(m.width == 248 && m.height == 58);
	volume_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orientation),
		cmocka_unit_test(test_mapping_and_values),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
