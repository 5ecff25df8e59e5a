/*
 * The learning rate at a point of the training.  Every policy is a pure function
 * of the point and of its own few numbers, which are part of the checkpoint.
 */
#include "core/schedule/schedule.h"

double schedule_lr(const struct component_use *u, double lr0, const struct schedule_at *at)
{
	const struct schedule_ops *ops;

	if (!u || !u->c)
		return lr0;
	ops = u->c->ops;
	return ops->lr(u->args, lr0, at);
}

void schedule_validated(const struct component_use *u, double metric, double state[SCHEDULE_STATE])
{
	const struct schedule_ops *ops = u && u->c ? u->c->ops : NULL;

	if (ops && ops->validated)
		ops->validated(u->args, metric, state);
}
