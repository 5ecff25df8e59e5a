/*
 * Data lists: what is refused, what is only a warning, and that all faults come at once;
 * arguments of the pipelines that are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/data/pipeline.h"
#include "core/volume/nifti.h"
#include "tests/unit/transform_rig.h"

static char folder[] = "/tmp/axial_datalist_XXXXXX";

static struct datalist *read_list(const char *text, const char *key, struct problems *ps)
{
	char *file = sys_join(folder, "dataset.json");
	struct datalist *l;

	assert_int_equal(sys_write_file(file, text, strlen(text), NULL), 0);
	l = datalist_read(file, NULL, key, ps);
	free(file);
	return l;
}

/* True when a row of this level holds the text, in its text or its fix. */
static bool says(const struct problems *ps, enum problem_level level, const char *text)
{
	for (int i = 0; i < ps->n; i++)
		if (ps->v[i].level == level &&
			(strstr(ps->v[i].text, text) ||
				(ps->v[i].fix && strstr(ps->v[i].fix, text))))
			return true;
	return false;
}

static void refused(const char *text, const char *key, const char *why)
{
	struct problems ps = {0};
	struct datalist *l = read_list(text, key, &ps);
	struct buf b = {0};

	problems_format(&ps, &b);
	if (l || !says(&ps, PROBLEM_ERROR, why))
		fail_msg("'%s' expected for %s, found: %s", why, text, b.p ? b.p : "nothing");
	assert_int_equal(problems_code(&ps), ERR_DATA);
	buf_release(&b);
	problems_release(&ps);
}

static void test_good(void **state)
{
	struct problems ps = {0};
	struct datalist *l = read_list(
		"{\"name\": \"x\", \"training\": ["
		"{\"image\": \"./imagesTr/a.nii.gz\", \"label\": \"labelsTr/a.nii.gz\"},"
		"{\"image\": [\"b/t1.nii\", \"b/../b/t2.nii\"], \"label\": \"b/seg.nii.gz\"}],"
		"\"test\": [\"imagesTs/c.nii.gz\"]}",
		"training", &ps);
	struct sample *s;
	struct err err = ERR_INIT;
	char *path;

	(void)state;
	assert_non_null(l);
	assert_int_equal(ps.n, 0);
	assert_int_equal(l->n, 2);
	assert_int_equal(l->unique, 2);
	assert_string_equal(l->v[0].case_id, "a");
	assert_string_equal(l->v[1].case_id, "t1");
	assert_int_equal(l->v[1].n_image, 2);
	path = sys_join(folder, "b/seg.nii.gz");
	assert_string_equal(l->v[1].label, path);
	free(path);
	s = datalist_sample(l, 1, &err);
	assert_string_equal(s->case_id, "t1");
	assert_string_equal(sample_find(s, "image")->file, l->v[1].image[0]);
	assert_int_equal(sample_find(s, "image")->n_more, 1);
	assert_string_equal(sample_find(s, "label")->file, l->v[1].label);
	sample_free(s);
	datalist_free(l);
	l = read_list("{\"test\": [\"imagesTs/c.nii.gz\"]}", "test", &ps);
	assert_non_null(l);
	assert_null(l->v[0].label);
	datalist_free(l);
	assert_int_equal(ps.n, 0);
}

