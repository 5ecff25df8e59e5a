/* The call through a handler component. */
#include "core/handler/handler.h"

void handler_epoch(const struct component_use *u, const struct handler_epoch *e, struct buf *out)
{
	const struct handler_ops *ops = u->c->ops;

	ops->epoch(u->args, e, out);
}
