#ifndef CORE_DATA_CACHE_PLAN_H
#define CORE_DATA_CACHE_PLAN_H

#include "core/data/pipeline.h"

/* What the transforms of a pipeline cost, measured on some cases of its list. */
struct cache_plan_times {
	int cases;              /* measured */
	int prefix, transforms; /* deterministic ones at the front, all of them */
	double prefix_seconds;  /* of a case: mean and worst */
	double prefix_worst;
	double random_seconds; /* of a case from the cache to the batch, all its crops: mean */
	double bytes;          /* of a cached case: mean and worst */
	double bytes_worst;
};

/*
 * Runs the transforms of config on cases of the list, one thread.  More than half of
 * them failing is an error.
 */
int cache_plan_measure(const struct pipeline_config *config, int cases,
	struct cache_plan_times *out, struct err *err) MUST_CHECK;

struct cache_plan_setting {
	int64_t entries; /* of the list */
	int64_t unique;  /* cases among them */
	int64_t batch;   /* cases per step */
	int64_t workers;
	double memory;       /* bytes that the cache may take */
	double step_seconds; /* of the network alone */
};

struct cache_plan {
	int64_t objects, replace; /* num_cache_objects, and cases exchanged per epoch */
	double fraction;          /* replace_percent */
	double bytes;             /* that the cache will take */
	double step_now;          /* seconds per step without a cache */
	double step_then;         /* and with it */
	double epoch_now, epoch_then;
	int64_t pass; /* epochs until every case was in the window */
	double lag;   /* seconds that replacements come late, 0: in time */
};

void cache_plan_propose(const struct cache_plan_times *t, const struct cache_plan_setting *s,
	struct cache_plan *out);

#endif
