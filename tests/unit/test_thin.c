/*
 * Convolutions with few channels against plain sums in double: every direction over
 * random kernels, strides, paddings, sizes and channels, with 1 to 3 threads, in fp32
 * and with bf16 operands; and the transposes between voxels and planes.
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
#include "core/cpu/thin_conv.h"
#include "core/cpu/thin_pack.h"

static const uint64_t SEED = 20261124;

struct data {
	struct conv_spec s;
	size_t n_src, n_dst, n_w;
	float *src, *dst, *w, *bias_ci, *bias_co;
	double *want;
};

static float *random_floats(struct rng *r, size_t n)
{
	float *p = mem_try_big((n + 16) * sizeof(float), "test", NULL);

	for (size_t i = 0; i < n; i++)
		p[i] = (float)rng_normal(r);
	return p;
}

static struct conv_spec random_spec(struct rng *r)
{
	static const int64_t few[] = {1, 2, 3, 4, 5, 6, 7, 8}, many[] = {1, 3, 8, 16, 32};
	struct conv_spec s = {.n = 1 + (int64_t)rng_below(r, 2),
		.ci = few[rng_below(r, 8)],
		.co = many[rng_below(r, 5)],
		.bias = rng_below(r, 2),
		.act = rng_below(r, 2),
		.bias_back = rng_below(r, 2),
		.slope = 0.2f};

	if (rng_below(r, 2)) {
		int64_t t = s.ci;

		s.ci = s.co;
		s.co = t;
	}
	for (int i = 0; i < 3; i++) {
		s.in[i] = 1 + (int64_t)rng_below(r, i == 2 ? 40 : 9);
		s.kernel[i] = 1 + (int64_t)rng_below(r, 3);
		s.stride[i] = 1 + (int64_t)rng_below(r, 2);
		s.pad[i] = (int64_t)rng_below(r, (uint32_t)s.kernel[i]);
		s.pad_end[i] = (int64_t)rng_below(r, (uint32_t)s.kernel[i]);
		while (s.in[i] + s.pad[i] + s.pad_end[i] < s.kernel[i])
			s.in[i]++;
		s.out[i] = (s.in[i] + s.pad[i] + s.pad_end[i] - s.kernel[i]) / s.stride[i] + 1;
	}
	s.ci_stride = s.ci + (int64_t)rng_below(r, 2);
	return s;
}

static size_t voxels(const struct conv_spec *s, const int64_t size[3])
{
	return (size_t)(s->n * size[0] * size[1] * size[2]);
}

/* What to do with a pair of voxels and the tap that joins them. */
static void join(struct data *d, size_t x, size_t y, int64_t tap)
{
	const struct conv_spec *s = &d->s;
	int64_t taps = s->kernel[0] * s->kernel[1] * s->kernel[2];

	for (int64_t o = 0; o < s->co; o++) {
		for (int64_t i = 0; i < s->ci; i++) {
			size_t w = (size_t)((o * s->ci_stride + i) * taps + tap);
			size_t a = x * (size_t)s->ci + (size_t)i, b = y * (size_t)s->co + (size_t)o;

			if (s->dir == CONV_FWD)
				d->want[b] += (double)d->src[a] * (double)d->w[w];
			else if (s->dir == CONV_BWD_D)
				d->want[a] += (double)d->dst[b] * (double)d->w[w];
			else
				d->want[w] += (double)d->src[a] * (double)d->dst[b];
		}
	}
}

static void plain(struct data *d)
{
	const struct conv_spec *s = &d->s;
	size_t n = voxels(s, s->out);

	for (size_t y = 0; y < n; y++) {
		int64_t o[3], r = (int64_t)y, k[3], x[3];

		for (int i = 2; i >= 0; r /= s->out[i--])
			o[i] = r % s->out[i];
		for (int64_t t = 0; t < s->kernel[0] * s->kernel[1] * s->kernel[2]; t++) {
			int64_t q = t;
			bool in = true;

			for (int i = 2; i >= 0; q /= s->kernel[i--]) {
				k[i] = q % s->kernel[i];
				x[i] = o[i] * s->stride[i] - s->pad[i] + k[i];
				in &= x[i] >= 0 && x[i] < s->in[i];
			}
			if (in)
				join(d,
					(size_t)(((r * s->in[0] + x[0]) * s->in[1] + x[1]) *
							 s->in[2] +
						 x[2]),
					y, t);
		}
	}
}

static void finish(struct data *d, double *bias)
{
	const struct conv_spec *s = &d->s;

	for (size_t i = 0; s->dir == CONV_FWD && i < d->n_dst; i++) {
		d->want[i] += s->bias ? (double)d->bias_co[i % (size_t)s->co] : 0;
		if (s->act && d->want[i] < 0)
			d->want[i] *= (double)s->slope;
	}
	for (size_t i = 0; s->dir == CONV_BWD_D && s->bias_back && i < d->n_src; i++)
		d->want[i] += (double)d->bias_ci[i % (size_t)s->ci];
	memset(bias, 0, (size_t)s->co * sizeof(double));
	for (size_t i = 0; s->dir == CONV_BWD_W && i < d->n_dst; i++)
		bias[i % (size_t)s->co] += (double)d->dst[i];
}

/* Largest difference, relative to the largest value. */
static double worst(const float *got, const double *want, size_t n)
{
	double top = 1e-6, e = 0;

	for (size_t i = 0; i < n; i++)
		top = fmax(top, fabs(want[i]));
	for (size_t i = 0; i < n; i++)
		e = fmax(e, fabs((double)got[i] - want[i]) / top);
	return e;
}

