/*
 * The transforms of Clara v3 one by one: what each does to voxels, sizes and affine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/volume/nifti.h"
#include "tests/unit/transform_rig.h"

static struct volume *field(struct sample *s, const char *name)
{
	struct err err = ERR_INIT;
	struct volume *v = sample_volume(s, name, &err);

	if (!v)
		fail_msg("%s", err.msg);
	return v;
}

/* Applies, and the message of the failure must hold says. */
static void fails(struct sample *s, const char *name, const char *args, const char *says)
{
	struct err err = ERR_INIT;

	assert_int_equal(rig_apply(s, name, args, 0, &err), -1);
	if (!strstr(err.msg, says))
		fail_msg("%s: '%s' is not in: %s", name, says, err.msg);
}

static void test_rescale(void **state)
{
	struct sample *s = rig_sample("/nowhere");
	struct volume *v;

	(void)state;
	rig_must(s, "ScaleByFactor", "{\"fields\": \"image\", \"factor\": [0.5, 2, 0.01]}", 0);
	v = field(s, "image");
	rig_check_dim(v, 9, 26, 1);
	assert_true(fabs(v->affine[0][0] - -2 * 17 / 9.0) < 1e-9);
	assert_true(fabs(v->affine[1][1] - 0.5) < 1e-9);
	rig_must(s, "ScaleToShape",
		"{\"fields\": \"label\", \"target_shape\": [34, -1, 22], \"is_label\": true}", 0);
	v = field(s, "label");
	rig_check_dim(v, 34, 13, 22);
	for (int x = 0; x < 34; x++)
		assert_true(rig_voxel(v, x, 4, 10) == rig_label(0, x / 2, 4, 5));
	rig_must(s, "ScaleBySpacing", "{\"fields\": \"label\", \"pixdim\": [2, 1, 1]}", 0);
	rig_check_dim(field(s, "label"), 17, 13, 11);
	sample_free(s);
}

static void test_pads(void **state)
{
	struct sample *s = rig_sample("/nowhere");
	struct volume *v = field(s, "image");

	(void)state;
	rig_must(s, "SymmetricPadderDiv", "{\"fields\": \"image\", \"divisor\": [8, 13, 4]}", 0);
	rig_check_dim(v, 24, 13, 12);
	/* 17 -> 24: three columns before, four after; 11 -> 12: one plane at the end. */
	assert_true(rig_voxel(v, 3 + 5, 7, 2) == rig_image(0, 5, 7, 2));
	assert_true(rig_voxel(v, 1, 7, 2) == 0 && rig_voxel(v, 21, 7, 2) == 0);
	assert_true(rig_voxel(v, 12, 7, 11) == 0);
	assert_true(fabs(v->affine[0][3] - (30 + 2 * 3)) < 1e-9);
	sample_free(s);
	s = rig_sample("/nowhere");
	v = field(s, "image");
	rig_must(s, "PadCropWithFixedSize", "{\"fields\": \"image\", \"size\": [5, 13, 15]}", 0);
	rig_check_dim(v, 5, 13, 15);
	assert_true(rig_voxel(v, 0, 4, 2) == rig_image(0, 6, 4, 0));
	assert_true(rig_voxel(v, 3, 3, 1) == 0 && rig_voxel(v, 3, 3, 13) == 0);
	sample_free(s);
}

static void test_random_size(void **state)
{
	int least = 99, most = 0, first = 99, last = 0;

	(void)state;
	for (int i = 0; i < 300; i++) {
		struct sample *s = rig_sample("/nowhere");
		struct volume *v = field(s, "image"), *l = field(s, "label");
		int at[3], free_z;

		rig_must(s, "CropRandomSizeWithDisplacement",
			"{\"fields\": [\"image\", \"label\"], \"lower_size\": [8, 0.5, 5], "
			"\"max_displacement\": [1, 0, 2]}",
			i);
		at[0] = (int)lround((30 - v->affine[0][3]) / 2);
		at[1] = (int)lround(v->affine[1][3]);
		at[2] = (int)lround(v->affine[2][3]);
		assert_memory_equal(v->dim, l->dim, sizeof(v->dim));
		assert_in_range(v->dim[0], 8, 17);
		assert_in_range(v->dim[1], 7, 13);
		assert_in_range(v->dim[2], 5, 11);
		assert_in_range(at[0], 0, 17 - v->dim[0]);
		assert_int_equal(at[1], (13 - v->dim[1]) / 2);
		free_z = 11 - v->dim[2];
		assert_true(abs(2 * at[2] - free_z) <= 5 && at[2] >= 0 && at[2] <= free_z);
		assert_true(rig_voxel(v, 2, 3, 1) == rig_image(0, at[0] + 2, at[1] + 3, at[2] + 1));
		least = v->dim[0] < least ? v->dim[0] : least;
		most = v->dim[0] > most ? v->dim[0] : most;
		first = at[0] < first ? at[0] : first;
		last = at[0] > last ? at[0] : last;
		sample_free(s);
	}
	assert_true(least == 8 && most == 17 && first == 0 && last > 6);
}

