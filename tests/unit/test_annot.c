/*
 * Segmentation without a model: phantom organs from their true extreme points, clicks that
 * are always honoured, and the random walker against a system with a known solution.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/annot/annot.h"
#include "core/annot/walker.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/transform/extreme_points.h"
#include "core/volume/phantom.h"

/* A walker between 1 and 0 at the ends of an even line: its probabilities are linear. */
static void test_line(void **state)
{
	float image[9] = {0}, out[9];
	unsigned char seed[9] = {WALKER_FORE, 0, 0, 0, 0, 0, 0, 0, WALKER_BACK};
	struct walker_input in = {.dim = {9, 1, 1},
		.spacing = {2, 1, 1},
		.image = image,
		.seed = seed,
		.contrast = 1,
		.iterations = 100};
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(walker_solve(&in, out, &err), 0);
	for (int i = 0; i < 9; i++)
		assert_true(fabs(out[i] - (8 - i) / 8.0) < 1e-3);
	/* An edge: both sides take the value of their seed. */
	for (int i = 4; i < 9; i++)
		image[i] = 10;
	assert_int_equal(walker_solve(&in, out, &err), 0);
	assert_true(out[0] == 1 && out[8] == 0 && out[3] > 0.99f && out[4] < 0.01f);
}

/* Around a wall rather than through it. */
static void test_path(void **state)
{
	static const int dim[3] = {7, 5, 1}, a[3] = {0, 0, 0}, b[3] = {6, 0, 0};
	static const double mm[3] = {1, 1, 1};
	float cost[35];
	unsigned char path[35] = {0};
	struct err err = ERR_INIT;

	(void)state;
	for (int i = 0; i < 35; i++)
		cost[i] = i % 7 == 3 && i / 7 < 4 ? 1000 : 1;
	assert_int_equal(walker_path(dim, mm, cost, a, b, path, &err), 0);
	assert_true(path[0] && path[6] && path[4 * 7 + 3] && !path[3] && !path[7 + 3]);
}

static double dice(const unsigned char *mask, const float *label, float value, size_t n)
{
	double both = 0, sum = 0;

	for (size_t i = 0; i < n; i++) {
		both += mask[i] && label[i] == value;
		sum += mask[i] + (label[i] == value);
	}
	return 2 * both / sum;
}

/* Random clicks, right and wrong ones: all of them are obeyed. */
static void check_clicks(const struct volume *image, const struct annot_request *six,
	unsigned char *mask, struct rng *rng)
{
	struct annot_request q = *six;
	int fore[12][3], back[12][3];
	struct err err = ERR_INIT;

	for (int i = 0; i < 12; i++)
		for (int k = 0; k < 3; k++) {
			int half = image->dim[k] / 2;

			/* x even and odd: no voxel is both */
			fore[i][k] = 2 * (int)rng_below(rng, (uint32_t)half);
			back[i][k] = i < 6 ? six->extreme[i][k]
					   : 2 * (int)rng_below(rng, (uint32_t)half);
			if (k == 0)
				back[i][k] |= 1;
		}
	q.fore = (const int(*)[3])fore;
	q.back = (const int(*)[3])back;
	q.n_fore = q.n_back = 12;
	q.max_voxels = ANNOT_COARSE;
	assert_int_equal(annot_segment(image, &q, mask, &err), 0);
	for (int i = 0; i < 12; i++) {
		const int *f = fore[i], *b = back[i];

		assert_true(mask[((size_t)f[2] * (size_t)image->dim[1] + (size_t)f[1]) *
					 (size_t)image->dim[0] +
				 (size_t)f[0]]);
		assert_false(mask[((size_t)b[2] * (size_t)image->dim[1] + (size_t)b[1]) *
					  (size_t)image->dim[0] +
				  (size_t)b[0]]);
	}
}

/* One organ as the object of the label map. */
static struct volume *organ_of(const struct volume *label, int value)
{
	struct err err = ERR_INIT;
	struct volume *v = volume_new(1, label->dim, &err);

	assert_non_null(v);
	for (size_t i = 0; i < volume_voxels(label); i++)
		v->data[i] = label->data[i] == (float)value;
	return v;
}

static void test_phantom(void **state)
{
	double worst[2] = {1, 1}, sum[2] = {0, 0};
	struct rng rng = rng_stream(1, 2, 3, 4);
	struct phantom_config c;
	struct err err = ERR_INIT;
	int n = 0;

	(void)state;
	phantom_defaults(&c);
	for (int i = 0; i < 4; i++) {
		struct volume *image, *label;
		unsigned char *mask, *again;

		assert_int_equal(phantom_case(&c, i, &image, &label, &err), 0);
		mask = mem_alloc(volume_voxels(image));
		again = mem_alloc(volume_voxels(image));
		for (int organ = PHANTOM_LIVER; organ <= PHANTOM_SPLEEN; organ++, n++) {
			struct volume *one = organ_of(label, organ);
			int six[EXTREME_POINTS][3];
			struct annot_request q = {.extreme = (const int(*)[3])six, .n_extreme = 6};

			assert_true(extreme_points_find(one, NULL, 0, six));
			for (int fine = 0; fine < 2; fine++) {
				double d;

				q.max_voxels = fine ? ANNOT_FINE : ANNOT_COARSE;
				assert_int_equal(annot_segment(image, &q, mask, &err), 0);
				d = dice(mask, one->data, 1, volume_voxels(one));
				worst[fine] = d < worst[fine] ? d : worst[fine];
				sum[fine] += d;
			}
			assert_int_equal(annot_segment(image, &q, again, &err), 0);
			assert_memory_equal(mask, again, volume_voxels(image));
			check_clicks(image, &q, mask, &rng);
			volume_free(one);
		}
		free(mask);
		free(again);
		volume_free(image);
		volume_free(label);
	}
	print_message("Dice of %d organs: coarse %.3f, worst %.3f; fine %.3f, worst %.3f\n", n,
		sum[0] / n, worst[0], sum[1] / n, worst[1]);
	assert_true(worst[1] >= 0.80);
	assert_true(sum[0] / n >= 0.80);
}