/* Runs d->s with NaN in the result and in the scratch, and one float guarded behind it. */
static double compare(struct data *d, int threads)
{
	const struct conv_spec *s = &d->s;
	size_t bytes = thin_conv_work(s, threads), n[3] = {d->n_dst, d->n_src, d->n_w};
	float *got, *scratch;
	double *bias = mem_zalloc((size_t)s->co * sizeof(double)), e;
	struct conv_args a = {.src = d->src, .weights = d->w, .dst = d->dst};
	int64_t taps = s->kernel[0] * s->kernel[1] * s->kernel[2];

	got = mem_try_big((n[s->dir] + 1) * sizeof(float), "test", NULL);
	scratch = mem_try_big(bytes + 4, "test", NULL);
	memset(got, 0xff, (n[s->dir] + 1) * sizeof(float));
	memset(scratch, 0xff, bytes + 4);
	a.scratch = scratch;
	a.bias = s->dir == CONV_BWD_D ? d->bias_ci : d->bias_co;
	*(s->dir == CONV_FWD ? &a.dst : s->dir == CONV_BWD_D ? &a.src : &a.weights) = got;
	plain(d);
	finish(d, bias);
	thin_conv_run(s, threads, &a);
	assert_true(isnan(got[n[s->dir]]));
	assert_true(isnan(scratch[bytes / 4]));
	for (size_t i = 0; s->dir == CONV_BWD_W && i < n[2]; i++)
		if ((int64_t)i / taps % s->ci_stride >= s->ci) {
			assert_true(isnan(got[i])); /* not of this slice */
			got[i] = 0;
		}
	e = worst(got, d->want, n[s->dir]);
	if (s->dir == CONV_BWD_W && s->bias)
		e = fmax(e, worst(d->bias_co, bias, (size_t)s->co));
	free(got);
	free(scratch);
	free(bias);
	return e;
}

static double one_case(struct rng *r, enum conv_dir dir, bool bf16)
{
	struct data d = {.s = random_spec(r)};
	size_t most;
	double e;

	d.s.dir = dir;
	d.s.bf16 = bf16;
	d.n_src = voxels(&d.s, d.s.in) * (size_t)d.s.ci;
	d.n_dst = voxels(&d.s, d.s.out) * (size_t)d.s.co;
	d.n_w = (size_t)(d.s.co * d.s.ci_stride * d.s.kernel[0] * d.s.kernel[1] * d.s.kernel[2]);
	most = d.n_src > d.n_dst ? d.n_src : d.n_dst;
	d.want = mem_zalloc((most > d.n_w ? most : d.n_w) * sizeof(double));
	d.src = random_floats(r, d.n_src);
	d.dst = random_floats(r, d.n_dst);
	d.w = random_floats(r, d.n_w);
	d.bias_ci = random_floats(r, (size_t)d.s.ci);
	d.bias_co = random_floats(r, (size_t)d.s.co);
	e = compare(&d, 1 + (int)rng_below(r, 3));
	if (e > (bf16 ? 2e-2 : 1e-5))
		print_error("direction %d: %lld to %lld channels, kernel %lld %lld %lld, stride "
			    "%lld %lld %lld, pad %lld %lld %lld, in %lld %lld %lld: %g\n",
			(int)dir, (long long)d.s.ci, (long long)d.s.co, (long long)d.s.kernel[0],
			(long long)d.s.kernel[1], (long long)d.s.kernel[2],
			(long long)d.s.stride[0], (long long)d.s.stride[1],
			(long long)d.s.stride[2], (long long)d.s.pad[0], (long long)d.s.pad[1],
			(long long)d.s.pad[2], (long long)d.s.in[0], (long long)d.s.in[1],
			(long long)d.s.in[2], e);
	free(d.want);
	free(d.src);
	free(d.dst);
	free(d.w);
	free(d.bias_ci);
	free(d.bias_co);
	return e;
}

static void directions(bool bf16, double limit)
{
	struct rng r = rng_stream(SEED, 0, rng_hash("thin"), bf16);
	double e = 0;

	for (int i = 0; i < 240; i++)
		e = fmax(e, one_case(&r, (enum conv_dir)(i % 3), bf16));
	print_message("worst %.2e, seed %llu\n", e, (unsigned long long)SEED);
	assert_true(e <= limit);
	assert_true(!bf16 || e > 1e-4); /* operands were rounded */
}

static void every_direction(void **state)
{
	(void)state;
	directions(false, 1e-5);
}

static void every_direction_bf16(void **state)
{
	(void)state;
	directions(true, 2e-2);
}

static void planes_and_back(void **state)
{
	static float row[64 * 80], planes[64 * 96], back[64 * 80 + 1];
	static const int64_t channels[] = {1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 32, 64};

	(void)state;
	for (size_t i = 0; i < 64 * 80; i++)
		row[i] = (float)(i + 1);
	for (size_t k = 0; k < sizeof(channels) / sizeof(channels[0]); k++) {
		for (int64_t w = 1; w < 70; w++) {
			int64_t c = channels[k];

			memset(planes, 0xff, sizeof(planes));
			memset(back, 0, sizeof(back));
			thin_pack(row, w * c, w, c, planes, 96);
			for (int64_t i = 0; i < (w + 15) / 16 * 16 * c; i++)
				assert_true(planes[i % c * 96 + i / c] == (i < w * c ? row[i] : 0));
			thin_unpack(planes, 96, w, c, back, w * c);
			assert_memory_equal(row, back, (size_t)(w * c) * sizeof(float));
			assert_true(back[w * c] == 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_direction),
		cmocka_unit_test(every_direction_bf16),
		cmocka_unit_test(planes_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