static void test_channels(void **state)
{
	struct sample *s = rig_sample("/nowhere");
	struct volume *v;

	(void)state;
	rig_must(s, "RepeatChannel", "{\"fields\": \"model\", \"repeats\": 2}", 0);
	v = field(s, "model");
	assert_int_equal(v->channels, 6);
	for (int c = 0; c < 6; c++)
		assert_true(v->data[(size_t)c * volume_voxels(v) + 5 * 221 + 4 * 17 + 5] ==
			    rig_model(c / 2, 5, 4, 5));
	fails(s, "SplitAcrossChannels", "{\"field\": \"model\", \"channel_names\": [\"a\", \"b\"]}",
		"6 channels, but 2 names");
	rig_must(s, "SplitAcrossChannels",
		"{\"field\": \"model\", \"channel_names\": [\"a\", \"b\", \"c\", \"d\", \"model\", "
		"\"f\"]}",
		0);
	v = field(s, "model");
	assert_int_equal(v->channels, 1);
	assert_true(rig_voxel(v, 12, 4, 5) == rig_model(2, 12, 4, 5));
	assert_true(rig_voxel(field(s, "c"), 5, 4, 5) == rig_model(1, 5, 4, 5));
	rig_must(s, "ThresholdValues", "{\"fields\": [\"c\"], \"threshold\": 0.6}", 0);
	assert_true(rig_voxel(field(s, "c"), 5, 4, 5) == 1);
	assert_true(rig_voxel(field(s, "c"), 12, 4, 5) == 0);
	rig_must(s, "ConvertToMultiChannelBasedOnLabel",
		"{\"fields\": \"label\", \"labels\": [2, 0]}", 0);
	v = field(s, "label");
	assert_int_equal(v->channels, 2);
	for (size_t i = 0; i < volume_voxels(v); i++) {
		float l = rig_label(0, (int)(i % 17), (int)(i / 17 % 13), (int)(i / 221));

		assert_true(v->data[i] == (l == 2) && v->data[i + volume_voxels(v)] == (l == 0));
	}
	fails(s, "ConvertToMultiChannelBasedOnLabel", "{\"fields\": \"label\", \"labels\": [1]}",
		"found 2");
	sample_free(s);
}

static void test_brats(void **state)
{
	static const float value[5] = {0, 1, 2, 4, 3};
	static const int want[4][3] = {{0, 0, 0}, {1, 1, 0}, {0, 1, 0}, {1, 1, 1}};
	static const char *const names[] = {"tc", "wt", "et"};
	struct sample *s = rig_sample("/nowhere");
	struct volume *v = field(s, "label");
	size_t n = volume_voxels(v);

	(void)state;
	for (size_t i = 0; i < n; i++)
		v->data[i] = value[i % 4];
	rig_must(s, "SplitBasedOnBratsClasses",
		"{\"field\": \"label\", \"label_names\": [\"tc\", \"wt\", \"et\"]}", 0);
	rig_must(s, "ConvertToMultiChannelBasedOnBratsClasses", "{\"fields\": \"label\"}", 0);
	v = field(s, "label");
	assert_int_equal(v->channels, 3);
	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; c < 3; c++) {
			assert_true(v->data[c * n + i] == (float)want[i % 4][c]);
			assert_true(field(s, names[c])->data[i] == (float)want[i % 4][c]);
		}
	field(s, "tc")->data[9] = value[4];
	fails(s, "ConvertToMultiChannelBasedOnBratsClasses", "{\"fields\": \"tc\"}",
		"1 voxels have other labels");
	sample_free(s);
}

