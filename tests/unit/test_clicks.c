/*
 * The transforms of deepgrow's simulated annotator against their definition
 * (monai.apps.deepgrow.transforms): where clicks fall, how often, and what the network
 * sees of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/transform/clicks.h"
#include "transform_rig.h"

static struct sample *blank(int x, int y, int z)
{
	const int dim[3] = {x, y, z};
	struct sample *s = sample_new("case");
	struct err err = ERR_INIT;

	for (int i = 0; i < 2; i++) {
		struct volume *v = volume_new(1, dim, &err);

		assert_non_null(v);
		memset(v->data, 0, volume_voxels(v) * sizeof(float));
		assert_int_equal(sample_set(s, i ? "label" : "image", v, &err), 0);
	}
	return s;
}

static float *data(struct sample *s, const char *field)
{
	return sample_find(s, field)->vol->data;
}

static void set_value(struct sample *s, const char *field, float value)
{
	static const int one[3] = {1, 1, 1};
	struct err err = ERR_INIT;
	struct volume *v = volume_new(1, one, &err);

	assert_non_null(v);
	v->data[0] = value;
	assert_int_equal(sample_set(s, field, v, &err), 0);
}

static int count(const float *x, size_t n)
{
	int k = 0;

	for (size_t i = 0; i < n; i++)
		k += x[i] > 0;
	return k;
}

/*
 * A square of 5 x 5 in a plane: the middle lies 3 steps (of a chess king) from outside, 8
 * voxels 2, 16 voxels 1, so that the weights are e^3 - 1, e^2 - 1, e - 1.
 */
static void test_weights(void **state)
{
	static const int dim[3] = {9, 7, 1};
	const double w[4] = {0, exp(1) - 1, exp(2) - 1, exp(3) - 1};
	const double sum = 16 * w[1] + 8 * w[2] + w[3];
	struct rng rng = rng_stream(1, 2, 3, 4);
	unsigned char mask[63] = {0};
	int hit[4] = {0}, n = 20000;

	(void)state;
	for (int y = 1; y < 6; y++)
		for (int x = 2; x < 7; x++)
			mask[y * 9 + x] = 1;
	for (int i = 0; i < n; i++) {
		long at = clicks_draw(mask, dim, &rng);
		int dx, dy;

		assert_true(at >= 0 && at < 63 && mask[at]);
		dx = abs((int)(at % 9) - 4);
		dy = abs((int)(at / 9) - 3);
		hit[3 - (dx > dy ? dx : dy)]++;
	}
	assert_true(fabs(hit[1] / (double)n - 16 * w[1] / sum) < 0.02);
	assert_true(fabs(hit[2] / (double)n - 8 * w[2] / sum) < 0.02);
	assert_true(fabs(hit[3] / (double)n - w[3] / sum) < 0.02);
}

/* Beyond the border of the image there is no outside; a mask without any is drawn evenly. */
static void test_border(void **state)
{
	static const int dim[3] = {4, 3, 2};
	struct rng rng = rng_stream(5, 6, 7, 8);
	unsigned char mask[24];
	int hit[24] = {0}, first = 0;

	(void)state;
	memset(mask, 1, sizeof(mask));
	for (int i = 0; i < 24000; i++)
		hit[clicks_draw(mask, dim, &rng)]++;
	for (int i = 0; i < 24; i++)
		assert_in_range(hit[i], 850, 1150);
	/* The plane x = 3 is outside: x = 0, 1, 2 are 3, 2, 1 away. */
	for (int i = 3; i < 24; i += 4)
		mask[i] = 0;
	for (int i = 0; i < 24000; i++)
		first += clicks_draw(mask, dim, &rng) % 4 == 0;
	assert_true(fabs(first / 24000.0 - (exp(3) - 1) / (exp(3) + exp(2) + exp(1) - 3)) < 0.02);
	memset(mask, 0, sizeof(mask));
	assert_int_equal(clicks_draw(mask, dim, &rng), -1);
}

/* One click in each region of a drawn slice with sids, one in all of it without. */
static void test_seed(void **state)
{
	static const char *const seed = "{\"label\": \"label\", \"guidance\": \"guidance\"}";
	struct sample *s = blank(12, 6, 5);
	size_t n = 12 * 6 * 5, plane = 12 * 6;
	int slices[5] = {0};

	(void)state;
	for (int z = 1; z < 4; z += 2)
		for (int y = 1; y < 4; y++)
			for (int x = 0; x < 3; x++)
				for (int k = 0; k < 3; k++) /* at 0, 4 and 8 */
					data(s, "label")[(z * 6 + y) * 12 + x + 4 * k] = 1;
	rig_must(s, "AddInitialSeedPointd", seed, 0);
	assert_int_equal(count(data(s, "guidance"), 2 * n), 1);
	rig_must(s, "FindAllValidSlicesd", "{}", 0);
	assert_int_equal(sample_find(s, "sids")->vol->dim[0], 2);
	assert_true(data(s, "sids")[0] == 1 && data(s, "sids")[1] == 3);
	for (int i = 0; i < 40; i++) {
		const float *g;

		rig_must(s, "AddInitialSeedPointd", seed, i);
		g = data(s, "guidance");
		assert_int_equal(count(g, 2 * n), 3);
		assert_int_equal(count(g + n, n), 0);
		for (int z = 0; z < 5; z++) {
			int here = count(g + (size_t)z * plane, plane);

			assert_true(here == 0 || here == 3);
			slices[z] += here > 0;
		}
		for (size_t k = 0; k < n; k++)
			assert_true(!(g[k] > 0) || data(s, "label")[k] > 0);
	}
	assert_true(slices[1] > 5 && slices[3] > 5 && slices[1] + slices[3] == 40);
	rig_must(s, "AddInitialSeedPointd", "{\"connected_regions\": 2}", 0);
	assert_int_equal(count(data(s, "guidance"), 2 * n), 2);
	sample_free(s);

	/* Nothing to click at. */
	s = blank(4, 4, 4);
	rig_must(s, "FindAllValidSlicesd", "{}", 0);
	assert_null(sample_find(s, "sids"));
	rig_must(s, "AddInitialSeedPointd", seed, 0);
	assert_int_equal(count(data(s, "guidance"), 128), 0);
	sample_free(s);
}

