/*
 * Inferers with a "network" whose answer is known for every voxel: blending must
 * give it back exactly, whatever the sizes; every voxel is covered; the number and
 * size of windows are as computed by hand; faults come through.
 */
#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/inferer/scan.h"
#include "tests/unit/use.h"

/* Two outputs: 3 x + 1 and the constant 0.25; counts calls and windows. */
struct fake {
	struct inferer_net net;
	struct inferer_window w;
	int calls, windows, fail_at;
};

static int fake_predict(void *ctx, const float *in, int n, float *out, struct err *err)
{
	struct fake *f = ctx;
	size_t voxels = (size_t)f->w.size[0] * (size_t)f->w.size[1] * (size_t)f->w.size[2];
	size_t cin = (size_t)f->net.in_channels, all = voxels * (size_t)f->w.batch;

	if (f->fail_at && f->calls + 1 == f->fail_at)
		return err_set(err, ERR_INTR, "stopped");
	f->calls++;
	f->windows += n;
	for (size_t i = 0; i < all; i++) {
		if (i >= voxels * (size_t)n && in[i * cin] != 0)
			fail_msg("window after the last is not zero");
		out[2 * i] = 3 * in[i * cin + cin - 1] + 1;
		out[2 * i + 1] = 0.25f;
	}
	return 0;
}

static struct volume *random_volume(int channels, int x, int y, int z)
{
	struct err err = ERR_INIT;
	struct volume *v = volume_new(channels, (int[3]){x, y, z}, &err);
	struct rng r = rng_stream(77, 0, 0, 0);

	assert_non_null(v);
	for (size_t i = 0; i < volume_voxels(v) * (size_t)channels; i++)
		v->data[i] = (float)rng_uniform(&r);
	v->affine[0][0] = 1.5;
	v->affine[2][3] = -40;
	v->original.dim[1] = 99;
	v->file = mem_strdup("a.nii.gz");
	return v;
}

static struct fake fake_for(const struct component_use *u, const struct volume *v, int divisor)
{
	struct fake f = {.net = {.in_channels = v->channels,
				 .out_channels = 2,
				 .divisor = {divisor, divisor, divisor},
				 .predict = fake_predict}};
	struct err err = ERR_INIT;

	if (inferer_window(u, f.net.divisor, v->dim, &f.w, &err))
		fail_msg("%s", err.msg);
	return f;
}

static void reproduces(
	const char *name, const char *json, int channels, const int dim[3], int divisor)
{
	struct component_use u = use_of(COMPONENT_INFERER, name, json);
	struct volume *v = random_volume(channels, dim[0], dim[1], dim[2]), *out;
	struct fake f = fake_for(&u, v, divisor);
	struct err err = ERR_INIT;
	size_t n = volume_voxels(v);

	f.net.ctx = &f;
	out = inferer_run(&u, &f.net, v, &err);
	if (!out)
		fail_msg("%s", err.msg);
	assert_int_equal(out->channels, 2);
	assert_memory_equal(out->dim, v->dim, sizeof(v->dim));
	for (size_t i = 0; i < n; i++) {
		float want = 3 * v->data[n * (size_t)(channels - 1) + i] + 1;

		if (!(fabsf(out->data[i] - want) < 2e-5f) ||
			!(fabsf(out->data[n + i] - 0.25f) < 5e-6f))
			fail_msg("%s %s voxel %zu: %g and %g, expected %g and 0.25", name,
				json ? json : "", i, (double)out->data[i], (double)out->data[n + i],
				(double)want);
	}
	assert_int_equal(f.windows, f.w.count);
	assert_int_equal(f.calls, (f.w.count + f.w.batch - 1) / f.w.batch);
	volume_free(out);
	volume_free(v);
	component_use_release(&u);
}