static void test_refused(void **state)
{
	(void)state;
	refused("{\"training\": [], \"validation\": []}", "training", "is empty");
	refused("{\"trainin\": [], \"validation\": [], \"n\": 3}", "training",
		"'trainin', 'validation'");
	refused("{\"n\": 3}", "training", "no list at all");
	refused("[1, 2]", "training", "no list 'training'");
	refused("{\"training\": [{\"label\": \"a.nii\"}]}", "training", "no 'image'");
	refused("{\"training\": [{\"image\": 7}]}", "training", "is a number");
	refused("{\"training\": [{\"image\": []}]}", "training", "empty list of images");
	refused("{\"training\": [{\"image\": \"a.nii\", \"label\": true}]}", "training",
		"a path or a number");
	refused("{\"training\": [{\"image\": \"a.nii\", \"label\": []}]}", "training",
		"empty list");
	refused("{\"training\": [{\"image\": \"a.nii\", \"label\": [1, \"x\"]}]}", "training",
		"holds string");
	refused("{\"training\": [{\"image\": \"a.nii\", \"label\": -1}]}", "training",
		"number below 0");
	refused("{\"training\": [{\"image\": \"a.nii\", \"label\": 1}, "
		"{\"image\": \"b.nii\", \"label\": \"b.nii\"}]}",
		"training", "entry 2 is a path");
	refused("{\"training\": [{\"image\": \"a.nii\", \"label\": 1}, "
		"{\"image\": \"b.nii\", \"label\": [0, 1]}]}",
		"training", "2 numbers");
	refused("{\"training\": [{\"image\": \"a.nii\", \"label\": 1}, "
		"{\"image\": \"a.nii\", \"label\": 0}]}",
		"training", "files or labels");
	refused("{\"training\": [{\"image\": \"\"}]}", "training", "a file is needed");
	refused("{\"training\": [{\"image\": \"../../etc/passwd\"}]}", "training",
		"outside the data folder");
	refused("{\"training\": [{\"image\": \"a/../../x.nii\"}]}", "training", "outside");
	refused("{\"training\": [{\"image\": \"/etc/passwd\"}]}", "training", "outside");
	refused("{\"training\": [{\"image\": \"a.nii\", \"label\": \"../a.nii\"}]}", "training",
		"outside");
	refused("{\"training\": [{\"image\": \"a/x.nii\"}, {\"image\": \"b/x.nii\"}]}", "training",
		"same name 'x'");
	refused("{\"training\": [{\"image\": \"a\"},]}", "training", "line 1");
}

/* Labels that are numbers, and files that are numbered alike in each folder. */
static void test_classification(void **state)
{
	struct problems ps = {0};
	struct datalist *l =
		read_list("{\"training\": [{\"image\": \"./normal/001.png\", \"label\": 0}, "
			  "{\"image\": \"tumour/001.png\", \"label\": 2}, "
			  "{\"image\": \"tumour/001.png\", \"label\": 2}]}",
			"training", &ps);
	struct sample *s;
	struct err err = ERR_INIT;
	struct volume *v;

	(void)state;
	assert_non_null(l);
	assert_int_equal(l->label_values, 1);
	assert_string_equal(l->v[0].case_id, "normal_001");
	assert_string_equal(l->v[1].case_id, "tumour_001");
	assert_int_equal(l->v[2].same_as, 1);
	s = datalist_sample(l, 1, &err);
	v = sample_volume(s, "label", &err);
	assert_int_equal(v->channels, 1);
	assert_int_equal(v->dim[0] * v->dim[1] * v->dim[2], 1);
	assert_true(v->data[0] == 2);
	sample_free(s);
	datalist_free(l);
	problems_release(&ps);
	l = read_list("{\"training\": [{\"image\": \"a.jpg\", \"label\": [1, 0, 4]}, "
		      "{\"image\": \"b.jpg\"}]}",
		"training", &ps);
	assert_non_null(l);
	assert_int_equal(l->label_values, 3);
	assert_true(says(&ps, PROBLEM_WARNING, "1 of 2 entries have no label"));
	s = datalist_sample(l, 0, &err);
	v = sample_volume(s, "label", &err);
	assert_int_equal(v->channels, 3);
	assert_true(v->data[0] == 1 && v->data[1] == 0 && v->data[2] == 4);
	sample_free(s);
	datalist_free(l);
	problems_release(&ps);
}

static void test_all_at_once(void **state)
{
	struct problems ps = {0};

	(void)state;
	assert_null(read_list("{\"training\": [{\"image\": \"../a\"}, {\"label\": \"x\"}, "
			      "{\"image\": \"ok.nii\"}, {\"image\": 3}]}",
		"training", &ps));
	assert_int_equal(problems_errors(&ps), 3);
	assert_string_equal(ps.v[0].path, "training.#1");
	assert_string_equal(ps.v[2].path, "training.#4");
	problems_release(&ps);
}

