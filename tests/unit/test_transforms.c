/*
 * Transforms: what holds for every row of the table (equal streams give equal
 * results, shared voxels are never written, odd sizes work), then what each one does.
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

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/transform/transform.h"
#include "core/volume/nifti.h"

static const int dim[3] = {17, 13, 11};

/* Arguments for every transform of the table; a new row without a line here fails the test. */
static const struct {
	const char *name, *args;
} uses[] = {
	{"AddGaussianNoise", "{\"fields\": \"image\", \"probability\": 0.7}"},
	{"ArgmaxAcrossChannels", "{\"fields\": \"model\"}"},
	{"ConvertToChannelsFirst", "{\"fields\": [\"image\", \"label\"]}"},
	{"CopyProperties", "{\"fields\": [\"model\"], \"from_field\": \"image\", \"properties\": "
			   "[\"affine\", \"original_affine\", \"original_shape\", \"filename\"]}"},
	{"CropFixedSizeRandomCenter", "{\"fields\": [\"image\", \"label\"], \"size\": [8, 9, 16]}"},
	{"CropSubVolumeCenter", "{\"fields\": [\"image\", \"label\"], \"size\": [8, 9, 16]}"},
	{"FastPosNegRatioCropROI", "{\"size\": [8, 8, 16], \"pos\": 1, \"neg\": 1}"},
	{"LoadNifti", "{\"fields\": [\"image\", \"label\"]}"},
	{"NormalizeNonzeroIntensities", "{\"fields\": \"image\"}"},
	{"RandomAxisFlip", "{\"fields\": [\"image\", \"label\"]}"},
	{"RandomSpatialFlip", "{\"fields\": [\"image\", \"label\"]}"},
	{"RandomZoom", "{\"image_field\": \"image\", \"label_field\": \"label\"}"},
	{"ScaleByResolution", "{\"fields\": \"image\", \"target_resolution\": [1, 1.5, 1]}"},
	{"ScaleIntensityOscillation", "{\"fields\": \"image\", \"magnitude\": 0.1}"},
	{"ScaleIntensityRange",
		"{\"fields\": \"image\", \"a_min\": -1, \"a_max\": 1, \"b_min\": 0, \"b_max\": 1, "
		"\"clip\": true}"},
	{"ScaleShiftIntensity", "{\"fields\": \"image\"}"},
	{"SplitBasedOnLabel", "{\"field\": \"label\", \"label_names\": [\"l0\", \"l1\", \"l2\"]}"},
};

static char folder[] = "/tmp/axial_transforms_XXXXXX";

static char *in_folder(const char *name)
{
	return sys_join(folder, name);
}

static struct volume *make(int channels, float (*value)(int c, int x, int y, int z))
{
	struct volume *v = volume_new(channels, dim, NULL);
	float *p = v->data;

	assert_non_null(v);
	for (int c = 0; c < channels; c++)
		for (int z = 0; z < dim[2]; z++)
			for (int y = 0; y < dim[1]; y++)
				for (int x = 0; x < dim[0]; x++)
					*p++ = value(c, x, y, z);
	v->affine[0][0] = v->original.affine[0][0] = -2;
	v->affine[0][3] = v->original.affine[0][3] = 30;
	return v;
}

/* Not inlined: fused multiply-adds could make it differ from place to place. */
__attribute__((noinline)) static float image_value(int c, int x, int y, int z)
{
	return x < 2 ? 0.0f : sinf((float)(x + 3 * y + 7 * z + c) * 0.37f) + 0.01f * (float)x;
}

/* A box of label 1 and one of label 2, about a tenth of all. */
static float label_value(int c, int x, int y, int z)
{
	(void)c;
	if (z < 3 || z > 7 || y < 2 || y > 6)
		return 0;
	return x > 3 && x < 8 ? 1 : x > 10 && x < 14 ? 2 : 0;
}

