/* MONAI's dictionary transforms against values worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/volume/nifti.h"
#include "tests/unit/transform_rig.h"

/* A case with the field "image" of these values, x fastest, channels slowest; 1 mm cubes. */
static struct sample *made(int channels, int x, int y, int z, const float *values)
{
	const int dim[3] = {x, y, z};
	struct sample *s = sample_new("case1");
	struct err err = ERR_INIT;
	struct volume *v = volume_new(channels, dim, &err);

	assert_non_null(v);
	memcpy(v->data, values, volume_voxels(v) * (size_t)channels * sizeof(float));
	assert_int_equal(sample_set(s, "image", v, &err), 0);
	return s;
}

/* Values 0, 1, 2 ... */
static struct sample *counted(int channels, int x, int y, int z)
{
	int n = channels * x * y * z;
	float *values = mem_alloc((size_t)n * sizeof(*values));
	struct sample *s;

	for (int i = 0; i < n; i++)
		values[i] = (float)i;
	s = made(channels, x, y, z, values);
	free(values);
	return s;
}

static struct volume *image(struct sample *s)
{
	struct sample_field *f = sample_find(s, "image");

	assert_non_null(f);
	return f->vol;
}

static void check(struct sample *s, const char *name, const char *args, const float *want, int n)
{
	struct volume *v;

	rig_must(s, name, args, 0);
	v = image(s);
	assert_int_equal(volume_voxels(v) * (size_t)v->channels, n);
	for (int i = 0; i < n; i++)
		if (!(fabsf(v->data[i] - want[i]) <= 2e-6f))
			fail_msg("%s: value %d is %g, wanted %g", name, i, (double)v->data[i],
				(double)want[i]);
	sample_free(s);
}

#define CHECK(s, name, args, ...)                          \
	check(s, name, args, (const float[]){__VA_ARGS__}, \
		(int)(sizeof((const float[]){__VA_ARGS__}) / sizeof(float)))

static void test_intensity(void **state)
{
	static const float x[] = {0, 2, 4, 6, 0, 10};

	(void)state;
	CHECK(made(1, 6, 1, 1, x), "ScaleIntensityd", "{\"keys\": \"image\"}", 0, 0.2f, 0.4f, 0.6f,
		0, 1);
	CHECK(made(1, 6, 1, 1, x), "ScaleIntensityd",
		"{\"keys\": \"image\", \"minv\": -1, \"maxv\": 3}", -1, -0.2f, 0.6f, 1.4f, -1, 3);
	CHECK(made(1, 6, 1, 1, x), "ScaleIntensityd",
		"{\"keys\": \"image\", \"minv\": null, \"maxv\": null, \"factor\": 0.5}", 0, 3, 6,
		9, 0, 15);
	CHECK(made(1, 3, 1, 1, (const float[]){7, 7, 7}), "ScaleIntensityd",
		"{\"keys\": \"image\", \"minv\": 2}", 2, 2, 2);
	CHECK(made(1, 6, 1, 1, x), "NormalizeIntensityd",
		"{\"keys\": \"image\", \"subtrahend\": 2, \"divisor\": 4}", -0.5f, 0, 0.5f, 1,
		-0.5f, 2);
	/* mean 2, deviation sqrt(5) */
	CHECK(made(1, 4, 1, 1, (const float[]){0, 0, 3, 5}), "NormalizeIntensityd",
		"{\"keys\": \"image\"}", -2 / 2.1213203f, -2 / 2.1213203f, 1 / 2.1213203f,
		3 / 2.1213203f);
	/* nonzero: mean 4, deviation 1 */
	CHECK(made(1, 4, 1, 1, (const float[]){0, 0, 3, 5}), "NormalizeIntensityd",
		"{\"keys\": \"image\", \"nonzero\": true}", 0, 0, -1, 1);
	CHECK(made(2, 2, 1, 1, (const float[]){1, 3, 10, 30}), "NormalizeIntensityd",
		"{\"keys\": \"image\", \"channel_wise\": true}", -1, 1, -1, 1);
	CHECK(made(1, 6, 1, 1, x), "ThresholdIntensityd", "{\"keys\": \"image\", \"threshold\": 3}",
		0, 0, 4, 6, 0, 10);
	CHECK(made(1, 6, 1, 1, x), "ThresholdIntensityd",
		"{\"keys\": \"image\", \"threshold\": 3, \"above\": false, \"cval\": 9}", 0, 2, 9,
		9, 0, 9);
	CHECK(made(1, 6, 1, 1, x), "ScaleIntensityRangeD",
		"{\"keys\": \"image\", \"a_min\": 2, \"a_max\": 6, \"b_min\": 0, \"b_max\": 1, "
		"\"clip\": true}",
		0, 0, 0.5f, 1, 0, 1);
}

