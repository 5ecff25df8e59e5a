/*
 * Resampling, warping and intensity transforms against PyTorch and numpy
 * (tests/ref/resample.py).
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
#include "core/volume/resample.h"
#include "core/volume/warp.h"
#include "tests/unit/ref.h"
#include "tests/unit/transform_rig.h"

static const int dim[3] = {10, 8, 7};

static struct volume *volume_of(const char *name, double scale)
{
	struct volume *v = volume_new(2, dim, NULL);

	assert_non_null(v);
	ref_values(name, v->data, 2 * volume_voxels(v), scale);
	return v;
}

/* Largest difference as a part of the range of the reference. */
static void close_to(
	struct ref *r, const char *name, const struct volume *v, int channels, double tolerance)
{
	size_t n = volume_voxels(v) * (size_t)channels;
	const float *want = ref_f32(r, name, n);
	double worst = 0, lo = want[0], hi = want[0];

	for (size_t i = 0; i < n; i++) {
		worst = fmax(worst, fabs((double)v->data[i] - (double)want[i]));
		lo = fmin(lo, (double)want[i]);
		hi = fmax(hi, (double)want[i]);
	}
	if (!(worst <= tolerance * (hi - lo)))
		fail_msg("%s: differs by %g of the range", name, worst / (hi - lo));
}

static void test_resize(void **state)
{
	static const struct {
		const char *name;
		int dim[3];
	} rows[] = {{"up", {13, 11, 9}}, {"down", {10, 5, 4}}};
	static const char *const modes[] = {"nearest", "linear"};
	struct ref *r = ref_open("resample");
	struct volume *v = volume_of("volume", 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int mode = 0; mode < 2; mode++) {
			char *name = mem_printf("%s_%s", rows[i].name, modes[mode]);
			struct volume *o =
				resample_to_dim(v, rows[i].dim, (enum resample_mode)mode, NULL);

			close_to(r, name, o, 2, mode ? 1e-5 : 0);
			volume_free(o);
			free(name);
		}
	volume_free(v);
	ref_close(r);
}

/* The control points of the script: values("control"), multiplied by the mapping. */
static void set_control(struct warp *w)
{
	static const int knots[3] = {6, 5, 5};
	static const double gap[3] = {4.5, 5, 4};
	size_t n = 6 * 5 * 5;
	float *c = mem_alloc(3 * n * sizeof(*c));

	memcpy(w->knots, knots, sizeof(knots));
	memcpy(w->gap, gap, sizeof(gap));
	w->control = mem_alloc(3 * n * sizeof(*c));
	ref_values("control", c, 3 * n, 1.2);
	for (size_t at = 0; at < n; at++)
		for (size_t i = 0; i < 3; i++)
			w->control[i * n + at] = (float)(w->m[i][0] * (double)c[at] +
							 w->m[i][1] * (double)c[n + at] +
							 w->m[i][2] * (double)c[2 * n + at]);
	free(c);
}

static void test_warp(void **state)
{
	static const double angle[3] = {0.3, -0.2, 0.5}, scale[3] = {1.1, 0.9, 1.2};
	static const double shift[3] = {0.5, -1.25, 0}, spacing[3] = {0.8, 0.8, 2.5};
	static const int size[3] = {10, 8, 6}, start[3] = {2, 1, -1};
	static const struct {
		const char *name;
		bool turn, bend;
	} rows[] = {{"turned", true, false}, {"bent", false, true}, {"both", true, true}};
	static const struct {
		const char *name;
		enum resample_mode mode;
		enum warp_padding padding;
	} ways[] = {{"bilinear_zeros", RESAMPLE_LINEAR, WARP_ZEROS},
		{"bilinear_border", RESAMPLE_LINEAR, WARP_BORDER},
		{"nearest_zeros", RESAMPLE_NEAREST, WARP_ZEROS}};
	struct ref *r = ref_open("resample");
	struct volume *v = volume_of("volume", 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct warp w;

		warp_init(&w, start);
		if (rows[i].turn)
			warp_affine(&w, size, spacing, angle, scale, shift);
		if (rows[i].bend)
			set_control(&w);
		for (size_t k = 0; k < ARRAY_SIZE(ways); k++) {
			char *name = mem_printf("%s_%s", rows[i].name, ways[k].name);
			struct volume *o =
				warp_volume(v, size, &w, ways[k].mode, ways[k].padding, NULL);

			close_to(r, name, o, 1, ways[k].mode == RESAMPLE_LINEAR ? 1e-5 : 0);
			volume_free(o);
			free(name);
		}
		warp_release(&w);
	}
	volume_free(v);
	ref_close(r);
}

static void test_intensity(void **state)
{
	static const struct {
		const char *name, *transform, *args;
	} rows[] = {
		{"range", "ScaleIntensityRange",
			"{\"fields\": \"image\", \"a_min\": -1, \"a_max\": 1.5, \"b_min\": -2, "
			"\"b_max\": 1, \"clip\": true}"},
		{"gamma", "AdjustContrast",
			"{\"fields\": \"image\", \"probability\": 1, \"gamma\": [1.7, 1.7]}"},
		{"centered", "CenterData", "{\"fields\": \"image\"}"},
		{"blurred", "RandomGaussianSmooth",
			"{\"fields\": \"image\", \"probability\": 1, \"sigma\": 0.7}"},
		{"bias", "RandomMRBiasField",
			"{\"fields\": \"image\", \"probability\": 1, \"coeff_range\": [0.05, 0.05]}"},
	};
	struct ref *r = ref_open("resample");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sample *s = sample_new("case");

		assert_int_equal(sample_set(s, "image", volume_of("intensity", 2), NULL), 0);
		rig_must(s, rows[i].transform, rows[i].args, 0);
		close_to(r, rows[i].name, sample_find(s, "image")->vol, 2, 1e-5);
		sample_free(s);
	}
	ref_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_warp),
		cmocka_unit_test(test_intensity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
