/*
 * The learning rate at a point of the training.  Every policy is a pure function
 * of the point, so that a resumed run needs no state to go on with the same rates.
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