static void test_missing_list(void **state)
{
	struct problems ps = {0};

	(void)state;
	assert_null(datalist_read("/nonexistent/list.json", NULL, "training", &ps));
	assert_int_equal(problems_code(&ps), ERR_NOINPUT);
	problems_release(&ps);
}

static void test_absolute_inside(void **state)
{
	char *text = mem_printf("{\"training\": [{\"image\": \"%s/imagesTr/a.nii\"}]}", folder);
	struct problems ps = {0};
	struct datalist *l = read_list(text, "training", &ps);

	(void)state;
	assert_non_null(l);
	assert_int_equal(ps.n, 0);
	assert_string_equal(l->v[0].case_id, "a");
	datalist_free(l);
	free(text);
}

static void test_repeats(void **state)
{
	struct problems ps = {0};
	struct datalist *l = read_list("{\"training\": [{\"image\": \"a.nii\"}, {\"image\": "
				       "\"b.nii\", \"label\": \"lb.nii\"}, {\"image\": "
				       "\"a.nii\"}, {\"image\": \"a.nii\"}]}",
		"training", &ps);

	(void)state;
	assert_non_null(l);
	assert_int_equal(problems_errors(&ps), 0);
	assert_true(says(&ps, PROBLEM_WARNING, "2 of 4 entries repeat"));
	assert_true(says(&ps, PROBLEM_WARNING, "3 of 4 entries have no label"));
	assert_int_equal(l->unique, 2);
	assert_int_equal(l->v[2].repeat, 1);
	assert_int_equal(l->v[3].repeat, 2);
	assert_int_equal(l->v[3].same_as, 0);
	assert_int_equal(l->v[1].same_as, 1);
	datalist_free(l);
	problems_release(&ps);
}

static void test_leak(void **state)
{
	static const char text[] = "{\"t\": [{\"image\": \"a.nii\"}, {\"image\": \"b.nii\"}, "
				   "{\"image\": \"c.nii\"}], \"v\": [{\"image\": \"d.nii\"}, "
				   "{\"image\": \"c.nii\"}, {\"image\": \"b.nii\"}]}";
	struct problems ps = {0};
	struct datalist *t = read_list(text, "t", &ps), *v = read_list(text, "v", &ps);

	(void)state;
	datalist_check_leak(t, v, &ps);
	assert_int_equal(ps.n, 1);
	assert_true(says(&ps, PROBLEM_WARNING, "2 of 3 validation cases"));
	assert_true(says(&ps, PROBLEM_WARNING, "'c'"));
	datalist_free(t);
	datalist_free(v);
	problems_release(&ps);
}

static void put(const char *name, int x, int y, int z, double move)
{
	struct volume *v = volume_new(1, (const int[]){x, y, z}, NULL);
	char *path = sys_join(folder, name);
	struct err err = ERR_INIT;

	memset(v->data, 0, volume_voxels(v) * sizeof(*v->data));
	v->affine[2][3] = move;
	if (nifti_write(path, v, NIFTI_OUT_UINT8, &err))
		fail_msg("%s", err.msg);
	volume_free(v);
	free(path);
}

static int check(const char *text, bool need_label, struct problems *ps)
{
	struct datalist *l = read_list(text, "training", ps);
	int rc;

	assert_non_null(l);
	rc = datalist_check(l, need_label, ps);
	datalist_free(l);
	return rc;
}

