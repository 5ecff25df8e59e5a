/* Resampling: pixel centres, edges, affines, label ids, there and back, real time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/sys.h"
#include "core/volume/affine.h"
#include "core/volume/nifti.h"
#include "core/volume/resample.h"
#include "tests/unit/nifti_file.h"

static struct volume *noise(int c, int x, int y, int z)
{
	struct rng r = rng_stream(1, 2, 3, 4);
	struct err err = ERR_INIT;
	struct volume *v = volume_new(c, (int[3]){x, y, z}, &err);

	assert_non_null(v);
	for (size_t i = 0; i < volume_voxels(v) * (size_t)c; i++)
		v->data[i] = (float)rng_normal(&r);
	return v;
}

static float at(const struct volume *v, int c, int x, int y, int z)
{
	return v->data[(((size_t)c * (size_t)v->dim[2] + (size_t)z) * (size_t)v->dim[1] +
			       (size_t)y) *
			       (size_t)v->dim[0] +
		       (size_t)x];
}

static double clamped(double p, int n)
{
	return p < 0 ? 0 : p > n - 1 ? n - 1 : p;
}

/* The definition, written down naively. */
static double naive(const struct volume *v, int c, const double p[3])
{
	double sum = 0;

	for (int k = 0; k < 8; k++) {
		double w = 1;
		int q[3];

		for (int i = 0; i < 3; i++) {
			double x = clamped(p[i], v->dim[i]), f = floor(x);

			q[i] = (int)f + (k >> i & 1);
			w *= k >> i & 1 ? x - f : 1 - (x - f);
			if (q[i] >= v->dim[i])
				q[i] = v->dim[i] - 1;
		}
		sum += w * at(v, c, q[0], q[1], q[2]);
	}
	return sum;
}

static void test_linear(void **state)
{
	const int dims[][3] = {{13, 9, 5}, {5, 20, 11}, {1, 1, 1}, {64, 64, 20}, {9, 7, 1}};
	struct err err = ERR_INIT;
	struct volume *v = noise(2, 9, 7, 6);

	(void)state;
	v->file = mem_strdup("v.nii");
	for (size_t k = 0; k < ARRAY_SIZE(dims); k++) {
		const int *d = dims[k];
		struct volume *r = resample_to_dim(v, d, RESAMPLE_LINEAR, &err);

		assert_non_null(r);
		assert_int_equal(r->channels, 2);
		assert_string_equal(r->file, "v.nii");
		assert_int_equal(r->original.dim[0], 9);
		for (int c = 0; c < 2; c++)
			for (int z = 0; z < d[2]; z++)
				for (int y = 0; y < d[1]; y++)
					for (int x = 0; x < d[0]; x++) {
						double p[3] = {(x + 0.5) * 9 / d[0] - 0.5,
							(y + 0.5) * 7 / d[1] - 0.5,
							(z + 0.5) * 6 / d[2] - 0.5};

						assert_true(fabs(at(r, c, x, y, z) -
								    naive(v, c, p)) < 1e-5);
					}
		volume_free(r);
	}
	volume_free(v);
}

static void test_nearest(void **state)
{
	struct err err = ERR_INIT;
	struct volume *v = noise(1, 6, 4, 3), *r;

	(void)state;
	r = resample_to_dim(v, (int[3]){12, 8, 9}, RESAMPLE_NEAREST, &err);
	assert_non_null(r);
	for (int z = 0; z < 9; z++)
		for (int y = 0; y < 8; y++)
			for (int x = 0; x < 12; x++)
				assert_true(at(r, 0, x, y, z) == at(v, 0, x / 2, y / 2, z / 3));
	volume_free(v);
	v = resample_to_dim(r, (int[3]){6, 4, 3}, RESAMPLE_NEAREST, &err);
	assert_non_null(v);
	for (int x = 0; x < 6; x++)
		assert_true(at(v, 0, x, 1, 1) == at(r, 0, 2 * x + 1, 3, 4));
	volume_free(v);
	volume_free(r);
}

