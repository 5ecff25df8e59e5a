/*
 * A network on a training plan, for the tests of networks.
 */
#include "tests/unit/net_rig.h"

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
#include "tests/unit/use.h"

int net_rig_build(
	struct net_rig *r, const char *name, const char *json, struct shape image, struct err *err)
{
	struct component_use u = use_of(COMPONENT_NETWORK, name, json);
	const struct net_ops *ops = u.c->ops;
	int rc;

	memset(r, 0, sizeof(*r));
	r->g = graph_new();
	r->g->training = true;
	r->image = graph_input(r->g, "image", &image, err);
	rc = r->image ? ops->build(u.args, r->g, r->image, &r->out, err) : -1;
	if (!rc)
		assert_int_equal(ops->classes(u.args), shape_channels(&r->out.pred->shape));
	component_use_release(&u);
	return rc;
}

void net_rig_open(struct net_rig *r, const char *name, const char *json, struct shape image)
{
	struct entropy_attr entropy = {.form = ENTROPY_SOFTMAX_LOGITS};
	struct plan_opts opts = {.training = true};
	struct err err = ERR_INIT;
	struct shape s;

	if (net_rig_build(r, name, json, image, &err))
		fail_msg("%s: %s", name, err.msg);
	s = r->out.logits->shape;
	s.d[4] = 1;
	r->label = graph_input(r->g, "label", &s, &err);
	r->loss = layer_cross_entropy(r->g, r->out.logits, r->label, &entropy, &err);
	if (!r->loss || graph_add_loss(r->g, r->loss, 1, &err))
		fail_msg("%s: %s", name, err.msg);
	graph_output(r->g, r->out.logits);
	r->params = params_new(r->g, 1, &err);
	r->cpu = cpu_open(NULL, &err);
	assert_non_null(r->params);
	assert_non_null(r->cpu);
	r->plan = plan_new(r->g, r->params, r->cpu, &opts, &err);
	if (!r->plan)
		fail_msg("%s: %s", name, err.msg);
	r->m = mem_zalloc(r->params->len * sizeof(float));
	r->v = mem_zalloc(r->params->len * sizeof(float));
}

void net_rig_close(struct net_rig *r)
{
	free(r->m);
	free(r->v);
	plan_free(r->plan);
	params_free(r->params);
	if (r->cpu)
		r->cpu->ops->close(r->cpu);
	graph_free(r->g);
	memset(r, 0, sizeof(*r));
}

double net_rig_step(struct net_rig *r)
{
	struct err err = ERR_INIT;
	double loss;

	if (plan_forward(r->plan, true, 1, (uint64_t)r->step, &err))
		fail_msg("%s", err.msg);
	loss = plan_loss(r->plan);
	if (plan_backward(r->plan, &err))
		fail_msg("%s", err.msg);
	r->step++;
	return loss;
}

double net_rig_adam(struct net_rig *r, double rate)
{
	double loss = net_rig_step(r), c1 = 1 - pow(0.9, r->step), c2 = 1 - pow(0.99, r->step);
	struct params *p = r->params;

	for (size_t i = 0; i < p->len; i++) {
		r->m[i] = 0.9f * r->m[i] + 0.1f * p->g[i];
		r->v[i] = 0.99f * r->v[i] + 0.01f * p->g[i] * p->g[i];
		p->w[i] -=
			(float)rate * (r->m[i] / (float)c1) / (sqrtf(r->v[i] / (float)c2) + 1e-8f);
	}
	params_touch(p);
	return loss;
}

double net_rig_descend(struct net_rig *r, double rate)
{
	double loss = net_rig_step(r);
	struct params *p = r->params;

	for (size_t i = 0; i < p->len; i++)
		p->w[i] -= (float)rate * (float)((p->g[i] > 0) - (p->g[i] < 0));
	params_touch(p);
	return loss;
}
