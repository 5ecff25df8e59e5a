#ifndef TESTS_BENCH_LIB_OURS_H
#define TESTS_BENCH_LIB_OURS_H

#include "core/train/learner.h"

/* A network in training on one random batch: learner_step() is the trainer's whole step. */
struct ours {
	struct model model;
	struct component_use loss, optimizer;
	struct learner learner;
	struct batch batch;
	const char **case_ids;
	bool bf16;
};

/*
 * spec: JSON text {"name": , "args": } of a network with 3 output channels; loss DiceCELoss
 * (softmax), Adam.  bf16 on a CPU without it: ERR_NODEVICE.  Call ours_close() in any case.
 */
int ours_open(struct ours *o, const char *spec, int batch, const int size[3], bool bf16,
	struct err *err) MUST_CHECK;
void ours_close(struct ours *o);

/* Milliseconds of one training step. */
int ours_step(struct ours *o, double *ms, struct err *err) MUST_CHECK;

#endif
