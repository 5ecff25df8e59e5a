/*
 * Passes over voxels against their plain definitions: random words, noise, moments,
 * boxes around foreground, exchanged axes, blur, label checks; and the blocks of
 * memory that are kept.  Sizes leave every possible rest of a vector.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/transform/crop.h"
#include "core/transform/intensity.h"
#include "core/transform/noise.h"
#include "core/transform/reorient.h"
#include "core/volume/smooth.h"

static struct volume *random_volume(int channels, int x, int y, int z, struct rng *rng)
{
	struct volume *v = volume_new(channels, (int[3]){x, y, z}, NULL);

	assert_non_null(v);
	for (size_t i = 0; i < volume_voxels(v) * (size_t)channels; i++)
		v->data[i] = (float)rng_normal(rng);
	return v;
}

static float at(const struct volume *v, int c, const int p[3])
{
	return v->data[(((size_t)c * (size_t)v->dim[2] + (size_t)p[2]) * (size_t)v->dim[1] +
			       (size_t)p[1]) *
			       (size_t)v->dim[0] +
		       (size_t)p[0]];
}

/* The same words and the same state as one by one, also where the counter runs over. */
static void test_words(void **state)
{
	uint32_t out[700];

	(void)state;
	for (int begin = 0; begin < 6; begin++)
		for (size_t n = 0; n < 700; n += begin == 5 ? 1 : 37) {
			struct rng a = rng_stream(1, 2, 3, (uint64_t)begin), b;

			if (begin % 2)
				a.ctr[0] = 0xfffffff0u;
			for (int i = 0; i < begin; i++)
				rng_u32(&a);
			b = a;
			rng_words(&a, out, n);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(out[i], rng_u32(&b));
			assert_memory_equal(&a, &b, sizeof(a));
		}
}

/* Box and Muller in double on the same words. */
static void test_noise(void **state)
{
	(void)state;
	for (size_t n = 1; n < 5000; n = n * 3 + 2) {
		struct rng a = rng_stream(4, 5, 6, n), b = a;
		float *x = mem_zalloc((n + 1) * sizeof(*x));

		x[n] = 77;
		noise_add(x, n, 2, &a);
		for (size_t i = 0; i < n; i++) {
			double u = ((rng_u32(&b) >> 8) + 0.5) / 16777216,
			       v = (rng_u32(&b) >> 8) / 16777216.0;
			double r = 2 * sqrt(-2 * log(u)), t = 2 * acos(-1.0) * v;

			assert_true(fabs((double)x[i] - r * cos(t)) < 1e-5);
			if (++i < n)
				assert_true(fabs((double)x[i] - r * sin(t)) < 1e-5);
		}
		assert_true(x[n] == 77);
		assert_memory_equal(&a, &b, sizeof(a));
		free(x);
	}
}

static void test_intensity(void **state)
{
	struct rng rng = rng_stream(7, 8, 9, 0);

	(void)state;
	for (int n = 1; n < 9000; n = n * 2 + 3) {
		struct volume *v = random_volume(1, n, 1, 1, &rng);
		float *x = v->data, lo, hi;

		for (int i = 0; i < n; i += 3)
			x[i] = 0;
		for (int nonzero = 0; nonzero < 2; nonzero++) {
			double mean, dev, sum = 0, sum2 = 0;
			size_t count = 0;

			for (int i = 0; i < n; i++) {
				if (nonzero && x[i] == 0)
					continue;
				count++;
				sum += (double)x[i];
				sum2 += (double)x[i] * (double)x[i];
			}
			assert_int_equal(
				intensity_moments(x, (size_t)n, nonzero, &mean, &dev), count);
			if (!count)
				continue;
			sum /= (double)count;
			assert_true(fabs(mean - sum) < 1e-12);
			assert_true(fabs(dev * dev - (sum2 / (double)count - sum * sum)) < 1e-10);
		}
		intensity_range(x, (size_t)n, &lo, &hi);
		for (int i = 0, least = 0, most = 0; i < n; i++) {
			assert_true(x[i] >= lo && x[i] <= hi);
			least |= x[i] == lo;
			most |= x[i] == hi;
			assert_true(i < n - 1 || (least && most));
		}
		volume_free(v);
	}
}

