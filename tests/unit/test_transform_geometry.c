/*
 * Transforms that move voxels: crops, flips, zoom, resolution.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/transform_rig.h"

static void test_crop_center(void **state)
{
	struct sample *s = rig_sample("/nowhere");
	struct volume *v = sample_find(s, "image")->vol;

	(void)state;
	rig_must(s, "CropSubVolumeCenter", "{\"fields\": \"image\", \"size\": [5, 13, 15]}", 0);
	rig_check_dim(v, 5, 13, 15);
	/* 17 -> 5 begins at voxel 6; 11 -> 15 has two planes of padding on either side. */
	assert_true(rig_voxel(v, 0, 4, 2) == rig_image(0, 6, 4, 0));
	assert_true(rig_voxel(v, 4, 12, 12) == rig_image(0, 10, 12, 10));
	assert_true(rig_voxel(v, 3, 3, 1) == 0 && rig_voxel(v, 3, 3, 13) == 0);
	assert_true(fabs(v->affine[0][3] - (30 - 2 * 6)) < 1e-9);
	assert_true(fabs(v->affine[2][3] - -2) < 1e-9);
	rig_check_dim(&(struct volume){.dim = {v->original.dim[0], v->original.dim[1],
					       v->original.dim[2]}},
		17, 13, 11);
	sample_free(s);
}

static void test_random_crop(void **state)
{
	bool lowest = false, highest = false;

	(void)state;
	for (int i = 0; i < 300; i++) {
		struct sample *s = rig_sample("/nowhere");
		struct volume *v = sample_find(s, "image")->vol, *l = sample_find(s, "label")->vol;
		int x0;

		rig_must(s, "CropFixedSizeRandomCenter",
			"{\"fields\": [\"image\", \"label\"], \"size\": [8, 8, 8]}", i);
		rig_check_dim(v, 8, 8, 8);
		x0 = (int)lround((30 - v->affine[0][3]) / 2);
		assert_true(x0 >= 0 && x0 <= 9);
		lowest = lowest || x0 == 0;
		highest = highest || x0 == 9;
		assert_true(rig_voxel(v, 7, 2, 3) == rig_image(0, x0 + 7,
							     (int)lround(v->affine[1][3]) + 2,
							     (int)lround(v->affine[2][3]) + 3));
		assert_memory_equal(v->affine, l->affine, sizeof(v->affine));
		sample_free(s);
	}
	assert_true(lowest && highest);
}

/* How many of n crops of one voxel hit the foreground. */
static int hits(const char *args, int n)
{
	int count = 0;

	for (int i = 0; i < n; i++) {
		struct sample *s = rig_sample("/nowhere");

		rig_must(s, "FastPosNegRatioCropROI", args, i);
		rig_check_dim(sample_find(s, "label")->vol, 1, 1, 1);
		count += sample_find(s, "label")->vol->data[0] > 0;
		sample_free(s);
	}
	return count;
}

static void test_pos_neg(void **state)
{
	int third = hits("{\"size\": 1, \"pos\": 1, \"neg\": 2}", 600);

	(void)state;
	assert_int_equal(hits("{\"size\": 1, \"pos\": 1, \"neg\": 0}", 50), 50);
	assert_int_equal(hits("{\"size\": 1, \"pos\": 0, \"neg\": 1}", 50), 0);
	/* 200 expected, deviation 11.5 */
	assert_in_range(third, 150, 250);
}

static void test_pos_neg_uniform(void **state)
{
	int seen[2] = {0};

	(void)state;
	/* 4 * 5 * 5 voxels of label 1, 3 * 5 * 5 of label 2 */
	for (int i = 0; i < 700; i++) {
		struct sample *s = rig_sample("/nowhere");

		rig_must(s, "FastPosNegRatioCropROI", "{\"size\": 1, \"pos\": 1, \"neg\": 0}", i);
		seen[(int)sample_find(s, "label")->vol->data[0] - 1]++;
		sample_free(s);
	}
	assert_in_range(seen[0], 340, 460);
	assert_int_equal(seen[0] + seen[1], 700);
}

static float nothing(int c, int x, int y, int z)
{
	(void)c, (void)x, (void)y, (void)z;
	return 0;
}

static void test_pos_neg_empty(void **state)
{
	struct sample *s = rig_sample("/nowhere");
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(sample_set(s, "label", rig_volume(1, nothing), &err), 0);
	rig_must(s, "FastPosNegRatioCropROI", "{\"size\": [4, 20, 4], \"pos\": 1, \"neg\": 0}", 3);
	rig_check_dim(sample_find(s, "image")->vol, 4, 20, 4);
	sample_free(s);
	s = rig_sample("/nowhere");
	assert_int_equal(rig_apply(s, "FastPosNegRatioCropROI",
				 "{\"size\": 4, \"label_field\": \"lable\"}", 0, &err),
		-1);
	assert_non_null(strstr(err.msg, "no field 'lable'"));
	assert_non_null(strstr(err.msg, "case1"));
	assert_non_null(strstr(err.msg, "train.pre_transforms.#1"));
	sample_free(s);
}

