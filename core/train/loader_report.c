/*
 * What people need to see of the loader: how long the steps waited for it, and whether
 * the cache does its work.  Latest values go to whoever watches; an event has them
 * when there is a Smart Cache, whose numbers are tuned by them.
 */
#include <math.h>

#include "core/train/trainer.h"

static double report_part(int64_t part, int64_t whole)
{
	return whole > 0 ? (double)part / (double)whole : 0;
}

void trainer_loader_report(struct trainer *t, double *wait, struct buf *fields)
{
	struct pipeline_stats now, *was = &t->loader;
	double hits;

	pipeline_stats(t->train_pipe, &now);
	*wait = now.wait_seconds - was->wait_seconds;
	hits = report_part(now.cache_hits - was->cache_hits, now.loaded_items - was->loaded_items);
	trainer_prop(t->hooks, "loader_wait", *wait);
	trainer_prop(t->hooks, "cache_bytes", (double)now.cache_bytes);
	trainer_prop(t->hooks, "cache_hits", hits);
	event_num(fields, "loader_wait", round(*wait * 1000) / 1000);
	if (now.cache_objects) {
		trainer_prop(t->hooks, "replace_lag", now.replace_lag);
		event_num(fields, "cache_bytes", (double)now.cache_bytes);
		event_num(fields, "cache_hits", round(hits * 1000) / 1000);
		event_num(fields, "replace_lag", round(now.replace_lag * 1000) / 1000);
	}
	*was = now;
}
