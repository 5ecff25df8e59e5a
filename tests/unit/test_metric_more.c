/*
 * Surface distances against brute force, AUC against all pairs, and IoU, volume
 * difference, accuracy and MONAI's names on volumes that can be counted by hand.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/handler/aux.h"
#include "core/metric/auc.h"
#include "core/metric/edt.h"
#include "core/metric/metric.h"
#include "core/metric/surface.h"
#include "tests/unit/use.h"

static void near(double x, double want)
{
	if (!(fabs(x - want) <= 1e-9 * (1 + fabs(want))))
		fail_msg("%.12g, expected %.12g", x, want);
}

/* Two voxels' distance squared in mm. */
static double gap(size_t a, size_t b, const int dim[3], const double mm[3])
{
	size_t row = (size_t)dim[0], slice = row * (size_t)dim[1];
	double x = ((double)(a % row) - (double)(b % row)) * mm[0];
	double y =
		((double)(a / row % (size_t)dim[1]) - (double)(b / row % (size_t)dim[1])) * mm[1];
	double z = ((double)(a / slice) - (double)(b / slice)) * mm[2];

	return x * x + y * y + z * z;
}

static double nearest(
	size_t a, const unsigned char *set, size_t n, const int dim[3], const double mm[3])
{
	double best = INFINITY;

	for (size_t b = 0; b < n; b++)
		if (set[b])
			best = fmin(best, gap(a, b, dim, mm));
	return best;
}

static void test_edt(void **state)
{
	static const int dims[][3] = {{1, 1, 1}, {9, 1, 1}, {7, 5, 1}, {6, 7, 5}, {1, 4, 9}};
	static const double mm[3] = {0.7, 1.3, 4.1};
	struct rng r = rng_stream(1, 2, 3, 4);

	(void)state;
	for (int round = 0; round < 40; round++) {
		const int *dim = dims[round % 5];
		size_t n = (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];
		unsigned char *set = mem_zalloc(n);
		double *d = mem_alloc(n * sizeof(*d));

		for (size_t i = 0; i < n; i++)
			set[i] = rng_below(&r, round < 20 ? 10 : 40) == 0;
		edt_squared(set, dim, mm, d);
		for (size_t i = 0; i < n; i++) {
			double want = nearest(i, set, n, dim, mm);

			if (isinf(want))
				assert_true(isinf(d[i]));
			else
				near(d[i], want);
		}
		free(set);
		free(d);
	}
}

static bool is_surface(const unsigned char *m, const int dim[3], int x, int y, int z)
{
	static const int step[6][3] = {
		{-1, 0, 0}, {1, 0, 0}, {0, -1, 0}, {0, 1, 0}, {0, 0, -1}, {0, 0, 1}};
	size_t row = (size_t)dim[0], slice = row * (size_t)dim[1];

	if (!m[(size_t)z * slice + (size_t)y * row + (size_t)x])
		return false;
	for (int k = 0; k < 6; k++) {
		int a = x + step[k][0], b = y + step[k][1], c = z + step[k][2];

		if (a < 0 || b < 0 || c < 0 || a >= dim[0] || b >= dim[1] || c >= dim[2] ||
			!m[(size_t)c * slice + (size_t)b * row + (size_t)a])
			return true;
	}
	return false;
}

/* All pairs of surface voxels. */
static void test_surface(void **state)
{
	static const int dim[3] = {9, 8, 7};
	static const double mm[3] = {0.8, 1.1, 2.5};
	enum { N = 9 * 8 * 7 };
	struct rng r = rng_stream(9, 0, 0, 0);

	(void)state;
	for (int round = 0; round < 20; round++) {
		unsigned char m[2][N] = {{0}}, s[2][N];
		struct surface_distances d;
		size_t k[2] = {0};

		for (int side = 0; side < 2; side++) {
			int from[3], to[3], i = 0;

			for (int a = 0; a < 3; a++) {
				from[a] = (int)rng_below(&r, 4);
				to[a] = from[a] + 1 +
					(int)rng_below(&r, (uint32_t)(dim[a] - from[a]));
			}
			for (int z = 0; z < dim[2]; z++)
				for (int y = 0; y < dim[1]; y++)
					for (int x = 0; x < dim[0]; x++, i++)
						m[side][i] = x >= from[0] && x < to[0] &&
							     y >= from[1] && y < to[1] &&
							     z >= from[2] && z < to[2] &&
							     rng_below(&r, 10) > 0;
			i = 0;
			for (int z = 0; z < dim[2]; z++)
				for (int y = 0; y < dim[1]; y++)
					for (int x = 0; x < dim[0]; x++, i++)
						s[side][i] = is_surface(m[side], dim, x, y, z);
		}
		surface_distances(&d, m[0], m[1], dim, mm);
		for (size_t i = 0; i < N; i++)
			for (int side = 0; side < 2; side++) {
				const double *got = side ? d.label : d.pred;

				if (s[side][i] && got)
					near(got[k[side]++],
						sqrt(nearest(i, s[1 - side], N, dim, mm)));
			}
		assert_int_equal(k[0], d.n_pred);
		assert_int_equal(k[1], d.n_label);
		surface_release(&d);
	}
}

