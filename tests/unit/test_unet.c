/*
 * Unet: layout, names, sizes that 16 does not divide, faults of its arguments,
 * and that it learns: one small batch is fitted by plain Adam.
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
#include "core/cpu/cpu.h"
#include "core/graph/losses.h"
#include "core/graph/plan.h"
#include "core/net/net.h"
#include "tests/unit/use.h"

static struct err err;

struct net {
	struct graph *g;
	struct node *image, *label, *loss;
	struct net_out out;
};

static int build(struct net *n, const char *json, struct shape s)
{
	struct component_use u = use_of(COMPONENT_NETWORK, "Unet", json);
	const struct net_ops *ops = u.c->ops;
	int rc;

	*n = (struct net){.g = graph_new()};
	n->image = graph_input(n->g, "image", &s, &err);
	rc = ops->build(u.args, n->g, n->image, &n->out, &err);
	component_use_release(&u);
	return rc;
}

static const char tiny[] = "{\"num_classes\":2,\"nf_enc\":\"4,8,8,8\",\"nf_dec\":"
			   "\"8,8,8,8,8,4,4\",\"use_group_norm\":true,\"use_group_normG\":4}";

/* Parameters of Unet with a norm, from its description. */
static size_t formula(const int enc[4], const int dec[7], int in, int classes)
{
	int from[11] = {in, enc[0], enc[1], enc[2], enc[3], dec[0] + enc[2], dec[1] + enc[1],
		dec[2] + enc[0], dec[3], dec[4] + in, dec[5]};
	size_t n = (size_t)dec[6] * (size_t)classes + (size_t)classes;

	for (int i = 0; i < 11; i++) {
		int to = i < 4 ? enc[i] : dec[i - 4];

		n += 27u * (size_t)from[i] * (size_t)to + 2u * (size_t)to;
	}
	return n;
}

static void layout(void **state)
{
	static const int enc[4] = {16, 32, 64, 128}, dec[7] = {64, 64, 32, 32, 16, 16, 16};
	struct net n;
	struct params *p;
	struct shape want = shape5(1, 16, 32, 48, 3);

	(void)state;
	assert_int_equal(build(&n,
				 "{\"num_classes\":3,\"nf_enc\":\"16,32,64,128\",\"nf_dec\":"
				 "\"64,64,32,32,16,16,16\",\"use_batch_norm\":true}",
				 shape5(1, 16, 32, 48, 2)),
		0);
	assert_true(shape_eq(&n.out.pred->shape, &want));
	assert_true(n.out.logits != n.out.pred && n.out.pred->output);
	p = params_new(n.g, 1, &err);
	assert_int_equal(params_count(p), formula(enc, dec, 2, 3));
	assert_int_equal(p->n, 11 * 3 + 2);
	assert_int_equal(p->n_state, 11 * 2);
	assert_non_null(params_find(p, "enc0.conv.weight"));
	assert_non_null(params_find(p, "dec6.norm.gamma"));
	assert_non_null(params_find(p, "out.conv.bias"));
	assert_non_null(params_find_state(p, "enc3.norm.var"));
	assert_null(params_find(p, "enc0.conv.bias"));
	params_free(p);
	graph_free(n.g);
}

static void faults(void **state)
{
	static const char *const bad[] = {"{\"num_classes\":2,\"nf_enc\":\"4,8,8\"}",
		"{\"num_classes\":2,\"nf_dec\":\"4,8,8\"}",
		"{\"num_classes\":2,\"use_batch_norm\":true,\"use_group_norm\":true}"};
	struct net n;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(build(&n, bad[i], shape5(1, 16, 16, 16, 1)), -1);
		assert_int_equal(err.code, ERR_DATA);
		assert_non_null(strstr(err.msg, "Unet"));
		graph_free(n.g);
	}
	assert_true(use_faults(COMPONENT_NETWORK, "Unet", "{}") > 0);
	assert_true(use_faults(COMPONENT_NETWORK, "UnetParallel", "{\"num_classes\":2}") == 0);
}

static void same_start_from_same_seed(void **state)
{
	struct net n;
	struct params *a, *b, *c;
	const struct param *q;
	double sum = 0, square = 0;

	(void)state;
	assert_int_equal(build(&n, tiny, shape5(1, 16, 16, 16, 1)), 0);
	a = params_new(n.g, 5, &err);
	b = params_new(n.g, 5, &err);
	c = params_new(n.g, 6, &err);
	assert_memory_equal(a->w, b->w, a->len * sizeof(float));
	assert_true(memcmp(a->w, c->w, a->len * sizeof(float)) != 0);
	q = params_find(a, "dec1.conv.weight");
	for (size_t i = 0; i < q->count; i++) {
		sum += (double)a->w[q->offset + i];
		square += pow((double)a->w[q->offset + i], 2);
	}
	assert_true(fabs(sum / (double)q->count) < 0.005);
	assert_true(fabs(square / (double)q->count * (27 * 16) / 2 - 1) < 0.1);
	params_free(a);
	params_free(b);
	params_free(c);
	graph_free(n.g);
}

