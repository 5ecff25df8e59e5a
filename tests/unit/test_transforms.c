/*
 * Transforms: what holds for every row of the table (equal streams give equal
 * results, shared voxels are never written, odd sizes work), loading, intensities,
 * and those of the evaluation.
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
#include "core/volume/affine.h"
#include "core/volume/nifti.h"
#include "tests/unit/transform_rig.h"

/*
 * Arguments for every transform of the table; a new row without a line here fails the test.
 * NULL: what it does is tested elsewhere (files of other kinds: test_image_files).
 */
static const struct {
	const char *name, *args;
} uses[] = {
	{"AddExtremePointsChannel", "{\"image_field\": \"image\", \"label_field\": \"label\"}"},
	{"AddGaussianNoise", "{\"fields\": \"image\", \"probability\": 0.7}"},
	{"AdjustContrast", "{\"fields\": \"image\"}"},
	{"ArgmaxAcrossChannels", "{\"fields\": \"model\"}"},
	{"CenterData", "{\"fields\": [\"image\", \"model\"]}"},
	{"ConvertToChannelsFirst", "{\"fields\": [\"image\", \"label\"]}"},
	{"ConvertToMultiChannelBasedOnBratsClasses", "{\"fields\": \"label\"}"},
	{"ConvertToMultiChannelBasedOnLabel", "{\"fields\": \"label\", \"labels\": [0, 2]}"},
	{"CopyProperties", "{\"fields\": [\"model\"], \"from_field\": \"image\", \"properties\": "
			   "[\"affine\", \"original_affine\", \"original_shape\", \"filename\"]}"},
	{"CropByPosNegRatio", "{\"fields\": [\"image\", \"label\"], \"size\": [8, 9, 16]}"},
	{"CropByPosNegRatioLabelOnly", "{\"fields\": \"image\", \"size\": [8, 9, 16]}"},
	{"CropFixedSizeRandomCenter", "{\"fields\": [\"image\", \"label\"], \"size\": [8, 9, 16]}"},
	{"CropForegroundObject", "{\"size\": [9, 8, 7], \"pad\": 1, \"pert\": 2}"},
	{"CropRandomSizeWithDisplacement",
		"{\"fields\": [\"image\", \"label\"], \"lower_size\": [0.5, 4, 3]}"},
	{"CropSubVolumeCenter", "{\"fields\": [\"image\", \"label\"], \"size\": [8, 9, 16]}"},
	{"FastCropByPosNegRatio", "{\"fields\": \"image\", \"size\": [8, 9, 16]}"},
	{"FastPosNegRatioCropROI", "{\"size\": [8, 8, 16], \"pos\": 1, \"neg\": 1}"},
	{"LoadImageMasksFromNumpy", NULL},
	{"LoadJpg", NULL},
	{"FetchExtremePoints", "{}"},
	{"KeepLargestCC", "{\"fields\": [\"label\", \"model\"]}"},
	{"LoadNifti", "{\"fields\": [\"image\", \"label\"]}"},
	{"LoadPng", NULL},
	{"MergeBatchDims", NULL},
	{"NormalizeNonzeroIntensities", "{\"fields\": \"image\"}"},
	{"PadCropWithFixedSize", "{\"fields\": [\"image\", \"label\"], \"size\": [8, 9, 16]}"},
	{"RandomAffine3D", "{\"fields\": [\"image\", \"label\"], \"deform\": 0.2}"},
	{"RandomAxisFlip", "{\"fields\": [\"image\", \"label\"]}"},
	{"RandomElastic3D", "{\"fields\": [\"image\", \"label\"]}"},
	{"RandomGaussianSmooth", "{\"fields\": \"image\"}"},
	{"RandomMRBiasField", "{\"fields\": \"image\"}"},
	{"RandomRotate2D", "{\"fields\": [\"image\", \"label\"]}"},
	{"RandomRotate3D", "{\"fields\": [\"image\", \"label\"]}"},
	{"RandomSpatialFlip", "{\"fields\": [\"image\", \"label\"]}"},
	{"RandomZoom", "{\"image_field\": \"image\", \"label_field\": \"label\"}"},
	{"RepeatChannel", "{\"fields\": \"image\", \"repeat_times\": 2}"},
	{"RestoreOriginalShape",
		"{\"field\": \"label\", \"src_field\": \"image\", \"is_label\": true}"},
	{"SaveAsNifti", "{\"fields\": [\"image\"], \"out_dir\": \"dump\"}"},
	{"ScaleByFactor", "{\"fields\": \"image\", \"factor\": 0.5}"},
	{"ScaleByResolution", "{\"fields\": \"image\", \"target_resolution\": [1, 1.5, 1]}"},
	{"ScaleBySpacing", "{\"fields\": \"label\", \"target_spacing\": 1, \"is_label\": true}"},
	{"ScaleIntensityOscillation", "{\"fields\": \"image\", \"magnitude\": 0.1}"},
	{"ScaleIntensityRange",
		"{\"fields\": \"image\", \"a_min\": -1, \"a_max\": 1, \"b_min\": 0, \"b_max\": 1, "
		"\"clip\": true}"},
	{"ScaleShiftIntensity", "{\"fields\": \"image\"}"},
#include "tests/unit/transform_uses_monai.h"
	{"ScaleToShape", "{\"fields\": \"image\", \"target_shape\": [20, -1, 5]}"},
	{"SplitAcrossChannels",
		"{\"field\": \"model\", \"channel_names\": [\"c0\", \"c1\", \"c2\"]}"},
	{"SplitBasedOnBratsClasses",
		"{\"field\": \"label\", \"label_names\": [\"tc\", \"wt\", \"et\"]}"},
	{"SplitBasedOnLabel", "{\"field\": \"label\", \"label_names\": [\"l0\", \"l1\", \"l2\"]}"},
	{"SymmetricPadderDiv", "{\"fields\": [\"image\", \"label\"], \"divisor\": 8}"},
	{"ThresholdValues", "{\"fields\": \"model\"}"},
};