static void test_random_intensity(void **state)
{
	static const float x[] = {1, 2, 4};

	(void)state;
	CHECK(made(1, 3, 1, 1, x), "RandShiftIntensityd",
		"{\"keys\": \"image\", \"prob\": 1, \"offsets\": [3, 3]}", 4, 5, 7);
	CHECK(made(1, 3, 1, 1, x), "RandShiftIntensityd",
		"{\"keys\": \"image\", \"prob\": 0, \"offsets\": 3}", 1, 2, 4);
	CHECK(made(1, 3, 1, 1, x), "RandScaleIntensityd",
		"{\"keys\": \"image\", \"prob\": 1, \"factors\": [0.5, 0.5]}", 1.5f, 3, 6);
	/* ((x - 1) / 3) ^ 2 * 3 + 1 */
	CHECK(made(1, 3, 1, 1, x), "RandAdjustContrastd",
		"{\"keys\": \"image\", \"prob\": 1, \"gamma\": [2, 2]}", 1, 1 + 1 / 3.0f, 4);
	CHECK(made(1, 3, 1, 1, x), "RandGaussianNoised",
		"{\"keys\": \"image\", \"prob\": 1, \"mean\": 5, \"std\": 0}", 6, 7, 9);
}

/* Moments of the noise: deviation uniform in 0 ... 2, so the mean square is 4/3. */
static void test_noise(void **state)
{
	double sum = 0, sum2 = 0;
	int n = 0;

	(void)state;
	for (int i = 0; i < 400; i++) {
		struct sample *s = counted(1, 5, 5, 5);
		struct volume *v = image(s);

		rig_must(s, "RandGaussianNoised", "{\"keys\": \"image\", \"prob\": 1, \"std\": 2}",
			i);
		for (int k = 0; k < 125; k++, n++) {
			double d = (double)v->data[k] - k;

			sum += d;
			sum2 += d * d;
		}
		sample_free(s);
	}
	assert_true(fabs(sum / n) < 0.03);
	assert_true(fabs(sum2 / n - 4.0 / 3) < 0.15);
}

static void test_shape(void **state)
{
	(void)state;
	CHECK(counted(1, 5, 1, 1), "CenterSpatialCropd",
		"{\"keys\": \"image\", \"roi_size\": [3, -1, 4]}", 1, 2, 3);
	CHECK(counted(1, 4, 1, 1), "CenterSpatialCropd",
		"{\"keys\": \"image\", \"roi_size\": [3, 1, 1]}", 1, 2, 3);
	CHECK(counted(1, 3, 1, 1), "SpatialPadd",
		"{\"keys\": \"image\", \"spatial_size\": [6, -1, 1]}", 0, 0, 1, 2, 0, 0);
	CHECK(counted(1, 3, 1, 1), "SpatialPadd",
		"{\"keys\": \"image\", \"spatial_size\": [6, 1, 1], \"method\": \"end\"}", 0, 1, 2,
		0, 0, 0);
	CHECK(counted(1, 3, 1, 1), "SpatialPadd",
		"{\"keys\": \"image\", \"spatial_size\": [2, 1, 1]}", 0, 1, 2);
	CHECK(counted(1, 3, 1, 1), "DivisiblePadd", "{\"keys\": \"image\", \"k\": [4, 1, 1]}", 0, 1,
		2, 0);
	CHECK(counted(1, 2, 3, 1), "DivisiblePadd", "{\"keys\": \"image\", \"k\": 2}", 0, 1, 2, 3,
		4, 5, 0, 0);
	CHECK(made(1, 6, 1, 1, (const float[]){0, 0, 3, 0, 1, 0}), "CropForegroundd",
		"{\"keys\": \"image\", \"source_key\": \"image\"}", 3, 0, 1);
	CHECK(made(1, 6, 1, 1, (const float[]){0, 0, 3, 0, 1, 0}), "CropForegroundd",
		"{\"keys\": \"image\", \"source_key\": \"image\", \"margin\": 2}", 0, 0, 3, 0, 1,
		0);
	CHECK(made(2, 3, 1, 1, (const float[]){0, 1, 0, 0, 0, 2}), "CropForegroundd",
		"{\"keys\": \"image\", \"source_key\": \"image\"}", 1, 0, 0, 2);
	CHECK(made(1, 3, 1, 1, (const float[]){0, -1, 0}), "CropForegroundd",
		"{\"keys\": \"image\", \"source_key\": \"image\"}", 0, -1, 0);
}

