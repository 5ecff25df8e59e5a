/*
 * Bad inputs that the tests of the single parts do not cover: strict JSON, header
 * extensions, odd dimensions, labels, files that change while a training reads them.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/data/datalist.h"
#include "core/data/pipeline.h"
#include "core/volume/nifti.h"
#include "tests/unit/mmar_dir.h"
#include "tests/unit/nifti_file.h"
#include "tests/unit/use.h"

static char *dir; /* lint: global, of the test */

static int setup(void **state)
{
	(void)state;
	dir = test_dir_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	test_dir_free(dir);
	return 0;
}

static void json_refused(const char *text, const char *says)
{
	struct err err = ERR_INIT;
	cJSON *root = json_parse(text, strlen(text), "x.json", &err);

	if (root)
		fail_msg("accepted: %.60s", text);
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.msg, "x.json"));
	if (says && !strstr(err.msg, says))
		fail_msg("'%s' does not say '%s'", err.msg, says);
}

static double json_value(const char *number)
{
	struct err err = ERR_INIT;
	char *text = mem_printf("{\"a\": %s}", number);
	cJSON *root = json_parse(text, strlen(text), "x.json", &err);
	double v = json_num(root, "a", NAN);

	if (!root)
		fail_msg("%s", err.msg);
	cJSON_Delete(root);
	free(text);
	return v;
}

/* Rows 27 and 29: what is no JSON. */
static void test_json_text(void **state)
{
	struct err err = ERR_INIT;
	cJSON *root;

	(void)state;
	json_refused("", "empty");
	json_refused("  \n ", NULL);
	json_refused("{\"a\": 1,}", "line 1, column 9");
	json_refused("{\n \"a\": 1 // no\n}", "line 2");
	json_refused("{} {}", "line 1");
	json_refused("\xff\xfe{\0}\0", NULL); /* UTF-16 */
	json_refused("{\"a\": 1, \"b\": 2, \"a\": 3}", "'a' stands twice");
	root = json_parse("\xef\xbb\xbf{\"a\":\r\n 1}\r\n", 15, "x", &err);
	assert_non_null(root);
	cJSON_Delete(root);
}

/* Row 28: deep nesting. */
static void test_json_depth(void **state)
{
	char *deep = mem_alloc(200001);

	(void)state;
	memset(deep, '[', 100000);
	memset(deep + 100000, ']', 100000);
	deep[200000] = 0;
	json_refused(deep, "nest");
	free(deep);
}

/* Row 30: numbers are exact or refused. */
static void test_json_numbers(void **state)
{
	char *digits = mem_alloc(500);

	(void)state;
	json_refused("{\"a\": 1e999}", NULL);
	json_refused("{\"a\": NaN}", NULL);
	json_refused("{\"a\": 0x10}", NULL);
	json_refused("{\"a\": 01}", NULL);
	json_refused("{\"a\": -}", NULL);
	json_refused("{\"a\": +1}", NULL);
	json_refused("{\"a\": .5}", NULL);
	json_refused("{\"a\": 9007199254740993}", NULL); /* 2^53 + 1 */
	memset(digits, '7', 400);
	strcpy(digits + 400, "}");
	memcpy(digits, "{\"a\": ", 6);
	json_refused(digits, NULL);
	free(digits);
	assert_true(json_value("9007199254740992") == 9007199254740992.0);
	assert_true(json_value("-0") == 0);
	assert_true(json_value("1e-4") == 1e-4);
}

/* Row 31: strings. */
static void test_json_strings(void **state)
{
	(void)state;
	json_refused("{\"a\": \"\\ud800\"}", NULL);
	json_refused("{\"a\": \"x\\u0000y\"}", NULL);
	json_refused("{\"a\": \"\xc3(\"}", NULL);
	json_refused("{\"a\": \"\\x\"}", NULL);
	json_refused("{\"a\": \"line\nbreak\"}", NULL);
}

