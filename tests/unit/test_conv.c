/*
 * The products per tap (core/cpu/taps.h) in all three directions, and Winograd's
 * (core/cpu/wino.h) in two, against a sum in double:
 * channels that end in half a block, odd and single items, strides, kernels that reach over
 * the image, rows over several blocks, fp32 and bf16, and the same bits for any team.
 *
 * In bf16 the reference takes the rounded operands too, so its tolerance is that of the sums
 * in fp32 as well.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/cpu/bf16.h"
#include "core/cpu/taps.h"
#include "core/cpu/wino.h"

struct fixture {
	struct conv_spec s;
	size_t nx, ny, nw;
	float *x, *w, *bias, *y; /* operands, also results */
	double *want;
	bool winograd;
};

static size_t count(int64_t n, int64_t c, const int64_t v[3])
{
	return (size_t)(n * c * v[0] * v[1] * v[2]);
}

static float *draw(struct rng *r, size_t n, bool bf16)
{
	float *v = mem_try_big((n + 16) * sizeof(float), "test", NULL);

	for (size_t i = 0; i < n; i++) {
		uint32_t u = 0;
		uint16_t h;

		v[i] = (float)rng_normal(r);
		if (!bf16)
			continue;
		bf16_round(&h, v + i, 1);
		u = (uint32_t)h << 16;
		memcpy(v + i, &u, sizeof(u));
	}
	return v;
}

static void fixture_fill(struct fixture *f, struct rng *r)
{
	const struct conv_spec *s = &f->s;

	f->nx = count(s->n, s->ci, s->in);
	f->ny = count(s->n, s->co, s->out);
	f->nw = count(s->ci, s->co, s->kernel);
	f->x = draw(r, f->nx, s->bf16);
	f->y = draw(r, f->ny, s->bf16);
	f->w = draw(r, f->nw, s->bf16);
	f->bias = draw(r, (size_t)s->co, false);
}

static void fixture_init(struct fixture *f, struct rng *r, enum conv_dir dir, bool bf16)
{
	struct conv_spec *s = &f->s;

	memset(f, 0, sizeof(*f));
	*s = (struct conv_spec){.dir = dir,
		.n = 1 + (int64_t)rng_below(r, 4),
		.ci = 16 + 16 * (int64_t)rng_below(r, 4),
		.co = 16 + 16 * (int64_t)rng_below(r, 4),
		.bias = rng_below(r, 2),
		.act = rng_below(r, 2),
		.slope = 0.25f,
		.bf16 = bf16};
	s->ci_stride = s->ci;
	for (int i = 0; i < 3; i++) {
		s->in[i] = 1 + (int64_t)rng_below(r, 6);
		s->kernel[i] = i == 2 && rng_below(r, 3) == 0 ? 2 : 3;
		s->stride[i] = 1 + (int64_t)rng_below(r, 2);
		s->pad[i] = (int64_t)rng_below(r, 2);
		s->pad_end[i] = 2;
		s->out[i] = (s->in[i] + s->pad[i] + 2 - s->kernel[i]) / s->stride[i] + 1;
	}
	if (rng_below(r, 4) == 0) { /* more rows than a block holds */
		s->in[2] += 120;
		s->out[2] = (s->in[2] + s->pad[2] + 2 - s->kernel[2]) / s->stride[2] + 1;
		s->ci = s->ci_stride = 16;
	}
	fixture_fill(f, r);
}

static void fixture_release(struct fixture *f)
{
	free(f->x);
	free(f->y);
	free(f->w);
	free(f->bias);
	free(f->want);
}

static float *result(struct fixture *f, size_t *n)
{
	*n = f->s.dir == CONV_FWD ? f->ny : f->s.dir == CONV_BWD_D ? f->nx : f->nw;
	return f->s.dir == CONV_FWD ? f->y : f->s.dir == CONV_BWD_D ? f->x : f->w;
}