static void test_check(void **state)
{
	struct problems ps = {0};
	char *cut = sys_join(folder, "cut.nii");

	(void)state;
	put("a.nii.gz", 5, 6, 7, 0);
	put("la.nii.gz", 5, 6, 7, 0);
	put("moved.nii", 5, 6, 7, 3);
	put("b.nii", 5, 6, 8, 0);
	assert_int_equal(sys_write_file(cut, "short", 5, NULL), 0);
	free(cut);
	assert_int_equal(check("{\"training\": [{\"image\": \"a.nii.gz\", \"label\": "
			       "\"la.nii.gz\"}]}",
				 true, &ps),
		0);
	assert_int_equal(ps.n, 0);
	assert_int_equal(check("{\"training\": [{\"image\": \"a.nii.gz\", \"label\": "
			       "\"moved.nii\"}]}",
				 true, &ps),
		0);
	assert_true(says(&ps, PROBLEM_WARNING, "3.0 mm apart"));
	problems_release(&ps);
	/* Missing files come first and give the exit code, whatever else is wrong. */
	assert_int_equal(
		check("{\"training\": [{\"image\": \"a.nii.gz\", \"label\": \"b.nii\"},"
		      "{\"image\": \"gone1.nii\", \"label\": \"gone2.nii\"},"
		      "{\"image\": [\"moved.nii\", \"gone3.nii\"], \"label\": \"la.nii.gz\"},"
		      "{\"image\": \"cut.nii\", \"label\": \"la.nii.gz\"}, {\"image\": "
		      "\"b.nii\"}]}",
			true, &ps),
		-1);
	assert_int_equal(problems_code(&ps), ERR_NOINPUT);
	assert_int_equal(problems_errors(&ps), 6);
	assert_true(says(&ps, PROBLEM_ERROR, "gone1.nii' is missing"));
	assert_true(says(&ps, PROBLEM_ERROR, "gone2.nii' is missing"));
	assert_true(says(&ps, PROBLEM_ERROR, "gone3.nii' is missing"));
	assert_true(says(&ps, PROBLEM_ERROR, "case 'b' has no label"));
	assert_true(says(&ps, PROBLEM_ERROR, "5 x 6 x 8 voxels, but image"));
	assert_true(says(&ps, PROBLEM_ERROR, "cut.nii"));
	problems_release(&ps);
	assert_int_equal(check("{\"training\": [{\"image\": \"b.nii\"}]}", false, &ps), 0);
	problems_release(&ps);
}

static void test_pipeline_arguments(void **state)
{
	static const char *const bad[][3] = {
		{"SegmentationImagePipeline", "\"output_crop_size\": [4, 0, 4]", "0 voxels"},
		{"SegmentationImagePipeline",
			"\"output_data_dims\": 2, \"output_crop_size\": [4, 4, 4]", "along z is 4"},
		{"SegmentationImagePipeline", "\"output_batch_size\": 0", "batch of 0"},
		{"SegmentationImagePipeline", "\"category_weights\": [1, 2]", "has none"},
		{"SegmentationKerasImagePipeline", "\"items_per_category\": 4", "has none"},
		{"ClassificationImagePipeline", "\"extra_inputs\": [\"age\"]", "one input"},
		{"SegmentationImagePipelineWithCache",
			"\"num_cache_objects\": 4, \"output_batch_size\": 2, \"replace_percent\": 25",
			"0.25 of the cache"},
		{"SegmentationImagePipelineWithCache",
			"\"num_cache_objects\": 5, \"output_batch_size\": 2", "do not divide"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *args = mem_printf("{\"data_list_file_path\": \"x\", %s}", bad[i][1]);
		struct problems ps = {0};
		struct component_use u;

		rig_use(&u, COMPONENT_PIPELINE, bad[i][0], args, 1, &ps);
		assert_int_equal(ps.n, 1);
		assert_non_null(strstr(ps.v[0].text, bad[i][2]));
		component_use_release(&u);
		problems_release(&ps);
		free(args);
	}
}

/* All eight names, with what v3 lets a configuration say; two sizes are two dimensions. */
static void test_pipeline_names(void **state)
{
	static const char *const tasks[] = {"Segmentation", "Classification"};
	static const char *const kinds[] = {"ImagePipeline", "ImagePipelineWithCache",
		"KerasImagePipeline", "KerasImagePipelineWithCache"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tasks) * ARRAY_SIZE(kinds); i++) {
		const char *task = tasks[i % 2], *kind = kinds[i / 2];
		char *name = mem_printf("%s%s", task, kind);
		char *args = mem_printf(
			"{\"data_list_file_path\": \"x\", \"output_crop_size\": [64, 32], "
			"\"output_data_dims\": 2, \"output_image_dtype\": \"float32\", "
			"\"extra_inputs\": null, \"output_batch_size\": 2%s%s%s}",
			strstr(kind, "Cache")
				? ", \"num_cache_objects\": 4, \"replace_percent\": 0.5"
				: "",
			strstr(kind, "Keras") ? ", \"multiprocessing\": true" : "",
			i % 2 ? ", \"output_label_format\": [1, 3]"
			      : ", \"output_label_channels\": 1");
		struct problems ps = {0};
		const struct pipeline_args *a;
		struct component_use u;

		assert_int_equal(rig_use(&u, COMPONENT_PIPELINE, name, args, 1, &ps), 0);
		if (ps.n)
			fail_msg("%s: %s", name, ps.v[0].text);
		a = u.args;
		assert_int_equal(a->output_crop_size[0], 64);
		assert_int_equal(a->output_crop_size[1], 32);
		assert_int_equal(a->output_crop_size[2], 1);
		assert_int_equal(a->num_cache_objects, strstr(kind, "Cache") ? 4 : 0);
		assert_int_equal(a->output_label_channels, i % 2 ? 0 : 1);
		component_use_release(&u);
		problems_release(&ps);
		free(args);
		free(name);
	}
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return sys_remove_tree(folder, NULL);
}