/* A field that is linear in mm stays the same function of mm: values and affine move together. */
static void test_affine(void **state)
{
	const double affine[4][4] = {
		{-0.8, 0.05, 0, 90}, {0.05, 0.8, 0.3, -70}, {0, -0.1, 5, 10}, {0, 0, 0, 1}};
	const double target[3] = {1.1, 1.3, 2.0};
	struct err err = ERR_INIT;
	struct volume *v = noise(1, 20, 18, 9), *r;
	double spacing[3], mm[3];

	(void)state;
	memcpy(v->affine, affine, sizeof(affine));
	for (int z = 0; z < 9; z++)
		for (int y = 0; y < 18; y++)
			for (int x = 0; x < 20; x++) {
				affine_apply(affine, (double[3]){x, y, z}, mm);
				v->data[(z * 18 + y) * 20 + x] =
					(float)(mm[0] + 2 * mm[1] - 3 * mm[2]);
			}
	r = resample_to_spacing(v, target, RESAMPLE_LINEAR, &err);
	assert_non_null(r);
	assert_int_equal(r->dim[0], 15); /* 20 * 0.80 / 1.1 = 14.6 */
	assert_int_equal(r->dim[2], 23);
	volume_spacing(r, spacing);
	for (int i = 0; i < 3; i++)
		assert_true(fabs(spacing[i] - target[i]) < 0.05 * target[i]);
	for (int z = 2; z < 20; z++)
		for (int y = 1; y < r->dim[1] - 1; y++)
			for (int x = 1; x < 14; x++) {
				affine_apply(r->affine, (double[3]){x, y, z}, mm);
				assert_true(fabs(at(r, 0, x, y, z) -
						    (mm[0] + 2 * mm[1] - 3 * mm[2])) < 1e-3);
			}
	volume_free(r);
	assert_null(resample_to_spacing(v, (double[3]){1, 0, 1}, RESAMPLE_LINEAR, &err));
	assert_int_equal(err.code, ERR_DATA);
	assert_null(resample_to_spacing(v, (double[3]){1, 1, 1e-9}, RESAMPLE_LINEAR, &err));
	/* Voxels far larger than the image give one voxel. */
	r = resample_to_spacing(v, (double[3]){500, 500, 500}, RESAMPLE_LINEAR, &err);
	assert_non_null(r);
	assert_int_equal(volume_voxels(r), 1);
	volume_free(r);
	volume_free(v);
}

static void test_same_size(void **state)
{
	struct err err = ERR_INIT;
	struct volume *v = noise(1, 5, 5, 5),
		      *r = resample_to_dim(v, v->dim, RESAMPLE_LINEAR, &err);

	(void)state;
	assert_non_null(r);
	assert_ptr_equal(r->data, v->data); /* shared, not copied */
	volume_free(v);
	volume_free(r);
}