static void test_resize(void **state)
{
	(void)state;
	/* area: 5 to 2 voxels are the means of 0 1 2 and 2 3 4 */
	CHECK(counted(1, 5, 1, 1), "Resized", "{\"keys\": \"image\", \"spatial_size\": [2, 1, 1]}",
		1, 3);
	CHECK(counted(1, 2, 2, 1), "Resized", "{\"keys\": \"image\", \"spatial_size\": [1, 1, 1]}",
		1.5f);
	CHECK(counted(1, 2, 1, 1), "Resized", "{\"keys\": \"image\", \"spatial_size\": [4, 1, 1]}",
		0, 0, 1, 1);
	CHECK(counted(1, 2, 1, 1), "Resized",
		"{\"keys\": \"image\", \"spatial_size\": [4, 1, 1], \"mode\": \"trilinear\"}", 0,
		0.25f, 0.75f, 1);
	CHECK(counted(1, 4, 1, 1), "Resized",
		"{\"keys\": \"image\", \"spatial_size\": [2, 1, 1], \"mode\": \"nearest\"}", 1, 3);
	CHECK(counted(1, 4, 2, 1), "Resized",
		"{\"keys\": \"image\", \"spatial_size\": 2, \"size_mode\": \"longest\"}", 2.5f,
		4.5f);
}

static void test_spacing(void **state)
{
	struct sample *s = counted(1, 5, 1, 1);

	(void)state;
	/* (5 - 1) * 1 / 2 + 1 = 3 voxels at 0, 2 and 4 */
	CHECK(s, "Spacingd", "{\"keys\": \"image\", \"pixdim\": [2, -1, 1]}", 0, 2, 4);
	CHECK(counted(1, 3, 1, 1), "Spacingd", "{\"keys\": \"image\", \"pixdim\": [0.5, 1, 1]}", 0,
		0.5f, 1, 1.5f, 2);
	/* round(2 / 1.5 + 1) = 2 voxels at 0 and 1.5: half to even upwards */
	CHECK(counted(1, 3, 1, 1), "Spacingd",
		"{\"keys\": \"image\", \"pixdim\": [1.5, 1, 1], \"mode\": \"nearest\"}", 0, 2);
	s = rig_sample("/nowhere"); /* 17 x 13 x 11, 2 x 1 x 1 mm, x to the left */
	rig_must(s, "Spacingd",
		"{\"keys\": [\"image\", \"label\"], \"pixdim\": 1, \"mode\": [\"bilinear\", "
		"\"nearest\"]}",
		0);
	rig_check_dim(image(s), 33, 13, 11);
	sample_free(s);
	s = rig_sample("/nowhere");
	rig_must(s, "Spacingd", "{\"keys\": \"image\", \"pixdim\": [1, 1, 1]}", 0);
	rig_check_dim(image(s), 33, 13, 11);
	assert_true(fabs(image(s)->affine[0][3] - 30) < 1e-9);
	assert_true(fabs(image(s)->affine[0][0] + 1) < 1e-9);
	assert_true(fabsf(rig_voxel(image(s), 8, 3, 2) - rig_image(0, 4, 3, 2)) < 1e-5f);
	sample_free(s);
	s = rig_sample("/nowhere");
	rig_must(s, "Spacingd", "{\"keys\": \"image\", \"pixdim\": [2, 1, 1], \"diagonal\": true}",
		0);
	rig_check_dim(image(s), 17, 13, 11);
	assert_true(image(s)->affine[0][0] == 2);
	assert_true(fabsf(rig_voxel(image(s), 0, 3, 2) - rig_image(0, 16, 3, 2)) < 1e-5f);
	sample_free(s);
}

