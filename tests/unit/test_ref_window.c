/*
 * Sliding windows against tests/ref/window.py: a convolution is the network, so a
 * voxel's value depends on the window it was computed in.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/inferer/inferer.h"
#include "tests/unit/ref.h"
#include "tests/unit/use.h"

struct rig {
	float weight[2][3][3][3];
	int size[3]; /* x, y, z */
	int batch;
};

static double rig_voxel(const struct rig *r, const float *in, int c, int z, int y, int x)
{
	double sum = 0;

	for (int k = 0; k < 27; k++) {
		int iz = z + k / 9 - 1, iy = y + k / 3 % 3 - 1, ix = x + k % 3 - 1;

		if (iz < 0 || iy < 0 || ix < 0 || iz >= r->size[2] || iy >= r->size[1] ||
			ix >= r->size[0])
			continue;
		sum += (double)r->weight[c][k / 9][k / 3 % 3][k % 3] *
		       (double)in[(iz * r->size[1] + iy) * r->size[0] + ix];
	}
	return 1 / (1 + exp(-sum));
}

static int rig_predict(void *ctx, const float *in, int n, float *out, struct err *err)
{
	const struct rig *r = ctx;
	int voxels = r->size[0] * r->size[1] * r->size[2];

	(void)err;
	assert_true(n >= 1 && n <= r->batch);
	for (int b = 0; b < n; b++)
		for (int v = 0; v < voxels; v++)
			for (int c = 0; c < 2; c++)
				out[(b * voxels + v) * 2 + c] = (float)rig_voxel(r, in + b * voxels,
					c, v / (r->size[0] * r->size[1]),
					v / r->size[0] % r->size[1], v % r->size[0]);
	return 0;
}

static void check(struct ref *dump, const char *name, const char *image_name, const int dim[3],
	const char *inferer, const char *json)
{
	struct component_use u = use_of(COMPONENT_INFERER, inferer, json);
	struct rig r = {0};
	struct inferer_net net = {1, 2, {1, 1, 1}, rig_predict, &r};
	struct inferer_window w;
	struct err err = ERR_INIT;
	struct volume *image = volume_new(1, dim, &err), *out;
	size_t n;
	double e;

	assert_non_null(image);
	n = volume_voxels(image);
	ref_values(image_name, image->data, n, 1.0);
	ref_values("window.weight", &r.weight[0][0][0][0], 54, 0.5);
	assert_int_equal(inferer_window(&u, net.divisor, dim, &w, &err), 0);
	memcpy(r.size, w.size, sizeof(r.size));
	r.batch = w.batch;
	out = inferer_run(&u, &net, image, &err);
	if (!out)
		fail_msg("%s", err.msg);
	assert_int_equal(out->channels, 2);
	e = ref_error(out->data, ref_f32(dump, name, 2 * n), 2 * n);
	if (!(e <= 1e-5))
		fail_msg("%s: differs by %g", name, e);
	volume_free(out);
	volume_free(image);
	component_use_release(&u);
}

static void test_windows(void **state)
{
	struct ref *dump = ref_open("window");
	const int dim[3] = {21, 18, 13}, small[3] = {7, 18, 6};

	(void)state;
	check(dump, "gaussian", "window.image.gaussian", dim, "TFScanWindowInferer",
		"{\"roi_size\": [10, 9, 8], \"overlap\": 0.25}");
	check(dump, "gaussian", "window.image.gaussian", dim, "TFScanWindowInferer",
		"{\"roi_size\": [10, 9, 8], \"overlap\": 0.25, \"batch_size\": 5}");
	check(dump, "constant", "window.image.constant", dim, "SlidingWindowInferer",
		"{\"roi_size\": [10, 9, 8], \"overlap\": 0.5}");
	check(dump, "small", "window.image.small", small, "TFScanWindowInferer",
		"{\"roi_size\": [10, 9, 8], \"overlap\": 0.25}");
	ref_close(dump);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_windows)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