static char folder[] = "/tmp/axial_transforms_XXXXXX";

static char *in_folder(const char *name)
{
	return sys_join(folder, name);
}

static void test_table(void **state)
{
	(void)state;
	for (int i = 0; component_at(i); i++) {
		const struct component *c = component_at(i);
		bool found = false;

		if (c->kind != COMPONENT_TRANSFORM)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(uses); k++)
			found = found || !strcmp(uses[k].name, c->name);
		if (!found)
			fail_msg("no test arguments for the transform %s", c->name);
		assert_non_null(c->help);
	}
}

static void test_deterministic(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(uses); k++) {
		const struct component *c = component_find(COMPONENT_TRANSFORM, uses[k].name);
		const struct transform_ops *ops = c->ops;
		int differ = 0;

		if (!uses[k].args)
			continue;
		for (int stream = 0; stream < 12; stream++) {
			struct sample *a = rig_sample(folder), *b = rig_sample(folder),
				      *o = rig_sample(folder);
			struct sample *untouched = sample_share(a);

			rig_must(a, uses[k].name, uses[k].args, stream);
			rig_must(b, uses[k].name, uses[k].args, stream);
			rig_must(o, uses[k].name, uses[k].args, stream + 100);
			if (!rig_same(a, b))
				fail_msg("%s: equal streams, different results", uses[k].name);
			differ += !rig_same(a, o);
			sample_free(o);
			o = rig_sample(folder);
			/* CopyProperties changes headers only, which are not shared. */
			if (!rig_same(untouched, o))
				fail_msg("%s: wrote to shared voxels", uses[k].name);
			sample_free(a);
			sample_free(b);
			sample_free(o);
			sample_free(untouched);
		}
		if (!!(ops->flags & TRANSFORM_RANDOM) != (differ > 0))
			fail_msg("%s: %d of 12 streams gave other results", uses[k].name, differ);
	}
}

