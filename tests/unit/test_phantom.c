/* The phantom: deterministic whatever the threads, plausible HU and organ sizes, valid data set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/sys.h"
#include "core/volume/affine.h"
#include "core/volume/nifti.h"
#include "core/volume/phantom.h"

static char dir[] = "/tmp/axial-phantom-XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	return sys_remove_tree(dir, &err);
}

static void make(uint64_t seed, int i, struct volume **image, struct volume **label)
{
	struct phantom_config c;
	struct err err = ERR_INIT;

	phantom_defaults(&c);
	c.seed = seed;
	assert_int_equal(phantom_case(&c, i, image, label, &err), 0);
}

static void test_deterministic(void **state)
{
	struct volume *a, *la, *b, *lb, *c, *lc;
	size_t n = 64 * 64 * 40, differ = 0;

	(void)state;
	omp_set_num_threads(1);
	make(5, 3, &a, &la);
	omp_set_num_threads(3);
	make(5, 3, &b, &lb);
	assert_memory_equal(a->data, b->data, n * sizeof(float));
	assert_memory_equal(la->data, lb->data, n * sizeof(float));
	make(5, 4, &c, &lc);
	for (size_t i = 0; i < n; i++)
		differ += a->data[i] != c->data[i];
	assert_true(differ > n / 4);
	volume_free(a);
	volume_free(la);
	volume_free(b);
	volume_free(lb);
	volume_free(c);
	volume_free(lc);
}

/* Volumes in millilitres and mean HU of the organs of several patients are those of people. */
static void test_anatomy(void **state)
{
	static const double ml[PHANTOM_LABELS][2] = {{0, 0}, {700, 2600}, {80, 450}, {150, 600}};
	static const double hu[PHANTOM_LABELS][2] = {{0, 0}, {80, 125}, {80, 130}, {110, 180}};

	(void)state;
	for (int i = 0; i < 6; i++) {
		double sum[PHANTOM_LABELS] = {0}, n[PHANTOM_LABELS] = {0}, x[PHANTOM_LABELS] = {0};
		double spacing[3], voxel, air = 0, min = 1e9, max = -1e9;
		struct volume *a, *l;
		char codes[4];

		make(1, i, &a, &l);
		affine_codes(a->affine, codes);
		assert_string_equal(codes, "LAS");
		volume_spacing(a, spacing);
		assert_true(spacing[0] > 4.7 && spacing[0] < 5.3 && spacing[2] == 6);
		voxel = spacing[0] * spacing[1] * spacing[2] / 1000;
		for (size_t k = 0; k < volume_voxels(a); k++) {
			int id = (int)l->data[k];

			assert_true(id >= 0 && id < PHANTOM_LABELS);
			assert_true(a->data[k] == rintf(a->data[k]));
			sum[id] += a->data[k];
			n[id]++;
			x[id] += a->affine[0][0] * (double)(k % 64) + a->affine[0][3];
			air += a->data[k] < -900;
			min = fmin(min, a->data[k]);
			max = fmax(max, a->data[k]);
		}
		for (int id = 1; id < PHANTOM_LABELS; id++) {
			assert_true(n[id] * voxel > ml[id][0] && n[id] * voxel < ml[id][1]);
			assert_true(sum[id] / n[id] > hu[id][0] && sum[id] / n[id] < hu[id][1]);
		}
		/* The liver lies on the patient's right, the spleen on the left. */
		assert_true(x[PHANTOM_LIVER] / n[PHANTOM_LIVER] > 25);
		assert_true(x[PHANTOM_SPLEEN] / n[PHANTOM_SPLEEN] < -50);
		assert_true(min >= -1024 && max > 300 && max < 1000);
		assert_true(air > 0.2 * (double)volume_voxels(a));
		volume_free(a);
		volume_free(l);
	}
}

/* No threshold finds the liver: the best HU interval has a Dice far below a network's. */
static void test_not_a_threshold(void **state)
{
	struct volume *a, *l;
	double best = 0;

	(void)state;
	make(1, 0, &a, &l);
	for (int lo = 40; lo < 140; lo += 5)
		for (int hi = lo + 20; hi < 200; hi += 10) {
			double hit = 0, found = 0, liver = 0;

			for (size_t k = 0; k < volume_voxels(a); k++) {
				bool in = a->data[k] >= lo && a->data[k] < hi;
				bool is = l->data[k] == PHANTOM_LIVER;

				hit += in && is;
				found += in;
				liver += is;
			}
			best = fmax(best, 2 * hit / (found + liver));
		}
	assert_true(best > 0.3 && best < 0.75);
	volume_free(a);
	volume_free(l);
}

static void test_write(void **state)
{
	struct phantom_config c = {.dim = {24, 20, 16}, .training = 2, .validation = 1, .seed = 9};
	char *a = sys_join(dir, "a"), *b = sys_join(dir, "b"), *path;
	const char *const files[] = {
		"dataset.json", "imagesTr/phantom_000.nii.gz", "labelsTr/phantom_002.nii.gz"};
	struct err err = ERR_INIT;
	struct volume *image, *label;
	cJSON *json, *row;

	(void)state;
	assert_int_equal(phantom_write(a, &c, &err), 0);
	assert_int_equal(phantom_write(b, &c, &err), 0);
	for (int i = 0; i < 3; i++) {
		struct buf x = {0}, y = {0};

		path = sys_join(a, files[i]);
		assert_int_equal(sys_read_file(path, 1 << 24, &x, &err), 0);
		free(path);
		path = sys_join(b, files[i]);
		assert_int_equal(sys_read_file(path, 1 << 24, &y, &err), 0);
		free(path);
		assert_int_equal(x.len, y.len);
		assert_memory_equal(x.p, y.p, x.len);
		buf_release(&x);
		buf_release(&y);
	}
	path = sys_join(a, "dataset.json");
	json = json_read(path, &err);
	free(path);
	assert_non_null(json);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "training")), 2);
	row = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "validation"), 0);
	assert_string_equal(json_str(row, "image", ""), "./imagesTr/phantom_002.nii.gz");
	assert_string_equal(json_str(cJSON_GetObjectItem(json, "labels"), "2", ""), "spleen");
	path = sys_join(a, json_str(row, "image", ""));
	image = nifti_read(path, &err);
	free(path);
	path = sys_join(a, json_str(row, "label", ""));
	label = nifti_read(path, &err);
	free(path);
	assert_non_null(image);
	assert_non_null(label);
	assert_int_equal(volume_check_same_grid(image, label, &err), 0);
	assert_int_equal(volume_check_label(label, PHANTOM_LABELS - 1, &err), 0);
	volume_free(image);
	volume_free(label);
	cJSON_Delete(json);
	free(a);
	free(b);
}

static void test_refused(void **state)
{
	struct phantom_config c;
	struct err err = ERR_INIT;

	(void)state;
	phantom_defaults(&c);
	c.dim[1] = 8;
	assert_int_equal(phantom_write(dir, &c, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	phantom_defaults(&c);
	c.training = c.validation = 0;
	assert_int_equal(phantom_write(dir, &c, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	phantom_defaults(&c);
	assert_int_equal(phantom_write("/proc/nowhere", &c, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_anatomy),
		cmocka_unit_test(test_not_a_threshold),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
