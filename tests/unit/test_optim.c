/*
 * Optimizers against straightforward double-precision versions of their formulas,
 * against cases that can be worked out by hand, and against themselves for other
 * numbers of threads.
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
#include "core/optim/optim.h"
#include "tests/unit/use.h"

static void tensor_init(struct optim_tensor *p, size_t n)
{
	*p = (struct optim_tensor){.n = n};
	p->w = mem_zalloc(n * sizeof(float));
	for (int i = 0; i < OPTIM_SLOTS; i++)
		p->slot[i] = mem_zalloc(n * sizeof(float));
}

static void tensor_release(struct optim_tensor *p)
{
	free(p->w);
	for (int i = 0; i < OPTIM_SLOTS; i++)
		free(p->slot[i]);
}

static void fill_normal(float *x, size_t n, uint64_t item)
{
	struct rng r = rng_stream(11, 0, item, 0);

	for (size_t i = 0; i < n; i++)
		x[i] = (float)rng_normal(&r);
}

/* What a test hands to the plain double versions below. */
struct plain {
	double w[64], m[64], v[64], layer;
	int n;
};

static void plain_adam(struct plain *s, const double *g, double lr, int t, double decay)
{
	for (int i = 0; i < s->n; i++) {
		double mh, vh;

		s->m[i] = 0.9 * s->m[i] + 0.1 * g[i];
		s->v[i] = 0.999 * s->v[i] + 0.001 * g[i] * g[i];
		mh = s->m[i] / (1 - pow(0.9, t));
		vh = s->v[i] / (1 - pow(0.999, t));
		s->w[i] -= lr * decay * s->w[i];
		s->w[i] -= lr * mh / (sqrt(vh) + 1e-8);
	}
}

static void plain_novograd(struct plain *s, const double *g, double lr, int t, double wd,
	bool averaging, bool nesterov)
{
	double norm = 0;

	for (int i = 0; i < s->n; i++)
		norm += g[i] * g[i];
	s->layer = t == 1 ? norm : 0.99 * s->layer + 0.01 * norm;
	for (int i = 0; i < s->n; i++) {
		double d = g[i] / sqrt(s->layer + 1e-8) + wd * s->w[i];

		if (averaging)
			d *= 1 - 0.95;
		s->m[i] = 0.95 * s->m[i] + lr * d;
		s->w[i] -= nesterov ? 0.95 * s->m[i] + lr * d : s->m[i];
	}
}

static void plain_momentum(struct plain *s, const double *g, double lr, bool nesterov)
{
	for (int i = 0; i < s->n; i++) {
		s->m[i] = 0.9 * s->m[i] + g[i];
		s->w[i] -= lr * (nesterov ? g[i] + 0.9 * s->m[i] : s->m[i]);
	}
}

/* 20 steps of both; kind picks the plain version. */
static void compare(const char *name, const char *json, int kind)
{
	struct component_use u = use_of(COMPONENT_OPTIMIZER, name, json);
	struct plain s = {.n = 61};
	struct optim_tensor p;
	float g[64];
	double gd[64];

	tensor_init(&p, 61);
	p.g = g;
	fill_normal(p.w, 61, 1000);
	for (int i = 0; i < s.n; i++)
		s.w[i] = p.w[i];
	for (int t = 1; t <= 20; t++) {
		struct optim_step step = {.lr = 0.01 / t, .t = t};

		fill_normal(g, 61, (uint64_t)t);
		for (int i = 0; i < s.n; i++)
			gd[i] = g[i];
		optim_update(&u, &step, &p);
		if (kind == 0)
			plain_adam(&s, gd, step.lr, t, 0);
		else if (kind == 1)
			plain_adam(&s, gd, step.lr, t, 0.1);
		else if (kind < 6)
			plain_novograd(
				&s, gd, step.lr, t, kind == 3 ? 0.01 : 0, kind == 4, kind == 5);
		else
			plain_momentum(&s, gd, step.lr, kind == 7);
		for (int i = 0; i < s.n; i++)
			if (fabs(p.w[i] - s.w[i]) > 2e-6)
				fail_msg("%s step %d weight %d: %.9g, expected %.9g", name, t, i,
					(double)p.w[i], s.w[i]);
	}
	tensor_release(&p);
	component_use_release(&u);
}

static void test_against_plain(void **state)
{
	(void)state;
	compare("Adam", NULL, 0);
	compare("AdamW", "{\"weight_decay\": 0.1}", 1);
	compare("NovoGrad", NULL, 2);
	compare("NovaGrad", "{\"weight_decay\": 0.01}", 3);
	compare("NovoGrad", "{\"grad_averaging\": true}", 4);
	compare("NovoGrad", "{\"use_nesterov\": true}", 5);
	compare("Momentum", NULL, 6);
	compare("Momentum", "{\"use_nesterov\": true}", 7);
}

