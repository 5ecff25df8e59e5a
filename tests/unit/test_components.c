/* Connected components against a flood fill. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/volume/components.h"

static int next_to(const int a[3], const int b[3], int conn)
{
	int d[3] = {abs(a[0] - b[0]), abs(a[1] - b[1]), abs(a[2] - b[2])};

	if (d[0] > 1 || d[1] > 1 || d[2] > 1)
		return 0;
	return conn == 26 || d[0] + d[1] + d[2] <= 1;
}

/* Spreads the smallest label until nothing changes. */
static int naive(const uint8_t *mask, const int dim[3], int conn, int32_t *out)
{
	int n = dim[0] * dim[1] * dim[2], count = 0, changed = 1;
	int *seen = mem_zalloc((size_t)(n + 2) * sizeof(int));

	for (int i = 0; i < n; i++)
		out[i] = mask[i] ? i + 1 : 0;
	while (changed) {
		changed = 0;
		for (int i = 0; i < n; i++)
			for (int j = 0; out[i] && j < n; j++) {
				int a[3] = {i % dim[0], i / dim[0] % dim[1], i / dim[0] / dim[1]};
				int b[3] = {j % dim[0], j / dim[0] % dim[1], j / dim[0] / dim[1]};

				if (out[j] && out[j] < out[i] && next_to(a, b, conn)) {
					out[i] = out[j];
					changed = 1;
				}
			}
	}
	for (int i = 0; i < n; i++) {
		if (out[i] && !seen[out[i]])
			seen[out[i]] = ++count;
		out[i] = out[i] ? seen[out[i]] : 0;
	}
	free(seen);
	return count;
}

static void test_random(void **state)
{
	const int dim[3] = {9, 7, 5};
	struct rng r = rng_stream(7, 0, 0, 0);
	uint8_t mask[315];
	int32_t got[315], want[315];
	struct err err = ERR_INIT;

	(void)state;
	for (int k = 0; k < 24; k++) {
		double density = 0.1 + 0.03 * k;
		int conn = k & 1 ? 26 : 6, n;

		for (int i = 0; i < 315; i++)
			mask[i] = rng_uniform(&r) < density ? (uint8_t)(1 + i % 3) : 0;
		n = components_label(mask, dim, (enum components_connectivity)conn, got, &err);
		assert_int_equal(n, naive(mask, dim, conn, want));
		assert_memory_equal(got, want, sizeof(got));
	}
}

static void test_largest(void **state)
{
	const int dim[3] = {6, 6, 2};
	struct err err = ERR_INIT;
	uint8_t mask[72] = {0};
	size_t voxels = 99;

	(void)state;
	assert_int_equal(components_keep_largest(mask, dim, COMPONENTS_26, &voxels, &err), 0);
	assert_int_equal(voxels, 0);
	/* A diagonal of 3 and a bar of 2: with faces only, the bar wins. */
	mask[0] = mask[7] = mask[14] = 1;
	mask[4] = mask[5] = 2;
	assert_int_equal(components_keep_largest(mask, dim, COMPONENTS_26, &voxels, &err), 0);
	assert_int_equal(voxels, 3);
	assert_true(mask[0] == 1 && mask[14] == 1 && mask[4] == 0);
	mask[4] = mask[5] = 2;
	assert_int_equal(components_keep_largest(mask, dim, COMPONENTS_6, NULL, &err), 0);
	assert_true(mask[0] == 0 && mask[7] == 0 && mask[4] == 2 && mask[5] == 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