static void test_reproduces(void **state)
{
	static const char *const args[] = {
		"{\"roi_size\": [8, 6, 10]}",
		"{\"roi_size\": [8, 6, 10], \"mode\": \"constant\", \"batch_size\": 3}",
		"{\"roi_size\": 7, \"overlap\": 0.5, \"batch_size\": 4}",
		"{\"roi_size\": 5, \"overlap\": 0}",
		"{\"roi_size\": 9, \"overlap\": 0.8, \"sigma_scale\": 0.02}",
	};
	static const int dims[][3] = {
		{8, 6, 10}, {9, 7, 11}, {17, 13, 21}, {3, 20, 1}, {1, 1, 1}, {16, 5, 40}};

	(void)state;
	for (size_t a = 0; a < ARRAY_SIZE(args); a++)
		for (size_t d = 0; d < ARRAY_SIZE(dims); d++) {
			reproduces("TFScanWindowInferer", args[a], 1, dims[d], 1);
			reproduces("TFScanWindowInferer", args[a], 2, dims[d], 4);
		}
	for (size_t d = 0; d < ARRAY_SIZE(dims); d++) {
		reproduces("TFSimpleInferer", NULL, 1, dims[d], 1);
		reproduces("TFSimpleInferer", NULL, 3, dims[d], 8);
	}
}

static void window_is(const char *name, const char *json, const int dim[3], int divisor,
	const int size[3], int batch, int count)
{
	struct component_use u = use_of(COMPONENT_INFERER, name, json);
	struct inferer_window w;
	struct err err = ERR_INIT;

	assert_int_equal(inferer_window(&u, (int[3]){divisor, divisor, divisor}, dim, &w, &err), 0);
	assert_memory_equal(w.size, size, sizeof(w.size));
	assert_int_equal(w.batch, batch);
	assert_int_equal(w.count, count);
	component_use_release(&u);
}

static void test_windows(void **state)
{
	const char *quarter = "{\"roi_size\": [64, 64, 64], \"batch_size\": 2}";
	struct scan_axis a;

	(void)state;
	/* steps of 48: 0 48 96 .. 240 for 300 (the last flush at 236): 6 */
	window_is("TFScanWindowInferer", quarter, (int[3]){300, 64, 65}, 16, (int[3]){64, 64, 64},
		2, 6 * 1 * 2);
	window_is("TFScanWindowInferer", "{\"roi_size\": 64, \"overlap\": 0}",
		(int[3]){128, 129, 10}, 16, (int[3]){64, 64, 64}, 1, 2 * 3 * 1);
	window_is("TFScanWindowInferer", "{\"roi_size\": [60, 64, 65]}", (int[3]){64, 64, 64}, 16,
		(int[3]){64, 64, 80}, 1, 1);
	window_is("TFSimpleInferer", NULL, (int[3]){33, 48, 1}, 16, (int[3]){48, 48, 16}, 1, 1);

	scan_axis_init(&a, 10, 4, 0.5, 0);
	assert_int_equal(a.n, 4);
	assert_memory_equal(a.start, ((int[]){0, 2, 4, 6}), 4 * sizeof(int));
	assert_true(a.total[0] == 1 && a.total[2] == 2 && a.total[9] == 1);
	scan_release(&(struct scan){.axis = {a}});
	scan_axis_init(&a, 11, 4, 0.25, 0);
	assert_int_equal(a.n, 4);
	assert_memory_equal(a.start, ((int[]){0, 3, 6, 7}), 4 * sizeof(int));
	scan_release(&(struct scan){.axis = {a}});
	scan_axis_init(&a, 3, 8, 0.25, 1);
	assert_int_equal(a.n, 1);
	assert_int_equal(a.start[0], -2);
	scan_release(&(struct scan){.axis = {a}});
}

/* Symmetric, largest in the middle: exp(-x^2 / 2 sigma^2). */
static void test_gaussian(void **state)
{
	struct scan_axis a;

	(void)state;
	scan_axis_init(&a, 100, 17, 0.25, 2);
	assert_true(a.weight[8] == 1);
	for (int i = 0; i < 17; i++) {
		double want = exp(-(i - 8) * (i - 8) / 8.0);

		assert_true(fabs((double)a.weight[i] - fmax(want, 1e-4)) < 1e-6);
		assert_true(a.weight[i] == a.weight[16 - i]);
	}
	scan_release(&(struct scan){.axis = {a}});
}

/* Predictions that differ per window show how they are weighed. */
static int window_number(void *ctx, const float *in, int n, float *out, struct err *err)
{
	int *calls = ctx;

	(void)in;
	(void)n;
	(void)err;
	for (int i = 0; i < 4; i++)
		out[i] = (float)*calls;
	(*calls)++;
	return 0;
}

