/*
 * Networks against PyTorch: output, loss and the gradient of every parameter.  The
 * dumps (tests/ref/networks.py) name the network, its arguments and the image's shape;
 * weights and image are made here by the same rule as there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/cpu/cpu.h"
#include "core/graph/losses.h"
#include "core/graph/plan.h"
#include "core/net/net.h"
#include "core/tensor/safetensors_read.h"
#include "tests/unit/ref.h"
#include "tests/unit/use.h"

static const double LIMIT = 1e-4;
static const int CODE = 128; /* numbers that the variational branch draws */

static struct err err;

/* nets.py's fill(): by the ending of the name. */
static void fill_param(const struct param *p, float *w)
{
	const char *part = strrchr(p->name, '.') + 1;
	bool code = !strncmp(p->name, "vae_fc.", 7);
	double rest = (double)p->count / (double)p->shape.d[0];
	float base = 0;
	double scale;

	if (!strcmp(part, "gamma")) {
		base = 1;
		scale = 0.3;
	} else if (!strcmp(part, "beta") || !strcmp(part, "bias")) {
		scale = 0.1;
	} else if (p->shape.n == 1) {
		base = 0.25f;
		scale = 0.1;
	} else {
		scale = sqrt(6 / rest);
	}
	ref_values(p->name, w, p->count, scale);
	for (size_t i = 0; i < p->count; i++) {
		w[i] += base;
		if (code && i >= p->count / 2 && (int)(p->shape.d[0]) == 2 * CODE)
			w[i] = strcmp(part, "weight") ? -40.0f : 0;
	}
}

struct net {
	struct graph *g;
	struct node *image, *target, *loss;
	struct net_out out;
	struct params *params;
	struct plan *plan;
	struct backend *cpu;
};

static struct shape shape_of(const char *text)
{
	long long d[5] = {0};

	assert_int_equal(
		sscanf(text, "%lld,%lld,%lld,%lld,%lld", &d[0], &d[1], &d[2], &d[3], &d[4]), 5);
	return shape5(d[0], d[1], d[2], d[3], d[4]);
}

static void net_open(struct net *n, const char *name, const char *args, struct shape s)
{
	struct component_use u = use_of(COMPONENT_NETWORK, name, args);
	const struct plan_opts opts = {.training = true};

	*n = (struct net){.g = graph_new(), .cpu = cpu_open(NULL, &err)};
	n->g->training = true;
	n->image = graph_input(n->g, "image", &s, &err);
	if (((const struct net_ops *)u.c->ops)->build(u.args, n->g, n->image, &n->out, &err))
		fail_msg("%s: %s", name, err.msg);
	component_use_release(&u);
	n->target = graph_input(n->g, "target", &n->out.pred->shape, &err);
	n->loss = layer_mse(n->g, n->out.pred, n->target, &err);
	assert_non_null(n->loss);
	assert_int_equal(graph_add_loss(n->g, n->loss, 1, &err), 0);
	n->params = params_new(n->g, 1, &err);
	for (int i = 0; i < n->params->n; i++)
		fill_param(&n->params->param[i], n->params->w + n->params->param[i].offset);
	params_touch(n->params);
	n->plan = plan_new(n->g, n->params, n->cpu, &opts, &err);
	if (!n->plan)
		fail_msg("%s: %s", name, err.msg);
	ref_values("image", plan_value(n->plan, n->image), shape_count(&s), 1);
	ref_values("target", plan_value(n->plan, n->target), shape_count(&n->out.pred->shape), 1);
}

static void net_close(struct net *n)
{
	plan_free(n->plan);
	params_free(n->params);
	n->cpu->ops->close(n->cpu);
	graph_free(n->g);
}

/* Compares everything; returns the largest error and says where. */
static double compare(struct net *n, struct ref *r, char where[200])
{
	size_t size = shape_count(&n->out.pred->shape);
	const double *loss = ref_f64(r, "loss", 1);
	const float *out = plan_value(n->plan, n->out.pred);
	double worst = size <= 10000 ? ref_error(out, ref_f32(r, "out", size), size)
				     : ref_digest_error(r, "out.digest", "out", out, size);

	snprintf(where, 200, "output");
	if (!(fabs(plan_loss(n->plan) - *loss) <= worst * fabs(*loss))) {
		worst = fabs(plan_loss(n->plan) - *loss) / fabs(*loss);
		snprintf(where, 200, "loss %g, PyTorch %g", plan_loss(n->plan), *loss);
	}
	if (plan_backward(n->plan, &err))
		fail_msg("%s", err.msg);
	for (int i = 0; i < n->params->n; i++) {
		const struct param *p = &n->params->param[i];
		char *tensor = mem_printf("grad.%s", p->name);
		double e = ref_digest_error(r, tensor, p->name, n->params->g + p->offset, p->count);

		if (!(e <= worst)) {
			worst = e;
			snprintf(where, 200, "gradient of %s", p->name);
		}
		free(tensor);
	}
	return worst;
}

static double run(const char *dump, char where[200])
{
	char *path = mem_printf("tests/ref/data/%s.safetensors", dump);
	struct safetensors *st = safetensors_open(path, &err);
	struct ref *r;
	struct net n;
	double worst;

	if (!st)
		fail_msg("%s", err.msg);
	net_open(&n, safetensors_meta(st, "network"), safetensors_meta(st, "args"),
		shape_of(safetensors_meta(st, "shape")));
	assert_int_equal(safetensors_count(st), n.params->n + 2); /* each parameter, no more */
	r = ref_open(dump);
	assert_int_equal(plan_forward(n.plan, true, 1, 1, &err), 0);
	worst = compare(&n, r, where);
	ref_close(r);
	safetensors_close(st);
	net_close(&n);
	free(path);
	return worst;
}

static void networks_are_pytorchs(void **state)
{
	static const char *const dumps[] = {"net_unet", "net_unet_batch", "net_unet_group",
		"net_segresnet", "net_segresnet_vae", "net_segresnet_plain", "net_monai_segresnet",
		"net_monai_segresnet_2d", "net_monai_unet", "net_monai_unet_axes",
		"net_monai_unet_2d", "net_basic_unet", "net_basic_unet_linear"};
	bool ok = true;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(dumps); i++) {
		char where[200];
		double e = run(dumps[i], where);

		print_message("%-24s %.1e (%s)\n", dumps[i], e, where);
		ok &= e <= LIMIT;
	}
	assert_true(ok);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_are_pytorchs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