/* One pair of voxels, all channels. */
static void pair(struct fixture *f, int64_t m, int64_t in, int64_t tap)
{
	const struct conv_spec *s = &f->s;
	int64_t taps = s->kernel[0] * s->kernel[1] * s->kernel[2];

	for (int64_t o = 0; o < s->co; o++) {
		for (int64_t c = 0; c < s->ci; c++) {
			int64_t at = (o * s->ci + c) * taps + tap;
			double x = (double)f->x[in * s->ci + c], y = (double)f->y[m * s->co + o];

			if (s->dir == CONV_FWD)
				f->want[m * s->co + o] += x * (double)f->w[at];
			else if (s->dir == CONV_BWD_D)
				f->want[in * s->ci + c] += y * (double)f->w[at];
			else
				f->want[at] += x * y;
		}
	}
}

static void reference(struct fixture *f)
{
	const struct conv_spec *s = &f->s;
	int64_t taps = s->kernel[0] * s->kernel[1] * s->kernel[2], i[3], k[3];
	size_t n;

	result(f, &n);
	f->want = mem_zalloc(n * sizeof(double));
	for (int64_t m = 0; m < (int64_t)f->ny / s->co; m++) {
		for (int64_t tap = 0; tap < taps; tap++) {
			int64_t r = m, t = tap;
			bool inside = true;

			for (int d = 2; d >= 0; d--) {
				k[d] = t % s->kernel[d];
				i[d] = r % s->out[d] * s->stride[d] - s->pad[d] + k[d];
				t /= s->kernel[d];
				r /= s->out[d];
				inside &= i[d] >= 0 && i[d] < s->in[d];
			}
			if (inside)
				pair(f, m,
					((r * s->in[0] + i[0]) * s->in[1] + i[1]) * s->in[2] + i[2],
					tap);
		}
	}
	for (size_t j = 0; s->dir == CONV_FWD && j < n; j++) {
		if (s->bias)
			f->want[j] += (double)f->bias[j % (size_t)s->co];
		if (s->act && f->want[j] < 0)
			f->want[j] *= (double)s->slope;
	}
}

static void run_taps(struct fixture *f, int threads)
{
	struct taps *t = taps_new(&f->s, threads);
	size_t packed = taps_packed(t) + 64, scratch = taps_scratch(t) + 64;
	struct conv_args a = {.src = f->x, .weights = f->w, .bias = f->bias, .dst = f->y};

	a.packed = mem_try_big(packed, "test", NULL);
	a.scratch = mem_try_big(scratch, "test", NULL);
	memset(a.packed, 0x7f, packed);
	memset(a.scratch, 0x7f, scratch);
	taps_run(t, &a);
	a.is_packed = true;
	if (f->s.dir != CONV_BWD_W) /* again with what was packed */
		taps_run(t, &a);
	free(a.packed);
	free(a.scratch);
	taps_free(t);
}

static void run_wino(struct fixture *f, int threads)
{
	bool back = f->s.dir == CONV_BWD_D;
	struct wino_spec w = {.n = f->s.n,
		.d = f->s.in[0],
		.h = f->s.in[1],
		.w = f->s.in[2],
		.from = f->s.ci,
		.to = f->s.co,
		.ci_stride = f->s.ci,
		.act = f->s.act,
		.slope = f->s.slope,
		.threads = threads};
	void *work;

	w = back ? wino_turned(&w) : w;
	work = mem_try_big(wino_work(&w), "test", NULL);
	memset(work, 0x7f, wino_work(&w));
	wino_run(&w, back ? f->y : f->x, f->w, !back && f->s.bias ? f->bias : NULL,
		back ? f->x : f->y, work);
	free(work);
}

static void run(struct fixture *f, int threads)
{
	if (f->winograd)
		run_wino(f, threads);
	else
		run_taps(f, threads);
}

static void check(struct fixture *f)
{
	size_t n;
	float *got = result(f, &n), *first;
	double top = 1e-3;

	reference(f);
	run(f, 2);
	for (size_t i = 0; i < n; i++)
		top = fmax(top, fabs(f->want[i]));
	for (size_t i = 0; i < n; i++) {
		if (!(fabs((double)got[i] - f->want[i]) <= 1e-5 * top))
			fail_msg("dir %d bf16 %d, %lldx%lld channels, batch %lld: element %zu is "
				 "%g, not %g",
				f->s.dir, f->s.bf16, (long long)f->s.ci, (long long)f->s.co,
				(long long)f->s.n, i, (double)got[i], f->want[i]);
	}
	first = mem_alloc(n * sizeof(float));
	memcpy(first, got, n * sizeof(float));
	for (int threads = 1; threads < 6; threads += 2) {
		memset(got, 0, n * sizeof(float));
		run(f, threads);
		assert_memory_equal(got, first, n * sizeof(float));
	}
	free(first);
}

