/*
 * From graph to steps: dead nodes go, then a small table of patterns is fused.
 * A pattern looks at one step and its producers, and may change the step and
 * remove producers whose value nobody else sees.  The nodes themselves stay as
 * they are, so pointers that the caller holds stay good.
 */
#include "core/graph/steps.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/graph/dice.h"
#include "core/graph/layers.h"

struct fuse {
	struct steps *s;
	const struct graph *g;
	int *uses; /* by node id: how many steps read it */
	steps_offer *offer;
	void *ctx;
};

static void steps_mark(const struct graph *g, const struct node *node, bool *wanted)
{
	if (wanted[node->id])
		return;
	wanted[node->id] = true;
	for (int i = 0; i < node->n_in; i++)
		steps_mark(g, node->in[i], wanted);
}

static void steps_list(struct steps *s, const struct graph *g, const bool *wanted)
{
	s->v = mem_zalloc((size_t)(g->n + 1) * sizeof(*s->v));
	for (int i = 0; i < g->n; i++) {
		const struct node *node = g->node[i];
		struct step *t = &s->v[s->n];

		if (node->kind != NODE_OP || !wanted[i])
			continue;
		t->op = node->op;
		memcpy(t->attr, node->attr, node->op->attr_size);
		t->n_in = node->n_in;
		for (int k = 0; k < node->n_in; k++)
			t->in[k] = node->in[k];
		t->out = node;
		s->n++;
	}
}

/* The step whose value is node, seen by nobody else; NULL when there is none. */
static struct step *fuse_producer(const struct fuse *f, const struct node *node)
{
	if (f->uses[node->id] != 1 || node->output)
		return NULL;
	for (int i = 0; i < f->s->n; i++)
		if (f->s->v[i].op && f->s->v[i].out == node)
			return &f->s->v[i];
	return NULL;
}

/* conv3d(concat(upsample(a), skip)) and conv3d(upsample(a)) -> upconv */
static bool fuse_upconv(const struct fuse *f, struct step *t)
{
	struct conv_attr *c = (struct conv_attr *)t->attr;
	struct step *join, *up, fused = {.op = &op_upconv, .out = t->out};
	struct upconv_attr *a = (struct upconv_attr *)fused.attr;

	if (t->op != &op_conv3d || !c->same)
		return false;
	for (int i = 0; i < 3; i++)
		if (c->kernel[i] != 3 || c->stride[i] != 1)
			return false;
	join = fuse_producer(f, t->in[0]);
	if (!join || (join->op != &op_concat && join->op != &op_upsample))
		return false;
	up = join->op == &op_concat ? fuse_producer(f, join->in[0]) : join;
	if (!up || up->op != &op_upsample || join->n_in > 2)
		return false;
	a->conv = *c;
	memcpy(a->size, ((struct upsample_attr *)up->attr)->size, sizeof(a->size));
	a->skip = join->n_in == 2;
	fused.in[fused.n_in++] = up->in[0];
	if (a->skip)
		fused.in[fused.n_in++] = join->in[1];
	for (int i = 1; i < t->n_in; i++)
		fused.in[fused.n_in++] = t->in[i];
	if (!f->offer(f->ctx, &fused))
		return false;
	up->op = NULL;
	join->op = NULL;
	*t = fused;
	return true;
}

static struct act_attr *fuse_act_slot(struct step *t)
{
	if (t->op == &op_conv3d)
		return &((struct conv_attr *)t->attr)->act;
	if (t->op == &op_upconv)
		return &((struct upconv_attr *)t->attr)->conv.act;
	return t->op == &op_norm ? &((struct norm_attr *)t->attr)->act : NULL;
}

/* act(conv3d), act(upconv), act(norm) -> the same with its activation set */
static bool fuse_act(const struct fuse *f, struct step *t)
{
	const struct act_attr *act = (struct act_attr *)t->attr;
	struct act_attr *slot;
	struct step *p;

	if (t->op != &op_act || (act->kind == ACT_LEAKY && act->slope < 0.01f) ||
		act->kind == ACT_SIGMOID)
		return false;
	p = fuse_producer(f, t->in[0]);
	slot = p ? fuse_act_slot(p) : NULL;
	if (!slot || slot->kind != ACT_NONE ||
		(p->op == &op_norm && ((struct norm_attr *)p->attr)->slopes))
		return false;
	*slot = *act;
	p->out = t->out;
	t->op = NULL;
	return true;
}

