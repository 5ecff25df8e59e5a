/*
 * Constant: the same as no lr_policy at all, for configs that want to say so.
 */
#include "core/schedule/schedule.h"

static double constant_lr(const void *args, double lr0, const struct schedule_at *at)
{
	(void)args;
	(void)at;
	return lr0;
}

static const struct schedule_ops constant_ops = {.lr = constant_lr};

const struct component component_constant = {
	.name = "Constant",
	.kind = COMPONENT_SCHEDULE,
	.help = "the configured learning rate throughout, as without lr_policy",
	.ops = &constant_ops,
};
