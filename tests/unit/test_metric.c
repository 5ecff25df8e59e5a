/*
 * Metrics on volumes whose Dice can be counted by hand, undefined classes, means
 * over cases, reports, and what is refused.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/sys.h"
#include "core/metric/metric.h"
#include "core/metric/overlap.h"
#include "tests/unit/use.h"

#define DICE_JSON(extra) "{\"name\": \"val_dice\", \"field\": \"model\"" extra "}"

static struct volume *volume_of(int channels, int x, int y, int z, const float *values)
{
	struct err err = ERR_INIT;
	struct volume *v = volume_new(channels, (int[3]){x, y, z}, &err);

	assert_non_null(v);
	memcpy(v->data, values, volume_voxels(v) * (size_t)channels * sizeof(float));
	return v;
}

static struct sample *sample_of(const char *id, struct volume *model, struct volume *label)
{
	struct sample *s = sample_new(id);
	struct err err = ERR_INIT;

	assert_int_equal(sample_set(s, "model", model, &err), 0);
	assert_int_equal(sample_set(s, "label", label, &err), 0);
	return s;
}

/* Adds one case and frees it. */
static void add(struct metric *m, const char *id, struct volume *model, struct volume *label)
{
	struct sample *s = sample_of(id, model, label);
	struct err err = ERR_INIT;

	if (metric_add(m, &(struct metric_case){.case_id = id, .sample = s}, &err))
		fail_msg("%s", err.msg);
	sample_free(s);
}

static void near(double x, double want)
{
	if (!(fabs(x - want) <= 1e-9))
		fail_msg("%.12g, expected %.12g", x, want);
}

/* Six voxels, three classes.  argmax 0 1 1 2 0 1, label 0 1 2 2 0 0. */
static const float probabilities[18] = {
	.8f, .1f, .2f, .1f, .6f, .3f, /* class 0 */
	.1f, .7f, .5f, .3f, .2f, .4f, /* class 1 */
	.1f, .2f, .3f, .6f, .2f, .3f, /* class 2 */
};
static const float classes[6] = {0, 1, 2, 2, 0, 0};

static void test_argmax(void **state)
{
	struct component_use u = use_of(
		COMPONENT_METRIC, "ComputeAverageDice", DICE_JSON(", \"is_key_metric\": true"));
	struct metric *m = metric_new(&u);
	struct metric_result r;

	(void)state;
	metric_begin(m);
	add(m, "a", volume_of(3, 3, 2, 1, probabilities), volume_of(1, 3, 2, 1, classes));
	metric_end(m, &r);
	assert_string_equal(r.name, "val_dice");
	assert_true(r.is_key);
	assert_int_equal(r.first_class, 1);
	assert_int_equal(r.n_classes, 2);
	near(r.class_mean[0], 2.0 * 1 / (3 + 1));
	near(r.class_mean[1], 2.0 * 1 / (1 + 2));
	near(r.mean, (0.5 + 2.0 / 3) / 2);
	near(r.rows[0].value, r.mean);
	metric_free(m);
	component_use_release(&u);

	u = use_of(COMPONENT_METRIC, "ComputeAverageDice", DICE_JSON(", \"remove_bg\": false"));
	m = metric_new(&u);
	add(m, "a", volume_of(3, 3, 2, 1, probabilities), volume_of(1, 3, 2, 1, classes));
	metric_end(m, &r);
	assert_false(r.is_key);
	assert_int_equal(r.first_class, 0);
	near(r.class_mean[0], 2.0 * 2 / (2 + 3));
	near(r.mean, (0.8 + 0.5 + 2.0 / 3) / 3);
	metric_free(m);
	component_use_release(&u);
}

/* A class that the label lacks is undefined, even where it was predicted. */
static void test_undefined(void **state)
{
	static const float only_one[6] = {0, 1, 0, 0, 0, 1}, none[6] = {0};
	struct component_use u = use_of(COMPONENT_METRIC, "ComputeAverageDice", DICE_JSON(""));
	struct metric *m = metric_new(&u);
	struct metric_result r;

	(void)state;
	metric_end(m, &r);
	assert_int_equal(r.cases, 0);
	assert_true(isnan(r.mean));
	add(m, "both", volume_of(3, 3, 2, 1, probabilities), volume_of(1, 3, 2, 1, classes));
	add(m, "one", volume_of(3, 3, 2, 1, probabilities), volume_of(1, 3, 2, 1, only_one));
	add(m, "none", volume_of(3, 3, 2, 1, probabilities), volume_of(1, 3, 2, 1, none));
	metric_end(m, &r);
	assert_int_equal(r.cases, 3);
	assert_int_equal(r.valid, 2);
	assert_true(isnan(r.rows[1].classes[1]) && isnan(r.rows[2].value));
	near(r.rows[1].value, 2.0 * 2 / (3 + 2));
	near(r.class_mean[0], (0.5 + 0.8) / 2);
	near(r.class_mean[1], 2.0 / 3);
	near(r.mean, ((0.5 + 2.0 / 3) / 2 + 0.8) / 2);
	metric_begin(m);
	metric_end(m, &r);
	assert_int_equal(r.cases, 0);
	metric_free(m);
	component_use_release(&u);
}