static void test_flip(void **state)
{
	static const char args[] = "{\"fields\": [\"image\", \"label\"], \"probability\": 1}";
	struct sample *s = rig_sample("/nowhere"), *o = rig_sample("/nowhere");
	struct volume *v = sample_find(s, "image")->vol;
	int axes = 0;

	(void)state;
	rig_must(s, "RandomSpatialFlip", args, 0);
	for (int z = 0; z < rig_dim[2]; z++)
		for (int y = 0; y < rig_dim[1]; y++)
			for (int x = 0; x < rig_dim[0]; x++)
				assert_true(rig_voxel(v, x, y, z) ==
					    rig_image(0, rig_dim[0] - 1 - x, rig_dim[1] - 1 - y,
						    rig_dim[2] - 1 - z));
	/* The same point of the patient: voxel 0 now lies where voxel 16 was. */
	assert_true(fabs(v->affine[0][3] - (30 - 2 * 16)) < 1e-9 && v->affine[0][0] == 2);
	rig_must(s, "RandomSpatialFlip", args, 0);
	assert_true(rig_same(s, o));
	for (int i = 0; i < 60; i++) {
		rig_must(s, "RandomAxisFlip", args, i);
		for (int k = 0; k < 3; k++)
			if (v->affine[k][k] * o->field[0].vol->affine[k][k] < 0)
				axes |= 1 << k;
		rig_must(s, "RandomAxisFlip", args, i);
		assert_true(rig_same(s, o));
	}
	assert_int_equal(axes, 7);
	rig_must(s, "RandomSpatialFlip", "{\"fields\": \"image\", \"probability\": 0}", 0);
	assert_true(rig_same(s, o));
	sample_free(s);
	sample_free(o);
}

static void test_zoom(void **state)
{
	static const char two[] = "{\"label_field\": \"label\", \"lower_limits\": 2, "
				  "\"upper_limits\": 2}";
	static const char half[] = "{\"label_field\": \"label\", \"lower_limits\": 0.5, "
				   "\"upper_limits\": 0.5}";
	struct sample *s = rig_sample("/nowhere"), *o = rig_sample("/nowhere");
	struct volume *v = sample_find(s, "image")->vol, *l = sample_find(s, "label")->vol;

	(void)state;
	rig_must(s, "RandomZoom", "{\"lower_limits\": 1, \"upper_limits\": 1}", 0);
	assert_true(rig_same(s, o));
	rig_must(s, "RandomZoom", two, 0);
	rig_check_dim(v, 17, 13, 11);
	/* The middle stays, and two voxels further is one voxel further in the original. */
	assert_true(rig_voxel(v, 8, 6, 5) == rig_image(0, 8, 6, 5));
	assert_true(fabsf(rig_voxel(v, 10, 4, 7) - rig_image(0, 9, 5, 6)) < 1e-6f);
	assert_true(fabsf(rig_voxel(v, 9, 6, 5) -
			    (rig_image(0, 8, 6, 5) + rig_image(0, 9, 6, 5)) / 2) < 1e-6f);
	for (size_t i = 0; i < volume_voxels(l); i++)
		assert_true(l->data[i] == 0 || l->data[i] == 1 || l->data[i] == 2);
	sample_free(s);
	s = rig_sample("/nowhere");
	rig_must(s, "RandomZoom", half, 0);
	v = sample_find(s, "image")->vol;
	assert_true(rig_voxel(v, 9, 6, 5) == rig_image(0, 10, 6, 5));
	assert_true(rig_voxel(v, 0, 6, 5) == 0 && rig_voxel(v, 8, 12, 5) == 0);
	sample_free(s);
	sample_free(o);
}

static void test_resolution(void **state)
{
	struct sample *s = rig_sample("/nowhere");
	struct volume *v;

	(void)state;
	rig_must(s, "ScaleByResolution", "{\"fields\": \"image\", \"target_resolution\": 1}", 0);
	rig_must(s, "ScaleByResolution",
		"{\"fields\": \"label\", \"target_resolution\": [1, 1, 1], \"is_label\": true}", 0);
	v = sample_find(s, "image")->vol;
	rig_check_dim(v, 34, 13, 11);
	assert_true(fabs(v->affine[0][0] - -1) < 1e-9);
	assert_int_equal(v->original.dim[0], 17);
	v = sample_find(s, "label")->vol;
	rig_check_dim(v, 34, 13, 11);
	for (int x = 0; x < 34; x++)
		assert_true(rig_voxel(v, x, 4, 5) == rig_label(0, x / 2, 4, 5));
	sample_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crop_center),
		cmocka_unit_test(test_random_crop),
		cmocka_unit_test(test_pos_neg),
		cmocka_unit_test(test_pos_neg_uniform),
		cmocka_unit_test(test_pos_neg_empty),
		cmocka_unit_test(test_flip),
		cmocka_unit_test(test_zoom),
		cmocka_unit_test(test_resolution),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
