/*
 * StatsHandler: one line of throughput per epoch.  Loss, learning rate and
 * validation values are events of their own and always shown; what is missing
 * there is whether the machine was busy or waited for data.
 */
#include "core/handler/handler.h"

static void stats_epoch(const void *args, const struct handler_epoch *e, struct buf *out)
{
	double rate = e->seconds > 0 ? (double)e->images / e->seconds : 0;
	double wait = e->seconds > 0 ? 100 * e->loader_wait / e->seconds : 0;

	(void)args;
	buf_printf(out, "epoch %lld/%lld: %.1f images/s, %.1f %% of %.1f s waiting for the loader",
		(long long)e->epoch, (long long)e->epochs, rate, wait, e->seconds);
}

static const struct handler_ops stats_ops = {.epoch = stats_epoch};

const struct component component_stats = {
	.name = "StatsHandler",
	.kind = COMPONENT_HANDLER,
	.help = "prints images per second and the share of loader wait of every epoch",
	.ops = &stats_ops,
};
