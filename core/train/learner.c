/*
 * The training step.
 *
 * Weights, gradients and optimizer slots share one layout.  An optimizer that works
 * on every element by itself takes all of it in one call: a network of hundreds of
 * small tensors would spend its time in starting threads.  The padding between tensors
 * has a gradient of 0 and stays 0.  Others (NovoGrad needs per-layer norms) get one
 * tensor at a time, in the order of the parameters.
 */
#include "core/train/learner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

#define LEARNER_CASES 8 /* of a batch that a message names */

static int learner_graph(struct learner *l, const struct component_use *loss,
	const struct learner_shape *shape, struct err *err)
{
	struct shape label = shape5(shape->batch, shape->label_size[2], shape->label_size[1],
		shape->label_size[0], shape->label_channels);
	struct loss_input in = {.activation = l->model->activation};

	l->graph = graph_new();
	l->graph->training = true;
	if (model_build(l->model, l->graph, shape->batch, shape->size, &l->image, &l->pred,
		    &in.logits, err))
		return -1;
	l->label = graph_input(l->graph, "label", &label, err);
	if (!l->label)
		return -1;
	in.prediction = l->pred;
	in.label = l->label;
	if (loss_build(loss, l->graph, &in, &l->loss, err))
		return -1;
	l->pred->output = false; /* nobody reads it here: the loss may take its activation in */
	return graph_add_loss(l->graph, l->loss, 1.0f, err);
}

static int learner_slots(struct learner *l, struct err *err)
{
	const struct optim_ops *ops = optim_ops(l->optimizer);
	const struct params *p = l->model->params;

	for (int i = 0; i < ops->slots; i++) {
		l->slot[i] = mem_try_big(p->len * sizeof(float), "optimizer state", err);
		if (!l->slot[i])
			return -1;
		memset(l->slot[i], 0, p->len * sizeof(float));
	}
	l->scalar = mem_zalloc((size_t)p->n * OPTIM_SCALARS * sizeof(*l->scalar));
	return 0;
}

int learner_init(struct learner *l, struct model *m, const struct component_use *loss,
	const struct component_use *optimizer, const struct learner_shape *shape, uint64_t seed,
	struct err *err)
{
	const struct plan_opts opts = {.training = true, .dtype = m->dtype};

	memset(l, 0, sizeof(*l));
	l->model = m;
	l->optimizer = optimizer;
	l->seed = seed;
	if (learner_graph(l, loss, shape, err))
		return -1;
	l->plan = plan_new(l->graph, m->params, m->backend, &opts, err);
	if (!l->plan)
		return -1;
	return learner_slots(l, err);
}

void learner_release(struct learner *l)
{
	plan_free(l->plan);
	if (l->graph)
		graph_free(l->graph);
	for (int i = 0; i < OPTIM_SLOTS; i++)
		free(l->slot[i]);
	free(l->scalar);
	free(l->kept);
	memset(l, 0, sizeof(*l));
}

static void learner_update_range(
	struct learner *l, const struct optim_step *step, size_t at, size_t n, double *scalar)
{
	const struct optim_ops *ops = optim_ops(l->optimizer);
	struct params *p = l->model->params;
	struct optim_tensor t = {.n = n, .w = p->w + at, .g = p->g + at};

	for (int s = 0; s < ops->slots; s++)
		t.slot[s] = l->slot[s] + at;
	memcpy(t.scalar, scalar, sizeof(t.scalar));
	optim_update(l->optimizer, step, &t);
	memcpy(scalar, t.scalar, sizeof(t.scalar));
}

static void learner_update(struct learner *l, double lr)
{
	struct params *p = l->model->params;
	const struct optim_step step = {.lr = lr, .t = ++l->t};

	if (optim_ops(l->optimizer)->elementwise)
		learner_update_range(l, &step, 0, p->len, l->scalar);
	for (int i = 0; !optim_ops(l->optimizer)->elementwise && i < p->n; i++)
		learner_update_range(l, &step, p->param[i].offset, p->param[i].count,
			l->scalar + (size_t)i * OPTIM_SCALARS);
	params_touch(p);
}

/* What is wrong with a step, for people: with the cases of its batch. */
static int learner_not_finite(const struct batch *b, const char *what, struct err *err)
{
	struct buf cases = {0};

	for (int i = 0; i < b->n && i < LEARNER_CASES; i++)
		buf_printf(&cases, "%s'%s'", i ? ", " : "", b->case_ids[i]);
	if (b->n > LEARNER_CASES)
		buf_puts(&cases, " ...");
	err_set(err, ERR_DATA,
		"%s is not finite (cases %s): lower learning_rate, set gradient_clip_norm, or "
		"check the intensities",
		what, cases.p);
	buf_release(&cases);
	return -1;
}

/* Limits the gradient; its length before, where that is needed (0 otherwise). */
static double learner_clip(const struct learner *l)
{
	struct optim_span all = {l->model->params->g, l->model->params->len};

	if (l->clip_value > 0)
		optim_clip_value(&all, 1, l->clip_value);
	if (l->clip_norm > 0)
		return optim_clip_norm(&all, 1, l->clip_norm);
	return l->skip_nan ? optim_norm(&all, 1) : 0;
}

/* Forward and backward; ERR_DATA when a number is not finite. */
static int learner_gradient(struct learner *l, const struct batch *b, double *loss, struct err *err)
{
	if (plan_upload(l->plan, l->image, b->image, err) ||
		plan_upload(l->plan, l->label, b->label, err) ||
		plan_forward(l->plan, true, l->seed, (uint64_t)l->t, err))
		return -1;
	*loss = plan_loss(l->plan);
	if (!isfinite(*loss))
		return learner_not_finite(b, "loss", err);
	if (plan_backward(l->plan, err))
		return -1;
	return isfinite(learner_clip(l)) ? 0 : learner_not_finite(b, "gradient", err);
}

int learner_step(struct learner *l, const struct batch *b, double lr, double *loss, struct err *err)
{
	struct params *p = l->model->params;
	size_t bytes = p->state_len * sizeof(float);

	if (l->skip_nan && !l->kept)
		l->kept = mem_alloc(bytes + 1);
	if (l->skip_nan)
		memcpy(l->kept, p->s, bytes);
	*loss = NAN;
	if (learner_gradient(l, b, loss, err)) {
		if (!l->skip_nan || err->code != ERR_DATA)
			return -1;
		memcpy(p->s, l->kept, bytes);
		*loss = NAN;
		return 0;
	}
	learner_update(l, lr);
	return 0;
}