static float model_value(int c, int x, int y, int z)
{
	return label_value(0, x, y, z) == (float)c ? 0.6f : 0.2f;
}

static struct sample *new_sample(void)
{
	struct sample *s = sample_new("case1");
	struct err err = ERR_INIT;
	char *image = in_folder("image.nii"), *label = in_folder("label.nii.gz");

	assert_int_equal(sample_add_file(s, "image", image, &err), 0);
	assert_int_equal(sample_add_file(s, "label", label, &err), 0);
	assert_int_equal(sample_set(s, "image", make(1, image_value), &err), 0);
	assert_int_equal(sample_set(s, "label", make(1, label_value), &err), 0);
	assert_int_equal(sample_set(s, "model", make(3, model_value), &err), 0);
	free(image);
	free(label);
	return s;
}

static int use_init(
	struct component_use *u, const char *name, const char *args, struct problems *ps)
{
	const struct component *c = component_find(COMPONENT_TRANSFORM, name);
	cJSON *json = json_parse(args, strlen(args), "test", NULL);
	const struct transform_ops *ops;
	int rc;

	assert_non_null(c);
	assert_non_null(json);
	ops = c->ops;
	rc = component_use_init(u, c, json, NULL, "test.json", "train.pre_transforms.#1", ps);
	if (!rc && ops->check)
		ops->check(u->args, "test.json", "train.pre_transforms.#1.args", ps);
	cJSON_Delete(json);
	return problems_errors(ps);
}

/* Applies a transform; stream names the draws. */
static int apply(struct sample *s, const char *name, const char *args, int stream, struct err *err)
{
	struct problems ps = {0};
	struct component_use u;
	struct rng rng;
	int rc;

	assert_int_equal(use_init(&u, name, args, &ps), 0);
	assert_int_equal(ps.n, 0);
	rng = transform_stream(5, (uint64_t)stream, s->case_id, 0, &u);
	rc = transform_apply(&u, s, transform_is_deterministic(&u) ? NULL : &rng, err);
	component_use_release(&u);
	problems_release(&ps);
	return rc;
}

static void must(struct sample *s, const char *name, const char *args, int stream)
{
	struct err err = ERR_INIT;
	int rc = apply(s, name, args, stream, &err);

	if (rc)
		fail_msg("%s: %s", name, err.msg);
}

static bool same_volume(const struct volume *a, const struct volume *b)
{
	return a->channels == b->channels && !memcmp(a->dim, b->dim, sizeof(a->dim)) &&
	       !memcmp(a->affine, b->affine, sizeof(a->affine)) &&
	       !memcmp(a->data, b->data, volume_voxels(a) * (size_t)a->channels * sizeof(*a->data));
}

