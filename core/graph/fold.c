/*
 * Folding of batch norms, and of the slopes of PReLUs, for inference.
 *
 * The norm's node becomes the convolution, with beta in the place of the bias: so
 * whoever holds a pointer to the norm's value sees the same value, and the
 * convolution's own node is dead.  A weight that two convolutions share is left
 * alone, as is a convolution whose value something else reads.
 */
#include "core/graph/fold.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/graph/layers.h"

/* What fusion takes into a convolution. */
#define FOLD_SLOPE_MIN 0.01f

static int fold_uses(const struct graph *g, const struct node *node)
{
	int n = 0;

	for (int i = 0; i < g->n; i++)
		for (int k = 0; k < g->node[i]->n_in; k++)
			n += g->node[i]->in[k] == node;
	return n;
}

/* The convolution that norm can be folded into, or NULL. */
static struct node *fold_conv(const struct graph *g, const struct node *norm)
{
	const struct norm_attr *a = norm->attr;
	struct node *conv = norm->kind == NODE_OP && norm->op == &op_norm ? norm->in[0] : NULL;

	if (!conv || a->kind != NORM_BATCH || a->act.kind != ACT_NONE || conv->kind != NODE_OP ||
		(conv->op != &op_conv3d && conv->op != &op_conv_transpose))
		return NULL;
	if (conv->output || conv->in[1]->kind != NODE_PARAM || fold_uses(g, conv) != 1 ||
		fold_uses(g, conv->in[1]) != 1)
		return NULL;
	return conv;
}

static void fold_note(struct graph_folds *folds, const struct node *norm, const struct node *conv)
{
	struct graph_fold *f;

	folds->v = mem_realloc(folds->v, (size_t)(folds->n + 1) * sizeof(*folds->v));
	f = &folds->v[folds->n++];
	*f = (struct graph_fold){
		.weight = mem_strdup(conv->in[1]->name),
		.gamma = mem_strdup(norm->in[1]->name),
		.beta = mem_strdup(norm->in[2]->name),
		.mean = mem_strdup(norm->in[3]->name),
		.var = mem_strdup(norm->in[4]->name),
		.bias = conv->n_in > 2 ? mem_strdup(conv->in[2]->name) : NULL,
		.eps = ((const struct norm_attr *)norm->attr)->eps,
		.axis = conv->op == &op_conv_transpose,
	};
}

/* Both convolutions say in their attributes whether there is a bias. */
static void fold_set_bias(struct node *conv)
{
	if (conv->op == &op_conv3d)
		((struct conv_attr *)conv->attr)->bias = 1;
	else
		((struct conv_transpose_attr *)conv->attr)->bias = 1;
}

static void fold_apply(struct node *norm, const struct node *conv)
{
	struct node *beta = norm->in[2];

	free(norm->attr);
	norm->op = conv->op;
	norm->attr = mem_zalloc(norm->op->attr_size + 1);
	memcpy(norm->attr, conv->attr, norm->op->attr_size);
	fold_set_bias(norm);
	norm->in[0] = conv->in[0];
	norm->in[1] = conv->in[1];
	norm->in[2] = beta;
	norm->n_in = 3;
}

static void fold_drop_losses(struct graph *g)
{
	for (int i = 0; i < g->n_loss; i++)
		g->loss[i].node->output = false;
	g->n_loss = 0;
}

static void fold_prune(struct graph *g)
{
	bool *wanted = mem_zalloc((size_t)g->n + 1);
	int n = 0;

	/* Inputs of a node stand before it. */
	for (int i = g->n - 1; i >= 0; i--) {
		wanted[i] |= g->node[i]->output || g->node[i]->kind == NODE_INPUT;
		for (int k = 0; wanted[i] && k < g->node[i]->n_in; k++)
			wanted[g->node[i]->in[k]->id] = true;
	}
	for (int i = 0; i < g->n; i++) {
		if (wanted[i]) {
			g->node[n] = g->node[i];
			g->node[n]->id = n;
			n++;
			continue;
		}
		free(g->node[i]->name);
		free(g->node[i]->attr);
		free(g->node[i]);
	}
	g->n = n;
	free(wanted);
}

void graph_fold(struct graph *g, struct graph_folds *folds)
{
	fold_drop_losses(g);
	fold_prune(g);
	for (int i = 0; i < g->n; i++) {
		struct node *conv = fold_conv(g, g->node[i]);

		if (!conv)
			continue;
		if (folds)
			fold_note(folds, g->node[i], conv);
		fold_apply(g->node[i], conv);
	}
	fold_prune(g);
}

void graph_fold_prelu(struct graph *g, const struct params *params)
{
	for (int i = 0; i < g->n; i++) {
		struct node *node = g->node[i];
		const struct param *p;
		struct act_attr *a;

		if (node->kind != NODE_OP || node->op != &op_prelu)
			continue;
		p = params_find(params, node->in[1]->name);
		if (!p || p->count != 1 || params->w[p->offset] < FOLD_SLOPE_MIN)
			continue;
		free(node->attr);
		a = mem_zalloc(sizeof(*a));
		*a = (struct act_attr){.kind = ACT_LEAKY, .slope = params->w[p->offset]};
		node->attr = a;
		node->op = &op_act;
		node->n_in = 1;
	}
	fold_prune(g);
}

void graph_folds_release(struct graph_folds *folds)
{
	for (int i = 0; i < folds->n; i++) {
		struct graph_fold *f = &folds->v[i];
		char *names[] = {f->weight, f->gamma, f->beta, f->mean, f->var, f->bias};

		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			free(names[k]);
	}
	free(folds->v);
	memset(folds, 0, sizeof(*folds));
}
