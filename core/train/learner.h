#ifndef CORE_TRAIN_LEARNER_H
#define CORE_TRAIN_LEARNER_H

#include "core/data/pipeline.h"
#include "core/optim/optim.h"
#include "core/train/model.h"

/*
 * The training step: forward, loss, backward, optimizer, for one batch shape.
 * Weights are the model's; the optimizer's state is here.
 */
struct learner {
	struct model *model;
	const struct component_use *optimizer;
	struct graph *graph;
	struct plan *plan;
	struct node *image, *label, *pred, *loss;
	float *slot[OPTIM_SLOTS]; /* params->len floats each, laid out as the weights */
	double *scalar;           /* params->n x OPTIM_SCALARS */
	int64_t t;                /* optimizer steps done */
	uint64_t seed;
	double clip_norm, clip_value; /* of the gradient, 0: not; set after learner_init() */
	bool skip_nan;                /* likewise: see learner_step() */
	float *kept;                  /* states before the step, with skip_nan */
};

/* Of a batch: label_size is size for segmentation and 1, 1, 1 for classification. */
struct learner_shape {
	int batch, size[3], label_channels, label_size[3];
};

/* model, loss and optimizer are borrowed.  Call learner_release() in any case. */
int learner_init(struct learner *l, struct model *m, const struct component_use *loss,
	const struct component_use *optimizer, const struct learner_shape *shape, uint64_t seed,
	struct err *err) MUST_CHECK;
void learner_release(struct learner *l);

/*
 * One step; *loss is the value before the update.  A loss or gradient that is not finite is
 * ERR_DATA and names the cases; with skip_nan the step is left out instead: *loss is NaN,
 * weights, states and l->t are as before, and err says what happened.
 */
int learner_step(struct learner *l, const struct batch *b, double lr, double *loss,
	struct err *err) MUST_CHECK;

#endif
