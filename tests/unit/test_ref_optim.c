/*
 * Every optimizer against PyTorch (tests/ref/optimizers.py): two tensors over 20 steps
 * with a falling learning rate, rel <= 1e-5; clipping of gradients likewise.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/mem.h"
#include "core/optim/optim.h"
#include "tests/unit/ref.h"
#include "tests/unit/use.h"

#define STEPS 20

static const size_t sizes[2] = {61, 300};

static const struct optim_row {
	const char *name, *component, *json;
} rows[] = {
	{"adam", "Adam", NULL},
	{"adam_args", "Adam", "{\"betas\": [0.8, 0.95], \"eps\": 1e-4, \"weight_decay\": 0.1}"},
	{"adam_args", "Adam",
		"{\"beta1\": 0.8, \"beta2\": 0.95, \"epsilon\": 1e-4, \"weight_decay\": 0.1}"},
	{"adamw", "AdamW", "{\"amsgrad\": false}"},
	{"adamw_decay", "AdamW", "{\"weight_decay\": 0.5}"},
	{"momentum", "Momentum", NULL},
	{"momentum", "SGD", "{\"momentum\": 0.9}"},
	{"momentum_nesterov", "Momentum",
		"{\"momentum\": 0.8, \"use_nesterov\": true, \"weight_decay\": 0.05}"},
	{"momentum_nesterov", "SGD",
		"{\"momentum\": 0.8, \"nesterov\": true, \"weight_decay\": 0.05}"},
	{"sgd", "SGD", "{\"weight_decay\": 0.01}"},
	{"sgd_args", "SGD", "{\"momentum\": 0.7, \"dampening\": 0.2, \"weight_decay\": 0.1}"},
	{"rmsprop", "RMSprop", NULL},
	{"rmsprop_args", "RMSProp",
		"{\"decay\": 0.9, \"eps\": 1e-3, \"momentum\": 0.5, \"centered\": true, "
		"\"weight_decay\": 0.02}"},
	{"novograd", "NovoGrad", NULL},
	{"novograd_args", "NovoGrad",
		"{\"beta1\": 0.9, \"beta2\": 0.8, \"weight_decay\": 0.01, \"grad_averaging\": true}"},
	{"novograd_args", "NovoGrad",
		"{\"betas\": [0.9, 0.8], \"weight_decay\": 0.01, \"grad_averaging\": true}"},
	{"novograd_nesterov", "NovoGrad", "{\"use_nesterov\": true}"},
	{"monai", "Novograd", NULL},
	{"monai_args", "Novograd",
		"{\"betas\": [0.8, 0.9], \"weight_decay\": 0.05, \"grad_averaging\": true}"},
};

static void compare(struct ref *dump, const struct optim_row *r, int tensor)
{
	struct component_use u = use_of(COMPONENT_OPTIMIZER, r->component, r->json);
	size_t n = sizes[tensor];
	float *g = mem_alloc(n * sizeof(float));
	struct optim_tensor p = {.n = n, .g = g};
	char name[64];
	double e;

	p.w = mem_alloc(n * sizeof(float));
	for (int i = 0; i < OPTIM_SLOTS; i++)
		p.slot[i] = mem_zalloc(n * sizeof(float));
	snprintf(name, sizeof(name), "w%d", tensor);
	ref_values(name, p.w, n, 1);
	for (int t = 1; t <= STEPS; t++) {
		struct optim_step step = {.lr = 0.02 / (1 + 0.1 * t), .t = t};

		snprintf(name, sizeof(name), "g%d.%d", t, tensor);
		ref_values(name, g, n, 1.0 / t);
		optim_update(&u, &step, &p);
	}
	snprintf(name, sizeof(name), "%s.%d", r->name, tensor);
	e = ref_error(p.w, ref_f32(dump, name, n), n);
	if (!(e <= 1e-5))
		fail_msg("%s, tensor %d: differs by %.3g", r->name, tensor, e);
	free(g);
	free(p.w);
	for (int i = 0; i < OPTIM_SLOTS; i++)
		free(p.slot[i]);
	component_use_release(&u);
}

static void test_optimizers(void **state)
{
	struct ref *dump = ref_open("optimizers");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int tensor = 0; tensor < 2; tensor++)
			compare(dump, &rows[i], tensor);
	ref_close(dump);
}

static void test_all_are_here(void **state)
{
	(void)state;
	for (int i = 0; component_at(i); i++) {
		const struct component *c = component_at(i);
		bool found = c->kind != COMPONENT_OPTIMIZER;

		for (size_t k = 0; !found && k < ARRAY_SIZE(rows); k++)
			found = component_find(COMPONENT_OPTIMIZER, rows[k].component) == c;
		if (!found)
			fail_msg("optimizer '%s' has no reference", c->name);
	}
}

static void test_clip(void **state)
{
	struct ref *dump = ref_open("optimizers");
	float a[61], b[300], bad[2] = {1, INFINITY};
	struct optim_span g[2] = {{a, 61}, {b, 300}}, wrong = {bad, 2};
	double want = ref_f64(dump, "clip.norm", 1)[0], norm;

	(void)state;
	ref_values("clip0", a, 61, 3);
	ref_values("clip1", b, 300, 3);
	norm = optim_clip_norm(g, 2, 1e9);
	assert_true(fabs(norm - want) <= 1e-9 * want);
	norm = optim_clip_norm(g, 2, 2.5);
	assert_true(fabs(norm - want) <= 1e-9 * want); /* the first call changed nothing */
	assert_true(ref_error(a, ref_f32(dump, "clip.0", 61), 61) <= 1e-6);
	assert_true(ref_error(b, ref_f32(dump, "clip.1", 300), 300) <= 1e-6);
	assert_true(fabs(optim_norm(g, 2) - 2.5) < 1e-5);
	optim_clip_value(g, 2, 0.01);
	for (int i = 0; i < 300; i++)
		assert_true(fabsf(b[i]) <= 0.01f);
	assert_true(fabsf(b[0]) <= 0.01f && b[0] != 0);
	assert_true(isinf(optim_clip_norm(&wrong, 1, 1)));
	assert_true(bad[0] == 1 && isinf(bad[1]));
	ref_close(dump);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_optimizers),
		cmocka_unit_test(test_all_are_here),
		cmocka_unit_test(test_clip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