static void test_mask(void **state)
{
	static const float mask[8] = {0, 1, 1, .5f, 0, 0, 0, .49f},
			   label[8] = {0, 1, 0, 1, 1, 0, 0, 0};
	struct component_use u = use_of(COMPONENT_METRIC, "ComputeAverageDice",
		"{\"name\": \"d\", \"field\": \"model\", \"label_field\": \"truth\"}");
	struct metric *m = metric_new(&u);
	struct sample *s = sample_new("m");
	struct err err = ERR_INIT;
	struct metric_result r;

	(void)state;
	assert_int_equal(sample_set(s, "model", volume_of(1, 2, 2, 2, mask), &err), 0);
	assert_int_equal(sample_set(s, "truth", volume_of(1, 2, 2, 2, label), &err), 0);
	assert_int_equal(
		metric_add(m, &(struct metric_case){.case_id = "m", .sample = s}, &err), 0);
	metric_end(m, &r);
	assert_int_equal(r.first_class, 1);
	assert_int_equal(r.n_classes, 1);
	near(r.mean, 2.0 * 2 / (3 + 3));
	sample_free(s);
	metric_free(m);
	component_use_release(&u);
}

/* Sigmoid channels by threshold; labels one-hot; slices by themselves. */
static void test_options(void **state)
{
	static const float p[8] = {.9f, .9f, .1f, .6f, .9f, .2f, .8f, .1f};
	static const float t[8] = {1, 0, 0, 1, 1, 1, 0, 0};
	static const float slices[4] = {0, 1, 1, 1}, truth[4] = {1, 1, 1, 1};
	struct component_use u = use_of(COMPONENT_METRIC, "ComputeAverageDice",
		DICE_JSON(", \"is_one_hot_targets\": true, \"remove_bg\": false, "
			  "\"logit_thresh\": 0.7"));
	struct metric *m = metric_new(&u);
	struct sample *s = sample_of("s", volume_of(2, 4, 1, 1, p), volume_of(2, 4, 1, 1, t));
	struct metric_case c = {.case_id = "s", .sample = s, .independent = true};
	struct err err = ERR_INIT;
	struct metric_result r;

	(void)state;
	assert_int_equal(metric_add(m, &c, &err), 0);
	metric_end(m, &r);
	near(r.class_mean[0], 2.0 * 1 / (2 + 2));
	near(r.class_mean[1], 2.0 * 1 / (2 + 2));
	sample_free(s);
	metric_free(m);
	component_use_release(&u);

	u = use_of(COMPONENT_METRIC, "ComputeAverageDice", DICE_JSON(", \"is_2d\": true"));
	m = metric_new(&u);
	add(m, "z", volume_of(1, 2, 1, 2, slices), volume_of(1, 2, 1, 2, truth));
	metric_end(m, &r);
	near(r.mean, (2.0 / 3 + 1) / 2);
	metric_free(m);
	component_use_release(&u);
}

/* Many voxels, channels last or first: the counts are those of a plain loop. */
static void test_overlap(void **state)
{
	const int n = 5000, k = 4;
	float *p = mem_alloc((size_t)(n * k) * sizeof(*p)),
	      *q = mem_alloc((size_t)(n * k) * sizeof(*q));
	float *l = mem_alloc((size_t)n * sizeof(*l));
	struct overlap_count a[4] = {0}, b[4] = {0}, want[4] = {0};
	struct overlap_map planar = {p, k, (size_t)n, 1}, last = {q, k, 1, (size_t)k};
	struct overlap_map label = {l, 1, (size_t)n, 1};
	struct rng r = rng_stream(8, 0, 0, 0);

	(void)state;
	for (int i = 0; i < n; i++) {
		int best = 0, t = (int)rng_below(&r, 4);

		for (int c = 0; c < k; c++) {
			p[c * n + i] = q[i * k + c] = (float)rng_below(&r, 6);
			if (p[c * n + i] > p[best * n + i])
				best = c;
		}
		l[i] = (float)t;
		want[best].pred++;
		want[t].label++;
		want[t].both += best == t;
	}
	assert_int_equal(overlap_add(&planar, &label, false, OVERLAP_ARGMAX, 0.5, 0, 5000, a), 3);
	overlap_add(&last, &label, false, OVERLAP_ARGMAX, 0.5, 0, 2999, b);
	overlap_add(&last, &label, false, OVERLAP_ARGMAX, 0.5, 2999, 2001, b);
	assert_memory_equal(a, want, sizeof(want));
	assert_memory_equal(b, want, sizeof(want));
	free(p);
	free(q);
	free(l);
}