/* A linear function of the place in the patient. */
static double ramp(const double affine[4][4], int x, int y, int z)
{
	double at[3] = {x, y, z};

	affine_apply(affine, at, at);
	return 0.3 * at[0] - 0.2 * at[1] + 0.5 * at[2];
}

/*
 * Where a transform says that the affine follows, a ramp through the patient stays the
 * same ramp: resampled linearly, cropped, padded or mirrored.  Not looked at: the border,
 * where resampling repeats the outermost voxel, and padding.
 */
static void check_affine(
	const char *name, const struct volume *v, const struct volume *o, double tolerance)
{
	double back[4][4];

	assert_int_equal(affine_invert(o->affine, back), 0);
	affine_mul(back, v->affine, back);
	for (int z = 1; z < v->dim[2] - 1; z++)
		for (int y = 1; y < v->dim[1] - 1; y++)
			for (int x = 1; x < v->dim[0] - 1; x++) {
				double was[3] = {x, y, z};
				bool inside = true;

				affine_apply(back, was, was);
				for (int i = 0; i < 3; i++)
					inside = inside && was[i] >= 0 && was[i] <= o->dim[i] - 1;
				if (inside && fabs((double)rig_voxel(v, x, y, z) -
						      ramp(v->affine, x, y, z)) > tolerance)
					fail_msg("%s: voxel %d %d %d is %g, not %g", name, x, y, z,
						(double)rig_voxel(v, x, y, z),
						ramp(v->affine, x, y, z));
			}
}

static void test_invertible(void **state)
{
	int checked = 0;

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(uses); k++) {
		const struct component *c = component_find(COMPONENT_TRANSFORM, uses[k].name);

		if (!uses[k].args ||
			!(((const struct transform_ops *)c->ops)->flags & TRANSFORM_INVERTIBLE))
			continue;
		for (int stream = 0; stream < 5; stream++) {
			struct sample *s = rig_sample(folder);
			struct volume *v = sample_find(s, "image")->vol, *o;
			float *p = v->data;

			for (int z = 0; z < v->dim[2]; z++)
				for (int y = 0; y < v->dim[1]; y++)
					for (int x = 0; x < v->dim[0]; x++)
						*p++ = (float)ramp(v->affine, x, y, z);
			o = volume_share(v);
			rig_must(s, uses[k].name, uses[k].args, stream);
			v = sample_find(s, "image")->vol;
			/* Means over voxels are true to half a voxel: 0.3 * 2 + 0.2 + 0.5. */
			check_affine(
				uses[k].name, v, o, strstr(uses[k].args, "area") ? 0.65 : 1e-3);
			checked += memcmp(v->affine, o->affine, sizeof(v->affine)) != 0;
			volume_free(o);
			sample_free(s);
		}
	}
	assert_true(checked > 60);
}

static void test_stream_names(void **state)
{
	struct component_use a = {.path = (char *)"t.#1"}, b = {.path = (char *)"t.#2"};
	struct rng r[] = {transform_stream(1, 2, "x", 0, &a), transform_stream(1, 2, "x", 0, &a),
		transform_stream(1, 2, "x", 0, &b), transform_stream(1, 2, "x", 1, &a),
		transform_stream(1, 3, "x", 0, &a), transform_stream(2, 2, "x", 0, &a),
		transform_stream(1, 2, "y", 0, &a)};
	uint32_t first = rng_u32(&r[0]);

	(void)state;
	assert_int_equal(first, rng_u32(&r[1]));
	for (size_t i = 2; i < ARRAY_SIZE(r); i++)
		assert_int_not_equal(first, rng_u32(&r[i]));
}