/* Gamma curves against pow(). */
static void test_gamma(void **state)
{
	float x[101];

	(void)state;
	for (float gamma = 0.3f; gamma < 5; gamma += 0.7f) {
		for (int i = 0; i <= 100; i++)
			x[i] = 3 + 0.05f * (float)i;
		intensity_gamma(x, 101, 3, 0.2f, 5, gamma);
		for (int i = 0; i <= 100; i++)
			assert_true(
				fabs((double)x[i] - (3 + 5 * pow(0.01 * i, (double)gamma))) < 1e-5);
	}
}

static void test_foreground(void **state)
{
	struct rng rng = rng_stream(1, 1, 1, 1);

	(void)state;
	for (int t = 0; t < 300; t++) {
		int dim[3] = {1 + (int)rng_below(&rng, 200), 1 + (int)rng_below(&rng, 9),
			1 + (int)rng_below(&rng, 9)};
		int want[2][3] = {{dim[0], dim[1], dim[2]}, {-1, -1, -1}}, lo[3], hi[3], p[3];
		int points = (int)rng_below(&rng, 6);
		struct volume *v = random_volume(2, dim[0], dim[1], dim[2], &rng);
		size_t n = volume_voxels(v) * 2;

		for (size_t i = 0; i < n; i++)
			v->data[i] = v->data[i] > 0 ? 0 : v->data[i];
		for (int i = 0; i < points; i++)
			v->data[rng_below(&rng, (uint32_t)n)] = 1;
		for (int c = 0; c < 2; c++)
			for (p[2] = 0; p[2] < dim[2]; p[2]++)
				for (p[1] = 0; p[1] < dim[1]; p[1]++)
					for (p[0] = 0; p[0] < dim[0]; p[0]++)
						for (int i = 0; i < 3 && at(v, c, p) > 0; i++) {
							want[0][i] = p[i] < want[0][i] ? p[i]
										       : want[0][i];
							want[1][i] = p[i] > want[1][i] ? p[i]
										       : want[1][i];
						}
		assert_int_equal(crop_foreground(v, lo, hi), points > 0);
		assert_memory_equal(lo, want[0], sizeof(lo));
		assert_memory_equal(hi, want[1], sizeof(hi));
		volume_free(v);
	}
}