static void test_largest(void **state)
{
	struct sample *s = rig_sample("/nowhere"), *o = rig_sample("/nowhere");
	struct volume *v = field(s, "label");

	(void)state;
	rig_must(s, "KeepLargestCC", "{\"fields\": \"label\"}", 0);
	assert_true(rig_same(s, o));
	/* A speck of each label, label 2's touching label 1 only. */
	v->data[0] = 1;
	v->data[221 * 5 + 17 * 4 + 8] = 2;
	rig_must(s, "KeepLargestCC", "{\"fields\": \"label\", \"applied_labels\": 2}", 0);
	assert_true(v->data[0] == 1 && v->data[221 * 5 + 17 * 4 + 8] == 0);
	rig_must(s, "KeepLargestCC", "{\"fields\": \"label\"}", 0);
	assert_true(rig_same(s, o));
	/* Together: the boxes do not touch, so the smaller one goes. */
	rig_must(s, "KeepLargestCC", "{\"fields\": \"label\", \"independent\": false}", 0);
	for (size_t i = 0; i < volume_voxels(v); i++) {
		float l = rig_label(0, (int)(i % 17), (int)(i / 17 % 13), (int)(i / 221));

		assert_true(v->data[i] == (l == 1 ? 1 : 0));
	}
	/* Channels: the first is background and stays. */
	v = field(s, "model");
	rig_must(s, "ThresholdValues", "{\"fields\": \"model\"}", 0);
	v->data[volume_voxels(v) * 2] = v->data[volume_voxels(v) - 1] = 1;
	rig_must(s, "KeepLargestCC", "{\"fields\": \"model\"}", 0);
	assert_true(v->data[volume_voxels(v) * 2] == 0 && v->data[volume_voxels(v) - 1] == 1);
	assert_true(v->data[volume_voxels(v) * 2 + 221 * 5 + 17 * 4 + 12] == 1);
	sample_free(s);
	sample_free(o);
}

static void test_center_data(void **state)
{
	struct sample *s = rig_sample("/nowhere");
	struct volume *v = field(s, "model");
	size_t n = volume_voxels(v);

	(void)state;
	rig_must(s, "CenterData", "{\"fields\": \"image\", \"subtrahend\": 2, \"divisor\": 4}", 0);
	assert_true(fabsf(rig_voxel(field(s, "image"), 5, 5, 5) - (rig_image(0, 5, 5, 5) - 2) / 4) <
		    1e-6f);
	rig_must(s, "CenterData", "{\"fields\": [\"model\"]}", 0);
	for (size_t c = 0; c < 3; c++) {
		double sum = 0, sum2 = 0;

		for (size_t i = 0; i < n; i++) {
			sum += (double)v->data[c * n + i];
			sum2 += (double)v->data[c * n + i] * (double)v->data[c * n + i];
		}
		assert_true(fabs(sum / (double)n) < 1e-5 && fabs(sum2 / (double)n - 1) < 1e-5);
	}
	fails(s, "CenterData", "{\"fields\": \"model\", \"divisor\": [1, 2]}", "3 channels");
	sample_free(s);
}

static void test_contrast(void **state)
{
	struct sample *s = rig_sample("/nowhere"), *o = rig_sample("/nowhere");
	struct volume *v = field(s, "image"), *w = field(o, "image");
	float lo = 9, hi = -9;

	(void)state;
	for (size_t i = 0; i < volume_voxels(v); i++) {
		lo = fminf(lo, v->data[i]);
		hi = fmaxf(hi, v->data[i]);
	}
	rig_must(s, "AdjustContrast",
		"{\"fields\": \"image\", \"probability\": 1, \"gamma\": [2.5, 2.5]}", 0);
	for (size_t i = 0; i < volume_voxels(v); i++) {
		double t = (double)(w->data[i] - lo) / (double)(hi - lo);

		assert_true(fabs((double)v->data[i] -
				    (pow(t, 2.5) * (double)(hi - lo) + (double)lo)) < 1e-5);
	}
	sample_free(s);
	sample_free(o);
}

