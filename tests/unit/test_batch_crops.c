/*
 * Crops that make several samples of one: inside the volume, in the ratio asked for,
 * the source untouched, equal streams equal crops.
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
#include "tests/unit/transform_rig.h"

static const char *const crops[] = {"CropByPosNegRatio", "FastCropByPosNegRatio",
	"CropByPosNegRatioLabelOnly", "FastPosNegRatioCropROI"};

/* Arguments that all four know; FastPosNegRatioCropROI names its fields by default. */
static char *crop_args(const char *name, const char *rest)
{
	bool named = strstr(rest, "fields") || !strcmp(name, "FastPosNegRatioCropROI");

	return mem_printf("{%s%s}", named ? "" : "\"fields\": \"image\", ", rest);
}

static int split(struct sample *s, const char *name, const char *rest, int stream,
	struct sample ***out, struct err *err)
{
	char *args = crop_args(name, rest);
	struct problems ps = {0};
	struct component_use u;
	struct rng rng;
	int n;

	if (rig_use(&u, COMPONENT_TRANSFORM, name, args, 1, &ps))
		fail_msg("%s", ps.v[0].text);
	n = transform_count(&u);
	*out = mem_zalloc((size_t)n * sizeof(**out));
	rng = transform_stream(5, (uint64_t)stream, s->case_id, 0, &u);
	if (transform_split(&u, s, &rng, *out, err))
		n = -n;
	component_use_release(&u);
	problems_release(&ps);
	free(args);
	return n;
}

static void free_all(struct sample **v, int n)
{
	for (int i = 0; i < n; i++)
		sample_free(v[i]);
	free(v);
}

/* Where a crop begins, by its affine. */
static void origin(const struct volume *v, int at[3])
{
	at[0] = (int)lround((30 - v->affine[0][3]) / 2);
	at[1] = (int)lround(v->affine[1][3]);
	at[2] = (int)lround(v->affine[2][3]);
}

static void check_crop(struct sample *s, const int size[3])
{
	const struct volume *v = sample_find(s, "image")->vol, *l = sample_find(s, "label")->vol;
	int at[3];

	origin(v, at);
	rig_check_dim(v, size[0], size[1], size[2]);
	rig_check_dim(l, size[0], size[1], size[2]);
	assert_memory_equal(v->affine, l->affine, sizeof(v->affine));
	for (int i = 0; i < 3; i++)
		assert_in_range(at[i], 0, rig_dim[i] - size[i]);
	for (int z = 0; z < size[2]; z++)
		for (int x = 0; x < size[0]; x++) {
			assert_true(rig_voxel(v, x, 1, z) ==
				    rig_image(0, x + at[0], 1 + at[1], z + at[2]));
			assert_true(rig_voxel(l, x, 1, z) ==
				    rig_label(0, x + at[0], 1 + at[1], z + at[2]));
		}
}

static void test_split(void **state)
{
	static const int size[3] = {8, 6, 5};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(crops); k++) {
		struct sample *s = rig_sample("/nowhere"), *same = rig_sample("/nowhere"), **a, **b;
		struct err err = ERR_INIT;
		int n, differ = 0;
		char *args;

		n = split(s, crops[k], "\"size\": [8, 6, 5], \"batch_size\": 12", 0, &a, &err);
		assert_int_equal(n, 12);
		assert_int_equal(
			split(s, crops[k], "\"size\": [8, 6, 5], \"batch_size\": 12", 0, &b, &err),
			12);
		assert_true(rig_same(s, same));
		for (int i = 0; i < n; i++) {
			check_crop(a[i], size);
			assert_string_equal(a[i]->case_id, "case1");
			assert_true(rig_same(a[i], b[i]));
			differ += i && !rig_same(a[0], a[i]);
		}
		assert_true(differ > 8);
		/* apply() stands for the first of them. */
		free_all(b, n);
		args = crop_args(crops[k], "\"size\": [8, 6, 5]");
		rig_must(same, crops[k], args, 0);
		assert_true(rig_same(same, a[0]));
		free(args);
		sample_free(s);
		sample_free(same);
		free_all(a, n);
	}
}

/* How many of the n one-voxel crops of one volume show foreground. */
static int hits(const char *name, const char *rest, int n, bool space)
{
	struct sample *s = rig_sample("/nowhere"), **v;
	struct err err = ERR_INIT;
	char *args = mem_printf("\"size\": 1, \"batch_size\": %d, %s", n, rest);
	int count = 0;

	assert_int_equal(split(s, name, args, 3, &v, &err), n);
	for (int i = 0; i < n; i++) {
		bool fg = sample_find(v[i], "label")->vol->data[0] > 0;

		count += space ? !fg && sample_find(v[i], "image")->vol->data[0] <= 0 : fg;
	}
	free_all(v, n);
	sample_free(s);
	free(args);
	return count;
}

static void test_ratio(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(crops); k++) {
		assert_int_equal(hits(crops[k], "\"pos\": 1, \"neg\": 0", 60, false), 60);
		assert_int_equal(hits(crops[k], "\"pos\": 0, \"neg\": 2", 60, false), 0);
		/* 200 expected, deviation 11.5 */
		assert_in_range(hits(crops[k], "\"pos\": 1, \"neg\": 2", 600, false), 150, 250);
	}
	/* Background that is empty space: never with CropByPosNegRatio, else about half. */
	assert_int_equal(hits(crops[0], "\"pos\": 0", 300, true), 0);
	assert_in_range(hits(crops[1], "\"pos\": 0", 300, true), 90, 210);
	assert_in_range(hits(crops[2], "\"pos\": 0", 300, true), 90, 210);
}

/* The first of several channels is background. */
static void test_channels(void **state)
{
	struct sample *s = rig_sample("/nowhere"), **v;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
		split(s, "FastCropByPosNegRatio",
			"\"size\": 1, \"label_field\": \"onehot\", \"batch_size\": 2", 0, &v, &err),
		-2);
	assert_non_null(strstr(err.msg, "no field 'onehot'"));
	assert_true(!v[0] && !v[1]);
	free(v);
	assert_int_equal(sample_set(s, "onehot", rig_volume(3, rig_model), &err), 0);
	for (size_t i = 0; i < volume_voxels(s->field[0].vol) * 3; i++) {
		float *x = &sample_find(s, "onehot")->vol->data[i];

		*x = *x > 0.5f;
	}
	assert_int_equal(
		split(s, "FastCropByPosNegRatio",
			"\"size\": 1, \"label_field\": \"onehot\", \"fields\": [\"image\", "
			"\"label\"], \"neg\": 0, \"batch_size\": 50",
			1, &v, &err),
		50);
	for (int i = 0; i < 50; i++)
		assert_true(sample_find(v[i], "label")->vol->data[0] > 0);
	free_all(v, 50);
	sample_free(s);
}

static void test_empty(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(crops); k++) {
		struct sample *s = rig_sample("/nowhere"), **v;
		struct volume *l = sample_find(s, "label")->vol;
		struct err err = ERR_INIT;

		memset(l->data, 0, volume_voxels(l) * sizeof(*l->data));
		assert_int_equal(
			split(s, crops[k], "\"size\": [4, 20, 4], \"neg\": 0, \"batch_size\": 3", 2,
				&v, &err),
			3);
		rig_check_dim(sample_find(v[2], "image")->vol, 4, 20, 4);
		free_all(v, 3);
		sample_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_ratio),
		cmocka_unit_test(test_channels),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