static void test_axes(void **state)
{
	static const int orders[][3] = {
		{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct rng rng = rng_stream(2, 2, 2, 2);
	struct err err = ERR_INIT;

	(void)state;
	for (int t = 0; t < 60; t++) {
		const int *from = orders[t % 6];
		struct volume *v = random_volume(2, 1 + (int)rng_below(&rng, 40),
			1 + (int)rng_below(&rng, 40), 1 + (int)rng_below(&rng, 40), &rng);
		struct volume *r = volume_share(v);
		int p[3], q[3];

		assert_int_equal(reorient_axes(r, from, &err), 0);
		for (int i = 0; i < 3; i++)
			assert_int_equal(r->dim[i], v->dim[from[i]]);
		for (int c = 0; c < 2; c++)
			for (p[2] = 0; p[2] < r->dim[2]; p[2]++)
				for (p[1] = 0; p[1] < r->dim[1]; p[1]++)
					for (p[0] = 0; p[0] < r->dim[0]; p[0]++) {
						for (int i = 0; i < 3; i++)
							q[from[i]] = p[i];
						assert_true(at(r, c, p) == at(v, c, q));
					}
		volume_free(r);
		volume_free(v);
	}
}

/* The weighted sum along one axis, the border repeated. */
static double blurred(const struct volume *v, int c, const int p[3], int axis, double sigma)
{
	int radius = (int)ceil(4 * sigma);
	double sum = 0, all = 0;

	for (int k = -radius; k <= radius; k++) {
		double w = exp(-0.5 * k * k / (sigma * sigma));
		int q[3] = {p[0], p[1], p[2]};

		q[axis] += k;
		q[axis] = q[axis] < 0 ? 0 : q[axis] >= v->dim[axis] ? v->dim[axis] - 1 : q[axis];
		sum += w * (double)at(v, c, q);
		all += w;
	}
	return sum / all;
}

static void test_smooth(void **state)
{
	static const int dims[][3] = {{5, 6, 7}, {70, 9, 8}, {64, 3, 1}, {131, 5, 4}};
	struct rng rng = rng_stream(3, 3, 3, 3);
	struct err err = ERR_INIT;

	(void)state;
	for (int t = 0; t < 24; t++) {
		const int *d = dims[t % 4];
		struct volume *v = random_volume(2, d[0], d[1], d[2], &rng), *want;
		double sigma[3];
		int p[3];

		for (int i = 0; i < 3; i++)
			sigma[i] = t / 4 == i ? 0 : 0.3 + 2 * rng_uniform(&rng);
		want = volume_share(v);
		assert_int_equal(volume_make_writable(v, &err), 0);
		for (int i = 0; i < 3; i++) {
			struct volume *in = volume_share(want);
			float *o;

			assert_int_equal(volume_make_writable(want, &err), 0);
			o = want->data;
			for (int c = 0; c < 2; c++)
				for (p[2] = 0; p[2] < d[2]; p[2]++)
					for (p[1] = 0; p[1] < d[1]; p[1]++)
						for (p[0] = 0; p[0] < d[0]; p[0]++, o++)
							*o = sigma[i] > 0 ? (float)blurred(in, c, p,
										    i, sigma[i])
									  : *o;
			volume_free(in);
		}
		assert_int_equal(smooth_gaussian(v, sigma, &err), 0);
		for (size_t i = 0; i < 2 * volume_voxels(v); i++)
			assert_true(fabsf(v->data[i] - want->data[i]) < 2e-6f);
		volume_free(v);
		volume_free(want);
	}
}

/* One bad voxel anywhere is found, and what is nearly whole becomes whole. */
static void test_label(void **state)
{
	static const float bad[] = {0.5f, -1, 8, NAN, 1e20f, -1e20f};
	struct volume *v = volume_new(1, (int[3]){100, 50, 3}, NULL);
	size_t n = volume_voxels(v);
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < n; i++)
		v->data[i] = (float)(i % 8);
	assert_int_equal(volume_check_label(v, 7, &err), 0);
	for (size_t i = 3; i < n; i += 997)
		for (size_t k = 0; k < ARRAY_SIZE(bad); k++) {
			float old = v->data[i];

			v->data[i] = bad[k];
			assert_int_equal(volume_check_label(v, 7, &err), -1);
			err_clear(&err);
			v->data[i] = old;
		}
	v->data[n - 9] += 5e-4f;
	v->data[4500] += 5e-4f;
	assert_int_equal(volume_check_label(v, 7, &err), 0);
	for (size_t i = 0; i < n; i++)
		assert_true(v->data[i] == (float)(i % 8));
	volume_free(v);
}

/* A freed block serves the next request of its size, but not a much smaller one. */
static void test_kept(void **state)
{
	size_t size = (size_t)8 << 20;
	struct err err = ERR_INIT;
	void *p, *q, *small;

	(void)state;
	mem_drop_kept();
	p = mem_try_big(size, "a block", &err);
	assert_non_null(p);
	mem_free_big(p);
	small = mem_try_big(size / 4, "a block", &err);
	assert_non_null(small);
	assert_ptr_not_equal(small, p);
	q = mem_try_big(size - 1000, "a block", &err);
	assert_non_null(q);
#ifndef __SANITIZE_ADDRESS__
	assert_ptr_equal(q, p);
#endif
	assert_int_equal((uintptr_t)q % 64, 0);
	memset(q, 1, size - 1000);
	mem_free_big(q);
	mem_free_big(small);
	mem_free_big(NULL);
	mem_drop_kept();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_intensity),
		cmocka_unit_test(test_gamma),
		cmocka_unit_test(test_foreground),
		cmocka_unit_test(test_axes),
		cmocka_unit_test(test_smooth),
		cmocka_unit_test(test_label),
		cmocka_unit_test(test_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