/* 200000 numbers of one label: minutes when each is looked up from the beginning. */
static void test_long_label(void **state)
{
	enum { N = 200000 };
	struct problems ps = {0};
	struct buf b = {0};
	struct datalist *l;
	clock_t start;

	(void)state;
	buf_puts(&b, "{\"training\": [{\"image\": \"a.png\", \"label\": [0");
	for (int i = 1; i < N; i++)
		buf_printf(&b, ",%d", i % 7);
	buf_puts(&b, "]}]}");
	start = clock();
	l = read_list(b.p, "training", &ps);
	assert_true((double)(clock() - start) < 8.0 * CLOCKS_PER_SEC);
	assert_non_null(l);
	assert_int_equal(l->label_values, N);
	assert_true(l->v[0].label_value[0] == 0 && l->v[0].label_value[N - 1] == (N - 1) % 7);
	datalist_free(l);
	problems_release(&ps);
	buf_release(&b);
}

/* Classes that the network does not have, each with its entry. */
static void test_classes(void **state)
{
	struct problems ps = {0};
	struct datalist *l = read_list("{\"validation\": [{\"image\": \"a.png\", \"label\": 2}, "
				       "{\"image\": \"b.png\", \"label\": 3}, "
				       "{\"image\": \"c.png\", \"label\": 0.5}]}",
		"validation", &ps);

	(void)state;
	assert_non_null(l);
	assert_int_equal(datalist_check_classes(l, 4, &ps), -1);
	assert_int_equal(ps.n, 1);
	assert_int_equal(datalist_check_classes(l, 1, &ps), 0);
	assert_int_equal(datalist_check_classes(l, 3, &ps), -1);
	assert_int_equal(ps.n, 3);
	assert_string_equal(ps.v[1].path, "validation.#2");
	assert_non_null(strstr(ps.v[1].text, "case 'b' has the label 3"));
	assert_non_null(strstr(ps.v[2].text, "case 'c' has the label 0.5"));
	datalist_free(l);
	problems_release(&ps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_classification),
		cmocka_unit_test(test_long_label),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_missing_list),
		cmocka_unit_test(test_absolute_inside),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_leak),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_pipeline_arguments),
		cmocka_unit_test(test_pipeline_names),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
