/*
 * Making a plan: which steps run, which kernel each gets, and where every value
 * lies.
 *
 * Time: step i runs forward at time i and backward at time 2 n - 1 - i.  A value
 * lives from the step that makes it to its last reader, forward or backward (an
 * op says which values its backward reads); a gradient from its first contributor
 * to the backward of the step that made the node.  Blocks that never live at the
 * same time share memory.  An op that may work in place continues the block of
 * its input when nobody reads that input later.
 *
 * Gradients: the first contributor in backward order overwrites, later ones add.
 * A kernel that cannot add writes to a temporary block, which the plan adds.
 */
#include "core/graph/plan_build.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

struct ref_kernel {
	struct kernel base;
	const struct op *op;
};

static int ref_forward(struct kernel *k, const struct op_io *io, struct err *err)
{
	(void)err;
	((struct ref_kernel *)k)->op->forward(io);
	return 0;
}

static int ref_backward(struct kernel *k, const struct op_io *io, struct err *err)
{
	(void)err;
	((struct ref_kernel *)k)->op->backward(io);
	return 0;
}

static void ref_free(struct kernel *k)
{
	free(k);
}

static const struct kernel_ops ref_kernel_ops = {ref_forward, ref_backward, ref_free};

static struct kernel *ref_kernel_new(const struct kernel_spec *s)
{
	struct ref_kernel *k = mem_zalloc(sizeof(*k));

	k->base.ops = &ref_kernel_ops;
	k->base.can_acc = ~0u;
	k->op = s->op;
	if (s->op->save_bytes)
		k->base.save_bytes = s->op->save_bytes(s->attr, s->n_in, s->in, &s->out);
	if (s->op->work_bytes) {
		k->base.fwd_work = s->op->work_bytes(s->attr, s->n_in, s->in, &s->out, false);
		k->base.bwd_work = s->op->work_bytes(s->attr, s->n_in, s->in, &s->out, true);
	}
	return &k->base;
}

static struct kernel_spec plan_spec(
	const struct plan *p, const struct step *s, unsigned want, struct shape in_shape[OP_MAX_IN])
{
	for (int i = 0; i < s->n_in; i++)
		in_shape[i] = s->in[i]->shape;
	return (struct kernel_spec){s->op, s->attr, s->n_in, in_shape, s->out->shape, p->opts.dtype,
		p->opts.training, want};
}

/* Has the backend a kernel for a fused candidate? */
static bool plan_offers(void *ctx, const struct step *s)
{
	struct plan *p = ctx;
	struct shape in[OP_MAX_IN];
	struct kernel_spec spec = plan_spec(p, s, op_bits_all(NULL, s->n_in), in);
	struct kernel *k = NULL;

	if (p->opts.reference || p->b->ops->kernel_new(p->b, &spec, &k, NULL) || !k)
		return false;
	k->ops->free(k);
	return true;
}

static int plan_time_fwd(int step)
{
	return step;
}

static int plan_time_bwd(const struct plan *p, int step)
{
	return 2 * p->n - 1 - step;
}

static void plan_list_steps(struct plan *p)
{
	struct steps s;

	steps_init(&s, p->g, !p->opts.no_fuse, plan_offers, p);
	p->n = s.n;
	p->step = mem_zalloc((size_t)(s.n + 1) * sizeof(*p->step));
	for (int i = 0; i < s.n; i++) {
		p->step[i].s = s.v[i];
		p->made[s.v[i].out->id] = i;
	}
	steps_release(&s);
}

/* Which steps run backward, and which gradients they make. */
static void plan_reach(struct plan *p)
{
	bool *live = mem_zalloc((size_t)p->g->n + 1);

	for (int i = 0; i < p->g->n_loss; i++)
		live[p->g->loss[i].node->id] = true;
	for (int i = p->n - 1; i >= 0 && p->opts.training; i--) {
		struct plan_step *t = &p->step[i];
		unsigned diff = t->s.op->diff(t->s.attr, t->s.n_in);

		if (!live[t->s.out->id] || !t->s.op->backward)
			continue;
		for (int k = 0; k < t->s.n_in; k++) {
			if (!(diff & OP_IN(k)) || !t->s.in[k]->grad)
				continue;
			t->want |= OP_IN(k);
			live[t->s.in[k]->id] = true;
		}
		t->active = t->want != 0;
	}
	free(live);
}

static int plan_kernels(struct plan *p, struct err *err)
{
	for (int i = 0; i < p->n; i++) {
		struct plan_step *t = &p->step[i];
		struct kernel_spec spec = plan_spec(p, &t->s, t->want, t->in_shape);

		if (!p->opts.reference && p->b->ops->kernel_new(p->b, &spec, &t->k, err))
			return err_wrap(err, "layer '%s'", t->s.out->name);
		t->reference = !t->k;
		if (!t->k)
			t->k = ref_kernel_new(&spec);
	}
	return 0;
}