static void refused(const char *json, struct volume *model, struct volume *label, const char *says)
{
	struct component_use u = use_of(COMPONENT_METRIC, "ComputeAverageDice", json);
	struct metric *m = metric_new(&u);
	struct sample *s = sample_of("case_7", model, label);
	struct err err = ERR_INIT;
	struct metric_result r;

	assert_int_equal(
		metric_add(m, &(struct metric_case){.case_id = "case_7", .sample = s}, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	if (!strstr(err.msg, says) || !strstr(err.msg, "case_7"))
		fail_msg("'%s' does not say '%s'", err.msg, says);
	metric_end(m, &r);
	assert_int_equal(r.cases, 0);
	sample_free(s);
	metric_free(m);
	component_use_release(&u);
}

static void test_refusals(void **state)
{
	static const float big[6] = {0, 1, 2, 3, 0, 0};

	(void)state;
	refused(DICE_JSON(""), volume_of(3, 3, 2, 1, probabilities), volume_of(1, 2, 3, 1, classes),
		"3 x 2 x 1");
	refused(DICE_JSON(""), volume_of(3, 3, 2, 1, probabilities), volume_of(1, 3, 2, 1, big),
		"class 3");
	refused(DICE_JSON(", \"is_one_hot_targets\": true"), volume_of(3, 3, 2, 1, probabilities),
		volume_of(1, 3, 2, 1, classes), "1 channels");
	refused("{\"name\": \"d\", \"field\": \"pred_class1\"}",
		volume_of(3, 3, 2, 1, probabilities), volume_of(1, 3, 2, 1, classes),
		"pred_class1");
	assert_int_equal(use_faults(COMPONENT_METRIC, "ComputeAverageDice", NULL), 2);
	assert_int_equal(use_faults(COMPONENT_METRIC, "ComputeAverageDice",
				 DICE_JSON(", \"remove_bgg\": true")),
		1);
}

static void test_average(void **state)
{
	struct component_use u = use_of(COMPONENT_METRIC, "ComputeAverage",
		"{\"name\": \"loss\", \"field\": \"negloss\", \"negate_value\": true, "
		"\"invalid_value\": -1}");
	struct metric *m = metric_new(&u);
	double values[] = {-0.5, -1, -0.25, NAN};
	struct err err = ERR_INIT;
	struct metric_result r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct metric_scalar scalars[] = {{"dice_tc", 0.1}, {"negloss", values[i]}};
		struct metric_case c = {.case_id = "c", .scalars = scalars, .n_scalars = 2};

		assert_int_equal(metric_add(m, &c, &err), 0);
	}
	metric_end(m, &r);
	assert_int_equal(r.cases, 4);
	assert_int_equal(r.valid, 2);
	assert_int_equal(r.n_classes, 0);
	near(r.mean, 0.375);
	assert_int_equal(metric_add(m, &(struct metric_case){.case_id = "c"}, &err), -1);
	assert_non_null(strstr(err.msg, "negloss"));
	metric_free(m);
	component_use_release(&u);
}

static void check_file(const char *dir, const char *name, const char *want)
{
	char *path = sys_join(dir, name);
	struct buf b = {0};
	struct err err = ERR_INIT;

	if (sys_read_file(path, 1 << 20, &b, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(b.p, want);
	buf_release(&b);
	free(path);
}

static void test_report(void **state)
{
	static const float only_one[6] = {0, 1, 0, 0, 0, 1};
	char dir[] = "/tmp/axial_metric_XXXXXX";
	struct err err = ERR_INIT;
	struct metric_result r;
	struct component_use u;
	struct metric *m;
	char *json;

	(void)state;
	assert_non_null(mkdtemp(dir));
	json = mem_printf(DICE_JSON(", \"report_path\": \"%s/eval/x\""), dir);
	u = use_of(COMPONENT_METRIC, "ComputeAverageDice", json);
	m = metric_new(&u);
	add(m, "both", volume_of(3, 3, 2, 1, probabilities), volume_of(1, 3, 2, 1, classes));
	add(m, "o\tne", volume_of(3, 3, 2, 1, probabilities), volume_of(1, 3, 2, 1, only_one));
	metric_end(m, &r);
	if (metric_report(m, &r, &err))
		fail_msg("%s", err.msg);
	check_file(dir, "eval/x/val_dice_raw_results.txt",
		"case\tmean\tclass_1\tclass_2\n"
		"both\t0.583333\t0.500000\t0.666667\n"
		"o^Ine\t0.800000\t0.800000\tnan\n");
	check_file(dir, "eval/x/val_dice_summary_results.txt",
		"metric\tval_dice\ncases\t2\nvalid_cases\t2\nmean\t0.691667\nstd\t0.108333\n"
		"min\t0.583333\nmedian\t0.691667\nmax\t0.800000\nclass_1_mean\t0.650000\n"
		"class_2_mean\t0.666667\n");
	metric_free(m);
	component_use_release(&u);
	free(json);
	assert_int_equal(sys_remove_tree(dir, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_argmax),
		cmocka_unit_test(test_undefined),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_average),
		cmocka_unit_test(test_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