static void test_blending(void **state)
{
	struct component_use u = use_of(COMPONENT_INFERER, "TFScanWindowInferer",
		"{\"roi_size\": [4, 1, 1], \"overlap\": 0.5, \"mode\": \"constant\"}");
	struct volume *v = random_volume(1, 6, 1, 1), *out;
	struct err err = ERR_INIT;
	int calls = 0;
	struct inferer_net net = {1, 1, {1, 1, 1}, window_number, &calls};
	double near;

	(void)state;
	out = inferer_run(&u, &net, v, &err);
	assert_non_null(out);
	assert_memory_equal(out->data, ((float[]){0, 0, .5f, .5f, 1, 1}), 6 * sizeof(float));
	assert_true(out->affine[2][3] == -40 && out->original.dim[1] == 99);
	assert_string_equal(out->file, "a.nii.gz");
	volume_free(out);
	component_use_release(&u);

	u = use_of(COMPONENT_INFERER, "TFScanWindowInferer",
		"{\"roi_size\": [4, 1, 1], \"overlap\": 0.5}");
	calls = 0;
	out = inferer_run(&u, &net, v, &err);
	assert_non_null(out);
	assert_true(out->data[1] == 0 && out->data[4] == 1);
	/* voxel 2: half a voxel off the first centre, 1.5 off the second; sigma is half a voxel */
	near = exp(-4.5) / (exp(-4.5) + exp(-0.5));
	assert_true(fabs((double)out->data[2] - near) < 1e-6);
	assert_true(fabs((double)out->data[3] - (1 - near)) < 1e-6);
	volume_free(out);
	volume_free(v);
	component_use_release(&u);
}

static void test_faults(void **state)
{
	struct component_use u = use_of(
		COMPONENT_INFERER, "TFScanWindowInferer", "{\"roi_size\": 8, \"overlap\": 0}");
	struct volume *v = random_volume(1, 20, 20, 20);
	struct fake f = fake_for(&u, v, 1);
	struct err err = ERR_INIT;

	(void)state;
	f.net.ctx = &f;
	f.fail_at = 3;
	assert_null(inferer_run(&u, &f.net, v, &err));
	assert_int_equal(err.code, ERR_INTR);
	assert_int_equal(f.calls, 2);
	f.net.in_channels = 4;
	assert_null(inferer_run(&u, &f.net, v, &err));
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.msg, "4"));
	component_use_release(&u);
	u = use_of(COMPONENT_INFERER, "TFScanWindowInferer", "{\"roi_size\": 1}");
	assert_int_equal(
		inferer_window(&u, (int[3]){1, 1, 1}, (int[3]){20000, 20000, 20000}, &f.w, &err),
		-1);
	assert_non_null(strstr(err.msg, "too many"));
	component_use_release(&u);
	volume_free(v);
	assert_int_equal(use_faults(COMPONENT_INFERER, "TFScanWindowInferer", NULL), 1);
	assert_int_equal(
		use_faults(COMPONENT_INFERER, "TFScanWindowInferer", "{\"roi_size\": [64, 64]}"),
		1);
	assert_int_equal(use_faults(COMPONENT_INFERER, "TFScanWindowInferer",
				 "{\"roi_size\": 64, \"overlap\": 1}"),
		1);
}

static void test_threads(void **state)
{
	struct component_use u = use_of(
		COMPONENT_INFERER, "TFScanWindowInferer", "{\"roi_size\": 40, \"overlap\": 0.5}");
	struct volume *v = random_volume(1, 61, 50, 45), *one, *three;
	struct fake f = fake_for(&u, v, 8);
	int before = omp_get_max_threads();
	struct err err = ERR_INIT;

	(void)state;
	f.net.ctx = &f;
	omp_set_num_threads(1);
	one = inferer_run(&u, &f.net, v, &err);
	omp_set_num_threads(3);
	three = inferer_run(&u, &f.net, v, &err);
	omp_set_num_threads(before);
	assert_non_null(one);
	assert_non_null(three);
	assert_memory_equal(one->data, three->data, 2 * volume_voxels(v) * sizeof(float));
	volume_free(one);
	volume_free(three);
	volume_free(v);
	component_use_release(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reproduces),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_gaussian),
		cmocka_unit_test(test_blending),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
