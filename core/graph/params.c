/*
 * Weights, gradients and states in three flat arrays.
 *
 * Initial values: each parameter draws from the Philox stream (seed, hash of its
 * name), so the values do not depend on the order of construction.
 */
#include "core/graph/params.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

static const size_t PARAM_ALIGN = 16; /* floats: one cache line */
static const uint64_t PARAM_PURPOSE = 0x70617261;

static size_t params_place(struct param *p, const struct node *node, size_t at)
{
	p->name = mem_strdup(node->name);
	p->shape = node->shape;
	p->offset = at;
	p->count = shape_count(&node->shape);
	return at + (p->count + PARAM_ALIGN - 1) / PARAM_ALIGN * PARAM_ALIGN;
}

static void params_fill(float *v, size_t n, const struct node *node, uint64_t seed)
{
	struct rng r = rng_stream(seed, 0, rng_hash(node->name), PARAM_PURPOSE);
	const struct init *init = &node->init;
	double a;

	switch (init->kind) {
	case INIT_CONST:
		for (size_t i = 0; i < n; i++)
			v[i] = (float)init->value;
		break;
	case INIT_HE_NORMAL:
		a = sqrt(2 / init->fan_in);
		for (size_t i = 0; i < n; i++)
			v[i] = (float)(a * rng_normal(&r));
		break;
	case INIT_GLOROT_UNIFORM:
		a = sqrt(6 / (init->fan_in + init->fan_out));
		for (size_t i = 0; i < n; i++)
			v[i] = (float)rng_range(&r, -a, a);
		break;
	}
}

static float *params_array(size_t len, const char *what, struct err *err)
{
	size_t bytes = (len ? len : 1) * sizeof(float);
	float *v = mem_try_big(bytes, what, err);

	if (v)
		memset(v, 0, bytes);
	return v;
}

struct params *params_layout(const struct graph *g)
{
	struct params *p = mem_zalloc(sizeof(*p));

	p->param = mem_zalloc((size_t)(g->n + 1) * sizeof(struct param));
	p->state = mem_zalloc((size_t)(g->n + 1) * sizeof(struct param));
	for (int i = 0; i < g->n; i++) {
		const struct node *node = g->node[i];

		if (node->kind == NODE_PARAM)
			p->len = params_place(&p->param[p->n++], node, p->len);
		else if (node->kind == NODE_STATE)
			p->state_len = params_place(&p->state[p->n_state++], node, p->state_len);
	}
	return p;
}

struct params *params_new(const struct graph *g, uint64_t seed, struct err *err)
{
	struct params *p = params_layout(g);

	p->w = params_array(p->len, "weights", err);
	p->s = p->w ? params_array(p->state_len, "states", err) : NULL;
	if (!p->s) {
		params_free(p);
		return NULL;
	}
	for (int i = 0; i < p->n; i++)
		params_fill(p->w + p->param[i].offset, p->param[i].count,
			graph_find(g, p->param[i].name), seed);
	for (int i = 0; i < p->n_state; i++)
		params_fill(p->s + p->state[i].offset, p->state[i].count,
			graph_find(g, p->state[i].name), seed);
	p->version = 1;
	return p;
}

void params_free(struct params *p)
{
	if (!p)
		return;
	for (int i = 0; i < p->n; i++)
		free(p->param[i].name);
	for (int i = 0; i < p->n_state; i++)
		free(p->state[i].name);
	free(p->param);
	free(p->state);
	free(p->w);
	free(p->g);
	free(p->s);
	free(p);
}

int params_need_grads(struct params *p, struct err *err)
{
	if (!p->g)
		p->g = params_array(p->len, "weight gradients", err);
	return p->g ? 0 : -1;
}

void params_touch(struct params *p)
{
	p->version++;
}

static const struct param *params_search(const struct param *v, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(v[i].name, name))
			return &v[i];
	return NULL;
}

const struct param *params_find(const struct params *p, const char *name)
{
	return params_search(p->param, p->n, name);
}

const struct param *params_find_state(const struct params *p, const char *name)
{
	return params_search(p->state, p->n_state, name);
}

size_t params_count(const struct params *p)
{
	size_t n = 0;

	for (int i = 0; i < p->n; i++)
		n += p->param[i].count;
	return n;
}
