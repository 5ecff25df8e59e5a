/*
 * Building graphs.  A node is appended after its inputs, so the order of the
 * array is a valid order of computation and the graph has no cycles.  A node
 * needs a gradient when it is a parameter or when an op is differentiable in one
 * of its inputs that needs one; the walk backwards follows only those.
 */
#include "core/graph/graph.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

struct graph *graph_new(void)
{
	return mem_zalloc(sizeof(struct graph));
}

void graph_free(struct graph *g)
{
	if (!g)
		return;
	for (int i = 0; i < g->n; i++) {
		free(g->node[i]->name);
		free(g->node[i]->attr);
		free(g->node[i]);
	}
	free(g->node);
	free(g);
}

struct node *graph_find(const struct graph *g, const char *name)
{
	for (int i = 0; i < g->n; i++)
		if (!strcmp(g->node[i]->name, name))
			return g->node[i];
	return NULL;
}

static struct node *graph_append(struct graph *g, enum node_kind kind, const char *name,
	const struct shape *shape, struct err *err)
{
	struct node *node;
	size_t bytes;

	if (graph_find(g, name)) {
		err_set(err, ERR_DATA, "the graph has two nodes named '%s'", name);
		return NULL;
	}
	if (shape->n < 1 || shape->n > SHAPE_MAX || shape_bytes(shape, sizeof(double), &bytes) ||
		!bytes) {
		err_set(err, ERR_DATA, "size of node '%s' is empty or out of range", name);
		return NULL;
	}
	node = mem_zalloc(sizeof(*node));
	node->id = g->n;
	node->kind = kind;
	node->name = mem_strdup(name);
	node->shape = *shape;
	g->node = mem_realloc(g->node, (size_t)(g->n + 1) * sizeof(struct node *));
	g->node[g->n++] = node;
	return node;
}

struct node *graph_input(
	struct graph *g, const char *name, const struct shape *shape, struct err *err)
{
	return graph_append(g, NODE_INPUT, name, shape, err);
}

struct node *graph_param(struct graph *g, const char *name, const struct shape *shape,
	struct init init, struct err *err)
{
	struct node *node = graph_append(g, NODE_PARAM, name, shape, err);

	if (node) {
		node->init = init;
		node->grad = true;
	}
	return node;
}

struct node *graph_state(
	struct graph *g, const char *name, const struct shape *shape, double value, struct err *err)
{
	struct node *node = graph_append(g, NODE_STATE, name, shape, err);

	if (node)
		node->init = (struct init){INIT_CONST, value, 0, 0};
	return node;
}

struct node *graph_op(struct graph *g, const struct op *op, const void *attr,
	struct node *const *in, int n_in, const char *name, struct err *err)
{
	struct shape shapes[OP_MAX_IN], out;
	struct node *node;
	char *made = NULL;
	unsigned diff;

	if (n_in < op->min_in || n_in > op->max_in) {
		err_set(err, ERR_DATA, "op '%s' takes %d to %d inputs, not %d", op->name,
			op->min_in, op->max_in, n_in);
		return NULL;
	}
	if (!name)
		name = made = mem_printf("%s_%d", op->name, g->n);
	for (int i = 0; i < n_in; i++)
		shapes[i] = in[i]->shape;
	if (op->shape(attr, n_in, shapes, &out, err)) {
		err_wrap(err, "op '%s' (%s)", name, op->name);
		free(made);
		return NULL;
	}
	node = graph_append(g, NODE_OP, name, &out, err);
	free(made);
	if (!node)
		return NULL;
	node->op = op;
	node->attr = mem_zalloc(op->attr_size + 1);
	if (op->attr_size)
		memcpy(node->attr, attr, op->attr_size);
	node->n_in = n_in;
	diff = op->diff(node->attr, n_in);
	for (int i = 0; i < n_in; i++) {
		node->in[i] = in[i];
		node->grad |= (diff & OP_IN(i)) && in[i]->grad;
	}
	return node;
}

void graph_output(struct graph *g, struct node *node)
{
	(void)g;
	node->output = true;
}

int graph_add_loss(struct graph *g, struct node *node, float weight, struct err *err)
{
	if (g->n_loss == (int)ARRAY_SIZE(g->loss))
		return err_set(err, ERR_DATA, "more than %d losses", g->n_loss);
	if (shape_count(&node->shape) != 1)
		return err_set(err, ERR_DATA, "loss '%s' is not one number", node->name);
	node->output = true;
	g->loss[g->n_loss].node = node;
	g->loss[g->n_loss++].weight = weight;
	return 0;
}