/* Row 32: size of a configuration. */
static void test_json_size(void **state)
{
	struct err err = ERR_INIT;
	char *path = sys_join(dir, "big.json");
	FILE *f = fopen(path, "w");

	(void)state;
	assert_non_null(f);
	assert_int_equal(ftruncate(fileno(f), (off_t)65 << 20), 0);
	fclose(f);
	assert_null(json_read(path, &err));
	assert_int_equal(err.code, ERR_DATA);
	free(path);
}

static struct volume *read_file(const struct nifti_file *f, struct err *err)
{
	return nifti_read(nifti_file_put(dir, "x.nii", f->p, f->len), err);
}

/* Row 17: extensions are jumped over; their sizes are not believed. */
static void test_extensions(void **state)
{
	const int32_t sizes[] = {0, 7, -16, 1 << 30};
	struct err err = ERR_INIT;
	struct nifti_file f;
	struct volume *v;

	(void)state;
	nifti_file_init(&f, 1, false, 6, 6, 6, 4, 2);
	f.p[348] = 1; /* an extension follows, and the voxels are 16 bytes further */
	nifti_file_i32(&f, 352, 16);
	nifti_file_f32(&f, 108, 368);
	nifti_file_i16(&f, 368, 5);
	f.p = mem_realloc(f.p, f.len + 16);
	memset(f.p + f.len, 0, 16);
	f.len += 16;
	for (size_t i = 0; i <= ARRAY_SIZE(sizes); i++) {
		nifti_file_i32(&f, 352, i ? sizes[i - 1] : 16);
		v = read_file(&f, &err);
		if (v) /* what stands between header and voxels does not matter */
			assert_true(v->data[0] == 5);
		else
			assert_int_equal(err.code, ERR_DATA);
		if (!i)
			assert_non_null(v);
		volume_free(v);
	}
	nifti_file_release(&f);
}

/* Row 19: numbers of dimensions. */
static void test_dimensions(void **state)
{
	struct err err = ERR_INIT;
	struct nifti_file f;
	struct volume *v;

	(void)state;
	nifti_file_init(&f, 1, false, 5, 4, 3, 4, 2);
	nifti_file_i16(&f, 40, 4); /* 4-D with one frame */
	nifti_file_i16(&f, 48, 1);
	v = read_file(&f, &err);
	assert_non_null(v);
	assert_int_equal(v->channels, 1);
	volume_free(v);
	nifti_file_i16(&f, 40, 7); /* 7-D of ones is the same volume or refused, never more */
	for (int i = 4; i <= 7; i++)
		nifti_file_i16(&f, 40 + 2 * (size_t)i, 1);
	v = read_file(&f, &err);
	if (v)
		assert_int_equal(volume_voxels(v) * (size_t)v->channels, 60);
	else
		assert_int_equal(err.code, ERR_DATA);
	volume_free(v);
	nifti_file_i16(&f, 54, 2); /* dim[7] */
	assert_null(read_file(&f, &err));
	assert_int_equal(err.code, ERR_DATA);
	nifti_file_release(&f);
}

/* Row 15: labels. */
static void test_labels(void **state)
{
	const struct {
		float value;
		int max, rc;
	} rows[] = {{0.9999f, 3, 0}, {0.99f, 3, -1}, {-1, 3, -1}, {70000, 255, -1}, {3, 3, 0},
		{4, 3, -1}, {NAN, 3, -1}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err err = ERR_INIT;
		struct volume *v = volume_new(1, (const int[3]){2, 2, 2}, &err);

		assert_non_null(v);
		for (int k = 0; k < 8; k++)
			v->data[k] = 1;
		v->data[5] = rows[i].value;
		assert_int_equal(volume_check_label(v, rows[i].max, &err), rows[i].rc);
		if (!rows[i].rc)
			assert_true(v->data[5] == roundf(rows[i].value));
		volume_free(v);
	}
}

/* Row 26: a folder of very many files is listed whole and in order. */
static void test_many_files(void **state)
{
	struct err err = ERR_INIT;
	char **names;
	int n = 20000;

	(void)state;
	for (int i = n - 1; i >= 0; i--) {
		char *path = mem_printf("%s/f%06d", dir, i);
		FILE *f = fopen(path, "w");

		assert_non_null(f);
		fclose(f);
		free(path);
	}
	assert_int_equal(sys_list_dir(dir, &names, &err), n);
	for (int i = 0; i < n; i++)
		assert_int_equal(atoi(names[i] + 1), i);
	sys_free_names(names, n);
}