static void test_smooth(void **state)
{
	struct sample *s = rig_sample("/nowhere");
	struct volume *v = field(s, "image");
	double sum = 0;

	(void)state;
	for (size_t i = 0; i < volume_voxels(v); i++)
		v->data[i] = 3;
	rig_must(s, "RandomGaussianSmooth", "{\"fields\": \"image\", \"probability\": 1}", 1);
	for (size_t i = 0; i < volume_voxels(v); i++)
		assert_true(fabsf(v->data[i] - 3) < 1e-5f);
	memset(v->data, 0, volume_voxels(v) * sizeof(float));
	v->data[221 * 5 + 17 * 6 + 8] = 1;
	rig_must(s, "RandomGaussianSmooth",
		"{\"fields\": \"image\", \"probability\": 1, \"sigma\": 1}", 1);
	for (size_t i = 0; i < volume_voxels(v); i++)
		sum += (double)v->data[i];
	assert_true(fabs(sum - 1) < 1e-5);
	/* exp(-1/2) per voxel next to it, along every axis and diagonally. */
	assert_true(fabsf(rig_voxel(v, 9, 6, 5) / rig_voxel(v, 8, 6, 5) - 0.6065307f) < 1e-5f);
	assert_true(fabsf(rig_voxel(v, 8, 5, 4) / rig_voxel(v, 8, 6, 5) - 0.3678794f) < 1e-5f);
	sample_free(s);
}

static void test_bias(void **state)
{
	struct sample *s = rig_sample("/nowhere"), *o = rig_sample("/nowhere");
	struct volume *v = field(s, "image");

	(void)state;
	rig_must(s, "RandomMRBiasField",
		"{\"fields\": \"image\", \"probability\": 1, \"coeff_range\": [0, 0]}", 0);
	assert_true(rig_same(s, o));
	/* All coefficients 0.5 of degree 1: exp(0.5 (1 + x + y + z)). */
	rig_must(s, "RandomMRBiasField",
		"{\"fields\": \"image\", \"probability\": 1, \"degree\": 1, \"coeff_range\": "
		"[0.5, 0.5]}",
		0);
	for (int z = 0; z < 11; z++)
		for (int x = 0; x < 17; x++) {
			double f = 1 + (2 * x / 16.0 - 1) + (2 * 3 / 12.0 - 1) + (2 * z / 10.0 - 1);

			assert_true(fabs((double)rig_voxel(v, x, 3, z) -
					    (double)rig_image(0, x, 3, z) * exp(0.5 * f)) < 1e-5);
		}
	sample_free(s);
	sample_free(o);
}

/* Crop, padding and resampling, then back to the grid of the file. */
static void test_restore(void **state)
{
	struct sample *s = rig_sample("/nowhere"), *o = rig_sample("/nowhere");
	struct volume *v = field(s, "label");

	(void)state;
	rig_must(s, "RestoreOriginalShape",
		"{\"field\": \"label\", \"src_field\": \"image\", \"is_label\": true}", 0);
	assert_true(rig_same(s, o));
	rig_must(s, "PadCropWithFixedSize",
		"{\"fields\": [\"image\", \"label\"], \"size\": [14, 15, 9]}", 0);
	rig_must(s, "ScaleByFactor",
		"{\"fields\": [\"image\", \"label\"], \"factor\": [2, 3, 2], \"is_label\": true}",
		0);
	/* As a prediction: the right size, but no affine. */
	v = field(s, "label");
	rig_check_dim(v, 28, 45, 18);
	memset(v->affine, 0, sizeof(v->affine));
	rig_must(s, "RestoreOriginalShape",
		"{\"field\": \"label\", \"src_field\": \"image\", \"is_label\": true}", 0);
	assert_true(rig_same_volume(field(s, "label"), field(o, "label")));
	sample_free(s);
	sample_free(o);
}

static void test_object(void **state)
{
	struct sample *s = rig_sample("/nowhere");
	struct volume *v = field(s, "image"), *l = field(s, "label");

	(void)state;
	/* Foreground: x 4 ... 13, y 2 ... 6, z 3 ... 7. */
	rig_must(s, "CropForegroundObject", "{\"keep_classes\": true, \"pad\": [1, 3, 0]}", 0);
	v = field(s, "image");
	l = field(s, "label");
	rig_check_dim(v, 12, 10, 5);
	rig_check_dim(l, 12, 10, 5);
	assert_true(rig_voxel(v, 4, 5, 2) == rig_image(0, 7, 5, 5));
	assert_true(rig_voxel(l, 8, 4, 2) == 2);
	sample_free(s);
	for (int i = 0; i < 30; i++) {
		s = rig_sample("/nowhere");
		rig_must(s, "CropForegroundObject", "{\"size\": [16, 8, 8], \"pert\": 3}", i);
		l = field(s, "label");
		rig_check_dim(l, 16, 8, 8);
		rig_check_dim(field(s, "image"), 16, 8, 8);
		for (size_t k = 0; k < volume_voxels(l); k++)
			assert_true(l->data[k] == 0 || l->data[k] == 1);
		sample_free(s);
	}
	s = rig_sample("/nowhere");
	for (size_t k = 0; k < volume_voxels(field(s, "label")); k++)
		field(s, "label")->data[k] = 0;
	rig_must(s, "CropForegroundObject", "{\"pert\": 3}", 0);
	rig_check_dim(field(s, "image"), 17, 13, 11);
	sample_free(s);
}