static void test_orientation(void **state)
{
	struct sample *s = rig_sample("/nowhere");
	double p[3] = {4, 3, 2}, before[3], after[3];
	int at[3] = {2, 3, 12};

	(void)state;
	for (int r = 0; r < 3; r++)
		before[r] = image(s)->affine[r][0] * p[0] + image(s)->affine[r][1] * p[1] +
			    image(s)->affine[r][2] * p[2] + image(s)->affine[r][3];
	/* x, y, z now run to S, A, R: old z, old y, old x mirrored */
	rig_must(s, "Orientationd", "{\"keys\": \"image\", \"axcodes\": \"SAR\"}", 0);
	rig_check_dim(image(s), 11, 13, 17);
	assert_true(rig_voxel(image(s), at[0], at[1], at[2]) == rig_image(0, 4, 3, 2));
	for (int r = 0; r < 3; r++)
		after[r] = image(s)->affine[r][0] * at[0] + image(s)->affine[r][1] * at[1] +
			   image(s)->affine[r][2] * at[2] + image(s)->affine[r][3];
	for (int r = 0; r < 3; r++)
		assert_true(fabs(before[r] - after[r]) < 1e-9);
	sample_free(s);
}

static void test_flips(void **state)
{
	(void)state;
	CHECK(counted(1, 3, 2, 1), "RandFlipd",
		"{\"keys\": \"image\", \"prob\": 1, \"spatial_axis\": 0}", 2, 1, 0, 5, 4, 3);
	CHECK(counted(1, 3, 2, 1), "RandFlipd",
		"{\"keys\": \"image\", \"prob\": 1, \"spatial_axis\": -1}", 3, 4, 5, 0, 1, 2);
	CHECK(counted(1, 3, 2, 1), "RandFlipd", "{\"keys\": \"image\", \"prob\": 1}", 5, 4, 3, 2, 1,
		0);
	/* m[x][y] = x + 3 y; rot90 once: out[i][j] = m[j][1 - i] */
	CHECK(counted(1, 3, 2, 1), "RandRotate90d",
		"{\"keys\": \"image\", \"prob\": 1, \"max_k\": 1}", 3, 0, 4, 1, 5, 2);
}

/* Four quarter turns in every plane are none, and the patient stays where he is. */
static void test_rotate90(void **state)
{
	static const char *const axes[] = {"[0, 1]", "[0, 2]", "[2, 1]"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(axes); i++) {
		struct sample *s = rig_sample("/nowhere"), *o = rig_sample("/nowhere");
		char *args = mem_printf("{\"keys\": [\"image\", \"label\"], \"prob\": 1, "
					"\"max_k\": 1, \"spatial_axes\": %s}",
			axes[i]);

		for (int k = 0; k < 4; k++)
			rig_must(s, "RandRotate90d", args, k);
		assert_true(rig_same_volume(image(s), image(o)));
		for (int r = 0; r < 3; r++)
			for (int c = 0; c < 4; c++)
				assert_true(fabs(image(s)->affine[r][c] - image(o)->affine[r][c]) <
					    1e-9);
		free(args);
		sample_free(s);
		sample_free(o);
	}
}

/* Ranges of one point: the mapping is known. */
static void test_affine(void **state)
{
	struct sample *s = rig_sample("/nowhere");
	static const float row[] = {0, 0, 1, 0, 0};

	(void)state;
	/* The grid moves by 1: what was at x + 1 is seen at x. */
	CHECK(made(1, 5, 1, 1, row), "RandAffined",
		"{\"keys\": \"image\", \"prob\": 1, \"translate_range\": [[1, 1], 0, 0], "
		"\"padding_mode\": \"zeros\"}",
		0, 1, 0, 0, 0);
	/* A scale of 2 sees twice as much: samples at -2, 0, 2, 4, 6 */
	CHECK(made(1, 5, 1, 1, (const float[]){1, 2, 3, 4, 5}), "RandAffined",
		"{\"keys\": \"image\", \"prob\": 1, \"scale_range\": [[1, 1], 0, 0]}", 1, 1, 3, 5,
		5);
	/* x + y with xy shear 1 about the middle (1, 1): in(x + y - 1, y) */
	CHECK(counted(1, 3, 3, 1), "RandAffined",
		"{\"keys\": \"image\", \"prob\": 1, \"shear_range\": [[1, 1], 0]}", 0, 0, 1, 3, 4,
		5, 7, 8, 8);
	CHECK(counted(1, 5, 1, 1), "RandAffined",
		"{\"keys\": \"image\", \"prob\": 0, \"spatial_size\": [3, 1, 1]}", 1, 2, 3);
	CHECK(made(1, 5, 1, 1, (const float[]){1, 2, 3, 4, 5}), "RandZoomd",
		"{\"keys\": \"image\", \"prob\": 1, \"min_zoom\": 2, \"max_zoom\": 2, \"mode\": "
		"\"trilinear\"}",
		2, 2.5f, 3, 3.5f, 4);
	rig_must(s, "RandAffined",
		"{\"keys\": [\"image\", \"label\"], \"prob\": 1, \"rotate_range\": 0.5, \"mode\": "
		"[\"bilinear\", \"nearest\"], \"spatial_size\": [8, 8, 8]}",
		1);
	rig_check_dim(image(s), 8, 8, 8);
	for (int i = 0; i < 512; i++) {
		float x = sample_find(s, "label")->vol->data[i];

		assert_true(x == 0 || x == 1 || x == 2); /* no labels between labels */
	}
	sample_free(s);
}