/* A ball (class 1) in noise. */
static void fill(float *image, float *label, const struct shape *s)
{
	struct rng r = rng_stream(2, 0, 0, 0);
	size_t n = shape_count(s);

	for (size_t i = 0; i < n; i++) {
		int64_t w = (int64_t)i % s->d[3], h = (int64_t)i / s->d[3] % s->d[2];
		int64_t d = (int64_t)i / (s->d[3] * s->d[2]) % s->d[1];
		int64_t x = w - s->d[3] / 2, y = h - s->d[2] / 3, z = d - s->d[1] / 2;

		label[i] = x * x + y * y + z * z < 20;
		image[i] = label[i] + 0.5f * (float)rng_normal(&r);
	}
}

static void adam(struct params *p, float *m, float *v, int t)
{
	for (size_t i = 0; i < p->len; i++) {
		m[i] = 0.9f * m[i] + 0.1f * p->g[i];
		v[i] = 0.99f * v[i] + 0.01f * p->g[i] * p->g[i];
		p->w[i] -= 0.01f * (m[i] / (1 - powf(0.9f, (float)t))) /
			   (sqrtf(v[i] / (1 - powf(0.99f, (float)t))) + 1e-8f);
	}
	params_touch(p);
}

static double fit(const char *json, struct shape s, int steps, double *first)
{
	struct dice_attr dice = {.smooth = 1e-5f};
	struct backend *cpu = cpu_open(NULL, &err);
	struct plan_opts opts = {.training = true};
	struct params *params;
	struct plan *p;
	struct net n;
	float *m, *v;
	double loss = 0;

	assert_int_equal(build(&n, json, s), 0);
	n.label = graph_input(n.g, "label", &s, &err);
	n.loss = layer_dice(n.g, n.out.pred, n.label, &dice, &err);
	assert_non_null(n.loss);
	assert_int_equal(graph_add_loss(n.g, n.loss, 1, &err), 0);
	params = params_new(n.g, 1, &err);
	p = plan_new(n.g, params, cpu, &opts, &err);
	assert_non_null(p);
	m = mem_zalloc(params->len * sizeof(float));
	v = mem_zalloc(params->len * sizeof(float));
	for (int t = 1; t <= steps; t++) {
		fill(plan_value(p, n.image), plan_value(p, n.label), &s);
		assert_int_equal(plan_forward(p, true, 1, (uint64_t)t, &err), 0);
		loss = plan_loss(p);
		if (t == 1)
			*first = loss;
		assert_int_equal(plan_backward(p, &err), 0);
		adam(params, m, v, t);
	}
	free(m);
	free(v);
	plan_free(p);
	params_free(params);
	cpu->ops->close(cpu);
	graph_free(n.g);
	return loss;
}

static void learns(void **state)
{
	double first, last = fit(tiny, shape5(1, 16, 16, 16, 1), 60, &first);

	(void)state;
	print_message("loss %.3f -> %.3f\n", first, last);
	assert_true(first > 0.3 && last < 0.1);
}

static void any_size_works(void **state)
{
	static const char batch[] =
		"{\"num_classes\":2,\"nf_enc\":\"4,4,4,4\",\"nf_dec\":\"4,4,4,4,4,4,4\","
		"\"use_batch_norm\":true,\"dropout_prob\":0.1,\"reg_weight\":1e-6}";
	double first, last = fit(batch, shape5(1, 17, 13, 9, 1), 15, &first);

	(void)state;
	assert_true(isfinite(last) && last < first);
	last = fit("{\"num_classes\":2,\"nf_enc\":\"4,4,4,4\",\"nf_dec\":\"4,4,4,4,4,4,4\"}",
		shape5(1, 1, 19, 23, 1), 15, &first);
	assert_true(isfinite(last) && last < first);
}

/* An image with D = 1: no weight reaches over D, nothing but D differs, and it learns. */
static void flat(void **state)
{
	struct net n, solid;
	double first, last;
	int kernels = 0;

	(void)state;
	assert_int_equal(build(&n, tiny, shape5(1, 1, 19, 22, 1)), 0);
	assert_int_equal(build(&solid, tiny, shape5(1, 16, 19, 22, 1)), 0);
	assert_int_equal(n.g->n, solid.g->n);
	for (int i = 0; i < n.g->n; i++) {
		const struct node *w = n.g->node[i];
		struct shape s = solid.g->node[i]->shape;

		assert_string_equal(w->name, solid.g->node[i]->name);
		if (w->kind != NODE_PARAM)
			continue;
		kernels += s.n == 5 && s.d[2] == 3;
		if (s.n == 5)
			s.d[2] = 1;
		assert_true(shape_eq(&w->shape, &s));
	}
	assert_int_equal(kernels, 11);
	graph_free(n.g);
	graph_free(solid.g);
	last = fit(tiny, shape5(2, 1, 19, 22, 1), 60, &first);
	print_message("2-D: loss %.3f -> %.3f\n", first, last);
	assert_true(first > 0.3 && last < 0.1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout),
		cmocka_unit_test(faults),
		cmocka_unit_test(same_start_from_same_seed),
		cmocka_unit_test(learns),
		cmocka_unit_test(any_size_works),
		cmocka_unit_test(flat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