/* With a constant gradient, Adam's bias-corrected step is lr times its sign, at every t. */
static void test_adam_constant_gradient(void **state)
{
	struct component_use u = use_of(COMPONENT_OPTIMIZER, "Adam", NULL);
	float g[3] = {0.5f, -20, 1e-3f};
	struct optim_tensor p;

	(void)state;
	tensor_init(&p, 3);
	p.g = g;
	for (int t = 1; t <= 50; t++)
		optim_update(&u, &(struct optim_step){.lr = 0.001, .t = t}, &p);
	assert_true(fabsf(p.w[0] + 0.05f) < 1e-6f);
	assert_true(fabsf(p.w[1] - 0.05f) < 1e-6f);
	assert_true(fabsf(p.w[2] + 0.05f) < 2e-6f);
	tensor_release(&p);
	component_use_release(&u);
}

/* NovoGrad does not see the length of the gradient, only its direction. */
static void test_novograd_scale(void **state)
{
	struct component_use u = use_of(COMPONENT_OPTIMIZER, "NovoGrad", NULL);
	float g[2] = {3000, 4000};
	struct optim_tensor p;

	(void)state;
	tensor_init(&p, 2);
	p.g = g;
	optim_update(&u, &(struct optim_step){.lr = 0.1, .t = 1}, &p);
	assert_true(fabsf(p.w[0] + 0.06f) < 1e-6f && fabsf(p.w[1] + 0.08f) < 1e-6f);
	assert_true(p.scalar[0] == 25e6);
	tensor_release(&p);
	component_use_release(&u);
}

static void test_zero_gradient(void **state)
{
	static const char *const names[] = {
		"Adam", "AdamW", "NovoGrad", "Momentum", "Novograd", "RMSProp", "SGD"};
	float g[5] = {0};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
		struct component_use u = use_of(COMPONENT_OPTIMIZER, names[k], NULL);
		struct optim_tensor p;

		tensor_init(&p, 5);
		p.g = g;
		for (int t = 1; t <= 3; t++)
			optim_update(&u, &(struct optim_step){.lr = 0.1, .t = t}, &p);
		for (int i = 0; i < 5; i++)
			assert_true(p.w[i] == 0);
		tensor_release(&p);
		component_use_release(&u);
	}
}

static void test_threads(void **state)
{
	static const char *const names[] = {
		"Adam", "AdamW", "NovoGrad", "Momentum", "Novograd", "RMSProp", "SGD"};
	const size_t n = 1300007;
	float *g = mem_alloc(n * sizeof(float)), *first = mem_alloc(n * sizeof(float));
	int before = omp_get_max_threads();

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
		for (int threads = 1; threads <= 3; threads++) {
			struct component_use u = use_of(COMPONENT_OPTIMIZER, names[k], NULL);
			struct optim_tensor p;

			omp_set_num_threads(threads);
			tensor_init(&p, n);
			p.g = g;
			fill_normal(p.w, n, 3);
			for (int t = 1; t <= 2; t++) {
				fill_normal(g, n, 40 + (uint64_t)t);
				optim_update(&u, &(struct optim_step){.lr = 0.01, .t = t}, &p);
			}
			if (threads == 1)
				memcpy(first, p.w, n * sizeof(float));
			assert_memory_equal(first, p.w, n * sizeof(float));
			tensor_release(&p);
			component_use_release(&u);
		}
	}
	omp_set_num_threads(before);
	free(g);
	free(first);
}

static void test_sum_squares(void **state)
{
	static const size_t sizes[] = {0, 1, 7, 8, 4095, 4096, 4097, 1048576 + 13};
	float *x = mem_alloc(1048600 * sizeof(float));

	(void)state;
	fill_normal(x, 1048600, 9);
	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		long double sum = 0;

		for (size_t i = 0; i < sizes[k]; i++)
			sum += (long double)x[i] * x[i];
		assert_true(fabsl(optim_sum_squares(x, sizes[k]) - sum) <= 1e-13L * sum);
	}
	free(x);
}

static void test_arguments(void **state)
{
	(void)state;
	assert_int_equal(use_faults(COMPONENT_OPTIMIZER, "Adam", "{\"beta1\": 1.5}"), 1);
	assert_int_equal(use_faults(COMPONENT_OPTIMIZER, "Adam", "{\"epsilom\": 1e-7}"), 1);
	assert_int_equal(use_faults(COMPONENT_OPTIMIZER, "NovoGrad", "{\"use_nesterov\": 1}"), 1);
	assert_null(component_find(COMPONENT_OPTIMIZER, "adam"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_plain),
		cmocka_unit_test(test_adam_constant_gradient),
		cmocka_unit_test(test_novograd_scale),
		cmocka_unit_test(test_zero_gradient),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_sum_squares),
		cmocka_unit_test(test_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
