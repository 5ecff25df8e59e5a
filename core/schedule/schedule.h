#ifndef CORE_SCHEDULE_SCHEDULE_H
#define CORE_SCHEDULE_SCHEDULE_H

#include <stdint.h>
#include "core/component.h"

#define SCHEDULE_STATE 4

/* Where the training stands when a learning rate is asked for. */
struct schedule_at {
	int64_t step, steps_total; /* step from 0: the number of steps done */
	int64_t epoch, epochs;     /* epoch from 0: the number of epochs done */
	const double *state;       /* of a policy that watches the validations; NULL: none yet */
};

struct schedule_ops {
	/* A pure function: resuming needs no state.  lr0: the configured learning rate. */
	double (*lr)(const void *args, double lr0, const struct schedule_at *at);
	/*
	 * Optional: told of the key metric (larger is better) after each validation; state is
	 * SCHEDULE_STATE numbers that start at 0 and are kept in the checkpoint.
	 */
	void (*validated)(const void *args, double metric, double state[SCHEDULE_STATE]);
	/* Faults across arguments; may be NULL. */
	void (*check)(const void *args, const char *file, const char *path, struct problems *ps);
};

/* The learning rate at a point; u may be NULL or empty (no lr_policy): constant lr0. */
double schedule_lr(const struct component_use *u, double lr0, const struct schedule_at *at);

/* Tells the policy of a validation's key metric; nothing when it does not watch. */
void schedule_validated(const struct component_use *u, double metric, double state[SCHEDULE_STATE]);

#endif
