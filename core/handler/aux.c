/* Access to an aux op's callbacks: one place that knows what kind of ops it has. */
#include "core/handler/aux.h"

const struct aux_ops *aux_ops(const struct component_use *u)
{
	return u->c->ops;
}