static void test_crops(void **state)
{
	struct component_use u;
	struct problems ps = {0};
	struct sample *s = rig_sample("/nowhere"), *out[4];
	struct rng rng = rng_stream(1, 2, 3, 4);
	struct err err = ERR_INIT;
	int seen = 0;

	(void)state;
	assert_int_equal(rig_use(&u, COMPONENT_TRANSFORM, "RandCropByPosNegLabeld",
				 "{\"keys\": [\"image\", \"label\"], \"label_key\": \"label\", "
				 "\"spatial_size\": [1, 1, 1], \"neg\": 0, \"num_samples\": 4}",
				 0, &ps),
		0);
	assert_int_equal(transform_count(&u), 4);
	for (int round = 0; round < 50; round++) {
		assert_int_equal(transform_split(&u, s, &rng, out, &err), 0);
		for (int i = 0; i < 4; i++) {
			float label = sample_find(out[i], "label")->vol->data[0];

			assert_true(label > 0);
			seen |= (int)label;
			sample_free(out[i]);
		}
	}
	assert_int_equal(seen, 3); /* both labels */
	component_use_release(&u);
	/* Background only where the image is above the threshold. */
	for (int i = 0; i < 60; i++) {
		struct sample *c = rig_sample("/nowhere");

		rig_must(c, "RandCropByPosNegLabeld",
			"{\"keys\": [\"image\", \"label\"], \"label_key\": \"label\", "
			"\"spatial_size\": 1, \"pos\": 0, \"neg\": 1, \"image_key\": \"image\", "
			"\"image_threshold\": 0.3}",
			i);
		assert_true(image(c)->data[0] > 0.3f);
		assert_true(sample_find(c, "label")->vol->data[0] == 0);
		sample_free(c);
	}
	sample_free(s);
	for (int i = 0; i < 60; i++) {
		s = rig_sample("/nowhere");
		rig_must(s, "RandSpatialCropd",
			"{\"keys\": [\"image\", \"label\"], \"roi_size\": [4, 13, 20], "
			"\"max_roi_size\": [6, 13, 20]}",
			i);
		assert_in_range(image(s)->dim[0], 4, 6);
		assert_int_equal(image(s)->dim[1], 13);
		assert_int_equal(image(s)->dim[2], 11);
		sample_free(s);
	}
	problems_release(&ps);
}

static void test_post(void **state)
{
	static const float x[] = {0, 1, 2, 0, 3, 1}; /* 2 channels of 3 */
	float e1 = expf(1), e2 = expf(-2), s0 = 0.5f, s1 = 1 / (1 + expf(-1));

	(void)state;
	CHECK(made(2, 3, 1, 1, x), "Activationsd", "{\"keys\": \"image\", \"softmax\": true}", 0.5f,
		1 / (1 + expf(2)), e1 / (e1 + 1), 0.5f, 1 / (1 + e2), 1 / (1 + e1));
	CHECK(made(1, 2, 1, 1, x), "Activationsd", "{\"keys\": \"image\", \"sigmoid\": [true]}", s0,
		s1);
	CHECK(made(2, 3, 1, 1, x), "AsDiscreted", "{\"keys\": \"image\", \"argmax\": true}", 0, 1,
		0);
	CHECK(made(2, 3, 1, 1, x), "AsDiscreted",
		"{\"keys\": \"image\", \"argmax\": true, \"to_onehot\": 3}", 1, 0, 1, 0, 1, 0, 0, 0,
		0);
	CHECK(made(2, 3, 1, 1, x), "AsDiscreted",
		"{\"keys\": \"image\", \"argmax\": true, \"to_onehot\": true, \"n_classes\": 2}", 1,
		0, 1, 0, 1, 0);
	CHECK(made(1, 3, 1, 1, (const float[]){0.2f, 0.5f, 0.7f}), "AsDiscreted",
		"{\"keys\": \"image\", \"threshold_values\": true}", 0, 1, 1);
	CHECK(made(1, 3, 1, 1, (const float[]){0.2f, 0.5f, 0.7f}), "AsDiscreted",
		"{\"keys\": \"image\", \"threshold\": 0.6}", 0, 0, 1);
	CHECK(made(1, 3, 1, 1, (const float[]){0.2f, 0.5f, 1.7f}), "AsDiscreted",
		"{\"keys\": \"image\", \"rounding\": \"torchrounding\"}", 0, 0, 2);
	CHECK(counted(1, 3, 1, 1), "ToTensorD", "{\"keys\": \"image\"}", 0, 1, 2);
	CHECK(counted(1, 3, 1, 1), "AddChanneld",
		"{\"keys\": [\"image\", \"none\"], \"allow_missing_keys\": true}", 0, 1, 2);
}

