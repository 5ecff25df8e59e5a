#ifndef TESTS_UNIT_TRAIN_RIG_H
#define TESTS_UNIT_TRAIN_RIG_H

#include "core/train/checkpoint.h"

/* A tiny network with a learner and one batch that it can learn. */
struct fixture {
	struct model model;
	struct component_use loss, optimizer;
	struct learner learner;
	struct batch batch;
	const char *case_ids[2];
};

extern const struct learner_shape fixture_shape; /* two images of 16 x 16 x 16 */
extern const char *const spec_text;              /* a Unet of four channels */

void fixture_init(struct fixture *f, const char *spec, const char *optimizer, uint64_t seed);
void fixture_release(struct fixture *f);

/* n steps; the loss of the last.  steps() has a learning rate of 0.01. */
double steps_at(struct fixture *f, int n, double lr);
double steps(struct fixture *f, int n);

#endif