static void test_refused(void **state)
{
	static const struct {
		const char *name, *args, *path;
	} bad[] = {
		{"FastCropByPosNegRatio",
			"{\"fields\": \"image\", \"size\": 4, \"pos\": 0, \"neg\": 0}", "args.pos"},
		{"CropByPosNegRatio", "{\"fields\": [], \"size\": 4}", "args.fields"},
		{"FastPosNegRatioCropROI", "{\"size\": 4, \"pos\": 0, \"neg\": 0}", "args.pos"},
		{"LoadNifti", "{\"fields\": []}", "args.fields"},
		{"RandomAffine3D", "{\"fields\": [\"image\"], \"deform\": 0.5}", "args.deform"},
		{"RandomRotate3D", "{\"fields\": [\"image\"], \"padding_mode\": \"wrap\"}",
			"args.padding_mode"},
		{"RandomZoom", "{\"lower_limits\": 1.2, \"upper_limits\": [1.3, 1.1, 1.3]}",
			"args.upper_limits"},
		{"ScaleIntensityRange",
			"{\"fields\": \"image\", \"a_min\": 2, \"a_max\": 2, \"b_min\": 0, "
			"\"b_max\": 1}",
			"args.a_max"},
		{"CopyProperties",
			"{\"fields\": \"image\", \"from_field\": \"label\", \"properties\": "
			"\"afine\"}",
			"args.properties"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct problems ps = {0};
		struct component_use u;
		char *path = mem_printf("train.pre_transforms.#1.%s", bad[i].path);

		assert_int_equal(
			rig_use(&u, COMPONENT_TRANSFORM, bad[i].name, bad[i].args, 1, &ps), 1);
		assert_string_equal(ps.v[0].path, path);
		free(path);
		component_use_release(&u);
		problems_release(&ps);
	}
}
static void test_intensities(void **state)
{
	struct sample *s = rig_sample(folder);
	struct volume *v = sample_find(s, "image")->vol;
	double sum = 0, sum2 = 0, n = (double)volume_voxels(v);

	(void)state;
	rig_must(s, "ScaleIntensityRange",
		"{\"fields\": \"image\", \"a_min\": -0.5, \"a_max\": 0.5, \"b_min\": 10, "
		"\"b_max\": 12, \"clip\": true}",
		0);
	for (int x = 0; x < rig_dim[0]; x++) {
		double y = (rig_image(0, x, 3, 4) + 0.5) * 2 + 10;

		assert_true(fabs(rig_voxel(v, x, 3, 4) - fmin(fmax(y, 10), 12)) < 1e-5);
	}
	sample_free(s);
	s = rig_sample(folder);
	v = sample_find(s, "image")->vol;
	rig_must(s, "AddGaussianNoise",
		"{\"fields\": \"image\", \"probability\": 1, \"variance\": 4}", 1);
	for (size_t i = 0; i < volume_voxels(v); i++) {
		int x = (int)(i % 17), y = (int)(i / 17 % 13), z = (int)(i / 221);
		double d = (double)v->data[i] - (double)rig_image(0, x, y, z);

		sum += d;
		sum2 += d * d;
	}
	/* 2431 voxels: the mean has a deviation of 0.04, the variance one of 0.11 */
	assert_true(fabs(sum / n) < 0.2);
	assert_true(fabs(sum2 / n - 4) < 0.6);
	sample_free(s);
}

static void test_scale_shift(void **state)
{
	double least = 9, most = -9;

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct sample *s = rig_sample(folder);
		struct volume *v = sample_find(s, "image")->vol;
		double shift, scale;

		rig_must(s, "ScaleShiftIntensity", "{\"fields\": \"image\", \"scale\": 0.2}", i);
		shift = rig_voxel(v, 0, 0, 0); /* was 0 */
		scale = (rig_voxel(v, 5, 5, 5) - shift) / rig_image(0, 5, 5, 5);
		assert_true(fabs(shift) <= 0.1 + 1e-6 && fabs(scale - 1) <= 0.2 + 1e-5);
		least = fmin(least, scale);
		most = fmax(most, scale);
		sample_free(s);
		s = rig_sample(folder);
		rig_must(s, "ScaleIntensityOscillation",
			"{\"fields\": \"image\", \"magnitude\": 0.3}", i);
		v = sample_find(s, "image")->vol;
		assert_true(rig_voxel(v, 0, 0, 0) == 0);
		assert_true(fabs(rig_voxel(v, 5, 5, 5) / rig_image(0, 5, 5, 5) - 1) < 0.3 + 1e-5);
		sample_free(s);
	}
	assert_true(least < 0.85 && most > 1.15);
}

