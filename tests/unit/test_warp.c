/*
 * Seeing a volume through rotation, scale and deformation: no change copies, right
 * angles permute voxels, nothing folds, labels stay labels, image and label move alike.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/volume/warp.h"
#include "tests/unit/transform_rig.h"

static const double none[3], ones[3] = {1, 1, 1}, pi = 3.14159265358979323846;

static struct volume *see(const struct volume *v, const int size[3], const struct warp *w,
	enum resample_mode mode, enum warp_padding padding)
{
	struct volume *r = warp_volume(v, size, w, mode, padding, NULL);

	assert_non_null(r);
	return r;
}

static struct volume *cube(int n, int channels)
{
	struct volume *v = volume_new(channels, (const int[]){n, n, n}, NULL);
	struct rng r = rng_stream(3, 0, 0, 0);

	for (size_t i = 0; i < volume_voxels(v) * (size_t)channels; i++)
		v->data[i] = (float)rng_uniform(&r) + 0.5f;
	return v;
}

static void test_identity(void **state)
{
	static const int start[3] = {2, -3, 4}, size[3] = {20, 13, 9};
	struct volume *v = rig_volume(2, rig_image);
	struct warp w;

	(void)state;
	for (int mode = RESAMPLE_NEAREST; mode <= RESAMPLE_LINEAR; mode++) {
		struct volume *same, *box, *edge;

		warp_init(&w, (const int[3]){0, 0, 0});
		warp_affine(&w, v->dim, ones, none, ones, none);
		same = see(v, v->dim, &w, (enum resample_mode)mode, WARP_ZEROS);
		assert_memory_equal(same->data, v->data, 2 * volume_voxels(v) * sizeof(float));
		warp_init(&w, start);
		box = see(v, size, &w, (enum resample_mode)mode, WARP_ZEROS);
		edge = see(v, size, &w, (enum resample_mode)mode, WARP_BORDER);
		for (int z = 0; z < size[2]; z++)
			for (int y = 0; y < size[1]; y++)
				for (int x = 0; x < size[0]; x++) {
					int ax = x + 2, ay = y - 3, az = z + 4;
					bool in = ax < 17 && ay >= 0 && ay < 13 && az < 11;

					assert_true(rig_voxel(box, x, y, z) ==
						    (in ? rig_image(0, ax, ay, az) : 0));
					ax = ax > 16 ? 16 : ax;
					ay = ay < 0 ? 0 : ay > 12 ? 12 : ay;
					az = az > 10 ? 10 : az;
					assert_true(rig_voxel(edge, x, y, z) ==
						    rig_image(0, ax, ay, az));
				}
		volume_free(same);
		volume_free(box);
		volume_free(edge);
	}
	volume_free(v);
}

/* +90 degrees about z takes +x to +y: what is seen at (x, y) was at (y, n-1-x). */
static void test_right_angle(void **state)
{
	enum { N = 9 };
	struct volume *v = cube(N, 2);

	(void)state;
	for (int axis = 0; axis < 3; axis++) {
		double angle[3] = {0};
		struct volume *lin, *near;
		struct warp w;

		angle[axis] = pi / 2;
		warp_init(&w, (const int[3]){0, 0, 0});
		warp_affine(&w, v->dim, ones, angle, ones, none);
		lin = see(v, v->dim, &w, RESAMPLE_LINEAR, WARP_ZEROS);
		near = see(v, v->dim, &w, RESAMPLE_NEAREST, WARP_ZEROS);
		for (int i = 0; i < N * N * N; i++) {
			int p[3] = {i % N, i / N % N, i / N / N}, q[3];
			int a = (axis + 1) % 3, b = (axis + 2) % 3;
			float want;

			q[axis] = p[axis];
			q[a] = p[b];
			q[b] = N - 1 - p[a];
			want = rig_voxel(v, q[0], q[1], q[2]);
			assert_true(rig_voxel(near, p[0], p[1], p[2]) == want);
			assert_true(fabsf(rig_voxel(lin, p[0], p[1], p[2]) - want) < 1e-5f);
		}
		volume_free(lin);
		volume_free(near);
	}
	volume_free(v);
}