static void test_percentile(void **state)
{
	double x[5] = {4, 1, 3, 2, 10};

	(void)state;
	near(surface_percentile(x, 5, 50), 3);
	near(surface_percentile(x, 5, 95), 4 + 0.8 * 6); /* numpy.percentile: 8.8 */
	near(surface_percentile(x, 5, 100), 10);
	near(surface_percentile(x, 1, 95), 1);
	assert_true(isnan(surface_percentile(x, 0, 95)));
}

static struct volume *volume_of(int channels, int x, int y, int z, const float *values)
{
	struct err err = ERR_INIT;
	struct volume *v = volume_new(channels, (int[3]){x, y, z}, &err);

	assert_non_null(v);
	memcpy(v->data, values, volume_voxels(v) * (size_t)channels * sizeof(float));
	for (int i = 0; i < 3; i++)
		v->affine[i][i] = i + 1; /* 1 x 2 x 3 mm */
	return v;
}

static void add(struct metric *m, struct volume *model, struct volume *label, bool independent)
{
	struct sample *s = sample_new("case");
	struct err err = ERR_INIT;

	assert_int_equal(sample_set(s, "model", model, &err), 0);
	assert_int_equal(sample_set(s, "label", label, &err), 0);
	if (metric_add(m,
		    &(struct metric_case){
			    .case_id = "case", .sample = s, .independent = independent},
		    &err))
		fail_msg("%s", err.msg);
	sample_free(s);
}

/* One case of a metric. */
static double value(const char *name, const char *extra, struct volume *model, struct volume *label)
{
	char *json = mem_printf("{\"name\": \"x\", \"field\": \"model\"%s}", extra);
	struct component_use u = use_of(COMPONENT_METRIC, name, json);
	struct metric *m = metric_new(&u);
	struct metric_result r;

	add(m, model, label, false);
	metric_end(m, &r);
	metric_free(m);
	component_use_release(&u);
	free(json);
	return r.mean;
}

/* 4 x 2 voxels of 1 x 2 x 3 mm, mask: predicted 4, true 3, common 2. */
static const float mask_pred[8] = {1, 1, 1, 1, 0, 0, 0, 0};
static const float mask_true[8] = {0, 0, 1, 1, 0, 0, 0, 1};

static double mask(const char *name, const char *extra)
{
	return value(
		name, extra, volume_of(1, 4, 2, 1, mask_pred), volume_of(1, 4, 2, 1, mask_true));
}

static void test_masks(void **state)
{
	static const float none[8] = {0};

	(void)state;
	near(mask("ComputeAverageDice", ""), 4.0 / 7);
	near(mask("MeanDice", ""), 4.0 / 7);
	near(mask("ComputeIoU", ""), 2.0 / 5);
	near(mask("MeanIoU", ", \"include_background\": false"), 2.0 / 5);
	near(mask("ComputeVolumeDifference", ""), 1.0 / 3);
	near(mask("ComputeVolumeDifference", ", \"negate_value\": true"), -1.0 / 3);
	near(mask("ComputeVolumeDifference", ", \"relative\": false, \"absolute\": false"), 0.006);
	near(mask("ComputeAccuracy", ""), 5.0 / 8);
	near(mask("Accuracy", ""), 5.0 / 8);
	/* Predicted to true: 2 1 0 0; true to predicted: 0 0 2. */
	near(mask("HausdorffDistanceMetric", ""), 2);
	near(mask("ComputeHausdorffDistance", ""), 1.85);
	near(mask("ComputeHausdorffDistance", ", \"directed\": true"), 1.85);
	near(mask("ComputeHausdorffDistance", ", \"percentile\": 50"), 0.5);
	near(mask("ComputeHausdorffDistance", ", \"negate_value\": true, \"percentile\": 100"), -2);
	near(mask("ComputeSurfaceDistance", ""), 5.0 / 7);
	near(mask("SurfaceDistanceMetric", ""), 3.0 / 4);
	near(value("ComputeHausdorffDistance", "", volume_of(1, 4, 2, 1, none),
		     volume_of(1, 4, 2, 1, mask_true)),
		sqrt(16 + 16 + 9));
	assert_true(isnan(value("ComputeSurfaceDistance", "", volume_of(1, 4, 2, 1, mask_pred),
		volume_of(1, 4, 2, 1, none))));
}

