#ifndef CORE_GRAPH_PARAMS_H
#define CORE_GRAPH_PARAMS_H

#include "core/graph/graph.h"

/*
 * The weights of a network, apart from any plan: several plans (training at one
 * batch shape, inference at another) share one store.  All trained weights lie in
 * one array, all gradients in a second of the same layout, all states in a third,
 * so that an optimizer runs in one pass; each tensor starts at a multiple of 16
 * floats and the padding between them stays 0.
 */
struct param {
	char *name;
	struct shape shape;
	size_t offset; /* floats from the start of w and g (states: of s) */
	size_t count;
};

struct params {
	struct param *param;
	int n;
	struct param *state;
	int n_state;
	float *w, *g, *s; /* g is NULL until params_need_grads() */
	size_t len;       /* floats in w and in g, padding included */
	size_t state_len; /* floats in s */
	uint64_t version; /* raised by whoever changes w: see params_touch() */
};

/*
 * Makes the store for g's parameters and states and initialises it.  Each
 * parameter draws from its own stream (seed, name), so adding a layer does not
 * change the others.  Free with params_free().
 */
struct params *params_new(const struct graph *g, uint64_t seed, struct err *err) MUST_CHECK;

/* Names, shapes and places only, no values: for dry plans. */
struct params *params_layout(const struct graph *g);
void params_free(struct params *p);

/* Allocates g (zeroed); plan_new() for training calls it. */
int params_need_grads(struct params *p, struct err *err) MUST_CHECK;

/* To be called after every change of w: plans repack weights they keep. */
void params_touch(struct params *p);

const struct param *params_find(const struct params *p, const char *name);       /* or NULL */
const struct param *params_find_state(const struct params *p, const char *name); /* or NULL */

/* How many trained numbers, padding not counted. */
size_t params_count(const struct params *p);

#endif