/* Voxels of 1 x 1 x 2 mm: a bar of 8 voxels along z becomes one of 16 along y. */
static void test_anisotropic(void **state)
{
	struct volume *v = volume_new(1, (const int[]){31, 31, 31}, NULL), *r;
	struct warp w;
	int n = 0;

	(void)state;
	memset(v->data, 0, volume_voxels(v) * sizeof(float));
	for (int z = 11; z < 20; z++)
		v->data[((size_t)z * 31 + 15) * 31 + 15] = 1;
	warp_init(&w, (const int[3]){0, 0, 0});
	warp_affine(
		&w, v->dim, (const double[]){1, 1, 2}, (const double[]){pi / 2, 0, 0}, ones, none);
	r = see(v, v->dim, &w, RESAMPLE_NEAREST, WARP_ZEROS);
	for (int y = 0; y < 31; y++)
		n += rig_voxel(r, 15, y, 15) > 0;
	assert_in_range(n, 16, 18);
	volume_free(r);
	/* Twice as large about the middle, and one voxel further along x. */
	warp_init(&w, (const int[3]){0, 0, 0});
	warp_affine(&w, v->dim, ones, none, (const double[]){2, 2, 2}, (const double[]){1, 0, 0});
	r = see(v, v->dim, &w, RESAMPLE_LINEAR, WARP_ZEROS);
	assert_true(rig_voxel(r, 16, 15, 15) == 1 && rig_voxel(r, 14, 15, 15) == 0);
	assert_true(fabsf(rig_voxel(r, 17, 15, 15) - 0.5f) < 1e-6f);
	assert_true(rig_voxel(r, 16, 15, 8) == 1 && rig_voxel(r, 16, 15, 4) == 0);
	volume_free(r);
	volume_free(v);
}

/* Three channels that hold x, y and z: sampling them gives the mapping itself. */
static struct volume *coordinates(const int dim[3])
{
	struct volume *v = volume_new(3, dim, NULL);
	float *p = v->data;

	for (int c = 0; c < 3; c++)
		for (int z = 0; z < dim[2]; z++)
			for (int y = 0; y < dim[1]; y++)
				for (int x = 0; x < dim[0]; x++)
					*p++ = (float)(c == 0 ? x : c == 1 ? y : z);
	return v;
}

/* Smallest determinant of the mapping's derivative over the inside of the window. */
static double least_volume(const struct volume *r)
{
	size_t n = volume_voxels(r),
	       step[3] = {1, (size_t)r->dim[0], (size_t)r->dim[0] * (size_t)r->dim[1]};
	double least = 9;

	for (int z = 1; z + 1 < r->dim[2]; z++)
		for (int y = 1; y + 1 < r->dim[1]; y++)
			for (int x = 1; x + 1 < r->dim[0]; x++) {
				size_t at = (size_t)x + step[1] * (size_t)y + step[2] * (size_t)z;
				double j[3][3], det;

				for (size_t c = 0; c < 3; c++)
					for (size_t k = 0; k < 3; k++)
						j[c][k] = (double)(r->data[c * n + at + step[k]] -
								   r->data[c * n + at - step[k]]) /
							  2;
				det = j[0][0] * (j[1][1] * j[2][2] - j[1][2] * j[2][1]) -
				      j[0][1] * (j[1][0] * j[2][2] - j[1][2] * j[2][0]) +
				      j[0][2] * (j[1][0] * j[2][1] - j[1][1] * j[2][0]);
				least = fmin(least, det);
			}
	return least;
}