/* Two voxels, three classes: argmax 1 2, label 1 0. */
static void test_classes(void **state)
{
	static const float prob[6] = {.1f, .2f, .6f, .3f, .3f, .5f};
	static const float index[2] = {1, 0}, onehot[6] = {0, 1, 1, 0, 0, 0};

	(void)state;
	near(value("Accuracy", "", volume_of(3, 2, 1, 1, prob), volume_of(1, 2, 1, 1, index)), 0.5);
	near(value("Accuracy", "", volume_of(3, 2, 1, 1, prob), volume_of(3, 2, 1, 1, onehot)),
		0.5);
	near(value("ComputeAccuracy", ", \"use_sigmoid\": true", volume_of(3, 2, 1, 1, prob),
		     volume_of(3, 2, 1, 1, onehot)),
		4.0 / 6);
	near(value("MeanDice", "", volume_of(3, 2, 1, 1, prob), volume_of(3, 2, 1, 1, onehot)),
		0.5);
	near(value("MeanDice", ", \"include_background\": false", volume_of(3, 2, 1, 1, prob),
		     volume_of(1, 2, 1, 1, index)),
		1);
	near(value("ComputeHausdorffDistance", ", \"remove_bg\": false",
		     volume_of(3, 2, 1, 1, prob), volume_of(1, 2, 1, 1, index)),
		(0 + sqrt(4 + 4 + 9)) / 2);
}

static double auc_pairs(const double *score, const bool *positive, size_t n)
{
	double wins = 0, pairs = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			if (positive[i] && !positive[j]) {
				wins += score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0;
				pairs++;
			}
	return pairs > 0 ? wins / pairs : NAN;
}

static void test_auc(void **state)
{
	struct rng r = rng_stream(3, 0, 0, 0);

	(void)state;
	for (int round = 0; round < 50; round++) {
		double score[40];
		bool positive[40];
		size_t n = 1 + rng_below(&r, 40);

		for (size_t i = 0; i < n; i++) {
			score[i] = (double)rng_below(&r, 8) / 8;
			positive[i] = rng_below(&r, 3) == 0;
		}
		if (isnan(auc_pairs(score, positive, n)))
			assert_true(isnan(auc_of(score, positive, n)));
		else
			near(auc_of(score, positive, n), auc_pairs(score, positive, n));
	}
}

/* Five cases of three classes; what each kind of average makes of them. */
static double auc_metric(const char *name, const char *extra, bool channels)
{
	static const float score[5][3] = {{.7f, .2f, .1f}, {.3f, .6f, .1f}, {.4f, .3f, .3f},
		{.5f, .1f, .4f}, {.1f, .8f, .1f}};
	static const int truth[5] = {0, 1, 0, 2, 2};
	char *json = mem_printf("{\"name\": \"auc\", \"field\": \"model\", \"label_field\": "
				"\"label\"%s}",
		extra);
	struct component_use u = use_of(COMPONENT_METRIC, name, json);
	struct metric *m = metric_new(&u);
	struct metric_result r;

	for (int i = 0; i < 5; i++) {
		float index = (float)truth[i], onehot[3] = {0};

		onehot[truth[i]] = 1;
		add(m, volume_of(3, 1, 1, 1, score[i]),
			channels ? volume_of(3, 1, 1, 1, onehot) : volume_of(1, 1, 1, 1, &index),
			false);
	}
	metric_end(m, &r);
	assert_int_equal(r.valid, 5);
	near(r.class_mean[0], 5.0 / 6);
	near(r.class_mean[1], 3.0 / 4);
	near(r.class_mean[2], 4.0 / 6);
	metric_free(m);
	component_use_release(&u);
	free(json);
	return r.mean;
}

