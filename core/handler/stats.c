/*
 * StatsHandler: one line of statistics per epoch for the console and the log, with
 * the validation values where the epoch had a validation.
 */
#include "core/handler/handler.h"

static void stats_epoch(const void *args, const struct handler_epoch *e, struct buf *out)
{
	(void)args;
	buf_printf(out, "epoch %lld/%lld  step %lld/%lld  loss %.6g  lr %.4g  %.1f s",
		(long long)e->epoch, (long long)e->epochs, (long long)e->step,
		(long long)e->steps_total, e->loss, e->lr, e->seconds);
	for (int i = 0; i < e->n_values; i++) {
		buf_puts(out, "  ");
		buf_put_safe(out, e->values[i].name);
		buf_printf(out, " %.4f", e->values[i].value);
	}
}

static const struct handler_ops stats_ops = {.epoch = stats_epoch};

const struct component component_stats = {
	.name = "StatsHandler",
	.kind = COMPONENT_HANDLER,
	.help = "prints loss, learning rate and validation values of every epoch",
	.ops = &stats_ops,
};