static void test_deform(void **state)
{
	static const int size[3] = {40, 30, 24}, start[3] = {40, 40, 40};
	struct volume *v = coordinates((const int[3]){128, 128, 128});

	(void)state;
	for (uint64_t seed = 0; seed < 6; seed++) {
		struct rng rng = rng_stream(seed, 0, 0, 0);
		struct volume *r;
		struct warp w;
		double move = 0, n = 3 * 40 * 30 * 24;

		warp_init(&w, start);
		warp_deform(&w, size, (const double[]){12, 10, 8}, (const double[]){0.4, 0.4, 0.4},
			&rng);
		r = see(v, size, &w, RESAMPLE_LINEAR, WARP_BORDER);
		assert_true(least_volume(r) > 0.02);
		for (size_t i = 0; i < volume_voxels(r); i++) {
			double at[3] = {(double)(i % 40) + 40, (double)(i / 40 % 30) + 40,
				(double)(i / 1200) + 40};

			for (size_t c = 0; c < 3; c++) {
				double d = (double)r->data[c * volume_voxels(r) + i] - at[c];

				assert_true(fabs(d) <= 0.4 * 12);
				move += d * d;
			}
		}
		assert_true(sqrt(move / n) > 0.3);
		volume_free(r);
		warp_release(&w);
	}
	volume_free(v);
}

/* Rotation, then deformation: the displacement is turned with the window. */
static void test_composed(void **state)
{
	static const int size[3] = {20, 20, 20}, start[3] = {30, 30, 30};
	struct volume *v = coordinates((const int[3]){80, 80, 80}), *plain, *turned;
	struct rng a = rng_stream(1, 0, 0, 0), b = a;
	static const double gap[3] = {6, 6, 6}, most[3] = {0.3, 0.3, 0.3};
	size_t n = 20 * 20 * 20;
	struct warp w;

	(void)state;
	warp_init(&w, start);
	warp_deform(&w, size, gap, most, &a);
	plain = see(v, size, &w, RESAMPLE_LINEAR, WARP_BORDER);
	warp_release(&w);
	warp_init(&w, start);
	warp_affine(&w, size, ones, (const double[]){0.3, -0.5, 0.2},
		(const double[]){1.1, 0.9, 1.2}, none);
	warp_deform(&w, size, gap, most, &b);
	turned = see(v, size, &w, RESAMPLE_LINEAR, WARP_BORDER);
	for (size_t i = 0; i < n; i++)
		for (int r = 0; r < 3; r++) {
			double want = w.m[r][3];

			for (size_t c = 0; c < 3; c++)
				want += w.m[r][c] * ((double)plain->data[c * n + i] - start[c]);
			assert_true(fabs((double)turned->data[(size_t)r * n + i] - want) < 1e-4);
		}
	warp_release(&w);
	volume_free(plain);
	volume_free(turned);
	volume_free(v);
}

static void test_labels(void **state)
{
	static const char *const names[] = {
		"RandomAffine3D", "RandomElastic3D", "RandomRotate2D", "RandomRotate3D"};
	static const char args[] = "{\"fields\": [\"image\", \"label\"], \"probability\": 1}";

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
		int moved = 0;

		for (int i = 0; i < 8; i++) {
			struct sample *s = rig_sample("/nowhere"), *o = rig_sample("/nowhere");
			struct volume *l = sample_find(s, "label")->vol;
			struct volume *v = sample_find(s, "image")->vol;
			size_t same = 0, n = volume_voxels(l);

			/* The image shows the label, so that both can be compared afterwards. */
			memcpy(v->data, l->data, n * sizeof(float));
			rig_must(s, names[k], args, i);
			moved += !rig_same_volume(l, sample_find(o, "label")->vol);
			assert_memory_equal(
				l->affine, sample_find(o, "label")->vol->affine, sizeof(l->affine));
			for (size_t x = 0; x < n; x++) {
				assert_true(l->data[x] == 0 || l->data[x] == 1 || l->data[x] == 2);
				same += fabsf(l->data[x] - v->data[x]) <= 0.95f;
			}
			assert_true(same > n * 97 / 100);
			sample_free(s);
			sample_free(o);
		}
		assert_true(moved > 5);
	}
}