static void test_auc_metric(void **state)
{
	double a[3] = {5.0 / 6, 3.0 / 4, 4.0 / 6};

	(void)state;
	near(auc_metric("ComputeAUC", "", false), (a[0] + a[1] + a[2]) / 3);
	near(auc_metric("ComputeAUC", "", true), (a[0] + a[1] + a[2]) / 3);
	near(auc_metric("ROCAUC", ", \"average\": \"weighted\"", false),
		(2 * a[0] + a[1] + 2 * a[2]) / 5);
	near(auc_metric("ComputeAUC", ", \"class_index\": 1", false), a[1]);
	near(auc_metric("ComputeMulticlassAverage", ", \"label_index\": 2", false), a[2]);
	near(auc_metric("ComputeAUC", ", \"include_list\": [0, 2]", false), (a[0] + a[2]) / 2);
	/* .7 .6 .4 .4 .1 against .2 .1 .3 .1 .3 .3 .5 .1 .1 .8: 9 + 9 + 8 + 8 + 2 of 50. */
	near(auc_metric("ComputeAUC", ", \"auc_average\": \"micro\"", false), 0.72);
}

static void test_auc_refusals(void **state)
{
	struct component_use u =
		use_of(COMPONENT_METRIC, "ComputeAUC", "{\"name\": \"a\", \"field\": \"model\"}");
	struct metric *m = metric_new(&u);
	struct sample *s = sample_new("big");
	float seven = 7, p[3] = {0};
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(sample_set(s, "model", volume_of(1, 4, 2, 1, mask_pred), &err), 0);
	assert_int_equal(sample_set(s, "label", volume_of(1, 4, 2, 1, mask_true), &err), 0);
	assert_int_equal(
		metric_add(m, &(struct metric_case){.case_id = "big", .sample = s}, &err), -1);
	assert_non_null(strstr(err.msg, "8 voxels"));
	assert_int_equal(sample_set(s, "model", volume_of(3, 1, 1, 1, p), &err), 0);
	assert_int_equal(sample_set(s, "label", volume_of(1, 1, 1, 1, &seven), &err), 0);
	assert_int_equal(
		metric_add(m, &(struct metric_case){.case_id = "big", .sample = s}, &err), -1);
	assert_non_null(strstr(err.msg, "class number 0 .. 2"));
	sample_free(s);
	metric_free(m);
	component_use_release(&u);
}

static void test_aux(void **state)
{
	static const float prob[6] = {.2f, .8f, .6f, .4f, .3f, .7f}, label[3] = {1, 1, 0};
	struct aux_input in = {.prediction = prob,
		.label = label,
		.n = 1,
		.voxels = 3,
		.channels = 2,
		.label_channels = 1};
	struct component_use u = use_of(COMPONENT_AUX, "ComputeAccuracy", "{\"tag\": \"acc\"}");
	double v[2];

	(void)state;
	assert_int_equal(aux_ops(&u)->count(u.args), 1);
	assert_string_equal(aux_ops(&u)->tag(u.args, 0), "acc");
	aux_ops(&u)->values(u.args, &in, v);
	near(v[0], 1.0 / 3);
	component_use_release(&u);
	u = use_of(COMPONENT_AUX, "ReduceMeanMasked", "{\"tags\": [\"bg\", \"fg\"]}");
	aux_ops(&u)->values(u.args, &in, v);
	assert_true(fabs(v[0] - 0.3) < 1e-6 && fabs(v[1] - 0.6) < 1e-6);
	component_use_release(&u);
	u = use_of(COMPONENT_AUX, "ReduceMeanMasked",
		"{\"tags\": [\"fg\", \"more\"], \"skip_background\": true}");
	aux_ops(&u)->values(u.args, &in, v);
	assert_true(fabs(v[0] - 0.6) < 1e-6 && isnan(v[1]));
	component_use_release(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edt),
		cmocka_unit_test(test_surface),
		cmocka_unit_test(test_percentile),
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_auc),
		cmocka_unit_test(test_auc_metric),
		cmocka_unit_test(test_auc_refusals),
		cmocka_unit_test(test_aux),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