/* "pred" is the field "model"; a crop and a spacing are undone on the grid of the file. */
static void test_invert(void **state)
{
	struct sample *s = rig_sample("/nowhere");
	struct volume *copy, *pred;
	struct err err = ERR_INIT;

	(void)state;
	rig_must(s, "CropForegroundd",
		"{\"keys\": [\"image\", \"label\"], \"source_key\": \"label\", \"margin\": 1}", 0);
	rig_must(s, "Orientationd", "{\"keys\": [\"image\", \"label\"], \"axcodes\": \"PIR\"}", 0);
	copy = volume_share(sample_find(s, "label")->vol);
	assert_int_equal(sample_set(s, "model", copy, &err), 0);
	rig_must(s, "Invertd", "{\"keys\": \"pred\", \"orig_keys\": \"image\"}", 0);
	pred = sample_find(s, "pred")->vol;
	rig_check_dim(pred, rig_dim[0], rig_dim[1], rig_dim[2]);
	for (int z = 0; z < rig_dim[2]; z++)
		for (int y = 0; y < rig_dim[1]; y++)
			for (int x = 0; x < rig_dim[0]; x++)
				assert_true(rig_voxel(pred, x, y, z) == rig_label(0, x, y, z));
	sample_free(s);
}

static void test_crop_foreground(void **state)
{
	(void)state;
	CHECK(made(1, 7, 1, 1, (const float[]){0, 0, 0, 1, 2, 0, 0}), "SpatialCropForegroundd",
		"{\"keys\": \"image\", \"source_key\": \"image\", \"spatial_size\": [4, 2, 2]}", 0,
		1, 2, 0);
	CHECK(made(1, 7, 1, 1, (const float[]){0, 0, 3, 1, 2, 0, 0}), "SpatialCropForegroundd",
		"{\"keys\": \"image\", \"source_key\": \"image\", \"spatial_size\": [2, 1, 1]}", 3,
		1, 2);
}

static void test_smooth(void **state)
{
	float k[5] = {expf(-2), expf(-0.5f), 1, expf(-0.5f), expf(-2)}, sum = 0, x[9] = {0};
	struct sample *s;

	(void)state;
	x[4] = 1;
	for (int i = -4; i <= 4; i++)
		sum += expf(-0.5f * (float)(i * i));
	s = made(1, 9, 1, 1, x);
	rig_must(s, "RandGaussianSmoothd",
		"{\"keys\": \"image\", \"prob\": 1, \"sigma_x\": [1, 1], \"sigma_y\": [1, 1], "
		"\"sigma_z\": [1, 1]}",
		0);
	for (int i = 0; i < 5; i++)
		assert_true(fabsf(image(s)->data[i + 2] - k[i] / sum) < 1e-5f);
	sample_free(s);
	/* Two components of label 1 (3 and 1 voxels). */
	CHECK(made(1, 6, 1, 1, (const float[]){1, 1, 1, 0, 1, 2}), "LargestCCd",
		"{\"keys\": \"image\", \"connectivity\": 1}", 1, 1, 1, 0, 0, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intensity),
		cmocka_unit_test(test_random_intensity),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_spacing),
		cmocka_unit_test(test_orientation),
		cmocka_unit_test(test_flips),
		cmocka_unit_test(test_rotate90),
		cmocka_unit_test(test_affine),
		cmocka_unit_test(test_crops),
		cmocka_unit_test(test_post),
		cmocka_unit_test(test_invert),
		cmocka_unit_test(test_crop_foreground),
		cmocka_unit_test(test_smooth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