static void test_nothing(void **state)
{
	struct sample *s = rig_sample("/nowhere"), *o = rig_sample("/nowhere");

	(void)state;
	rig_must(s, "RandomAffine3D",
		"{\"fields\": [\"image\", \"label\"], \"probability\": 1, \"rotation_degree\": 0, "
		"\"scale_factor\": 0}",
		1);
	rig_must(s, "RandomElastic3D",
		"{\"fields\": [\"image\", \"label\"], \"probability\": 1, \"deform\": 0}", 1);
	rig_must(
		s, "RandomRotate3D", "{\"fields\": [\"image\", \"label\"], \"probability\": 0}", 1);
	assert_true(rig_same(s, o));
	sample_free(s);
	sample_free(o);
}

/* One plane stays one plane, whatever the angles. */
static void test_flat(void **state)
{
	struct volume *v = volume_new(1, (const int[]){24, 24, 1}, NULL);
	struct sample *s = sample_new("flat");
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < 24 * 24; i++)
		v->data[i] = 1;
	assert_int_equal(sample_set(s, "image", v, &err), 0);
	rig_must(s, "RandomAffine3D",
		"{\"fields\": \"image\", \"probability\": 1, \"rotation_degree\": 90, \"deform\": "
		"0.4, \"translation\": 5, \"padding_mode\": \"border\"}",
		2);
	v = sample_find(s, "image")->vol;
	rig_check_dim(v, 24, 24, 1);
	for (size_t i = 0; i < 24 * 24; i++)
		assert_true(fabsf(v->data[i] - 1) < 1e-5f);
	sample_free(s);
}

static void test_crop(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct sample *s = rig_sample("/nowhere"), *o = rig_sample("/nowhere");
		struct volume *v, *l;

		/* Angles and factors of 0: the plain crop. */
		rig_must(o, "FastPosNegRatioCropROI", "{\"size\": [8, 7, 13]}", i);
		rig_must(s, "FastPosNegRatioCropROI",
			"{\"size\": [8, 7, 13], \"rotation\": true, \"rotation_degree\": 0, "
			"\"scale\": true, \"scale_factor\": 0}",
			i);
		assert_true(rig_same(s, o));
		sample_free(s);
		s = rig_sample("/nowhere");
		v = sample_find(s, "image")->vol;
		l = sample_find(s, "label")->vol;
		rig_must(s, "FastPosNegRatioCropROI",
			"{\"size\": [8, 7, 13], \"rotation\": true, \"scale\": true, \"deform\": "
			"true}",
			i);
		assert_false(rig_same(s, o));
		rig_check_dim(v, 8, 7, 13);
		rig_check_dim(l, 8, 7, 13);
		assert_memory_equal(
			v->affine, sample_find(o, "image")->vol->affine, sizeof(v->affine));
		for (size_t x = 0; x < volume_voxels(l); x++)
			assert_true(l->data[x] == 0 || l->data[x] == 1 || l->data[x] == 2);
		sample_free(s);
		sample_free(o);
	}
}

/* Ranges without any sense give positions that are no numbers: still inside the volume. */
static void test_absurd(void **state)
{
	struct sample *s = rig_sample("/nowhere");
	const struct volume *v = sample_find(s, "image")->vol;

	(void)state;
	rig_must(s, "RandAffined",
		"{\"keys\": [\"image\", \"label\"], \"prob\": 1, \"mode\": [\"bilinear\", \"nearest\"], "
		"\"scale_range\": [[1e300, 1e300]], \"shear_range\": [[1e300, 1e300]], "
		"\"padding_mode\": \"zeros\"}",
		0);
	for (size_t i = 0; i < volume_voxels(v); i++)
		assert_true(isfinite(v->data[i]));
	sample_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_right_angle),
		cmocka_unit_test(test_anisotropic),
		cmocka_unit_test(test_deform),
		cmocka_unit_test(test_composed),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_crop),
		cmocka_unit_test(test_absurd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
