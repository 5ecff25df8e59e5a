/*
 * What a plan is, in numbers and in text.
 */
#include "core/graph/plan_build.h"

#include <string.h>

static double step_flops(const struct plan_step *t)
{
	const struct step *s = &t->s;

	if (!s->op->flops)
		return (double)shape_count(&s->out->shape);
	return s->op->flops(s->attr, s->n_in, t->in_shape, &s->out->shape);
}

/* Backward costs about one forward for the data and one for the weights. */
static double step_total(const struct plan_step *t)
{
	bool data = t->want & OP_IN(0);

	return step_flops(t) * (1 + (t->active ? 1 + data : 0));
}

double plan_flops(const struct plan *p)
{
	double sum = 0;

	for (int i = 0; i < p->n; i++)
		sum += step_total(&p->step[i]);
	return sum;
}

static size_t step_params(const struct plan_step *t)
{
	size_t n = 0;

	for (int i = 0; i < t->s.n_in; i++)
		if (t->s.in[i]->kind == NODE_PARAM)
			n += shape_count(&t->s.in[i]->shape);
	return n;
}

void plan_describe(const struct plan *p, struct buf *out)
{
	char text[SHAPE_TEXT];
	int wide = 14;

	for (int i = 0; i < p->n; i++) {
		int n = (int)strlen(p->step[i].s.out->name);

		wide = n > wide ? n : wide;
	}
	buf_printf(out, "%-*s %-14s %-22s %10s %9s\n", wide, "layer", "op", "output", "parameters",
		"GFLOP");
	for (int i = 0; i < p->n; i++) {
		const struct plan_step *t = &p->step[i];

		buf_printf(out, "%-*s %-14s %-22s %10zu %9.3f%s\n", wide, t->s.out->name,
			t->s.op->name, shape_text(&t->s.out->shape, text), step_params(t),
			step_total(t) * 1e-9, t->reference ? "  (reference)" : "");
	}
	buf_printf(out,
		"%zu parameters (%.1f MiB), arena %.1f MiB (bound %.1f), %.2f GFLOP per %s\n",
		params_count(p->params), (double)params_count(p->params) * 4 / 1048576,
		(double)p->arena_bytes / 1048576,
		(double)arena_bound(p->block, p->n_block) / 1048576, plan_flops(p) * 1e-9,
		p->opts.training ? "step" : "forward");
}

int plan_steps(const struct plan *p)
{
	return p->n;
}

struct plan_step_info plan_step_info(const struct plan *p, int i)
{
	const struct plan_step *t = &p->step[i];

	return (struct plan_step_info){
		t->s.op->name, t->s.out->name, t->reference, step_flops(t), t->fwd_sec, t->bwd_sec};
}

int plan_blocks(const struct plan *p)
{
	return p->n_block;
}

struct plan_block_info plan_block_info(const struct plan *p, int i)
{
	return (struct plan_block_info){p->what[i], p->block[i].offset, p->block[i].bytes,
		p->block[i].first, p->block[i].last};
}