/* Onto a turned and shifted grid, against the definition; outside is 0. */
static void test_grid(void **state)
{
	const double turned[4][4] = {
		{0, -1.47, 0.01, 9}, {0.91, 0, 0, -1.03}, {0, 0.1, -2, 11.07}, {0, 0, 0, 1}};
	struct volume_grid g = {.dim = {10, 9, 8}};
	struct err err = ERR_INIT;
	struct volume *v = noise(2, 9, 7, 6), *r, *n;
	double inv[4][4];
	int in = 0, out = 0;

	(void)state;
	v->affine[2][2] = 2.2;
	memcpy(g.affine, turned, sizeof(turned));
	assert_int_equal(affine_invert(v->affine, inv), 0);
	r = resample_to_grid(v, &g, RESAMPLE_LINEAR, &err);
	n = resample_to_grid(v, &g, RESAMPLE_NEAREST, &err);
	assert_non_null(r);
	assert_non_null(n);
	for (int z = 0; z < 8; z++)
		for (int y = 0; y < 9; y++)
			for (int x = 0; x < 10; x++) {
				double p[3];
				bool inside = true;

				affine_apply(turned, (double[3]){x, y, z}, p);
				affine_apply(inv, p, p);
				for (int i = 0; i < 3; i++)
					inside = inside && p[i] > -0.5 && p[i] < v->dim[i] - 0.5;
				inside ? in++ : out++;
				if (!inside) {
					assert_true(at(r, 1, x, y, z) == 0);
					assert_true(at(n, 1, x, y, z) == 0);
					continue;
				}
				assert_true(fabs(at(r, 1, x, y, z) - naive(v, 1, p)) < 1e-5);
				assert_true(at(n, 1, x, y, z) ==
					    at(v, 1, (int)clamped(floor(p[0] + 0.5), 9),
						    (int)clamped(floor(p[1] + 0.5), 7),
						    (int)clamped(floor(p[2] + 0.5), 6)));
			}
	assert_true(in > 100 && out > 100);
	volume_free(r);
	volume_free(n);
	memset(v->affine[1], 0, sizeof(v->affine[1]));
	assert_null(resample_to_grid(v, &g, RESAMPLE_LINEAR, &err));
	assert_int_equal(err.code, ERR_DATA);
	volume_free(v);
}

/* A label map to finer voxels and back onto the original grid is the same map. */
/* Value of in position p of a straight grid by the definition. */
static double grid_value(const struct volume *v, const double p[3], bool nearest, bool border)
{
	double q[3];
	bool inside = true;

	for (int i = 0; i < 3; i++) {
		inside = inside && p[i] >= -0.5 && p[i] <= v->dim[i] - 0.5;
		q[i] = clamped(p[i], v->dim[i]);
		q[i] = nearest ? floor(q[i] + 0.5) : q[i];
	}
	return inside || border ? naive(v, 0, q) : 0;
}

/* Grids whose axes run along the volume's: both ways of blending, mirrored, beyond the border. */
static void test_straight_grid(void **state)
{
	static const struct {
		int dim[3];
		double scale[3], shift[3];
	} grids[] = {
		{{20, 15, 31}, {0.43, 0.47, 0.19}, {0.013, 0.3, 0.007}},
		{{20, 15, 31}, {0.83, 0.61, 0.41}, {-4.1, -1.2, -3.3}},
		{{20, 15, 31}, {-0.83, -0.61, -0.41}, {10.2, 8.3, 9.1}},
		{{5, 4, 3}, {1.9, 1.7, 2.1}, {-0.2, -0.4, 0.1}},
		{{4, 3, 2}, {1, 1, 1}, {40, 0, 0}},
		{{90, 80, 31}, {0.1, 0.09, 0.19}, {-0.41, 0.3, 0.2}},
		{{1, 1, 1}, {1, 1, 1}, {3.25, 2.5, 1.125}},
	};
	struct err err = ERR_INIT;
	struct volume *v = noise(1, 9, 7, 6);

	(void)state;
	for (size_t g = 0; g < ARRAY_SIZE(grids); g++)
		for (int way = 0; way < 4; way++) {
			enum resample_mode mode = way & 1 ? RESAMPLE_NEAREST : RESAMPLE_LINEAR;
			struct volume_grid to = {.affine[3][3] = 1};
			struct volume *r;

			for (int i = 0; i < 3; i++) {
				to.dim[i] = grids[g].dim[i];
				to.affine[i][i] = grids[g].scale[i];
				to.affine[i][3] = grids[g].shift[i];
			}
			r = way & 2 ? resample_to_grid_border(v, &to, mode, &err)
				    : resample_to_grid(v, &to, mode, &err);
			assert_non_null(r);
			for (int z = 0; z < to.dim[2]; z++)
				for (int y = 0; y < to.dim[1]; y++)
					for (int x = 0; x < to.dim[0]; x++) {
						double p[3] = {x, y, z}, want;

						for (int i = 0; i < 3; i++)
							p[i] = p[i] * to.affine[i][i] +
							       to.affine[i][3];
						want = grid_value(v, p, way & 1, way & 2);
						if (fabs((double)at(r, 0, x, y, z) - want) > 2e-6)
							fail_msg("grid %zu, way %d, %d %d %d: %g, "
								 "not %g",
								g, way, x, y, z,
								(double)at(r, 0, x, y, z), want);
					}
			volume_free(r);
		}
	volume_free(v);
}