static void test_normalize(void **state)
{
	struct sample *s = rig_sample(folder);
	struct volume *v = sample_find(s, "image")->vol;
	double sum = 0, sum2 = 0, n = 0;

	(void)state;
	rig_must(s, "NormalizeNonzeroIntensities", "{\"fields\": \"image\"}", 0);
	for (size_t i = 0; i < volume_voxels(v); i++) {
		if (i % 17 < 2) {
			assert_true(v->data[i] == 0);
			continue;
		}
		sum += (double)v->data[i];
		sum2 += (double)v->data[i] * (double)v->data[i];
		n++;
	}
	assert_true(fabs(sum / n) < 1e-5 && fabs(sum2 / n - 1) < 1e-5);
	for (size_t i = 0; i < volume_voxels(v); i++)
		v->data[i] = 5;
	rig_must(s, "NormalizeNonzeroIntensities", "{\"fields\": \"image\"}", 0);
	assert_true(v->data[100] == 0);
	sample_free(s);
}

static void test_evaluation(void **state)
{
	struct sample *s = rig_sample(folder);
	struct err err = ERR_INIT;

	(void)state;
	rig_must(s, "ArgmaxAcrossChannels", "{\"fields\": \"model\"}", 0);
	assert_int_equal(sample_find(s, "model")->vol->channels, 1);
	assert_memory_equal(sample_find(s, "model")->vol->data, sample_find(s, "label")->vol->data,
		17 * 13 * 11 * sizeof(float));
	rig_must(s, "SplitBasedOnLabel",
		"{\"field\": \"model\", \"label_names\": [\"p0\", \"p1\", \"p2\", \"p3\"]}", 0);
	for (int i = 0; i < 4; i++) {
		const char *const names[] = {"p0", "p1", "p2", "p3"};
		struct volume *v = sample_find(s, names[i])->vol;

		assert_true(v->affine[0][3] == 30);
		for (int x = 0; x < rig_dim[0]; x++)
			assert_true(rig_voxel(v, x, 4, 5) == (rig_label(0, x, 4, 5) == (float)i));
	}
	sample_find(s, "image")->vol->affine[1][3] = 77;
	rig_must(s, "CopyProperties",
		"{\"fields\": [\"p1\", \"model\"], \"from_field\": \"image\", \"properties\": "
		"[\"affine\"]}",
		0);
	assert_true(sample_find(s, "p1")->vol->affine[1][3] == 77);
	assert_true(sample_find(s, "p2")->vol->affine[1][3] == 0);
	assert_int_equal(
		rig_apply(s, "ArgmaxAcrossChannels", "{\"fields\": \"label\"}", 0, &err), -1);
	assert_int_equal(
		rig_apply(s, "ScaleShiftIntensity", "{\"fields\": \"imgae\"}", 0, &err), -1);
	assert_non_null(strstr(err.msg, "no field 'imgae'"));
	assert_non_null(strstr(err.msg, "'image', 'label', 'model'"));
	sample_free(s);
}

/* Writes a volume with one value changed, for the faults of loading. */
static void put_file(const char *name, struct volume *v, size_t at, float value)
{
	struct err err = ERR_INIT;
	char *path = in_folder(name);

	v->data[at] = value;
	if (nifti_write(path, v, NIFTI_OUT_FLOAT32, &err))
		fail_msg("%s", err.msg);
	volume_free(v);
	free(path);
}