static int plan_add_block(
	struct plan *p, const char *name, const char *part, size_t bytes, int first, int last)
{
	p->block = mem_realloc(p->block, (size_t)(p->n_block + 1) * sizeof(*p->block));
	p->what = mem_realloc(p->what, (size_t)(p->n_block + 1) * sizeof(*p->what));
	p->block[p->n_block] = (struct arena_block){bytes, first, last, 0};
	p->what[p->n_block] = mem_printf("%s %s", part, name);
	return p->n_block++;
}

static size_t plan_node_bytes(const struct node *node)
{
	return shape_count(&node->shape) * sizeof(float);
}

static bool plan_has_block(const struct node *node)
{
	return node->kind == NODE_OP || node->kind == NODE_INPUT;
}

static void plan_last_uses(struct plan *p)
{
	for (int i = 0; i < p->g->n; i++)
		p->last_use[i] = p->g->node[i]->output ? 2 * p->n : -1;
	for (int i = 0; i < p->n; i++) {
		struct step *s = &p->step[i].s;
		unsigned needs = s->op->bwd_needs(s->attr, s->n_in);

		for (int k = 0; k < s->n_in; k++) {
			int *last = &p->last_use[s->in[k]->id];
			bool back = p->step[i].active && (needs & OP_IN(k));
			int t = back ? plan_time_bwd(p, i) : plan_time_fwd(i);

			*last = t > *last ? t : *last;
		}
		if (p->step[i].active && (needs & OP_NEEDS_OUT) &&
			p->last_use[s->out->id] < plan_time_bwd(p, i))
			p->last_use[s->out->id] = plan_time_bwd(p, i);
	}
}

static bool plan_alone(const struct step *s, int i)
{
	for (int k = 0; k < s->n_in; k++)
		if (k != i && s->in[k] == s->in[i])
			return false;
	return true;
}

static bool plan_in_place(const struct plan *p, int i)
{
	const struct step *s = &p->step[i].s;

	return (s->op->flags & OP_INPLACE) && s->in[0]->kind == NODE_OP && !s->in[0]->output &&
	       p->last_use[s->in[0]->id] == plan_time_fwd(i) && plan_alone(s, 0) &&
	       plan_node_bytes(s->in[0]) == plan_node_bytes(s->out);
}

static void plan_value_blocks(struct plan *p)
{
	for (int i = 0; i < p->g->n; i++) {
		const struct node *node = p->g->node[i];

		if (node->kind == NODE_INPUT && p->last_use[i] >= 0)
			p->value[i] = plan_add_block(
				p, node->name, "value", plan_node_bytes(node), -1, p->last_use[i]);
	}
	for (int i = 0; i < p->n; i++) {
		const struct node *out = p->step[i].s.out;
		int last = p->last_use[out->id] > i ? p->last_use[out->id] : i;

		if (plan_in_place(p, i)) {
			int b = p->value[p->step[i].s.in[0]->id];

			p->value[out->id] = b;
			if (p->block[b].last < last)
				p->block[b].last = last;
		} else {
			p->value[out->id] = plan_add_block(
				p, out->name, "value", plan_node_bytes(out), i, last);
		}
	}
}

static int plan_maybe_block(
	struct plan *p, const char *name, const char *part, size_t bytes, int first, int last)
{
	return bytes ? plan_add_block(p, name, part, bytes, first, last) : -1;
}

static void plan_scratch_blocks(struct plan *p)
{
	for (int i = 0; i < p->n; i++) {
		struct plan_step *t = &p->step[i];
		const char *name = t->s.out->name;
		int fwd = plan_time_fwd(i), bwd = plan_time_bwd(p, i);

		t->save = plan_maybe_block(
			p, name, "saved", t->k->save_bytes, fwd, t->active ? bwd : fwd);
		t->fwd_work = plan_maybe_block(p, name, "work", t->k->fwd_work, fwd, fwd);
		t->keep = plan_maybe_block(p, name, "packed", t->k->keep_bytes, -1, 2 * p->n);
		t->bwd_work = t->active
				      ? plan_maybe_block(p, name, "work'", t->k->bwd_work, bwd, bwd)
				      : -1;
		for (int k = 0; k < OP_MAX_IN; k++)
			t->temp[k] = -1;
	}
}