static void bias_gradient(const struct fixture *f)
{
	for (int64_t o = 0; f->s.bias && o < f->s.co; o++) {
		double sum = 0, size = 0;

		for (size_t m = 0; m < f->ny / (size_t)f->s.co; m++) {
			sum += (double)f->y[m * (size_t)f->s.co + (size_t)o];
			size += fabs((double)f->y[m * (size_t)f->s.co + (size_t)o]);
		}
		assert_true(fabs(sum - (double)f->bias[o]) <= 1e-6 * size);
	}
}

static void all_directions(bool bf16)
{
	struct rng r = rng_stream(20261124, 1, 2, bf16);

	for (int i = 0; i < 60; i++) {
		struct fixture f;

		fixture_init(
			&f, &r, (enum conv_dir[]){CONV_FWD, CONV_BWD_D, CONV_BWD_W}[i % 3], bf16);
		assert_true(taps_possible(&f.s));
		check(&f);
		if (f.s.dir == CONV_BWD_W)
			bias_gradient(&f);
		fixture_release(&f);
	}
}

static void products_in_fp32(void **state)
{
	(void)state;
	all_directions(false);
}

static void products_in_bf16(void **state)
{
	struct conv_spec s = {.n = 1,
		.ci = 16,
		.co = 16,
		.in = {3, 3, 3},
		.out = {3, 3, 3},
		.kernel = {3, 3, 3},
		.stride = {1, 1, 1},
		.bf16 = true};

	(void)state;
	if (!taps_possible(&s)) {
		print_message("SKIPPED: not built for a CPU with AVX512_BF16\n");
		skip();
	}
	all_directions(true);
}

/* Odd sizes, so that tiles stick out of the image on every side. */
static void winograd(void **state)
{
	struct rng r = rng_stream(20261124, 1, 2, 3);

	(void)state;
	for (int i = 0; i < 24; i++) {
		struct fixture f;

		fixture_init(&f, &r, i % 2 ? CONV_FWD : CONV_BWD_D, false);
		fixture_release(&f);
		f.want = NULL;
		f.winograd = true;
		for (int k = 0; k < 3; k++) {
			f.s.in[k] = f.s.out[k] = 3 + (int64_t)rng_below(&r, k == 2 ? 28 : 4);
			f.s.kernel[k] = 3;
			f.s.stride[k] = f.s.pad[k] = f.s.pad_end[k] = 1;
		}
		fixture_fill(&f, &r);
		check(&f);
		fixture_release(&f);
	}
}

/* What cannot be done is refused, and a layer that is made for it is taken. */
static void shapes_are_told_apart(void **state)
{
	struct conv_spec deep = {.dir = CONV_FWD,
		.n = 4,
		.ci = 128,
		.co = 256,
		.in = {3, 4, 3},
		.out = {3, 4, 3},
		.kernel = {3, 3, 3},
		.stride = {1, 1, 1},
		.pad = {1, 1, 1},
		.pad_end = {1, 1, 1}};
	struct conv_spec s = deep;

	(void)state;
	assert_true(taps_fits(&deep));
	s.ci = 100;
	assert_false(taps_possible(&s));
	s = deep;
	s.kernel[0] = s.kernel[1] = 1;
	assert_false(taps_possible(&s));
	s = deep;
	s.kernel[0] = s.kernel[1] = s.kernel[2] = 5;
	assert_false(taps_possible(&s));
	s = deep;
	s.in[2] = s.out[2] = 3000;
	assert_false(taps_fits(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products_in_fp32),
		cmocka_unit_test(products_in_bf16),
		cmocka_unit_test(winograd),
		cmocka_unit_test(shapes_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
