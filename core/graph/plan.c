/*
 * Running a plan: uploads, forward, backward.  Everything was decided when it was
 * built; a step only calls kernels on fixed addresses.
 */
#include "core/graph/plan.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/graph/plan_build.h"

struct plan *plan_new(struct graph *g, struct params *params, struct backend *b,
	const struct plan_opts *opts, struct err *err)
{
	struct plan *p = mem_zalloc(sizeof(*p));

	p->g = g;
	p->params = params;
	p->b = b;
	p->opts = *opts;
	if ((opts->training && !opts->dry && params_need_grads(params, err)) ||
		plan_build(p, err)) {
		plan_free(p);
		return NULL;
	}
	return p;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	for (int i = 0; i < p->n; i++)
		if (p->step[i].k)
			p->step[i].k->ops->free(p->step[i].k);
	for (int i = 0; i < p->n_block; i++)
		free(p->what[i]);
	if (p->arena)
		p->b->ops->release(p->b, p->arena);
	free(p->what);
	free(p->block);
	free(p->step);
	free(p->value);
	free(p->grad);
	free(p->made);
	free(p->last_use);
	free(p);
}

size_t plan_arena_bytes(const struct plan *p)
{
	return p->arena_bytes;
}

float *plan_value(struct plan *p, const struct node *node)
{
	if (node->kind != NODE_INPUT && !node->output)
		return NULL;
	return plan_block_ptr(p, p->value[node->id]);
}

int plan_upload(struct plan *p, const struct node *node, const float *src, struct err *err)
{
	float *dst = plan_value(p, node);

	if (!dst)
		return err_set(err, ERR_DATA, "the plan does not read '%s'", node->name);
	return p->b->ops->upload(p->b, dst, src, shape_count(&node->shape) * sizeof(float), err);
}

int plan_download(struct plan *p, const struct node *node, float *dst, struct err *err)
{
	float *src = plan_value(p, node);

	if (!src)
		return err_set(err, ERR_DATA, "the plan does not keep '%s'", node->name);
	return p->b->ops->download(p->b, dst, src, shape_count(&node->shape) * sizeof(float), err);
}

int plan_forward(struct plan *p, bool training, uint64_t seed, uint64_t step, struct err *err)
{
	if (p->opts.dry)
		return err_set(err, ERR_USAGE, "a dry plan cannot run");
	if (p->b->ops->step_begin(p->b, err))
		return -1;
	for (int i = 0; i < p->n; i++) {
		struct plan_step *t = &p->step[i];
		double t0 = p->timing ? sys_now() : 0;

		t->io.training = training;
		t->io.seed = seed;
		t->io.step = step;
		t->io.param_version = p->params->version;
		t->io.work = plan_block_ptr(p, t->fwd_work);
		if (t->k->ops->forward(t->k, &t->io, err))
			return err_wrap(err, "layer '%s'", t->s.out->name);
		t->fwd_sec = p->timing ? sys_now() - t0 : 0;
	}
	p->forward_done = true;
	return p->b->ops->step_end(p->b, err);
}

double plan_loss(const struct plan *p)
{
	double sum = 0;

	for (int i = 0; i < p->g->n_loss; i++) {
		const float *v = plan_block_ptr(p, p->value[p->g->loss[i].node->id]);

		sum += (double)p->g->loss[i].weight * (double)*v;
	}
	return sum;
}

static void plan_seed(struct plan *p)
{
	for (int i = 0; i < p->g->n_loss; i++) {
		float *d = plan_block_ptr(p, p->grad[p->g->loss[i].node->id]);

		if (d)
			*d = 0;
	}
	for (int i = 0; i < p->g->n_loss; i++) {
		float *d = plan_block_ptr(p, p->grad[p->g->loss[i].node->id]);

		if (d)
			*d += p->g->loss[i].weight;
	}
}

int plan_backward(struct plan *p, struct err *err)
{
	if (!p->opts.training || !p->forward_done)
		return err_set(err, ERR_DATA, "backward without a forward of a training plan");
	p->forward_done = false;
	memset(p->params->g, 0, p->params->len * sizeof(float));
	if (p->b->ops->step_begin(p->b, err))
		return -1;
	plan_seed(p);
	for (int i = p->n - 1; i >= 0; i--) {
		struct plan_step *t = &p->step[i];
		double t0 = p->timing ? sys_now() : 0;

		if (!t->active)
			continue;
		t->io.work = plan_block_ptr(p, t->bwd_work);
		if (t->k->ops->backward(t->k, &t->io, err))
			return err_wrap(err, "layer '%s' backward", t->s.out->name);
		for (int k = 0; k < t->s.n_in; k++)
			if (t->add_to[k])
				p->b->ops->add(p->b, t->add_to[k], t->io.din[k],
					shape_count(&t->in_shape[k]));
		t->bwd_sec = p->timing ? sys_now() - t0 : 0;
	}
	return p->b->ops->step_end(p->b, err);
}

void plan_time(struct plan *p, bool on)
{
	p->timing = on;
}