static void test_points(void **state)
{
	struct sample *s = rig_sample("/nowhere");
	struct volume *v, *p;
	float most = -9;

	(void)state;
	rig_must(s, "FetchExtremePoints", "{}", 0);
	p = field(s, "points");
	rig_check_dim(p, 3, 6, 1);
	for (int k = 0; k < 6; k++) {
		static const float edge[6] = {4, 13, 2, 6, 3, 7};

		assert_true(rig_voxel(p, k / 2, k, 0) == edge[k]);
		assert_true(rig_label(0, (int)rig_voxel(p, 0, k, 0), (int)rig_voxel(p, 1, k, 0),
				    (int)rig_voxel(p, 2, k, 0)) > 0);
	}
	rig_must(s, "AddExtremePointsChannel",
		"{\"image_field\": \"image\", \"label_field\": \"label\", \"sigma\": 0.5}", 4);
	v = field(s, "image");
	assert_int_equal(v->channels, 2);
	assert_true(rig_voxel(v, 5, 5, 5) == rig_image(0, 5, 5, 5));
	for (size_t i = 0; i < volume_voxels(v); i++) {
		float x = v->data[volume_voxels(v) + i];

		assert_true(x >= -1 && x <= 1.00001f);
		most = fmaxf(most, x);
	}
	assert_true(fabsf(most - 1) < 1e-5f && v->data[volume_voxels(v)] == -1);
	rig_must(s, "AddExtremePointsChannel",
		"{\"image_field\": \"image\", \"label_field\": \"label\", \"permutation\": 4, "
		"\"points_channel_field\": \"blobs\", \"rescale_min\": 0}",
		5);
	assert_int_equal(field(s, "image")->channels, 2);
	assert_int_equal(field(s, "blobs")->channels, 1);
	p = field(s, "label");
	memset(p->data, 0, volume_voxels(p) * sizeof(float));
	fails(s, "FetchExtremePoints", "{}", "no foreground");
	rig_must(s, "AddExtremePointsChannel",
		"{\"image_field\": \"image\", \"label_field\": \"label\"}", 4);
	v = field(s, "image");
	for (size_t i = 0; i < volume_voxels(v); i++)
		assert_true(v->data[2 * volume_voxels(v) + i] == -1);
	sample_free(s);
}

static void test_save(void **state)
{
	char folder[] = "/tmp/axial_save_XXXXXX";
	struct sample *s = rig_sample("/nowhere");
	struct err err = ERR_INIT;
	char *args, *path;
	struct volume *v;

	(void)state;
	assert_non_null(mkdtemp(folder));
	args = mem_printf("{\"fields\": [\"image\", \"label\"], \"out_dir\": \"%s/a/b\"}", folder);
	rig_must(s, "SaveAsNifti", args, 0);
	field(s, "image")->data[3] = 7;
	rig_must(s, "SaveAsNifti", args, 0);
	path = mem_printf("%s/a/b/case1_image_2.nii.gz", folder);
	v = nifti_read(path, &err);
	assert_non_null(v);
	assert_true(v->data[3] == 7 && v->data[4] == rig_image(0, 4, 0, 0));
	assert_true(v->affine[0][0] == -2);
	volume_free(v);
	free(path);
	path = mem_printf("%s/a/b/case1_label_1.nii.gz", folder);
	assert_true(sys_exists(path));
	free(args);
	args = mem_printf("{\"fields\": \"image\", \"out_dir\": \"%s/x\"}", path);
	fails(s, "SaveAsNifti", args, "out_dir");
	assert_int_equal(sys_remove_tree(folder, &err), 0);
	free(path);
	free(args);
	sample_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rescale),
		cmocka_unit_test(test_pads),
		cmocka_unit_test(test_random_size),
		cmocka_unit_test(test_channels),
		cmocka_unit_test(test_brats),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_center_data),
		cmocka_unit_test(test_contrast),
		cmocka_unit_test(test_smooth),
		cmocka_unit_test(test_bias),
		cmocka_unit_test(test_restore),
		cmocka_unit_test(test_object),
		cmocka_unit_test(test_points),
		cmocka_unit_test(test_save),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