/* The same bits for any number of threads, with more planes and with fewer. */
static void test_threads(void **state)
{
	static const int dims[][3] = {{60, 50, 41}, {90, 90, 11}};
	int threads = omp_get_max_threads();
	struct err err = ERR_INIT;
	struct volume *v = noise(2, 31, 40, 19);

	(void)state;
	for (size_t d = 0; d < ARRAY_SIZE(dims); d++)
		for (int mode = 0; mode < 2; mode++) {
			struct volume *r[2];

			for (int k = 0; k < 2; k++) {
				omp_set_num_threads(k ? 3 : 1);
				r[k] = resample_to_dim(v, dims[d], (enum resample_mode)mode, &err);
				assert_non_null(r[k]);
			}
			assert_memory_equal(
				r[0]->data, r[1]->data, 2 * volume_voxels(r[0]) * sizeof(float));
			volume_free(r[0]);
			volume_free(r[1]);
		}
	omp_set_num_threads(threads);
	volume_free(v);
}

static void test_round_trip(void **state)
{
	struct err err = ERR_INIT;
	struct volume *v = noise(1, 30, 25, 12), *fine, *back;

	(void)state;
	for (size_t i = 0; i < volume_voxels(v); i++)
		v->data[i] = (float)(v->data[i] > 0) + (float)(v->data[i] > 1);
	v->affine[0][0] = -0.8;
	v->affine[0][3] = 100;
	v->affine[2][2] = 5;
	fine = resample_to_spacing(v, (double[3]){0.4, 0.4, 1.3}, RESAMPLE_NEAREST, &err);
	assert_non_null(fine);
	back = resample_to_grid(fine,
		&(struct volume_grid){.dim = {30, 25, 12},
			.affine = {{-0.8, 0, 0, 100}, {0, 1, 0, 0}, {0, 0, 5, 0}, {0, 0, 0, 1}}},
		RESAMPLE_NEAREST, &err);
	assert_non_null(back);
	assert_memory_equal(back->data, v->data, volume_voxels(v) * sizeof(float));
	volume_free(v);
	volume_free(fine);
	volume_free(back);
}

static void test_spleen(void **state)
{
	const char *path = nifti_test_data("spleen_ct/imagesTr/spleen_8.nii.gz");
	struct err err = ERR_INIT;
	struct volume *v, *r;
	double start, sum = 0, back = 0;

	(void)state;
	if (!path)
		skip();
	v = nifti_read(path, &err);
	assert_non_null(v);
	start = sys_now();
	r = resample_to_spacing(v, (double[3]){1, 1, 1}, RESAMPLE_LINEAR, &err);
	printf("  512x512x32 to 402x402x240: %.0f ms\n", (sys_now() - start) * 1e3);
	assert_non_null(r);
	assert_int_equal(r->dim[0], 402);
	assert_int_equal(r->dim[2], 240);
	for (size_t i = 0; i < volume_voxels(v); i++)
		sum += v->data[i];
	for (size_t i = 0; i < volume_voxels(r); i++)
		back += r->data[i];
	sum /= (double)volume_voxels(v);
	back /= (double)volume_voxels(r);
	assert_true(fabs(sum - back) < 2); /* the mean HU stays */
	volume_free(v);
	volume_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_affine),
		cmocka_unit_test(test_same_size),
		cmocka_unit_test(test_grid),
		cmocka_unit_test(test_straight_grid),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_spleen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