/* A ball of that intensity in an image of n voxels a side and nz slices. */
static struct volume *ball_of(int n, int nz, float in, float out)
{
	const int dim[3] = {n, n, nz};
	struct err err = ERR_INIT;
	struct volume *v = volume_new(1, dim, &err);

	assert_non_null(v);
	for (int i = 0; i < n * n * nz; i++) {
		int x = i % n - n / 2, y = i / n % n - n / 2, z = i / n / n - nz / 2;

		v->data[i] = 16 * (x * x + y * y + z * z) < n * n ? in : out;
	}
	return v;
}

/* Intensities near the ends of the range of floats: the object is found as in others. */
static void test_range(void **state)
{
	static const int six[6][3] = {
		{8, 16, 16}, {24, 16, 16}, {16, 8, 16}, {16, 24, 16}, {16, 16, 8}, {16, 16, 24}};
	static const float in[4] = {100, 3e38f, -3e38f, 1e-40f};
	struct annot_request q = {.extreme = six, .n_extreme = 6};
	unsigned char *mask = mem_alloc(32768);
	struct err err = ERR_INIT;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct volume *v = ball_of(32, 32, in[i], -in[i]);

		assert_int_equal(annot_segment(v, &q, mask, &err), 0);
		volume_free(v);
		v = ball_of(32, 32, 1, 0);
		assert_true(dice(mask, v->data, 1, 32768) > 0.8);
		volume_free(v);
	}
	free(mask);
}

/* A click whose reach is the whole image: the object, not the image. */
static void test_reach(void **state)
{
	static const int fore[1][3] = {{16, 16, 16}};
	struct annot_request q = {.fore = fore, .n_fore = 1};
	struct volume *v = ball_of(32, 32, 100, 0), *truth = ball_of(32, 32, 1, 0);
	unsigned char *mask = mem_alloc(32768);
	struct rng rng = rng_stream(1, 2, 3, 6);
	struct err err = ERR_INIT;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(annot_segment(v, &q, mask, &err), 0);
		assert_true(dice(mask, truth->data, 1, 32768) > 0.7);
		for (int k = 0; k < 32768; k++)
			v->data[k] += (float)(10 * rng_normal(&rng));
	}
	free(mask);
	volume_free(v);
	volume_free(truth);
}

/* The thickness of a picture's only slice changes nothing. */
static void test_thickness(void **state)
{
	static const int six[6][3] = {{72, 144, 0}, {216, 144, 0}, {144, 72, 0}, {144, 216, 0},
		{144, 144, 0}, {144, 144, 0}};
	struct annot_request q = {.extreme = six, .n_extreme = 6, .max_voxels = ANNOT_COARSE};
	struct volume *v = ball_of(288, 1, 100, 0);
	size_t n = volume_voxels(v);
	unsigned char *thin = mem_alloc(n), *thick = mem_alloc(n);
	struct rng rng = rng_stream(1, 2, 3, 5);
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < n; i++)
		v->data[i] += (float)(60 * rng_normal(&rng));
	v->affine[2][2] = 0.01;
	assert_int_equal(annot_segment(v, &q, thin, &err), 0);
	v->affine[2][2] = 100;
	assert_int_equal(annot_segment(v, &q, thick, &err), 0);
	assert_memory_equal(thin, thick, n);
	free(thin);
	free(thick);
	volume_free(v);
}

static void test_bad(void **state)
{
	static const int dim[3] = {8, 8, 8};
	static const int inside[6][3] = {
		{1, 1, 1}, {2, 2, 2}, {3, 3, 3}, {4, 4, 4}, {5, 5, 5}, {8, 0, 0}};
	struct err err = ERR_INIT;
	struct volume *v = volume_new(1, dim, &err);
	unsigned char mask[512];
	struct annot_request q = {.extreme = inside, .n_extreme = 5};

	(void)state;
	memset(v->data, 0, 512 * sizeof(float));
	assert_int_equal(annot_segment(v, &q, mask, &err), -1);
	assert_non_null(strstr(err.msg, "give six extreme points or a foreground click"));
	q.n_extreme = 6;
	err_clear(&err);
	assert_int_equal(annot_segment(v, &q, mask, &err), -1);
	assert_non_null(strstr(err.msg, "8,0,0 lies outside"));
	q = (struct annot_request){.fore = inside, .n_fore = 1, .back = inside, .n_back = 1};
	err_clear(&err);
	assert_int_equal(annot_segment(v, &q, mask, &err), -1);
	assert_non_null(strstr(err.msg, "foreground and as background"));
	/* An even image and a single click: something that holds it. */
	q.n_back = 0;
	err_clear(&err);
	assert_int_equal(annot_segment(v, &q, mask, &err), 0);
	assert_true(mask[(1 * 8 + 1) * 8 + 1]);
	volume_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_phantom),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_thickness),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