static struct datalist *write_cases(int n)
{
	struct nifti_file f;
	struct problems ps = {0};
	struct buf list = {0};
	struct datalist *l;
	char *path;

	nifti_file_init(&f, 1, false, 8, 8, 8, 4, 2);
	buf_puts(&list, "{\"training\": [");
	for (int i = 0; i < n; i++) {
		char name[32];

		snprintf(name, sizeof(name), "i%d.nii", i);
		nifti_file_put(dir, name, f.p, f.len);
		snprintf(name, sizeof(name), "l%d.nii", i);
		nifti_file_put(dir, name, f.p, f.len);
		buf_printf(&list, "%s{\"image\": \"i%d.nii\", \"label\": \"l%d.nii\"}",
			i ? ", " : "", i, i);
	}
	buf_puts(&list, "]}");
	test_file(dir, "list.json", list.p);
	path = sys_join(dir, "list.json");
	l = datalist_read(path, dir, "training", &ps);
	assert_non_null(l);
	assert_int_equal(datalist_check(l, true, &ps), 0);
	problems_release(&ps);
	buf_release(&list);
	nifti_file_release(&f);
	free(path);
	return l;
}

static void count_warning(void *ctx, const char *text)
{
	int *n = ctx;

	assert_non_null(strstr(text, ".nii"));
	++*n;
}

/* Row 25: files that vanish or are cut after the check; the run goes on without them. */
static void test_files_change(void **state)
{
	struct datalist *l = write_cases(40);
	struct component_use transforms[2] = {
		use_of(COMPONENT_TRANSFORM, "LoadNifti", "{\"fields\": [\"image\", \"label\"]}"),
		use_of(COMPONENT_TRANSFORM, "ConvertToChannelsFirst",
			"{\"fields\": [\"image\", \"label\"]}")};
	struct component_use pipe = use_of(COMPONENT_PIPELINE, "SegmentationImagePipeline",
		"{\"data_list_file_path\": \"x\", \"data_list_key\": \"training\", "
		"\"output_crop_size\": [8, 8, 8], \"output_batch_size\": 1, \"num_workers\": 1, "
		"\"prefetch_size\": 1, \"cache_mb\": 0}");
	int warnings = 0;
	struct pipeline_config pc = {.args = pipe.args,
		.transforms = transforms,
		.n_transforms = 2,
		.list = l,
		.seed = 1,
		.training = true,
		.warn = count_warning,
		.warn_ctx = &warnings};
	struct err err = ERR_INIT;
	struct pipeline *p = pipeline_new(&pc, &err);
	struct pipeline_stats stats;

	(void)state;
	assert_non_null(p);
	assert_int_equal(unlink(l->v[2].image[0]), 0);
	assert_int_equal(truncate(l->v[4].label, 400), 0);
	assert_int_equal(pipeline_start(p, 0, 0, &err), 0);
	for (int i = 0; i < 80; i++) {
		struct batch *b;

		if (pipeline_next(p, &b, &err) != 1)
			print_error("%s\n", err.msg);
		assert_int_equal(err.code, 0);
		assert_string_not_equal(b->case_ids[0], "i2");
		assert_string_not_equal(b->case_ids[0], "i4");
	}
	pipeline_stats(p, &stats);
	assert_int_equal(stats.quarantined, 2);
	assert_int_equal(warnings, 2);
	pipeline_free(p);
	for (int i = 0; i < 2; i++)
		component_use_release(&transforms[i]);
	component_use_release(&pipe);
	datalist_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_text),
		cmocka_unit_test(test_json_depth),
		cmocka_unit_test(test_json_numbers),
		cmocka_unit_test(test_json_strings),
		cmocka_unit_test_setup_teardown(test_json_size, setup, teardown),
		cmocka_unit_test_setup_teardown(test_extensions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dimensions, setup, teardown),
		cmocka_unit_test(test_labels),
		cmocka_unit_test_setup_teardown(test_many_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files_change, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