static bool same_sample(struct sample *a, struct sample *b)
{
	if (a->n != b->n)
		return false;
	for (int i = 0; i < a->n; i++)
		if (!same_volume(a->field[i].vol, b->field[i].vol))
			return false;
	return true;
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

		for (int stream = 0; stream < 12; stream++) {
			struct sample *a = new_sample(), *b = new_sample(), *o = new_sample();
			struct sample *untouched = sample_share(a);

			must(a, uses[k].name, uses[k].args, stream);
			must(b, uses[k].name, uses[k].args, stream);
			must(o, uses[k].name, uses[k].args, stream + 100);
			if (!same_sample(a, b))
				fail_msg("%s: equal streams, different results", uses[k].name);
			differ += !same_sample(a, o);
			sample_free(o);
			o = new_sample();
			/* CopyProperties changes headers only, which are not shared. */
			if (!same_sample(untouched, o))
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

static void check_dim(const struct volume *v, int x, int y, int z)
{
	assert_int_equal(v->dim[0], x);
	assert_int_equal(v->dim[1], y);
	assert_int_equal(v->dim[2], z);
}

static float voxel(const struct volume *v, int x, int y, int z)
{
	return v->data[((size_t)z * (size_t)v->dim[1] + (size_t)y) * (size_t)v->dim[0] + (size_t)x];
}

static void test_crop_center(void **state)
{
	struct sample *s = new_sample();
	struct volume *v = sample_find(s, "image")->vol;

	(void)state;
	must(s, "CropSubVolumeCenter", "{\"fields\": \"image\", \"size\": [5, 13, 15]}", 0);
	check_dim(v, 5, 13, 15);
	/* 17 -> 5 begins at voxel 6; 11 -> 15 has two planes of padding on either side. */
	assert_true(voxel(v, 0, 4, 2) == image_value(0, 6, 4, 0));
	assert_true(voxel(v, 4, 12, 12) == image_value(0, 10, 12, 10));
	assert_true(voxel(v, 3, 3, 1) == 0 && voxel(v, 3, 3, 13) == 0);
	assert_true(fabs(v->affine[0][3] - (30 - 2 * 6)) < 1e-9);
	assert_true(fabs(v->affine[2][3] - -2) < 1e-9);
	check_dim(&(struct volume){.dim = {v->original.dim[0], v->original.dim[1],
					   v->original.dim[2]}},
		17, 13, 11);
	sample_free(s);
}

static void test_random_crop(void **state)
{
	bool lowest = false, highest = false;

	(void)state;
	for (int i = 0; i < 300; i++) {
		struct sample *s = new_sample();
		struct volume *v = sample_find(s, "image")->vol, *l = sample_find(s, "label")->vol;
		int x0;

		must(s, "CropFixedSizeRandomCenter",
			"{\"fields\": [\"image\", \"label\"], \"size\": [8, 8, 8]}", i);
		check_dim(v, 8, 8, 8);
		x0 = (int)lround((30 - v->affine[0][3]) / 2);
		assert_true(x0 >= 0 && x0 <= 9);
		lowest = lowest || x0 == 0;
		highest = highest || x0 == 9;
		assert_true(voxel(v, 7, 2, 3) == image_value(0, x0 + 7,
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
		struct sample *s = new_sample();

		must(s, "FastPosNegRatioCropROI", args, i);
		check_dim(sample_find(s, "label")->vol, 1, 1, 1);
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
		struct sample *s = new_sample();

		must(s, "FastPosNegRatioCropROI", "{\"size\": 1, \"pos\": 1, \"neg\": 0}", i);
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
	struct sample *s = new_sample();
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(sample_set(s, "label", make(1, nothing), &err), 0);
	must(s, "FastPosNegRatioCropROI", "{\"size\": [4, 20, 4], \"pos\": 1, \"neg\": 0}", 3);
	check_dim(sample_find(s, "image")->vol, 4, 20, 4);
	sample_free(s);
	s = new_sample();
	assert_int_equal(sample_set(s, "label", make(2, label_value), &err), 0);
	assert_int_equal(apply(s, "FastPosNegRatioCropROI", "{\"size\": 4}", 0, &err), -1);
	assert_non_null(strstr(err.msg, "2 channels"));
	assert_non_null(strstr(err.msg, "case1"));
	assert_non_null(strstr(err.msg, "train.pre_transforms.#1"));
	sample_free(s);
}

static void test_refused(void **state)
{
	static const struct {
		const char *name, *args, *path;
	} bad[] = {
		{"FastPosNegRatioCropROI", "{\"size\": 4, \"deform\": true}", "args.deform"},
		{"FastPosNegRatioCropROI", "{\"size\": 4, \"rotation\": true}", "args.rotation"},
		{"FastPosNegRatioCropROI", "{\"size\": 4, \"scale\": true}", "args.scale"},
		{"FastPosNegRatioCropROI", "{\"size\": 4, \"batch_size\": 3}", "args.batch_size"},
		{"FastPosNegRatioCropROI", "{\"size\": 4, \"pos\": 0, \"neg\": 0}", "args.pos"},
		{"LoadNifti", "{\"fields\": [\"image\"], \"as_closest_canonical\": true}",
			"args.as_closest_canonical"},
		{"LoadNifti", "{\"fields\": []}", "args.fields"},
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

		assert_int_equal(use_init(&u, bad[i].name, bad[i].args, &ps), 1);
		assert_string_equal(ps.v[0].path, path);
		free(path);
		component_use_release(&u);
		problems_release(&ps);
	}
}

static void test_flip(void **state)
{
	static const char args[] = "{\"fields\": [\"image\", \"label\"], \"probability\": 1}";
	struct sample *s = new_sample(), *o = new_sample();
	struct volume *v = sample_find(s, "image")->vol;
	int axes = 0;

	(void)state;
	must(s, "RandomSpatialFlip", args, 0);
	for (int z = 0; z < dim[2]; z++)
		for (int y = 0; y < dim[1]; y++)
			for (int x = 0; x < dim[0]; x++)
				assert_true(voxel(v, x, y, z) == image_value(0, dim[0] - 1 - x,
									 dim[1] - 1 - y,
									 dim[2] - 1 - z));
	/* The same point of the patient: voxel 0 now lies where voxel 16 was. */
	assert_true(fabs(v->affine[0][3] - (30 - 2 * 16)) < 1e-9 && v->affine[0][0] == 2);
	must(s, "RandomSpatialFlip", args, 0);
	assert_true(same_sample(s, o));
	for (int i = 0; i < 60; i++) {
		must(s, "RandomAxisFlip", args, i);
		for (int k = 0; k < 3; k++)
			if (v->affine[k][k] * o->field[0].vol->affine[k][k] < 0)
				axes |= 1 << k;
		must(s, "RandomAxisFlip", args, i);
		assert_true(same_sample(s, o));
	}
	assert_int_equal(axes, 7);
	must(s, "RandomSpatialFlip", "{\"fields\": \"image\", \"probability\": 0}", 0);
	assert_true(same_sample(s, o));
	sample_free(s);
	sample_free(o);
}

static void test_zoom(void **state)
{
	static const char two[] = "{\"label_field\": \"label\", \"lower_limits\": 2, "
				  "\"upper_limits\": 2}";
	static const char half[] = "{\"label_field\": \"label\", \"lower_limits\": 0.5, "
				   "\"upper_limits\": 0.5}";
	struct sample *s = new_sample(), *o = new_sample();
	struct volume *v = sample_find(s, "image")->vol, *l = sample_find(s, "label")->vol;

	(void)state;
	must(s, "RandomZoom", "{\"lower_limits\": 1, \"upper_limits\": 1}", 0);
	assert_true(same_sample(s, o));
	must(s, "RandomZoom", two, 0);
	check_dim(v, 17, 13, 11);
	/* The middle stays, and two voxels further is one voxel further in the original. */
	assert_true(voxel(v, 8, 6, 5) == image_value(0, 8, 6, 5));
	assert_true(fabsf(voxel(v, 10, 4, 7) - image_value(0, 9, 5, 6)) < 1e-6f);
	assert_true(fabsf(voxel(v, 9, 6, 5) -
			    (image_value(0, 8, 6, 5) + image_value(0, 9, 6, 5)) / 2) < 1e-6f);
	for (size_t i = 0; i < volume_voxels(l); i++)
		assert_true(l->data[i] == 0 || l->data[i] == 1 || l->data[i] == 2);
	sample_free(s);
	s = new_sample();
	must(s, "RandomZoom", half, 0);
	v = sample_find(s, "image")->vol;
	assert_true(voxel(v, 9, 6, 5) == image_value(0, 10, 6, 5));
	assert_true(voxel(v, 0, 6, 5) == 0 && voxel(v, 8, 12, 5) == 0);
	sample_free(s);
	sample_free(o);
}

static void test_intensities(void **state)
{
	struct sample *s = new_sample();
	struct volume *v = sample_find(s, "image")->vol;
	double sum = 0, sum2 = 0, n = (double)volume_voxels(v);

	(void)state;
	must(s, "ScaleIntensityRange",
		"{\"fields\": \"image\", \"a_min\": -0.5, \"a_max\": 0.5, \"b_min\": 10, "
		"\"b_max\": 12, \"clip\": true}",
		0);
	for (int x = 0; x < dim[0]; x++) {
		double y = (image_value(0, x, 3, 4) + 0.5) * 2 + 10;

		assert_true(fabs(voxel(v, x, 3, 4) - fmin(fmax(y, 10), 12)) < 1e-5);
	}
	sample_free(s);
	s = new_sample();
	v = sample_find(s, "image")->vol;
	must(s, "AddGaussianNoise", "{\"fields\": \"image\", \"probability\": 1, \"variance\": 4}",
		1);
	for (size_t i = 0; i < volume_voxels(v); i++) {
		int x = (int)(i % 17), y = (int)(i / 17 % 13), z = (int)(i / 221);
		double d = (double)v->data[i] - (double)image_value(0, x, y, z);

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
		struct sample *s = new_sample();
		struct volume *v = sample_find(s, "image")->vol;
		double shift, scale;

		must(s, "ScaleShiftIntensity", "{\"fields\": \"image\", \"scale\": 0.2}", i);
		shift = voxel(v, 0, 0, 0); /* was 0 */
		scale = (voxel(v, 5, 5, 5) - shift) / image_value(0, 5, 5, 5);
		assert_true(fabs(shift) <= 0.1 + 1e-6 && fabs(scale - 1) <= 0.2 + 1e-5);
		least = fmin(least, scale);
		most = fmax(most, scale);
		sample_free(s);
		s = new_sample();
		must(s, "ScaleIntensityOscillation", "{\"fields\": \"image\", \"magnitude\": 0.3}",
			i);
		v = sample_find(s, "image")->vol;
		assert_true(voxel(v, 0, 0, 0) == 0);
		assert_true(fabs(voxel(v, 5, 5, 5) / image_value(0, 5, 5, 5) - 1) < 0.3 + 1e-5);
		sample_free(s);
	}
	assert_true(least < 0.85 && most > 1.15);
}

static void test_normalize(void **state)
{
	struct sample *s = new_sample();
	struct volume *v = sample_find(s, "image")->vol;
	double sum = 0, sum2 = 0, n = 0;

	(void)state;
	must(s, "NormalizeNonzeroIntensities", "{\"fields\": \"image\"}", 0);
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
	must(s, "NormalizeNonzeroIntensities", "{\"fields\": \"image\"}", 0);
	assert_true(v->data[100] == 0);
	sample_free(s);
}

static void test_evaluation(void **state)
{
	struct sample *s = new_sample();
	struct err err = ERR_INIT;

	(void)state;
	must(s, "ArgmaxAcrossChannels", "{\"fields\": \"model\"}", 0);
	assert_int_equal(sample_find(s, "model")->vol->channels, 1);
	assert_memory_equal(sample_find(s, "model")->vol->data, sample_find(s, "label")->vol->data,
		17 * 13 * 11 * sizeof(float));
	must(s, "SplitBasedOnLabel",
		"{\"field\": \"model\", \"label_names\": [\"p0\", \"p1\", \"p2\", \"p3\"]}", 0);
	for (int i = 0; i < 4; i++) {
		const char *const names[] = {"p0", "p1", "p2", "p3"};
		struct volume *v = sample_find(s, names[i])->vol;

		assert_true(v->affine[0][3] == 30);
		for (int x = 0; x < dim[0]; x++)
			assert_true(voxel(v, x, 4, 5) == (label_value(0, x, 4, 5) == (float)i));
	}
	sample_find(s, "image")->vol->affine[1][3] = 77;
	must(s, "CopyProperties",
		"{\"fields\": [\"p1\", \"model\"], \"from_field\": \"image\", \"properties\": "
		"[\"affine\"]}",
		0);
	assert_true(sample_find(s, "p1")->vol->affine[1][3] == 77);
	assert_true(sample_find(s, "p2")->vol->affine[1][3] == 0);
	assert_int_equal(apply(s, "ArgmaxAcrossChannels", "{\"fields\": \"label\"}", 0, &err), -1);
	assert_int_equal(apply(s, "ScaleShiftIntensity", "{\"fields\": \"imgae\"}", 0, &err), -1);
	assert_non_null(strstr(err.msg, "no field 'imgae'"));
	assert_non_null(strstr(err.msg, "'image', 'label', 'model'"));
	sample_free(s);
}

static void test_resolution(void **state)
{
	struct sample *s = new_sample();
	struct volume *v;

	(void)state;
	must(s, "ScaleByResolution", "{\"fields\": \"image\", \"target_resolution\": 1}", 0);
	must(s, "ScaleByResolution",
		"{\"fields\": \"label\", \"target_resolution\": [1, 1, 1], \"is_label\": true}", 0);
	v = sample_find(s, "image")->vol;
	check_dim(v, 34, 13, 11);
	assert_true(fabs(v->affine[0][0] - -1) < 1e-9);
	assert_int_equal(v->original.dim[0], 17);
	v = sample_find(s, "label")->vol;
	check_dim(v, 34, 13, 11);
	for (int x = 0; x < 34; x++)
		assert_true(voxel(v, x, 4, 5) == label_value(0, x / 2, 4, 5));
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
		apply(s, "LoadNifti", "{\"fields\": [\"image\", \"label\"]}", 0, &err), -1);
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
	put_file("half.nii", make(1, label_value), 40, 0.5f);
	put_file("near.nii", make(1, label_value), 40, 0.9995f);
	put_file("minus.nii", make(1, label_value), 40, -1);
	put_file("many.nii", make(1, label_value), 40, 70000);
	put_file("noisy.nii.gz", make(1, image_value), 0, 0.25f);
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
	must(s, "LoadNifti", "{\"fields\": \"image\"}", 0);
	assert_int_equal(s->field[0].vol->channels, 2);
	assert_true(s->field[0].vol->data[17 * 13 * 11] == 0.25f);
	assert_true(s->field[0].vol->data[5] == image_value(0, 5, 0, 0));
	assert_true(s->field[0].vol->affine[0][0] == -2);
	assert_int_equal(apply(s, "LoadNifti", "{\"fields\": \"label\"}", 0, &err), -1);
	assert_non_null(strstr(err.msg, "no file for the field 'label'"));
	sample_free(s);
	free(a);
	a = in_folder("near.nii");
	s = sample_new("near");
	assert_int_equal(sample_add_file(s, "label", a, &err), 0);
	must(s, "LoadNiftid", "{\"keys\": \"label\"}", 0);
	assert_true(s->field[0].vol->data[40] == 1.0f);
	sample_free(s);
	free(a);
	free(b);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	put_file("image.nii", make(1, image_value), 0, 0);
	put_file("label.nii.gz", make(1, label_value), 0, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return sys_remove_tree(folder, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_stream_names),
		cmocka_unit_test(test_crop_center),
		cmocka_unit_test(test_random_crop),
		cmocka_unit_test(test_pos_neg),
		cmocka_unit_test(test_pos_neg_uniform),
		cmocka_unit_test(test_pos_neg_empty),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_flip),
		cmocka_unit_test(test_zoom),
		cmocka_unit_test(test_intensities),
		cmocka_unit_test(test_scale_shift),
		cmocka_unit_test(test_normalize),
		cmocka_unit_test(test_evaluation),
		cmocka_unit_test(test_resolution),
		cmocka_unit_test(test_load),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