/* prelu(norm) -> norm with the slopes as its last input */
static bool fuse_prelu(const struct fuse *f, struct step *t)
{
	struct step *p = t->op == &op_prelu ? fuse_producer(f, t->in[0]) : NULL, fused;
	struct norm_attr *a = (struct norm_attr *)fused.attr;

	if (!p || p->op != &op_norm)
		return false;
	fused = *p;
	if (a->act.kind != ACT_NONE || a->slopes)
		return false;
	a->slopes = (int32_t)t->in[1]->shape.d[0];
	fused.in[fused.n_in++] = t->in[1];
	fused.out = t->out;
	if (!f->offer(f->ctx, &fused))
		return false;
	*p = fused;
	t->op = NULL;
	return true;
}

/* dice(softmax(z) or sigmoid(z)) -> dice_logits(z); dice_logits(z) + entropy(z) -> one of both */
static bool fuse_loss(const struct fuse *f, struct step *t)
{
	struct step fused = {.op = &op_loss_dice_logits, .out = t->out, .n_in = 2};
	struct dice_logits_attr *a = (struct dice_logits_attr *)fused.attr;
	struct step *p = fuse_producer(f, t->in[0]), *q;

	if (!p || (t->op != &op_loss_dice && t->op != &op_add))
		return false;
	q = t->op == &op_add ? fuse_producer(f, t->in[1]) : NULL;
	if (q && q->op == &op_loss_dice_logits) {
		struct step *dice = q;

		q = p;
		p = dice;
	}
	if (t->op == &op_loss_dice) {
		if (!dice_logits_of_dice(p->op, p->attr, (struct dice_attr *)t->attr, a))
			return false;
	} else {
		if (!q || p->op != &op_loss_dice_logits || p->in[0] != q->in[0] ||
			p->in[1] != q->in[1])
			return false;
		memcpy(a, p->attr, sizeof(*a));
		if (!dice_logits_add(a, q->op, (struct entropy_attr *)q->attr))
			return false;
	}
	fused.in[0] = p->in[0];
	fused.in[1] = q ? q->in[1] : t->in[1];
	if (!f->offer(f->ctx, &fused))
		return false;
	p->op = NULL;
	if (q)
		q->op = NULL;
	*t = fused;
	return true;
}

static bool (*const fuse_table[])(const struct fuse *f, struct step *t) = {
	fuse_upconv,
	fuse_act,
	fuse_prelu,
	fuse_loss,
};

static void steps_fuse(struct steps *s, const struct graph *g, steps_offer *offer, void *ctx)
{
	struct fuse f = {s, g, mem_zalloc((size_t)(g->n + 1) * sizeof(int)), offer, ctx};
	int n = 0;

	for (int i = 0; i < s->n; i++)
		for (int k = 0; k < s->v[i].n_in; k++)
			f.uses[s->v[i].in[k]->id]++;
	for (size_t k = 0; k < ARRAY_SIZE(fuse_table); k++)
		for (int i = 0; i < s->n; i++)
			if (s->v[i].op)
				fuse_table[k](&f, &s->v[i]);
	for (int i = 0; i < s->n; i++)
		if (s->v[i].op)
			s->v[n++] = s->v[i];
	s->n = n;
	free(f.uses);
}

void steps_init(struct steps *s, const struct graph *g, bool fuse, steps_offer *offer, void *ctx)
{
	bool *wanted = mem_zalloc((size_t)g->n + 1);

	*s = (struct steps){0};
	for (int i = 0; i < g->n; i++)
		if (g->node[i]->output)
			steps_mark(g, g->node[i], wanted);
	steps_list(s, g, wanted);
	free(wanted);
	if (fuse)
		steps_fuse(s, g, offer, ctx);
}

void steps_release(struct steps *s)
{
	free(s->v);
	*s = (struct steps){0};
}