static void load_fails(const char *image, const char *label, const char *says, int code)
{
	struct sample *s = sample_new("c7");
	struct err err = ERR_INIT;
	char *a = in_folder(image), *b = in_folder(label);

	assert_int_equal(sample_add_file(s, "image", a, &err), 0);
	assert_int_equal(sample_add_file(s, "label", b, &err), 0);
	assert_int_equal(
		rig_apply(s, "LoadNifti", "{\"fields\": [\"image\", \"label\"]}", 0, &err), -1);
	if (!strstr(err.msg, says))
		fail_msg("'%s' is not in: %s", says, err.msg);
	assert_non_null(strstr(err.msg, "c7"));
	assert_int_equal(err.code, code);
	free(a);
	free(b);
	sample_free(s);
}

static void test_load(void **state)
{
	struct volume *small = volume_new(1, (const int[]){5, 6, 7}, NULL);
	struct sample *s = sample_new("two");
	struct err err = ERR_INIT;
	char *a = in_folder("image.nii"), *b = in_folder("noisy.nii.gz");

	(void)state;
	memset(small->data, 0, 210 * sizeof(float));
	put_file("small.nii", small, 0, 0);
	put_file("half.nii", rig_volume(1, rig_label), 40, 0.5f);
	put_file("near.nii", rig_volume(1, rig_label), 40, 0.9995f);
	put_file("minus.nii", rig_volume(1, rig_label), 40, -1);
	put_file("many.nii", rig_volume(1, rig_label), 40, 70000);
	put_file("noisy.nii.gz", rig_volume(1, rig_image), 0, 0.25f);
	load_fails("image.nii", "small.nii",
		"'label' of case 'c7' has 5 x 6 x 7 voxels, but "
		"'image' has 17 x 13 x 11",
		ERR_DATA);
	load_fails("image.nii", "half.nii", "0.5", ERR_DATA);
	load_fails("image.nii", "minus.nii", "-1", ERR_DATA);
	load_fails("image.nii", "many.nii", "70000", ERR_DATA);
	load_fails("image.nii", "gone.nii", "gone.nii", ERR_NOINPUT);
	/* Two files of one field are two channels. */
	assert_int_equal(sample_add_file(s, "image", a, &err), 0);
	assert_int_equal(sample_add_file(s, "image", b, &err), 0);
	rig_must(s, "LoadNifti", "{\"fields\": \"image\"}", 0);
	assert_int_equal(s->field[0].vol->channels, 2);
	assert_true(s->field[0].vol->data[17 * 13 * 11] == 0.25f);
	assert_true(s->field[0].vol->data[5] == rig_image(0, 5, 0, 0));
	assert_true(s->field[0].vol->affine[0][0] == -2);
	assert_int_equal(rig_apply(s, "LoadNifti", "{\"fields\": \"label\"}", 0, &err), -1);
	assert_non_null(strstr(err.msg, "no file for the field 'label'"));
	sample_free(s);
	free(a);
	a = in_folder("near.nii");
	s = sample_new("near");
	assert_int_equal(sample_add_file(s, "label", a, &err), 0);
	rig_must(s, "LoadNiftid", "{\"keys\": \"label\"}", 0);
	assert_true(s->field[0].vol->data[40] == 1.0f);
	/* x runs to the left in the file. */
	rig_must(s, "LoadNifti", "{\"fields\": \"label\", \"as_closest_canonical\": true}", 0);
	assert_true(s->field[0].vol->data[34 + 16 - 6] == 1.0f);
	assert_true(s->field[0].vol->affine[0][0] == 2 && s->field[0].vol->affine[0][3] == -2);
	sample_free(s);
	free(a);
	free(b);
}

static int setup(void **state)
{
	(void)state;
	/* What is written to relative names (SaveAsNifti) goes there too. */
	if (!mkdtemp(folder) || chdir(folder))
		return -1;
	put_file("image.nii", rig_volume(1, rig_image), 0, 0);
	put_file("label.nii.gz", rig_volume(1, rig_label), 0, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return chdir("/") || sys_remove_tree(folder, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_invertible),
		cmocka_unit_test(test_stream_names),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_intensities),
		cmocka_unit_test(test_scale_shift),
		cmocka_unit_test(test_normalize),
		cmocka_unit_test(test_evaluation),
		cmocka_unit_test(test_load),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
