/*
 * Optimizers from outside, one tensor at a time.
 */
#include "core/custom/wrap.h"

static void custom_update(const void *args, const struct optim_step *step, struct optim_tensor *p)
{
	struct axial_value values[CUSTOM_ARGS];
	const struct custom *c = custom_values(args, values);

	c->ext->optimizer->update(values, step->lr, step->t, p->n, p->w, p->g, p->slot);
}

void custom_wrap_optimizer(struct custom *c)
{
	c->ops.optim = (struct optim_ops){
		.slots = c->ext->optimizer->states,
		.slot_names = {"a", "b", "c"},
		.update = custom_update,
	};
}