/* The voxels' share of a bell, the highest 1 and the lowest 0; two channels behind the image. */
static void test_signal(void **state)
{
	static const int dim[3] = {40, 7, 3};
	struct sample *s = blank(dim[0], dim[1], dim[2]);
	size_t n = 40 * 7 * 3, at = (1 * 7 + 3) * 40 + 20;
	double b0 = erf(0.25 * sqrt(0.5)) * 2, b1, low;
	struct err err = ERR_INIT;
	struct volume *g = volume_new(2, dim, &err);
	const float *x;

	(void)state;
	b1 = erf(0.75 * sqrt(0.5)) - erf(0.25 * sqrt(0.5));
	memset(g->data, 0, 2 * n * sizeof(float));
	g->data[at] = 1;
	assert_int_equal(sample_set(s, "guidance", g, &err), 0);
	data(s, "image")[5] = 7;
	for (int i = 0; i < 2; i++) { /* again: the channels of clicks are replaced */
		rig_must(s, "AddGuidanceSignald", "{}", 0);
		assert_int_equal(sample_find(s, "image")->vol->channels, 3);
	}
	x = data(s, "image");
	assert_true(x[5] == 7 && x[n + at] == 1 && x[n] == 0);
	low = 0; /* far along x */
	assert_true(fabs(x[n + at + 1] - (b1 - low) / (b0 - low)) < 1e-5);
	assert_true(fabs(x[n + at + 40] - b1 / b0) < 1e-5);
	assert_true(fabs(x[n + at + 41] - b1 * b1 / b0 / b0) < 1e-5);
	assert_true(x[n + at + 8] > 0 && x[n + at + 9] == 0); /* 4 sigma */
	assert_int_equal(count(x + 2 * n, n), 0);
	sample_free(s);
}

/* In the larger region, with the probability that is given. */
static void test_guidance(void **state)
{
	static const char *const find = "{\"label\": \"label\", \"pred\": \"pred\"}";
	struct sample *s = blank(8, 8, 8);
	struct volume *pred = volume_share(sample_find(s, "image")->vol);
	struct err err = ERR_INIT;
	size_t n = 512;
	int drawn = 0;

	(void)state;
	assert_int_equal(volume_make_writable(pred, &err), 0);
	assert_int_equal(sample_set(s, "model", pred, &err), 0);
	for (size_t i = 0; i < 200; i++)
		data(s, "label")[i] = 1;
	for (size_t i = 150; i < 300; i++)
		data(s, "model")[i] = 0.6f;
	rig_must(s, "FindDiscrepancyRegionsd", find, 0);
	assert_int_equal(count(data(s, "discrepancy"), n), 150);
	assert_int_equal(count(data(s, "discrepancy") + n, n), 100);
	for (int i = 0; i < 400; i++) {
		rig_must(s, "AddInitialSeedPointd", "{}", 0);
		memset(data(s, "guidance"), 0, 2 * n * sizeof(float));
		set_value(s, "probability", 0.25f);
		rig_must(s, "AddRandomGuidanced", "{}", i);
		assert_int_equal(count(data(s, "guidance") + n, n), 0);
		assert_int_equal(count(data(s, "guidance") + 150, n - 150), 0);
		drawn += count(data(s, "guidance"), n);
	}
	assert_in_range(drawn, 70, 130);
	/* More was taken than missed: the click says background. */
	for (size_t i = 0; i < 120; i++)
		data(s, "model")[i] = 1;
	rig_must(s, "FindDiscrepancyRegionsd", find, 0);
	set_value(s, "probability", 1);
	rig_must(s, "AddRandomGuidanced", "{}", 0);
	assert_int_equal(count(data(s, "guidance") + n + 200, 100), 1);
	set_value(s, "probability", 1.5f);
	assert_int_equal(rig_apply(s, "AddRandomGuidanced", "{}", 0, &err), -1);
	assert_non_null(strstr(err.msg, "0 to 1"));
	pred = volume_new(2, (const int[]){8, 8, 8}, &err);
	memset(pred->data, 0, 2 * n * sizeof(float));
	err_clear(&err);
	assert_int_equal(sample_set(s, "model", pred, &err), 0);
	assert_int_equal(rig_apply(s, "FindDiscrepancyRegionsd", find, 0, &err), -1);
	assert_non_null(strstr(err.msg, "'pred' 2, clicks need one of each"));
	err_clear(&err);
	sample_remove(s, "probability");
	assert_int_equal(rig_apply(s, "AddRandomGuidanced", "{}", 0, &err), -1);
	assert_non_null(strstr(err.msg, "no field 'probability'"));
	sample_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_border),
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_signal),
		cmocka_unit_test(test_guidance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