/* Gradient of input k of step i: where it goes, and whether it is added. */
static void plan_grad_input(struct plan *p, int i, int k, bool *seen)
{
	struct plan_step *t = &p->step[i];
	const struct node *u = t->s.in[k];
	int now = plan_time_bwd(p, i),
	    end = plan_has_block(u) ? plan_time_bwd(p, p->made[u->id]) : 0;

	if (seen[u->id]) {
		if ((t->k->can_acc & OP_IN(k)) && plan_alone(&t->s, k))
			t->io.acc |= OP_IN(k);
		else
			t->temp[k] = plan_add_block(
				p, u->name, "gradient+", plan_node_bytes(u), now, now);
		return;
	}
	seen[u->id] = true;
	if (!plan_has_block(u))
		return;
	if (k == 0 && (t->s.op->flags & OP_BWD_INPLACE) && plan_alone(&t->s, 0) &&
		plan_node_bytes(u) == plan_node_bytes(t->s.out)) {
		p->grad[u->id] = p->grad[t->s.out->id];
		p->block[p->grad[u->id]].last = end;
		return;
	}
	p->grad[u->id] = plan_add_block(p, u->name, "gradient", plan_node_bytes(u), now, end);
}

static void plan_grad_blocks(struct plan *p)
{
	bool *seen = mem_zalloc((size_t)p->g->n + 1);

	for (int i = 0; i < p->g->n_loss && p->opts.training; i++) {
		const struct node *node = p->g->loss[i].node;

		if (seen[node->id] || p->made[node->id] < 0)
			continue;
		seen[node->id] = true;
		p->grad[node->id] = plan_add_block(p, node->name, "gradient", plan_node_bytes(node),
			p->n, plan_time_bwd(p, p->made[node->id]));
	}
	for (int i = p->n - 1; i >= 0; i--) {
		if (!p->step[i].active)
			continue;
		for (int k = 0; k < p->step[i].s.n_in; k++)
			if (p->step[i].want & OP_IN(k))
				plan_grad_input(p, i, k, seen);
	}
	free(seen);
}

void *plan_block_ptr(const struct plan *p, int block)
{
	return block < 0 ? NULL : p->arena + p->block[block].offset;
}

static int plan_param_ptr(
	const struct plan *p, const struct node *node, float **w, float **g, struct err *err)
{
	bool trained = node->kind == NODE_PARAM;
	const struct param *q = trained ? params_find(p->params, node->name)
					: params_find_state(p->params, node->name);

	if (!q || !shape_eq(&q->shape, &node->shape))
		return err_set(err, ERR_DATA, "the weights have no '%s' of this size", node->name);
	*w = (trained ? p->params->w : p->params->s) + q->offset;
	*g = trained && p->params->g ? p->params->g + q->offset : NULL;
	return 0;
}

static int plan_bind_step(struct plan *p, struct plan_step *t, struct err *err)
{
	struct op_io *io = &t->io;

	io->attr = t->s.attr;
	io->n_in = t->s.n_in;
	io->in_shape = t->in_shape;
	io->out_shape = t->s.out->shape;
	io->node = (uint64_t)t->s.out->id;
	io->out = plan_block_ptr(p, p->value[t->s.out->id]);
	io->dout = t->active ? plan_block_ptr(p, p->grad[t->s.out->id]) : NULL;
	io->save = plan_block_ptr(p, t->save);
	t->k->keep = plan_block_ptr(p, t->keep);
	for (int i = 0; i < t->s.n_in; i++) {
		const struct node *u = t->s.in[i];
		float *grad = NULL;

		if (plan_has_block(u)) {
			io->in[i] = plan_block_ptr(p, p->value[u->id]);
			grad = plan_block_ptr(p, p->grad[u->id]);
		} else if (plan_param_ptr(p, u, &io->in[i], &grad, err)) {
			return -1;
		}
		if (!(t->want & OP_IN(i)))
			continue;
		io->din[i] = grad;
		if (t->temp[i] >= 0) {
			t->add_to[i] = grad;
			io->din[i] = plan_block_ptr(p, t->temp[i]);
		}
	}
	return 0;
}

int plan_build(struct plan *p, struct err *err)
{
	size_t n = (size_t)p->g->n + 1;
	int **maps[] = {&p->value, &p->grad, &p->made, &p->last_use};

	for (size_t k = 0; k < ARRAY_SIZE(maps); k++) {
		*maps[k] = mem_alloc(n * sizeof(int));
		for (size_t i = 0; i < n; i++)
			(*maps[k])[i] = -1;
	}
	plan_list_steps(p);
	plan_reach(p);
	if (plan_kernels(p, err))
		return -1;
	plan_last_uses(p);
	plan_value_blocks(p);
	plan_scratch_blocks(p);
	plan_grad_blocks(p);
	p->arena_bytes = arena_assign(p->block, p->n_block);
	if (p->opts.dry)
		return 0;
	p->arena = p->b->ops->alloc(p->b, p->arena_bytes + 64, "arena of the plan", err);
	if (!p->arena)
		return -1;
	for (int i = 0; i < p->n; i++)
		if (plan_bind_step(p, &p->step[i], err))
			return -1;
	return 0;
}
